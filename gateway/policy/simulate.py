"""``policy simulate``: what another policy set would have said to the requests in the log.

Theory: a record holds facts without content: department, model asked for, purpose, API, how much of what kind was
found, which content was no text, what the KI-Pass was, when. From these the same two questions are asked again
(`verdict.judge`), and the answers are counted by department and difference, never by person.

Kept true: what cannot be replayed is counted under its reason instead of guessed; departments with fewer than five
people stand together as ``andere``.

Does not know: groups of people (they stand in no record, because a small group would single somebody out: whoever was
judged by a rule of a group is not replayed, and rules of groups in the new set have no effect here), roles, other
models that were stopped at that time, and limits (what one request counts depends on all before it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from gateway.model.decision import DEFAULT_PURPOSE, UNKNOWN_PURPOSE
from gateway.model.entities import ENTITIES
from gateway.model.principal import PassState, PassStatus, Principal
from gateway.policy.decide import AdmitFacts
from gateway.policy.policyset import PolicySet
from gateway.policy.verdict import Difference, Seen, Verdict, changed_treatment, compared, judge

WHY_NOT: Final[dict[str, str]] = {
    "old": "ältere Einträge, in denen noch nicht steht, was dafür nötig ist",
    "unknown": "gefragt war nach einem Modell oder Zweck, das oder den damals niemand kannte",
    "not_policy": "nicht von den Richtlinien entschieden (Grenzen, Größe, Form der Anfrage, Störungen)",
    "stopped": "ein Modell war angehalten",
    "stand_in": "Vertretung für ein Modell, dessen Anbieter ausfiel",
    "group": "entschieden von einer Regel für eine Gruppe von Personen",
    "roles": "Klartext auf Antrag, der von Rollen oder Gruppen abhängt",
    "ki_pass": "der neue Stand verlangt einen KI-Pass, über den im Eintrag nichts steht",
    "unread": "der neue Stand hätte Inhalte geprüft, die damals niemand angesehen hat",
}
"""Why a record cannot be replayed."""

_STATES: Final[dict[str, PassState]] = {
    "ki_pass_fehlt": "fehlt", "ki_pass_abgelaufen": "abgelaufen", "ki_pass_dv_neu": "dv_neu",
    "ki_pass_gesperrt": "gesperrt"}
_GOES: Final = {"intent": "allowed", "denied": "denied", "local": "local"}


class NotReplayable(Exception):  # noqa: N818 - it is no error
    """``str()`` is a key of `WHY_NOT`."""


@dataclass(frozen=True, slots=True)
class Past:
    """One request as the log has it: the facts to ask again with, and what was said."""

    department: str
    facts: AdmitFacts
    seen: Seen
    live: Verdict
    passes: frozenset[str]
    """The KI-Passes of which the record says anything."""


@dataclass(frozen=True, slots=True)
class Group:
    """Requests with the same difference."""

    department: str
    difference: Difference
    before: str
    after: str
    rule: str
    count: int


@dataclass(slots=True)
class Simulation:
    """What came of it."""

    compared: int = 0
    same: int = 0
    groups: list[Group] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def different(self) -> int:
        """How many requests would have been answered otherwise."""
        return self.compared - self.same


def simulate(policies: PolicySet, records: Iterable[tuple[str, datetime, Mapping[str, Any]]],
             speaks: Callable[[str], frozenset[str]], shown: Callable[[str], str]) -> Simulation:
    """Replay records (type, moment, facts) under `policies`.

    `speaks` gives the wire APIs of providers that a client of one reaches; `shown` the name under which a department
    may be counted.
    """
    result, found = Simulation(), Counter[tuple[str, Difference, str, str, str]]()
    for kind, at, meta in records:
        try:
            past = read(kind, at, meta, speaks)
            other = _again(policies, past)
        except NotReplayable as why:
            result.skipped[str(why)] += 1
            continue
        difference = compared(past.live, other)
        result.compared += 1
        if difference == "none":
            result.same += 1
        else:
            before, after = in_words(past.live, other, difference)
            found[shown(past.department), difference, before, after, other.rule] += 1
    result.groups = [Group(*key, count) for key, count in
                     sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))]
    return result


def read(kind: str, at: datetime, meta: Mapping[str, Any], speaks: Callable[[str], frozenset[str]]) -> Past:
    """Take one record apart. Raises `NotReplayable`."""
    rules = [r for r in meta.get("rules", ()) if isinstance(r, str)]
    _can_be_asked(kind, meta, rules)
    code = str(meta.get("code", ""))
    live = Verdict(_GOES[kind], str(meta.get("model", "")) if kind == "intent" else "",  # type: ignore[arg-type]
                   code, treatment=_treatment(meta) if kind == "intent" else {})
    passes = _passes(meta, rules, code)
    api = str(meta.get("api", ""))
    principal = Principal("log", str(meta["department"]), passes=passes)
    facts = AdmitFacts(principal, str(meta["asked"]), str(meta.get("purpose") or DEFAULT_PURPOSE), api, at,
                       str(meta["clear_text"]) if meta.get("clear_text") else None, speaks=speaks(api))
    return Past(str(meta["department"]), facts, _seen(meta), live, frozenset(passes))


def _can_be_asked(kind: str, meta: Mapping[str, Any], rules: list[str]) -> None:
    code = meta.get("code", "")
    if kind not in _GOES or "department" not in meta or "rules" not in meta:
        raise NotReplayable("not_policy")
    if "instead_of" in meta:
        raise NotReplayable("stand_in")
    if code == "modell_gestoppt":
        raise NotReplayable("stopped")
    if kind == "denied" and "denied_by" not in meta:
        raise NotReplayable("not_policy" if "asked" in meta else "old")
    if "asked" not in meta:
        raise NotReplayable("old")
    if not meta["asked"] or meta.get("purpose") == UNKNOWN_PURPOSE:
        raise NotReplayable("unknown")
    if any(r.startswith("groups/") for r in rules):
        raise NotReplayable("group")


def _passes(meta: Mapping[str, Any], rules: list[str], code: str) -> dict[str, PassStatus]:
    """Return what the record says of KI-Passes: those that took part held, the last one of a refusal did not."""
    asked = [r.removeprefix("ki-pass:") for r in rules if r.startswith("ki-pass:")]
    passes = {scope: PassStatus("gueltig") for scope in asked}
    if asked and code in _STATES:
        passes[asked[-1]] = PassStatus(_STATES[code])
    if "basis" in passes and "pass" in meta:
        passes["basis"] = PassStatus(meta["pass"])
    return passes


def _seen(meta: Mapping[str, Any]) -> Seen:
    found = meta.get("found")
    counts = None if found is None else {k: int(n) for k, n in found.items() if k in ENTITIES}
    return Seen(counts, frozenset(meta.get("opaque", ())), frozenset(meta.get("read", ())),
                held=frozenset(k for k in meta.get("held", ()) if k in ENTITIES), task="task" in meta)


def _treatment(meta: Mapping[str, Any]) -> dict[str, str]:
    """Return what happened to each kind that was found; what was not replaced was left readable."""
    replaced = dict(key.split(":", 1) for key in meta.get("replaced", {}) if ":" in key)
    return {kind: replaced.get(kind, "readable") for kind, count in meta.get("found", {}).items() if count}


def _again(policies: PolicySet, past: Past) -> Verdict:
    """Return what the policies say now. Raises `NotReplayable` where the record does not suffice."""
    facts, department = past.facts, policies.departments.get(past.department)
    if facts.clear_text and department is not None:
        purpose = department.purposes.get(facts.purpose or "")
        granted = purpose.clear_text if purpose else None
        if granted is not None and (granted.roles or granted.groups):
            raise NotReplayable("roles")
    unknown = {scope: PassStatus("gueltig") for scope in policies.kipass.scopes if scope not in past.passes}
    taken = replace(facts.principal, passes={**facts.principal.passes, **unknown})
    other = judge(policies, replace(facts, principal=taken), past.seen)
    if other.said == "open":
        raise NotReplayable("unread")
    if other.said != "denied" and unknown and judge(policies, facts, past.seen) != other:
        raise NotReplayable("ki_pass")  # with it the answer is this, without it another
    return other


def in_words(live: Verdict, other: Verdict, difference: Difference) -> tuple[str, str]:
    """Return what was said and what would be said, short, for tables and scripts."""
    if difference == "treatment":
        return "allowed", "; ".join(changed_treatment(live, other))
    return _short(live), _short(other)


def _short(verdict: Verdict) -> str:
    return " ".join(word for word in (verdict.said, verdict.model, verdict.code) if word)
