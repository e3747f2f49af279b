"""``policy diff``: what changes for whom between two policy sets, in German words.

Theory: both sets are worked out, so every department has its rules at hand; they are compared department by
department, for members of each group as well, and what is the same for all departments is said once. What stands
differently in the files and makes no difference for anybody is not listed, only said to be there.

Kept true: two sets with the same digest have no difference; whatever decides about a request is compared (a test holds
the list of compared fields to the dataclasses).

Does not know: combinations of two or more groups, and what a limit that nobody reaches does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from gateway.policy import diff_register, diff_rules
from gateway.policy.change import EVERYBODY, WHOLE_HOUSE, Change, Said, plain
from gateway.policy.policyset import DepartmentRules, PolicySet

__all__ = ["Change", "differences"]


def differences(old: PolicySet, new: PolicySet) -> tuple[Change, ...]:
    """Return every difference: first what holds for the house, then for all departments, then for single ones."""
    if old.digest == new.digest:
        return ()
    house = tuple(said.to(WHOLE_HOUSE) for said in chain(
        _organisation(old, new), diff_register.register(old.models, new.models),
        diff_register.aliases(old.aliases, new.aliases), diff_register.kipass(old.kipass, new.kipass),
        diff_register.recognition(old.municipality, new.municipality), _departments(old, new)))
    found = (*house, *_inside(old, new))
    return found or (Change(WHOLE_HOUSE, "text", "Die Dateien sagen es anders, aber für niemanden ändert sich etwas."),)


def _organisation(old: PolicySet, new: PolicySet) -> Iterator[Said]:
    before, after = old.organisation, new.organisation
    for name, words in (("name", "Name der Organisation"), ("id", "Kennung des Protokolls"),
                        ("legal_basis", "Rechtsgrundlage"), ("base_url", "Adresse der Seiten")):
        yield from plain("organisation", words, getattr(before, name), getattr(after, name))
    for name in type(before.contact).model_fields:
        yield from plain("organisation", f"Ansprechpartner „{name}“", getattr(before.contact, name),
                         getattr(after.contact, name))


def _departments(old: PolicySet, new: PolicySet) -> Iterator[Said]:
    for key in (k for k in new.departments if k not in old.departments):
        models = ", ".join(r.model.name for r in new.departments[key].models.values()) or "keinen Modellen"
        yield Said("departments", f"Die Abteilung „{new.departments[key].name}“ kommt hinzu, mit: {models}", True)
    for key in (k for k in old.departments if k not in new.departments):
        yield Said("departments", f"Die Abteilung „{old.departments[key].name}“ fällt weg; dort kann niemand mehr KI "
                   "nutzen", False)


def _inside(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    """Yield what is different within departments that both sets have; first what is the same for all."""
    shared = [key for key in new.departments if key in old.departments]
    found: dict[str, tuple[Said, ...]] = {
        key: tuple(diff_rules.department(old.departments[key], new.departments[key])) for key in shared}
    everywhere = _everywhere(found)
    yield from (said.to(EVERYBODY) for said in everywhere)
    for key, said in found.items():
        yield from (one.to(new.departments[key].name) for one in said if one not in everywhere)
    yield from _groups(old, new, found)


def _everywhere(found: Mapping[str, tuple[Said, ...]]) -> tuple[Said, ...]:
    first = next(iter(found.values()), ())
    return tuple(one for one in first if len(found) > 1 and all(one in said for said in found.values()))


def _groups(old: PolicySet, new: PolicySet, without: Mapping[str, tuple[Said, ...]]) -> Iterator[Change]:
    """Yield what is different for members of a group beyond what is for the rest of their departments."""
    for group in dict.fromkeys((*old.groups, *new.groups)):
        name = (new.groups.get(group) or old.groups[group]).name
        found = {}
        for key, said in without.items():
            before, after = (_rules(policies, key, group) for policies in (old, new))
            found[key] = tuple(one for one in diff_rules.department(before, after) if one not in said)
        everywhere = _everywhere(found)
        yield from (one.to(f"Gruppe „{name}“") for one in everywhere)
        for key, own in found.items():
            yield from (one.to(f"Gruppe „{name}“ in: {new.departments[key].name}")
                        for one in own if one not in everywhere)


def _rules(policies: PolicySet, key: str, group: str) -> DepartmentRules:
    rules = policies.department(key, frozenset({group}))
    assert rules is not None, "both sets have this department"
    return rules
