"""Policies that hypothesis makes up: everything that the language can say, and requests of people under them.

Built as the schema's objects and worked out without the checks of the loader, on purpose: what would slip past them
must loosen nothing either.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from gateway.model.entities import ENTITIES
from gateway.model.limits import Limit
from gateway.model.principal import PassState, PassStatus, Principal
from gateway.model.register import Attest, Avv, HighRisk, RegisteredModel
from gateway.policy import AdmitFacts, PolicySet, ReleaseFacts
from gateway.policy.compile import work_out
from gateway.policy.policyset import ModelAlias
from gateway.policy.schema import Department, Group, Organisation, Profile
from gateway.policy.vocabulary import DATA_CLASSES, FORBIDDEN_PURPOSES, REQUIREMENTS, STRICTNESS, WEEKDAYS
from tests.unit.policy.policy_sets import shipped

KINDS: Final = ["PERSON", "IBAN", "HEALTH", "CRIME", "CLASSIFIED", "BIRTHDATE", "LITERAL"]
PURPOSES: Final = ["allgemein", "brief", "urkunde", "akte"]
OPAQUE: Final = ["image", "audio", "file", "provider_tool"]
DIALECTS: Final = ["chat", "responses", "embeddings"]
_ALL = frozenset(DATA_CLASSES)
_SOME = frozenset({"public", "internal", "personal", "special"})
_NO_SECRETS = frozenset({"public", "internal", "personal"})


def _model(key: str, zone: Any, classes: frozenset[str], **more: Any) -> RegisteredModel:
    base, at_home = shipped().models["eu-cloud"], zone == "haus"
    return replace(base, id=key, name=key.title(), enabled=True, in_house=at_home, zone=zone, data_classes=classes,
                   avv=None if at_home else Avv(date(2026, 1, 1), "a" * 64, date(2026, 12, 31)),
                   dialects=frozenset(DIALECTS), **more)


MODELS: Final[Mapping[str, RegisteredModel]] = {m.id: m for m in (
    _model("haus-gross", "haus", _ALL),
    _model("haus-klein", "haus", _NO_SECRETS, limit=Limit(concurrent=2)),
    _model("land", "DE", _SOME, c5=Attest(2, "b" * 64, date(2026, 12, 15)), retention_days=0),
    _model("bund", "DE", _ALL, secrecy=date(2026, 1, 1), limit=Limit(requests_per_day=100)),
    _model("union", "EU", _SOME, sub_processors=()),
    _model("hoch", "EU", _SOME, risk_class="hoch",
           high_risk=HighRisk(date(2026, 1, 1), date(2026, 1, 2), "EU-1")),
    _model("fern", "drittland", _SOME, limit=Limit(micro_euro_per_day=5_000_000), pass_scopes=("personenbezogen",)),
    replace(_model("aus", "drittland", _ALL), enabled=False))}
NAMES: Final = [*MODELS, "@nah", "@fern"]
MODEL_GROUPS: Final = {"nah": ("haus-gross", "land"), "fern": ("fern", "union", "weg")}

SCOPES: Final = ["bild", "personenbezogen"]
ids = st.sampled_from(sorted(MODELS))
scopes = st.lists(st.sampled_from(SCOPES), min_size=1, max_size=2, unique=True)
action = st.sampled_from([*STRICTNESS[:-1], *STRICTNESS[:-1], "refuse"])
shown = st.sampled_from(["show", "flag", "mask"])
side = st.fixed_dictionaries({}, optional={
    "findings": st.dictionaries(st.sampled_from(KINDS), action, max_size=4),
    "opaque": st.dictionaries(st.sampled_from(OPAQUE), st.sampled_from(["pass", "inspect", "strip", "refuse"])),
    "answers": st.one_of(shown, st.dictionaries(st.sampled_from(["default", *KINDS[:4]]), shown)),
    "pass_scopes": st.dictionaries(st.sampled_from([*KINDS[:6], "personal", "special"]), scopes, max_size=2)})
content = st.fixed_dictionaries({}, optional={"in_house": side, "outside": side})
zones = st.sampled_from([["haus", "DE", "EU"], ["haus", "DE"], ["haus", "EU", "drittland"], ["DE", "EU", "drittland"]])
require = st.one_of(st.just([]), st.lists(st.sampled_from(sorted(REQUIREMENTS)), max_size=1))
counts = st.integers(1, 9)
numbers = st.fixed_dictionaries({}, optional={
    "requests_per_minute": counts, "tokens_per_day": counts, "concurrent": counts, "euro_per_day": counts})
hours = st.builds(lambda days, begin, length: {
    "days": days, "begin": f"{begin:02}:00", "end": f"{begin + length:02}:00"},
    st.sampled_from([list(WEEKDAYS), list(WEEKDAYS), list(WEEKDAYS[:5])]), st.integers(0, 8), st.sampled_from([16, 14]))
background = st.one_of(st.sampled_from([{"answer": "same"}, {"answer": "local"}]),
                       ids.map(lambda m: {"answer": "model", "model": m}))


def chosen(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    allow = st.lists(st.sampled_from(names), max_size=3).map(lambda out: [n for n in names if n not in out])
    deny = st.lists(st.sampled_from(names), unique=True, max_size=2)
    return st.one_of(st.just({}), st.just({}), st.fixed_dictionaries({}, optional={"allow": allow, "deny": deny}))


RULES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "handles": st.sampled_from([[], ["personal"], ["special"], ["social"]]),
    "models": st.builds(lambda a, b: {**a, **b}, chosen(NAMES),
                        st.fixed_dictionaries({}, optional={"zones": zones, "require": require})),
    "purposes": chosen([*PURPOSES, "social_scoring", "unfug"]), "content": content,
    "ki_pass": st.fixed_dictionaries({}, optional={
        "required": st.sampled_from([[], ["bild"]]),
        "models": st.dictionaries(st.sampled_from(NAMES), scopes, max_size=2)}),
    "limits": st.fixed_dictionaries({}, optional={"person": numbers, "department": numbers}),
    "hours": hours, "notice": st.sampled_from(["Bitte prüfen.", "Nicht weitergeben."]),
    "label": st.sampled_from(["Entwurf", "Mit KI erstellt"]),
    "clear_text": st.just("refuse"), "untrusted_tools": st.lists(st.sampled_from(["shell", "mail"]), unique=True),
    "unknown_fields": st.sampled_from(["drop", "refuse"]),
    "conversations": st.integers(0, 48).map(lambda h: {"keep_hours": h}), "background": background}
rules = st.one_of(st.just({}), st.fixed_dictionaries({}, optional=RULES))
one_rule = st.one_of(*(strategy.map(lambda value, name=name: {name: value}) for name, strategy in RULES.items()))
"""A layer that says one thing."""
readable = st.fixed_dictionaries({
    "entities": st.lists(st.sampled_from(KINDS), min_size=1, unique=True), "reasons": st.just({"wortlaut": "Zitat"})},
    optional={"departments": st.just(["amt"]), "roles": st.just(["leitung"]), "groups": st.just(["azubis"])})
purposes = st.fixed_dictionaries({"allgemein": st.just({"title": "Allgemein"}), "brief": st.fixed_dictionaries(
    {"title": st.just("Briefe")}, optional={"label": st.just("Entwurf"), "clear_text": readable})}, optional={
        "urkunde": st.fixed_dictionaries({"title": st.just("Urkunden"), "clear_text": readable}),
        "akte": st.just({"title": "Akten", "pass_scopes": ["bild"], "notice": "Größe beachten"})})
order = st.lists(ids, unique=True, min_size=1, max_size=6)
organisations = st.fixed_dictionaries({
    "models": st.builds(lambda a, b: {**a, **b}, st.fixed_dictionaries({
        "allow": st.one_of(st.just(list(MODELS)), st.lists(st.sampled_from(NAMES), min_size=4, unique=True))}),
        st.fixed_dictionaries({}, optional={"zones": zones.map(lambda z: [*z, "EU"]), "require": require})),
    "purposes": st.builds(lambda p: {"allow": p, "forbid": {"leistungskontrolle": "Kontrolle"}}, purposes),
    "content": content,
    "routing": st.fixed_dictionaries({"in_house": st.one_of(st.just(["haus-klein", "haus-gross"]), order),
                                      "fallback": st.dictionaries(ids, order, max_size=5)})},
    optional={"limits": st.fixed_dictionaries({}, optional={
        "person": numbers, "department": numbers, "model": numbers, "organisation": numbers}),
        "hours": hours, "notice": st.just("KI im Rathaus."), "background": background,
        "conversations": st.just({"keep_hours": 24})})
aliases = st.dictionaries(st.sampled_from(["beste", "brief"]), st.builds(
    lambda models, purpose: ("Name", tuple(models), purpose), st.lists(ids, min_size=2, max_size=4, unique=True).map(
        lambda found: sorted(found, key=lambda m: -MODELS[m].distance)),
    st.sampled_from([None, None, "brief", "urkunde"])), max_size=2)


@dataclass(frozen=True)
class World:
    """What is written; `policies` works it out."""

    organisation: dict[str, Any]
    department: dict[str, Any]
    profiles: dict[str, dict[str, Any]]
    group: dict[str, Any]
    aliases: dict[str, tuple[str, tuple[str, ...], str | None]]

    def policies(self) -> PolicySet:
        """Return the policies without a look at what files say about each other."""
        named = {"version": "1", "name": "Amt"}
        base = shipped().organisation.model_dump()
        base = {k: base[k] for k in ("version", "name", "id", "base_url", "legal_basis", "contact", "ki_pass")}
        department = {**self.department, **named, "legal_basis": "x", "profiles": sorted(self.profiles)}
        return work_out(
            "d" * 64, Organisation.model_validate({**base, **copy.deepcopy(self.organisation)}),
            {"amt": Department.model_validate(department)}, MODELS, shipped().kipass,
            profiles={k: Profile.model_validate({**p, **named, "description": "x"}) for k, p in self.profiles.items()},
            groups={"azubis": Group.model_validate({**self.group, **named})}, model_groups=MODEL_GROUPS,
            aliases={k: ModelAlias(k, *rest) for k, rest in self.aliases.items()})


worlds = st.builds(World, organisations, rules, st.dictionaries(st.sampled_from(["eins", "zwei"]), rules, max_size=2),
                   rules, aliases)

_STATES: Final[tuple[PassState, ...]] = ("gueltig",) * 80 + ("kulanz", "abgelaufen", "dv_neu", "gesperrt", "fehlt")  # type: ignore[assignment]
_HALF: Final[tuple[PassState, ...]] = ("gueltig", "kulanz", "fehlt", "gesperrt")
passes = st.fixed_dictionaries({"basis": st.sampled_from(_STATES).map(PassStatus),
                                **{scope: st.sampled_from(_HALF).map(PassStatus) for scope in SCOPES}})
people = st.builds(lambda passes, groups, roles, purpose: Principal(
    "p", "amt", passes=passes, groups=groups, roles=roles, purpose=purpose), passes,
    st.sampled_from([frozenset[str](), frozenset({"azubis"}), frozenset({"azubis", "niemand"})]),
    st.sampled_from([frozenset[str](), frozenset({"leitung"})]), st.sampled_from(["", "brief"]))
moments = st.builds(lambda day, hour: datetime(2026, 10, 20, tzinfo=UTC) + timedelta(days=day, hours=hour),
                    st.one_of(st.just(1), st.integers(0, 80)), st.one_of(st.just(9), st.integers(0, 23)))
"""From before the end of summer time to after the end of the agreements and of a C5 report."""
facts = st.builds(
    AdmitFacts, people, st.sampled_from([*MODELS, *["beste", "brief"] * 4, "nope"]),
    st.sampled_from([*[None] * 4, *PURPOSES, *PURPOSES, " Brief ", "social_scoring", "leistungskontrolle", "nope"]),
    st.just("chat"), moments, st.sampled_from([*[None] * 6, "wortlaut", "wortlaut", "unfug"]),
    st.one_of(st.just(frozenset[str]()), st.frozensets(ids, max_size=2)),
    st.sampled_from([None, None, frozenset({"chat"}), frozenset({"rede"})]))
seen = st.dictionaries(st.sampled_from([*KINDS[:6] * 4, *sorted(ENTITIES)]), st.integers(0, 3), min_size=1,
                       max_size=3)
unread = st.one_of(st.just(frozenset[str]()), st.frozensets(
    st.sampled_from([*OPAQUE, "provider_state", "hologram"]), max_size=1))
requests = st.builds(ReleaseFacts, facts, seen, unread, st.frozensets(st.sampled_from(KINDS[:6]), max_size=1))
assert "social_scoring" in FORBIDDEN_PURPOSES
