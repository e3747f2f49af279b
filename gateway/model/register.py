"""One entry of the model register: which model, run by whom, where, and what may go there.

Read from ``policies/models.yaml`` by `gateway.policy`; this is the value the rest of the house works with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

LITELLM_DIALECTS: Final = frozenset({"chat", "embeddings"})
"""What the adapter ``litellm`` serves; a client that speaks Responses or Messages reaches its chat over a bridge."""
RECORDED: Final = frozenset({"transcriptions", "translations"})
"""The wire APIs that take a recording; nobody can inspect one, so only models in the house have them."""


@dataclass(frozen=True, slots=True)
class Avv:
    """The processing agreement (Art. 28 GDPR) behind a model: concluded on, hash of the signed file, valid until."""

    concluded: date
    sha256: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model as the organisation registered it. ``id`` is the name that clients use."""

    id: str
    name: str
    adapter: str
    """``openai`` (raw pass-through to an OpenAI-compatible address), ``litellm`` (any other provider) or ``demo``."""
    target: str
    """The provider's own name of the model; with ``litellm`` including the prefix (``anthropic/...``)."""
    base_url: str | None
    api_key_env: str | None
    """Name of the environment variable, or of a file below HOME/secrets, that holds the provider's key."""
    dialects: frozenset[str]
    enabled: bool
    in_house: bool
    provider: str
    operator: str
    region: str
    transfer_basis: str
    data_classes: frozenset[str]
    avv: Avv | None = None
    training_excluded: bool = False
    retention: str = ""
    risk_class: str = ""
    overseer: str = ""
    context_length: int = 32768
    description: str = ""
    timeout_seconds: float = 300.0
