"""What a policy can demand of a model outside the house, answered from the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.model.register import RegisteredModel
from gateway.policy.schema_register import Model
from gateway.policy.vocabulary import Requirement

_MET: Final[Mapping[Requirement, Callable[[RegisteredModel | Model], bool]]] = MappingProxyType({
    "avv": lambda m: m.avv is not None,
    "training_excluded": lambda m: m.training_excluded,
    "no_retention": lambda m: m.retention_days == 0,
    "retention_known": lambda m: m.retention_days is not None,
    "sub_processors": lambda m: m.sub_processors is not None,
    "c5": lambda m: m.c5 is not None,
    "c5_type_2": lambda m: m.c5 is not None and m.c5.type == 2,
    "social_notice": lambda m: m.social_notice is not None,
    "secrecy": lambda m: m.secrecy is not None,
})


def lacks(model: RegisteredModel | Model, demand: Requirement) -> bool:
    """Whether the model does not meet the demand. One in the house has nobody to agree on it with, and meets all."""
    return not model.in_house and not _MET[demand](model)
