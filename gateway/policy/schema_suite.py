"""The shape of ``tests/*.yaml``, version 1: named callers, what they ask, and what must come of it.

A suite is for the people who wrote the policy: it says in their words what has to hold, and `suite` asks the same
`admit` and `release` that the server asks. What a test does not mention is not looked at.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from gateway.model.decision import Action
from gateway.model.principal import PassState
from gateway.policy.policyset import BERLIN
from gateway.policy.schema import AnswersByKind, LimitRules
from gateway.policy.shapes import Day, Key, ModelId, StrictFile, Text, Version
from gateway.policy.vocabulary import DataClass

Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Content = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=False)]
Dialect = Literal["chat", "completions", "responses", "embeddings", "messages", "transcriptions", "translations"]
NotText = Literal["image", "audio", "file", "video", "provider_tool", "provider_state"]
Found = Annotated[dict[str, Annotated[int, Field(ge=0, le=100_000)]], Field(min_length=1)]


def _moment(value: object) -> object:
    """Return a moment in the office; only the one spelling is let through."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})", value)
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=BERLIN) if found else _no_moment()
    except ValueError:
        return _no_moment()


def _no_moment() -> object:
    raise ValueError("Hier steht kein Zeitpunkt|schreiben Sie Tag und Uhrzeit im Amt, zum Beispiel 2026-11-23 10:00")


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Minute = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}$")]
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=_Minute)]
OneOrMore = BeforeValidator(_several, json_schema_input_type=str | list[str])
"""A list that may be written as one word."""


def _basis_alone() -> dict[str, PassState]:
    return {"basis": "gueltig"}


class Caller(StrictFile):
    """Somebody who asks. ``passes`` names the state of each KI-Pass; who is not named is missing it."""

    department: Key
    groups: tuple[Key, ...] = ()
    roles: tuple[Key, ...] = ("staff",)
    passes: dict[Key, PassState] = Field(default_factory=_basis_alone)
    purpose: Key | None = None


class InService(StrictFile):
    """A model that these tests take to be switched on, with what would be known about it by then.

    Outside the house it counts as covered by an agreement, as long as `agreement_until` says nothing else, and with
    `c5_until` by a C5 report of type 2. The other fields are those of the register; what is not named stays as there.
    """

    agreement_until: Day | None = None
    data_classes: tuple[DataClass, ...] | None = None
    sub_processors: tuple[Text, ...] | None = None
    retention_days: Annotated[int, Field(ge=0, le=36500)] | None = None
    c5_until: Day | None = None
    social_notice: Day | None = None
    secrecy: Day | None = None


class Asked(StrictFile):
    """What is asked: a text that is really inspected, or ``found``: what an inspection would have found."""

    model: Words
    purpose: Words | None = None
    dialect: Dialect = "chat"
    text: Content | None = None
    found: Found | None = None
    held: tuple[str, ...] = ()
    opaque: tuple[NotText, ...] = ()
    clear_text: Words | None = None
    stopped: tuple[ModelId, ...] = ()
    now: Moment | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Asked:
        if self.text is not None and self.found is not None:
            raise ValueError("„text“ und „found“ stehen zusammen|behalten Sie eines: Aus einem Text ergibt sich, was "
                             "gefunden wird")
        return self


class ExpectedLimits(StrictFile):
    """Limits that must hold; what is not named is not looked at."""

    person: LimitRules = LimitRules()
    department: LimitRules = LimitRules()
    model: LimitRules = LimitRules()
    organisation: LimitRules = LimitRules()


class Expected(StrictFile):
    """What must come of it. ``decision`` always; the rest only where it matters."""

    decision: Literal["allowed", "denied"]
    code: Key | None = None
    rules: Annotated[tuple[str, ...], OneOrMore] = ()
    model: ModelId | None = None
    found: dict[str, Annotated[int, Field(ge=0)]] | None = None
    actions: dict[str, Action] = Field(default_factory=dict)
    label: Words | Literal["none"] | None = None
    notice: Annotated[tuple[Words, ...], OneOrMore] = ()
    answers: AnswersByKind = Field(default_factory=dict)
    fallbacks: tuple[ModelId, ...] | None = None
    limits: ExpectedLimits = ExpectedLimits()
    held: tuple[str, ...] | None = None
    reads: tuple[NotText, ...] | None = None
    stripped: tuple[NotText, ...] | None = None
    leaves: Content | None = None
    contains: Annotated[tuple[Content, ...], OneOrMore] = ()
    lacks: Annotated[tuple[Content, ...], OneOrMore] = ()

    @model_validator(mode="after")
    def _fits_the_decision(self) -> Expected:
        if self.decision == "allowed" and self.code is not None:
            raise ValueError("„code“ gehört zu einer Ablehnung|streichen Sie „code“ oder schreiben Sie „decision: "
                             "denied“")
        beyond = [name for name in _OF_A_RELEASE if getattr(self, name) != type(self).model_fields[name].get_default(
            call_default_factory=True)]
        if self.decision == "denied" and beyond:
            raise ValueError(f"„{beyond[0]}“ gibt es nicht, wenn die Anfrage abgelehnt wird|streichen Sie die Zeile "
                             "oder schreiben Sie „decision: allowed“")
        return self


_OF_A_RELEASE: tuple[str, ...] = ("model", "actions", "label", "answers", "fallbacks", "limits", "held", "reads",
                                  "stripped", "leaves", "contains", "lacks")


class Case(StrictFile):
    """One test; with several callers it must hold for each of them."""

    name: Words
    caller: Annotated[tuple[Key, ...], OneOrMore, Field(min_length=1)]
    request: Asked
    expect: Expected


class Suite(StrictFile):
    """``tests/*.yaml``. With ``profiles`` the organisation counts as having chosen these, whatever its file says."""

    version: Version
    name: Words
    now: Moment
    profiles: tuple[Key, ...] | None = None
    in_service: dict[ModelId, InService] = Field(default_factory=dict)
    callers: Annotated[dict[Key, Caller], Field(min_length=1)]
    tests: Annotated[tuple[Case, ...], Field(min_length=1)]
