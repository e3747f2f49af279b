"""A stop: somebody switched off one model, all of a provider, or all there are (``model stop``).

It lasts until somebody lifts it, whatever the policy files say meanwhile: a provider that is called differently
tomorrow stays stopped for the models that it had when the stop was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from gateway.model.people import Role
from gateway.model.register import RegisteredModel

StopKind = Literal["model", "provider", "all"]
STOP_KINDS: Final[tuple[StopKind, ...]] = ("model", "provider", "all")
MAY_STOP: Final[frozenset[Role]] = frozenset({"it", "leitung", "dpo"})
"""Who may switch models off, and on again."""
LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class ModelStop:
    """One switch that stands on "off"."""

    kind: StopKind
    name: str
    """The id of the model, the provider or operator as the register names it; empty for all."""
    reason: str = field(repr=False)
    at: datetime
    by: str
    """Opaque subject of whoever did it."""
    models: frozenset[str] = frozenset()
    """The models that this meant when it was said."""

    def covers(self, model: RegisteredModel) -> bool:
        """Whether this model is switched off by it."""
        if self.kind == "all" or model.id in self.models:
            return True
        return self.kind == "provider" and names(model, self.name)


def names(model: RegisteredModel, provider: str) -> bool:
    """Whether the register names this provider or operator for a model."""
    return provider.strip().casefold() in (model.provider.casefold(), model.operator.casefold())
