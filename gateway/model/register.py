"""One entry of the model register: which model, run by whom, where, and what may go there.

Read from ``policies/models.yaml`` by `gateway.policy`; this is the value the rest of the house works with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from gateway.model.limits import NO_LIMIT, Limit

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
class HighRisk:
    """What has to be done before a model is used for a high-risk purpose (AI Act Art. 26(7), 27, 49)."""

    works_council_informed: date
    impact_assessment: date
    registered: str


Zone = Literal["haus", "DE", "EU", "drittland"]
ZONES: Final[tuple[Zone, ...]] = ("haus", "DE", "EU", "drittland")
"""How far away a model runs, the nearest first. ``EU`` stands for the EEA; ``drittland`` for everything else."""


@dataclass(frozen=True, slots=True)
class Attest:
    """A C5 report (BSI): type 1 (design) or 2 (effectiveness), hash of the file, last day of the period."""

    type: int
    sha256: str
    until: date


@dataclass(frozen=True, slots=True)
class Prices:
    """Euros per million tokens, as the contract says; in millionths of a euro, so that sums are exact."""

    input: int
    output: int

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """Return what this much costs, in millionths of a euro, rounded up."""
        return -(-(tokens_in * self.input + tokens_out * self.output) // 1_000_000)


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
    zone: Zone = "drittland"
    """Where it runs; what is not said is far away."""
    sub_processors: tuple[str, ...] | None = None
    """Who works for the provider; empty: nobody, None: not known."""
    retention_days: int | None = None
    """How long the provider keeps requests; 0: not at all, None: nobody knows."""
    c5: Attest | None = None
    social_notice: date | None = None
    """When the supervisory authority was told (§ 80 SGB X)."""
    secrecy: date | None = None
    """When the provider was bound to secrecy (§ 203 StGB, § 30 AO)."""
    ai_role: str = "betreiber"
    """The town's role under the AI Act."""
    high_risk: HighRisk | None = None
    prices: Prices | None = None
    limit: Limit = NO_LIMIT
    pass_scopes: tuple[str, ...] = ()
    """The scopes of the KI-Pass that it takes to use it, whatever else policy asks for."""
    quickstart: bool = False
    """The model of the quick start: allowed for everybody, for trying out."""

    @property
    def distance(self) -> int:
        """Position of its zone in `ZONES`."""
        return ZONES.index(self.zone)
