"""The shape of what the organisation decides: ``organisation.yaml``, departments, groups, profiles. Version 1.

Everything below the organisation is one shape, `Rules`: a department, a group of people and a ready profile say the
same things, and each of them can only take away. Only what one file says by itself is checked here; what files say
about each other stands in `check`. Lengths are limited where a text ends up in a refusal, so that
`gateway.kipass.messages` can promise its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from gateway.model.decision import Action, Answers
from gateway.policy.shapes import Address, Cents, Key, ModelId, StrictFile, Text, TimeOfDay, ToolName, Version, Whole
from gateway.policy.vocabulary import DataClass, OpaqueAction, OpaqueKind, Requirement, Weekday, Zone

Notice = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^*\r\n]*$")]
"""A sentence that ends an answer, in italics (`gateway.wire.labels`)."""


def _of_every_kind(value: object) -> object:
    """One word says it of every kind."""
    return {DEFAULT_KIND: value} if isinstance(value, str) else value


DEFAULT_KIND: Final = "default"
AnswersByKind = Annotated[dict[str, Answers], BeforeValidator(_of_every_kind, json_schema_input_type=Answers | dict[
    str, Answers])]
"""What happens to each kind of finding in an answer. ``default`` speaks for the kinds that name somebody and are not
named here; what a text speaks about (`gateway.model.entities.TOPICS`) is shown unless its kind is named."""
Count = Annotated[int, Field(ge=1, le=10**12), Whole]
Euro = Annotated[Decimal, Field(gt=0, le=10_000_000, max_digits=12, decimal_places=2), Cents]


class Contact(StrictFile):
    """Whom staff ask."""

    ki_pass_stelle: Annotated[str, StringConstraints(min_length=3, max_length=50)]
    datenschutz: Text
    it: Text
    personalrat: Text | None = None


class ClearText(StrictFile):
    """Who may have some kinds of finding left readable for a purpose, and for which reasons (keys, chosen per request).

    Loosens placeholders only: a kind that the policy refuses or keeps in the house stays so, and the model must be
    cleared for its class of data. Who is meant is whoever is in one of the departments and has one of the roles or
    groups named; an empty list names everybody.
    """

    entities: Annotated[tuple[str, ...], Field(min_length=1)]
    reasons: Annotated[dict[Key, Notice], Field(min_length=1)]
    departments: tuple[Key, ...] = ()
    roles: tuple[Key, ...] = ()
    groups: tuple[Key, ...] = ()


class Purpose(StrictFile):
    """A purpose (Zweck) for which AI may be used, and what it takes beyond the general rules."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    pass_scopes: tuple[Key, ...] = ()
    notice: Notice | None = None
    label: Label | None = None
    clear_text: ClearText | None = None


class Side(StrictFile):
    """What happens to findings and to content that cannot be read, on one side of the town hall's door.

    ``pass_scopes`` names the KI-Pass that it takes to send a kind of finding, or any of a class, to a model on this
    side, whatever happens to it on the way.
    """

    findings: dict[str, Action] = Field(default_factory=dict)
    pass_scopes: dict[str, Annotated[tuple[Key, ...], Field(min_length=1)]] = Field(default_factory=dict)
    opaque: dict[OpaqueKind, OpaqueAction] = Field(default_factory=dict)
    answers: AnswersByKind = Field(default_factory=dict)


class Content(StrictFile):
    """The rules for models in the house and for all others."""

    in_house: Side = Side()
    outside: Side = Side()


class OrganisationPurposes(StrictFile):
    """What AI may be used for at all; ``forbid`` adds to the catalogue of Art. 5 AI Act, which always holds."""

    allow: dict[Key, Purpose]
    forbid: dict[Key, Text] = Field(default_factory=dict)


class OrganisationModels(StrictFile):
    """The models that anybody in the organisation may use, or groups of them (``@name``)."""

    allow: tuple[str, ...]
    zones: Annotated[tuple[Zone, ...], Field(min_length=1)] | None = None
    require: tuple[Requirement, ...] = ()


class PassRequirement(StrictFile):
    """The scopes of the KI-Pass that are needed."""

    required: tuple[str, ...]


class MorePasses(StrictFile):
    """What a layer demands beyond that: for every request, and for single models or groups of them (``@name``)."""

    required: tuple[str, ...] = ()
    models: dict[str, Annotated[tuple[Key, ...], Field(min_length=1)]] = Field(default_factory=dict)


class Conversations(StrictFile):
    """How long conversations are kept, sealed, for clients that send only the id of the last answer; 0: not at all."""

    keep_hours: Annotated[int, Field(ge=0, le=168), Whole]


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


class Hours(StrictFile):
    """When models may be used (Europe/Berlin). Outside these hours requests are refused."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mo", "di", "mi", "do", "fr", "sa", "so")
    begin: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Hours:
        if self.begin >= self.end:
            raise ValueError("Die Zeit endet, bevor sie beginnt|schreiben Sie zum Beispiel „begin: 06:00“ und "
                             "„end: 22:00“; über Mitternacht hinaus geht nicht")
        return self


class LimitRules(StrictFile):
    """The most that one counter may reach."""

    requests_per_minute: Count | None = None
    requests_per_day: Count | None = None
    tokens_per_day: Count | None = None
    tokens_per_month: Count | None = None
    concurrent: Count | None = None
    euro_per_day: Euro | None = None
    euro_per_month: Euro | None = None


class TightenedLimits(StrictFile):
    """What a department or a group can limit further."""

    person: LimitRules = LimitRules()
    department: LimitRules = LimitRules()


class Limits(TightenedLimits):
    """Limits and budgets: of each person, each department, each model, and all together."""

    model: LimitRules = LimitRules()
    organisation: LimitRules = LimitRules()


class Routing(StrictFile):
    """Where requests go that may not go where they were meant to.

    ``in_house``: the models in the house for kinds of finding with the action ``in_house``, the first that fits.
    ``fallback``: for each model those that stand in when its provider fails, in this order.
    """

    in_house: tuple[ModelId, ...] = ()
    fallback: dict[ModelId, tuple[ModelId, ...]] = Field(default_factory=dict)


class Organisation(StrictFile):
    """``organisation.yaml``: what every department inherits."""

    version: Version
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+/[a-z0-9-]+/[0-9]+$", max_length=100)]
    base_url: Annotated[Address, StringConstraints(max_length=54)]
    legal_basis: Text
    contact: Contact
    profiles: tuple[Key, ...] = ()
    models: OrganisationModels
    purposes: OrganisationPurposes
    ki_pass: PassRequirement
    content: Content = Content()
    routing: Routing = Routing()
    limits: Limits = Limits()
    hours: Hours | None = None
    notice: Notice | None = None
    label: Label | None = None
    untrusted_tools: tuple[ToolName, ...] = ()
    unknown_fields: Literal["drop", "refuse"] = "drop"
    conversations: Conversations = Conversations(keep_hours=0)
    background: Background = Background(answer="same")


class Selection(StrictFile):
    """A tightening: only these, and not those. Without ``allow`` everything inherited stays."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


class ModelSelection(Selection):
    """A tightening of the models: by name or group (``@name``), by where they run, by what is known about them."""

    zones: Annotated[tuple[Zone, ...], Field(min_length=1)] | None = None
    require: tuple[Requirement, ...] = ()


class Rules(StrictFile):
    """What every layer below the organisation can say. Each of it takes away; nothing can be given."""

    handles: tuple[DataClass, ...] = ()
    models: ModelSelection = ModelSelection()
    purposes: Selection = Selection()
    ki_pass: MorePasses = MorePasses()
    content: Content = Content()
    limits: TightenedLimits = TightenedLimits()
    hours: Hours | None = None
    notice: Notice | None = None
    label: Label | None = None
    clear_text: Literal["refuse"] | None = None
    untrusted_tools: tuple[ToolName, ...] = ()
    unknown_fields: Literal["drop", "refuse"] | None = None
    conversations: Conversations | None = None
    background: Background | None = None


class Department(Rules):
    """``departments/*.yaml``: what a department makes stricter."""

    version: Version
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    legal_basis: Text
    profiles: tuple[Key, ...] = ()


class Group(Rules):
    """``groups/*.yaml``: what holds for some people, whatever department they work in, beside its rules."""

    version: Version
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Profile(Rules):
    """``profiles/*.yaml``: a set of rules under a name, for organisations and departments to build on."""

    version: Version
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    description: Text
    limits: Limits = Limits()
