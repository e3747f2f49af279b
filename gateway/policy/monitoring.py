"""Which changes of the policies touch the monitoring of staff, and therefore need the Personalrat first.

Source: the Landespersonalvertretungsgesetze (for example § 72(3) LPVG NRW, § 51 MBG Schl.-H., § 80(1) Nr. 21 BPersVG:
technical equipment that can watch behaviour or performance); `compliance.md` R-PR1: "settings that touch monitoring
need approval by role Personalrat, logged; a change without approval stays pending". This is the one list of what that
means here. **Needs approval:**

- a limit per person that is new or has another number (``limits: person``). It makes the house count for one person;
  the number decides when somebody is told "no". Dropping a limit counts less and needs none.
- conversations of staff that are kept longer (``conversations: keep_hours`` raised).
- a new proof that everybody who wants to use AI has to bring (a module that a KI-Pass newly takes): it is kept about
  each person.
- a new reason for clear text (``clear_text: reasons``, or a purpose that newly has it): the reason stands in the record
  of each request that gives it.
- a new group of people (``groups/*.yaml``): rules named after it stand in the records, so they say who belongs to it.

**Needs none**, because it keeps and counts nothing more about anybody: models, purposes, actions, ``answers`` (what an
answer shows; counted by kind, not by person), hours (the time of a request is recorded with or without them), limits of
departments, models and the organisation (numbers of groups; what is shown has five people or more), notices.

`facts` takes these points out of a worked-out set in a form that stays the same as long as their effect does; `digest`
names it; `awaiting` says what of a new set is more than what was approved. Pure.

Does not know: settings outside the policies (retention of the ledger, content mode, re-identification).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import reduce
from typing import Final

from gateway.model.limits import NO_LIMIT, Limit
from gateway.policy.compile import limit
from gateway.policy.diff_rules import amount
from gateway.policy.policyset import DepartmentRules, PolicySet

LANGUAGE: Final = "kipforte/monitoring/v1"
HOUSE: Final = "*"
"""Stands for every department that has no entry of its own."""
Facts = Mapping[str, Mapping[str, int]]
"""Per place (`HOUSE`, a department, ``gruppe/...``, ``klartext/...``, ``ki-pass/...``) what holds there, as numbers."""

_KEPT: Final = "keep_hours"


def facts(policies: PolicySet) -> Facts:
    """Return what of these policies touches the monitoring of staff.

    What the organisation says stands under `HOUSE`; a department has an entry for what holds otherwise there (0:
    nothing), so that it moves along with the house in everything else.
    """
    found: dict[str, Mapping[str, int]] = {HOUSE: _house(policies)}
    for key, rules in policies.departments.items():
        own, house = _department(rules), found[HOUSE]
        differs = {name: own.get(name, 0) for name in (*house, *own) if own.get(name, 0) != house.get(name, 0)}
        if rules.models and differs:
            found[key] = differs
    for key, group in policies.groups.items():
        found[f"gruppe/{key}"] = {"member": 1, **_numbers(limit(group.limits.person))}
    for key, purpose in policies.organisation.purposes.allow.items():
        if purpose.clear_text is not None:
            found[f"klartext/{key}"] = dict.fromkeys(purpose.clear_text.reasons, 1)
    for key, scope in policies.kipass.scopes.items():
        found[f"ki-pass/{key}"] = dict.fromkeys(scope.modules, 1)
    return found


def digest(found: Facts) -> str:
    """Return the name of these facts."""
    return hashlib.sha256(as_text(found).encode()).hexdigest()


def as_text(found: Facts) -> str:
    """Return them as canonical JSON, to be kept."""
    return json.dumps({"language": LANGUAGE, "facts": found}, ensure_ascii=False, sort_keys=True,
                      separators=(",", ":"))


def from_text(text: str) -> Facts:
    """Return what `as_text` wrote. Raises ValueError for anything else."""
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("language") != LANGUAGE:
        raise ValueError("these are no facts of this version")
    return {str(place): {str(k): int(v) for k, v in said.items()} for place, said in content["facts"].items()}


def awaiting(approved: Facts, new: Facts) -> tuple[str, ...]:
    """Return, in German, what of `new` goes beyond what was approved; empty when nothing does."""
    return tuple(dict.fromkeys((*_limits_and_keeping(approved, new), *_groups(approved, new),
                                *_reasons(approved, new), *_proofs(approved, new))))


def _house(policies: PolicySet) -> Mapping[str, int]:
    """Return what the organisation says, with the profiles that hold for all."""
    organisation = policies.organisation
    everywhere = [policies.profiles[p] for p in organisation.profiles]
    per_person = reduce(Limit.tightened, (limit(p.limits.person) for p in everywhere),
                        limit(organisation.limits.person))
    kept = min((organisation.conversations.keep_hours,
                *(p.conversations.keep_hours for p in everywhere if p.conversations is not None)))
    return {**_numbers(per_person), **_hours(kept)}


def _department(rules: DepartmentRules) -> Mapping[str, int]:
    """Return what holds in a department: its limits per person are the same for all of its models."""
    real = (r for r in rules.models.values() if not r.model.quickstart)
    per_person = next((r.limits.get("person", NO_LIMIT) for r in real), NO_LIMIT)
    return {**_numbers(per_person), **_hours(rules.keep_hours)}


def _numbers(most: Limit) -> Mapping[str, int]:
    found = {one.name: getattr(most, one.name) for one in fields(Limit)}
    return {name: number for name, number in found.items() if number is not None}


def _hours(hours: int) -> Mapping[str, int]:
    return {_KEPT: hours} if hours else {}


def _limits_and_keeping(approved: Facts, new: Facts) -> Iterator[str]:
    house_before, house_after = approved.get(HOUSE, {}), new.get(HOUSE, {})
    yield from _more(house_before, house_after, "im ganzen Haus")
    for place in sorted({p for p in (*approved, *new) if "/" not in p and p != HOUSE}):
        own = {*approved.get(place, ()), *new.get(place, ())}
        before = {name: approved.get(place, {}).get(name, house_before.get(name, 0)) for name in own}
        after = {name: new.get(place, {}).get(name, house_after.get(name, 0)) for name in own}
        yield from _more(before, after, f"in der Abteilung „{place}“")


def _more(before: Mapping[str, int], after: Mapping[str, int], where: str) -> Iterator[str]:
    for name, number in after.items():
        old = before.get(name, 0)
        if name == _KEPT:
            if number > old:
                yield f"Gespräche werden {where} länger aufbewahrt: {old} → {number} Stunden"
        elif name != "member" and number and old != number:
            yield (f"Neue Grenze je Person {where}: {amount(name, number)}" if not old else
                   f"Andere Grenze je Person {where}: {amount(name, old)} → {amount(name, number)}")


def _groups(approved: Facts, new: Facts) -> Iterator[str]:
    for place, after in new.items():
        if place.startswith("gruppe/"):
            key = place.removeprefix("gruppe/")
            if place not in approved:
                yield f"Neue Gruppe von Personen: „{key}“"
            yield from _more(approved.get(place, {}), after, f"in der Gruppe „{key}“")


def _reasons(approved: Facts, new: Facts) -> Iterator[str]:
    for place, after in new.items():
        if place.startswith("klartext/"):
            for reason in (r for r in after if r not in approved.get(place, {})):
                yield (f"Neuer Grund für Klartext, der im Protokoll der Anfrage steht: „{reason}“ "
                       f"(Zweck „{place.removeprefix('klartext/')}“)")


def _proofs(approved: Facts, new: Facts) -> Iterator[str]:
    """A module that some KI-Pass took already is no new proof."""
    known = {module for place, said in approved.items() if place.startswith("ki-pass/") for module in said}
    for place, after in new.items():
        if place.startswith("ki-pass/"):
            for module in (m for m in after if m not in known):
                yield f"Neuer Nachweis über jede Person: Modul „{module}“ (KI-Pass „{place.removeprefix('ki-pass/')}“)"
