"""What changes for whom: everything that decides is compared, both ways round, in words."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from gateway.model.municipality import Municipality
from gateway.model.register import Avv, RegisteredModel
from gateway.policy import PolicySet, load_policies
from gateway.policy.diff import Change, differences
from gateway.policy.diff_register import compared_fields
from gateway.policy.policyset import DepartmentRules, ModelRules
from tests.unit.policy.policy_sets import SHIPPED, shipped

Edit = Callable[[Path], None]


def edited(folder: Path, *edits: Edit) -> PolicySet:
    """Return the shipped policies with changes to their files."""
    copy = folder / "policies"
    shutil.copytree(SHIPPED, copy)
    for edit in edits:
        edit(copy)
    return load_policies(copy)


def append(file: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8") + "\n" + text + "\n", encoding="utf-8")
    return edit


def replaced(file: str, pattern: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / file
        before = path.read_text(encoding="utf-8")
        after = re.sub(pattern, text, before, count=1, flags=re.M)
        assert after != before, f"{pattern} is not in {file}"
        path.write_text(after, encoding="utf-8")
    return edit


def lines(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.whom}: {change}" for change in changes]


def test_the_same_policies_have_no_difference(tmp_path: Path) -> None:
    assert differences(shipped(), edited(tmp_path, append("organisation.yaml", "# nur ein Kommentar"))) == ()


def test_a_difference_without_effect_is_said_to_be_one(tmp_path: Path) -> None:
    new = edited(tmp_path, lambda folder: (folder / "profiles" / "probe.yaml").write_text(
        "version: 1\nname: Probe\ndescription: Niemand benutzt es.\n", encoding="utf-8"))
    [change] = differences(shipped(), new)
    assert "für niemanden ändert sich etwas" in change.text


NEW_LINES = [
    (append("organisation.yaml", "limits:\n  person: {requests_per_day: 50}"),
     "Alle Abteilungen: Modelle im Haus: Grenze je Person: keine Grenze → 50 Anfragen je Tag", False),
    (append("organisation.yaml", 'hours: {days: [mo, di], begin: "06:00", end: "20:00"}'),
     "Alle Abteilungen: Zeiten: immer → mo di 06:00–20:00", False),
    (replaced("organisation.yaml", r"^conversations: \{keep_hours: \d+\}", "conversations: {keep_hours: 48}"),
     r"Gespräche werden aufbewahrt: 24 Stunden → 48 Stunden", True),
    (replaced("organisation.yaml", r"^unknown_fields: drop", "unknown_fields: refuse"),
     "Alle Abteilungen: Unbekannte Felder einer Anfrage: sie wird abgelehnt", False),
    (replaced("organisation.yaml", r"^untrusted_tools: \[\]", "untrusted_tools: [suche]"),
     "Werkzeug „suche“ erhält nur noch Platzhalter", False),
    (replaced("organisation.yaml", r"^      PERSON: placeholder .*$", "      PERSON: mask"),
     "Modelle im Haus: Name: wird ersetzt und in der Antwort wieder eingesetzt → wird unkenntlich gemacht", False),
    (replaced("organisation.yaml", r"^    recherche: .*$", ""), "Zweck „Fragen zu allgemeinem Wissen“ (recherche) "
     "fällt weg", False),
    (replaced("organisation.yaml", r"^  allow:\n    - demo", "  allow:"), "Modell „Demo", False),
]


@pytest.mark.parametrize(("edit", "expected", "looser"), NEW_LINES)
def test_a_change_is_said_in_words_and_marked_the_other_way_round(tmp_path: Path, edit: Edit, expected: str,
                                                                   looser: bool) -> None:
    new = edited(tmp_path, edit)
    there = [c for c in differences(shipped(), new) if expected in f"{c.whom}: {c.text}"]
    assert there, lines(differences(shipped(), new))
    assert {c.looser for c in there} == {looser}
    back = [c for c in differences(new, shipped()) if c.about == there[0].about]
    assert {c.looser for c in back} == {not looser}
    assert str(there[0]).endswith("(lockerer)") is looser


def test_what_one_department_changes_is_said_for_it_alone(tmp_path: Path) -> None:
    new = edited(tmp_path, append("departments/bauamt.yaml", "unknown_fields: refuse"))
    assert lines(differences(shipped(), new)) == [
        "Bauamt: Unbekannte Felder einer Anfrage: sie wird abgelehnt"]


def test_what_only_members_of_a_group_feel_is_said_for_the_group(tmp_path: Path) -> None:
    new = edited(tmp_path, append("groups/auszubildende.yaml", "unknown_fields: refuse"))
    assert lines(differences(shipped(), new)) == [
        "Gruppe „Auszubildende“: Unbekannte Felder einer Anfrage: sie wird abgelehnt"]


def test_a_group_that_goes_away_loosens_what_it_had_made_stricter(tmp_path: Path) -> None:
    new = edited(tmp_path, lambda folder: (folder / "groups" / "auszubildende.yaml").unlink(),
                 lambda folder: shutil.rmtree(folder / "tests"))
    found = differences(shipped(), new)
    assert found
    assert all(c.whom.startswith("Gruppe „Auszubildende“") for c in found)
    assert any(c.looser for c in found)


def test_departments_come_and_go(tmp_path: Path) -> None:
    def rename(folder: Path) -> None:
        (folder / "departments" / "bauamt.yaml").rename(folder / "departments" / "tiefbau.yaml")
    found = differences(shipped(), edited(tmp_path, rename))
    assert [(c.text.split("“")[1].split(",")[0].split(";")[0].strip(), c.looser) for c in found
            if c.about == "departments"] == [("kommt hinzu", True), ("fällt weg", False)]


def test_a_model_that_moves_away_is_looser_and_its_new_agreement_is_named() -> None:
    from gateway.policy.compile import reworked
    from tests.unit.policy.policy_sets import all_on
    old = all_on()
    model = old.models["eu-cloud"]
    from dataclasses import replace
    moved = replace(model, zone="drittland", avv=Avv(date(2026, 5, 1), "b" * 64, date(2027, 1, 1)))
    new = reworked(old, "e" * 64, models={**old.models, model.id: moved})
    said = lines(differences(old, new))
    assert any("läuft in: EU → drittland (lockerer)" in line or "läuft in: DE → drittland (lockerer)" in line
               for line in said), said
    assert any("Vereinbarung zur Auftragsverarbeitung" in line and "bbbbbbbb" in line for line in said)


def test_more_that_the_recognition_passes_over_is_looser() -> None:
    from dataclasses import replace
    old = shipped()
    blind = replace(old, digest="f" * 64, municipality=replace(old.municipality, offices=(
        *old.municipality.offices, "Tiefbauamt Nord")))
    assert [(c.about, c.looser) for c in differences(old, blind)] == [("recognition", True)]
    assert [(c.about, c.looser) for c in differences(blind, old)] == [("recognition", False)]


def test_every_field_that_decides_is_compared() -> None:
    """Who adds a field to the worked-out rules says here how `diff` shows it."""
    assert {f.name for f in fields(RegisteredModel)} == compared_fields()
    assert {f.name for f in fields(DepartmentRules)} == {
        "key", "name", "scopes", "purposes", "forbidden", "models", "keep_hours", "refuses_unknown_fields",
        "background", "closed", "closed_purposes", "hours", "notices", "allows_clear_text", "in_house", "fallback",
        "decisive", "decisive_without", "labels"}
    assert {f.name for f in fields(ModelRules)} == {
        "model", "findings", "actions", "refused", "rerouted", "passed_opaque", "read_opaque", "stripped_opaque",
        "untrusted_tools", "answers", "limits", "opaque", "trusts_undeclared", "attested_until", "said", "demands",
        "kind_demands"}
    assert {f.name for f in fields(Municipality)} == {
        "case_numbers", "cash_numbers", "offices", "places", "addresses", "mailboxes", "phones", "creditor_ids",
        "office_holders"}
