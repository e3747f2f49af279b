"""The shape of the policy files, version 1.

Every word arrives as text (`gateway.policy.source`) and becomes here what it is meant to be. Only what one file says
by itself is checked; what files say about each other stands in `check`. Lengths are limited where a text ends up in a
refusal, so that `gateway.kipass.messages` can promise its own.

The German remedies belong to the types: `translate` prints ``REMEDIES[type or field]`` behind a mistake.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from gateway.model.decision import Action, Answers
from gateway.model.kipass import Change, ModuleKind
from gateway.policy.vocabulary import DataClass, OpaqueAction, OpaqueKind

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$")]
ModelId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._:-]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$")]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,64}$")]


def _iso(value: object) -> object:
    """Let only the one spelling of a date through; a bare number would otherwise be seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("Hier steht kein Datum|schreiben Sie Jahr-Monat-Tag, zum Beispiel 2026-06-01")
    return value


Day = Annotated[date, BeforeValidator(_iso)]
Version = Annotated[int, Field(ge=1, le=1)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=40)]

SECRET_FIELDS: Final = frozenset({"api_key_env"})
"""Fields in which somebody might write a secret by mistake: their value is never repeated in a message."""

REMEDIES: Final[dict[str, str]] = {
    "version": "diese Fassung der KI-Pforte versteht „version: 1“",
    "sha256": "schreiben Sie die 64 Zeichen der Prüfsumme in Kleinbuchstaben (Befehl: sha256sum DATEI)",
    "base_url": "schreiben Sie eine ganze Adresse, zum Beispiel https://ki.musterstadt.example",
    "api_key_env": "schreiben Sie den Namen der Umgebungsvariable, zum Beispiel MISTRAL_API_KEY; "
                   "der Schlüssel selbst gehört nie in diese Datei",
    "id": "schreiben Sie Domain, Namen und Nummer, zum Beispiel musterstadt.example/ki-pforte/1",
}
"""What would be right, by field name, where the kind of mistake alone does not say it."""


class StrictFile(BaseModel):
    """A part of a policy file: no unknown keys, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Contact(StrictFile):
    """Whom staff ask."""

    ki_pass_stelle: Annotated[str, StringConstraints(min_length=3, max_length=50)]
    datenschutz: Text
    it: Text
    personalrat: Text | None = None


class Purpose(StrictFile):
    """A purpose (Zweck) for which AI may be used, and the passes it takes beyond the general ones."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    pass_scopes: tuple[Key, ...] = ()


class Side(StrictFile):
    """What happens to findings and to content that cannot be read, on one side of the town hall's door."""

    findings: dict[str, Action] = {}
    opaque: dict[OpaqueKind, OpaqueAction] = {}
    answers: Answers | None = None


class Content(StrictFile):
    """The rules for models in the house and for all others."""

    in_house: Side = Side()
    outside: Side = Side()


class OrganisationPurposes(StrictFile):
    """What AI may be used for at all; ``forbid`` adds to the catalogue of Art. 5 AI Act, which always holds."""

    allow: dict[Key, Purpose]
    forbid: dict[Key, Text] = {}


class OrganisationModels(StrictFile):
    """The models that anybody in the organisation may use."""

    allow: tuple[str, ...]


class PassRequirement(StrictFile):
    """The scopes of the KI-Pass that are needed."""

    required: tuple[str, ...]


class Conversations(StrictFile):
    """How long conversations are kept, sealed, for clients that send only the id of the last answer; 0: not at all."""

    keep_hours: Annotated[int, Field(ge=0, le=168)]


class Background(StrictFile):
    """What happens to calls that a chat client makes of its own accord (titles, tags, follow-up questions).

    ``same``: as what a person asks. ``model``: to the named model, if the department may use it. ``local``: answered in
    the house, without any model; what is not let through by ``model`` is answered so, too.
    """

    answer: Literal["same", "model", "local"]
    model: ModelId | None = None

    @model_validator(mode="after")
    def _names_its_model(self) -> Background:
        if (self.answer == "model") != (self.model is not None):
            raise ValueError("„model“ gehört zu „answer: model“ und nur dazu|schreiben Sie beides oder streichen Sie "
                             "„model“")
        return self


class Organisation(StrictFile):
    """``organisation.yaml``: what every department inherits."""

    version: Version
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+/[a-z0-9-]+/[0-9]+$", max_length=100)]
    base_url: Annotated[Address, StringConstraints(max_length=54)]
    legal_basis: Text
    contact: Contact
    models: OrganisationModels
    purposes: OrganisationPurposes
    ki_pass: PassRequirement
    content: Content = Content()
    untrusted_tools: tuple[ToolName, ...] = ()
    unknown_fields: Literal["drop", "refuse"] = "drop"
    conversations: Conversations = Conversations(keep_hours=0)
    background: Background = Background(answer="same")


class Selection(StrictFile):
    """A tightening: only these, and not those. Without ``allow`` everything inherited stays."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


class Department(StrictFile):
    """``departments/*.yaml``: what a department makes stricter."""

    version: Version
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    legal_basis: Text
    handles: tuple[DataClass, ...] = ()
    models: Selection = Selection()
    purposes: Selection = Selection()
    ki_pass: PassRequirement = PassRequirement(required=())
    content: Content = Content()
    untrusted_tools: tuple[ToolName, ...] = ()
    unknown_fields: Literal["drop", "refuse"] | None = None
    conversations: Conversations | None = None
    background: Background | None = None


class Agreement(StrictFile):
    """The processing agreement (AVV, Art. 28 GDPR)."""

    concluded: Day
    sha256: Sha256
    until: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Agreement:
        if self.until is not None and self.until < self.concluded:
            raise ValueError("Die Vereinbarung endet, bevor sie geschlossen wurde|prüfen Sie „concluded“ und „until“")
        return self


class Model(StrictFile):
    """One entry of ``models.yaml``."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    description: Text
    adapter: Literal["openai", "litellm", "demo"]
    target: Text
    base_url: Address | None = None
    api_key_env: EnvName | None = None
    dialects: Annotated[tuple[Literal["chat", "completions", "responses", "embeddings", "messages", "transcriptions",
                                      "translations"], ...], Field(min_length=1)]
    enabled: bool
    in_house: bool
    provider: Text
    operator: Text
    region: Text
    transfer_basis: Text
    data_classes: tuple[DataClass, ...]
    avv: Agreement | None = None
    training_excluded: bool
    retention: Text
    risk_class: Literal["minimal", "begrenzt", "hoch"]
    overseer: Text
    context_length: Annotated[int, Field(ge=256, le=100_000_000)]
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0

    @model_validator(mode="after")
    def _can_be_reached(self) -> Model:
        if self.adapter == "openai" and self.base_url is None:
            raise ValueError("Mit „adapter: openai“ fehlt die Adresse|ergänzen Sie „base_url: https://…/v1“")
        if self.adapter == "litellm" and "/" not in self.target:
            raise ValueError("Mit „adapter: litellm“ fehlt in „target“ der Anbieter|"
                             "schreiben Sie „anbieter/modell“, zum Beispiel mistral/mistral-large-latest")
        if not self.in_house and self.base_url is not None and self.base_url.startswith("http://"):
            raise ValueError("Die Adresse eines Anbieters außer Haus ist unverschlüsselt|schreiben Sie https://")
        if self.base_url is not None and re.search(r"//[^/]*@", self.base_url):
            raise ValueError("Die Adresse enthält Zugangsdaten|nennen Sie den Schlüssel mit „api_key_env“")
        return self

    @model_validator(mode="after")
    def _may_be_enabled(self) -> Model:
        """Art. 28 GDPR: outside the house nothing is switched on without its agreement."""
        if not self.enabled or self.in_house:
            return self
        if self.avv is None:
            raise ValueError("Das Modell ist eingeschaltet, aber es gibt keine Vereinbarung zur Auftragsverarbeitung|"
                             "ergänzen Sie „avv:“ mit „concluded“ und „sha256“ oder schreiben Sie „enabled: false“")
        if not self.training_excluded:
            raise ValueError("Das Modell ist eingeschaltet, aber der Anbieter darf mit den Eingaben trainieren|"
                             "vereinbaren Sie den Ausschluss („training_excluded: true“) oder schreiben Sie "
                             "„enabled: false“")
        return self


class Register(StrictFile):
    """``models.yaml``: every model that the organisation knows."""

    version: Version
    models: dict[ModelId, Model]


class PassModule(StrictFile):
    """One module of the KI-Pass."""

    kind: ModuleKind
    title: Title
    minutes: Annotated[int, Field(ge=1, le=600)]
    valid_months: Annotated[int, Field(ge=1, le=240)] | None = None
    document: Literal["dienstvereinbarung", "leitlinien", "checkliste", "information"] | None = None


class PassScope(StrictFile):
    """One scope of the KI-Pass and the modules it takes."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=24)]
    modules: Annotated[tuple[str, ...], Field(min_length=1)]


class PassDocument(StrictFile):
    """One version of a document."""

    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{1,20}$")]
    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    file: Annotated[str, StringConstraints(pattern=r"^documents/[A-Za-z0-9][A-Za-z0-9._-]*$")]
    sha256: Sha256
    valid_from: Day
    change: Change
    grace_days: Annotated[int, Field(ge=0, le=3660)] = 0
    supersedes: str | None = None


class PassDocuments(StrictFile):
    """The documents of the KI-Pass, every version, oldest first."""

    dienstvereinbarung: Annotated[tuple[PassDocument, ...], Field(min_length=1)]
    leitlinien: tuple[PassDocument, ...] = ()
    information: tuple[PassDocument, ...] = ()
    checkliste: tuple[PassDocument, ...] = ()


class KiPass(StrictFile):
    """``ki-pass.yaml``."""

    version: Version
    modules: dict[Key, PassModule]
    scopes: dict[Key, PassScope]
    documents: PassDocuments
