"""Which changes wait for the Personalrat, and which do not: the list of `gateway.policy.monitoring`, point by point."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.policy.monitoring import as_text, awaiting, digest, facts, from_text
from tests.unit.policy.policy_sets import shipped
from tests.unit.policy.test_diff import Edit, append, edited, replaced

NEEDS = {
    "a new limit per person": (append("organisation.yaml", "limits:\n  person: {requests_per_day: 50}"),
                               "Neue Grenze je Person im ganzen Haus: 50 Anfragen je Tag"),
    "a limit of one department": (append("departments/bauamt.yaml", "limits: {person: {tokens_per_day: 1000}}"),
                                  "in der Abteilung „bauamt“"),
    "a limit of a group": (append("groups/auszubildende.yaml", "limits: {person: {concurrent: 1}}"),
                           "in der Gruppe „auszubildende“"),
    "longer kept": (replaced("organisation.yaml", r"^conversations: \{keep_hours: \d+\}",
                             "conversations: {keep_hours: 48}"), "24 → 48 Stunden"),
    "a new group": (lambda folder: (folder / "groups" / "springer.yaml").write_text(
        "version: 1\nname: Springer\n", encoding="utf-8"), "Neue Gruppe von Personen: „springer“"),
}
NEEDS_NONE = {
    "shorter kept": replaced("organisation.yaml", r"^conversations: \{keep_hours: \d+\}",
                             "conversations: {keep_hours: 1}"),
    "hours": append("organisation.yaml", 'hours: {begin: "06:00", end: "20:00"}'),
    "a limit of the department": append("departments/bauamt.yaml", "limits: {department: {euro_per_month: 5}}"),
    "actions": replaced("organisation.yaml", r"^      PERSON: placeholder .*$", "      PERSON: mask"),
    "a further department": lambda folder: (folder / "departments" / "tourismus.yaml").write_text(
        "version: 1\nname: Tourismus\nlegal_basis: Satzung\n", encoding="utf-8"),
}


@pytest.mark.parametrize("name", NEEDS)
def test_what_counts_or_keeps_more_about_people_waits(tmp_path: Path, name: str) -> None:
    edit, expected = NEEDS[name]
    before, after = facts(shipped()), facts(edited(tmp_path, edit))
    points = awaiting(before, after)
    assert any(expected in point for point in points), points
    assert digest(before) != digest(after)
    assert awaiting(after, before) == (), "taking it back needs nobody"


@pytest.mark.parametrize("name", NEEDS_NONE)
def test_what_keeps_nothing_more_about_people_waits_for_nobody(tmp_path: Path, name: str) -> None:
    edit: Edit = NEEDS_NONE[name]
    assert awaiting(facts(shipped()), facts(edited(tmp_path, edit))) == ()


def test_another_number_waits_as_well(tmp_path: Path) -> None:
    one = edited(tmp_path / "1", append("organisation.yaml", "limits:\n  person: {requests_per_day: 50}"))
    other = edited(tmp_path / "2", append("organisation.yaml", "limits:\n  person: {requests_per_day: 60}"))
    assert awaiting(facts(one), facts(other)) == (
        "Andere Grenze je Person im ganzen Haus: 50 Anfragen je Tag → 60 Anfragen je Tag",)


def test_a_limit_that_moves_from_the_department_to_everybody_waits_for_the_others_only(tmp_path: Path) -> None:
    one = edited(tmp_path / "1", append("departments/bauamt.yaml", "limits: {person: {requests_per_day: 5}}"))
    other = edited(tmp_path / "2", append("organisation.yaml", "limits:\n  person: {requests_per_day: 5}"))
    assert awaiting(facts(one), facts(other)) == ("Neue Grenze je Person im ganzen Haus: 5 Anfragen je Tag",)


def test_facts_survive_being_written_down() -> None:
    found = facts(shipped())
    assert from_text(as_text(found)) == found
    with pytest.raises(ValueError, match="this version"):
        from_text('{"language": "other"}')


def test_a_profile_for_everybody_is_said_once_and_new_departments_share_it(tmp_path: Path) -> None:
    strict: Edit = lambda folder: (folder / "profiles" / "streng.yaml").write_text(  # noqa: E731
        "version: 1\nname: Streng\ndescription: x\nlimits: {person: {requests_per_day: 5}}\n", encoding="utf-8")
    chosen = replaced("organisation.yaml", r"^profiles: \[.*\]", "profiles: [streng]")
    one = edited(tmp_path / "1", strict, chosen)
    other = edited(tmp_path / "2", strict, chosen, NEEDS_NONE["a further department"])
    assert awaiting(facts(shipped()), facts(one)) == ("Neue Grenze je Person im ganzen Haus: 5 Anfragen je Tag",)
    assert awaiting(facts(one), facts(other)) == ()
