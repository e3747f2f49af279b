"""One generation of policy, worked out: what every department may do, ready to be looked up.

`compile` makes these values, once, at load: for each department and each model the action per kind of finding, with
the rule that set it and the sentence for people. `decide` then only looks up. Nothing here changes after it was built;
a new generation is a new `PolicySet`. (What holds for members of groups is worked out when the first one asks.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.model.decision import Action, Answers, Denial, Reason
from gateway.model.kipass import KiPassConfig
from gateway.model.limits import Limits
from gateway.model.municipality import NOWHERE, Municipality
from gateway.model.register import RegisteredModel
from gateway.policy.schema import Background, Department, Group, Hours, Organisation, Profile, Purpose
from gateway.policy.vocabulary import OpaqueAction

BERLIN: Final = ZoneInfo("Europe/Berlin")
NOBODY: Final[frozenset[str]] = frozenset()
MOST_COMBINED: Final = 200
"""Departments with groups of which the rules are remembered; one takes up to half a megabyte."""

DID: Final[dict[Action, str]] = {
    "keep": "bleibt stehen", "note": "bleibt stehen und wird gezählt", "generalise": "wird vergröbert",
    "hash": "wird durch einen Prüfwert ersetzt", "placeholder": "wird ersetzt und in der Antwort wieder eingesetzt",
    "mask": "wird unkenntlich gemacht", "in_house": "geht nur an ein Modell im Haus",
    "refuse": "darf nicht gesendet werden",
}
"""Each action in words."""


@dataclass(frozen=True, slots=True)
class FindingRule:
    """What happens to one kind of finding, and where that is written."""

    action: Action
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class OpaqueRule:
    """What happens to one kind of content that is no text, and where that is written."""

    action: OpaqueAction
    rule: str


@dataclass(frozen=True, slots=True)
class PassDemand:
    """A scope of the KI-Pass that it takes to use a model, or to send it one of ``kinds`` of finding."""

    scope: str
    rule: str
    text: str
    kinds: frozenset[str] = NOBODY
    what: str = ""
    """What it is needed for, in words that follow “für”."""


@dataclass(frozen=True, slots=True)
class ModelRules:
    """One department and one model that it may use."""

    model: RegisteredModel
    findings: Mapping[str, FindingRule]
    actions: Mapping[str, Action]
    refused: frozenset[str]
    """Kinds of finding that may not go to this model, whatever else could be done."""
    rerouted: frozenset[str]
    """Kinds of finding with which the request goes to a model in the house instead."""
    passed_opaque: frozenset[str]
    """Kinds of content that is no text and goes to this model as it is."""
    read_opaque: frozenset[str]
    """Those whose text goes there in their place."""
    stripped_opaque: frozenset[str]
    """Those that are taken out of the request."""
    untrusted_tools: frozenset[str]
    answers: Mapping[str, Answers]
    """What happens to each kind of finding in an answer; a kind that is not there is shown."""
    limits: Limits
    opaque: Mapping[str, OpaqueRule]
    """What the three sets above are made from."""
    trusts_undeclared: bool = False
    """Whether tools that the client did not declare are trusted as well."""
    attested_until: date | None = None
    """The last day of the C5 report, where these rules demand one; None: nothing ends."""
    said: tuple[Reason, ...] = ()
    """What an admission says about this model."""
    demands: tuple[PassDemand, ...] = ()
    """What it takes to use this model beyond what everybody in the department needs."""
    kind_demands: tuple[PassDemand, ...] = ()
    """What it takes to send it some kinds of finding; those that it never gets are not among them."""

    @property
    def decisive(self) -> bool:
        """Whether some kinds of finding may not go to this model."""
        return bool(self.refused or self.rerouted)


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Hours in which models may be used, and what is said while they last."""

    said: Reason
    hours: Hours

    @property
    def rule(self) -> str:
        """Where they are written."""
        return self.said.rule

    def open_at(self, now: datetime) -> bool:
        """Whether the calendar and the clock in the office say yes."""
        here = now.astimezone(BERLIN)
        day = ("mo", "di", "mi", "do", "fr", "sa", "so")[here.weekday()]
        return day in self.hours.days and self.hours.begin <= here.hour * 60 + here.minute < self.hours.end


@dataclass(frozen=True, slots=True)
class DepartmentRules:
    """One department (and the groups that somebody in it belongs to): what was inherited and what was made stricter."""

    key: str
    name: str
    scopes: tuple[str, ...]
    purposes: Mapping[str, Purpose]
    forbidden: Mapping[str, str]
    models: Mapping[str, ModelRules]
    keep_hours: int
    refuses_unknown_fields: bool
    background: Background
    closed: Mapping[str, Denial]
    """Models that are in service but not for this department, with why (sentence without the way out)."""
    closed_purposes: Mapping[str, str] = field(default_factory=dict)
    """Purposes that the organisation provides for but not for this department, with the rule that says so."""
    hours: tuple[OfficeHours, ...] = ()
    notices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """What ends every answer; a purpose may add to it."""
    allows_clear_text: bool = True
    in_house: tuple[str, ...] = ()
    """Models for kinds of finding that stay in the house, in the order in which they are tried."""
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decisive: frozenset[str] = NOBODY
    """Kinds of finding that decide where a request may go: some model of this department may not have them. What was
    found once counts for the rest of the conversation, because clients cut long conversations."""
    decisive_without: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Kinds of finding that decide the same for people without a scope of the KI-Pass, by that scope."""


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """A name that stands for models, in the order in which they are tried, and perhaps for a purpose."""

    key: str
    name: str
    models: tuple[str, ...]
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What the municipality decided. ``digest`` names it in every record and answer."""

    digest: str
    organisation: Organisation
    models: Mapping[str, RegisteredModel]
    """The whole register, including what is switched off."""
    kipass: KiPassConfig
    departments: Mapping[str, DepartmentRules]
    """The departments for people in no group."""
    files: Mapping[str, Department]
    """The departments as written; from these another generation can be worked out."""
    municipality: Municipality = NOWHERE
    """What the recognition has to know about this town hall."""
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    model_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, ModelAlias] = field(default_factory=dict)
    labels: frozenset[str] = NOBODY
    """Everything that may end an answer, wherever it is written."""
    said: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)
    """What the files say, as they were read: name of the file -> its values. The digest is made from it."""
    _work_out: Callable[[str, frozenset[str]], DepartmentRules] | None = field(default=None, repr=False, compare=False)
    _combined: dict[tuple[str, frozenset[str]], DepartmentRules] = field(default_factory=dict, repr=False,
                                                                         compare=False)

    def known_name(self, name: str) -> str:
        """Return a name that a client gave for a model if it is one of ours, else nothing."""
        return name if name in self.models or name in self.aliases else ""

    def department(self, key: str, groups: frozenset[str] = NOBODY) -> DepartmentRules | None:
        """Return the rules of a department for members of these groups; None (nothing allowed) when there are none.

        A group that no file names has no rules of its own.
        """
        known = groups.intersection(self.groups) if groups else NOBODY
        if not known or self._work_out is None or key not in self.departments:
            return self.departments.get(key)
        found = self._combined.get((key, known))
        if found is None:  # two threads may both work it out: the same from the same
            if len(self._combined) >= MOST_COMBINED:
                self._combined.clear()
            found = self._combined[key, known] = self._work_out(key, known)
        return found


def agreement_covers(model: RegisteredModel, today: date) -> bool:
    """Whether the model may be used today as far as Art. 28 GDPR is concerned; in the house it needs no agreement."""
    if model.in_house:
        return True
    avv = model.avv
    return avv is not None and avv.concluded <= today and (avv.until is None or today <= avv.until)


def attested(rules: ModelRules, today: date) -> bool:
    """Whether the C5 report that these rules demand (if they do) has not run out."""
    return rules.attested_until is None or today <= rules.attested_until


def ends_on(model: RegisteredModel) -> str:
    """Return the last day of a model's agreement as people write it, or an empty text."""
    return f"{model.avv.until:%d.%m.%Y}" if model.avv is not None and model.avv.until is not None else ""


def office_day(now: datetime) -> date:
    """Return today's date as the calendar in the office shows it."""
    return now.astimezone(BERLIN).date()
