"""What is different about answers between two policies: labels, and what is shown kind by kind."""

from __future__ import annotations

import pytest

from gateway.policy.diff_rules import department
from tests.unit.pipeline.test_labels import policies
from tests.unit.policy.test_answers_by_kind import saying


@pytest.mark.parametrize(("old", "new", "texts"), [
    ("flag", "mask", {("Modelle außer Haus: Personenbezogenes in Antworten, wenn niemand es gesendet hat: werden "
                       "gezeigt und gezählt → werden ausgeblendet", False)}),
    ("flag", {"default": "flag", "HEALTH": "mask", "PERSON": "show"}, {
        ("Modelle außer Haus: Gesundheitsangabe in Antworten, wenn niemand es gesendet hat: werden gezeigt → werden "
         "ausgeblendet", False),
        ("Modelle außer Haus: Name in Antworten, wenn niemand es gesendet hat: werden gezeigt und gezählt → werden "
         "gezeigt", True)}),
])
def test_a_change_of_answers_is_said_once_for_all_kinds_or_by_name(
        old: object, new: object, texts: set[tuple[str, bool]]) -> None:
    before, after = (saying(said).departments["bauamt"] for said in (old, new))
    assert {(said.text, said.looser) for said in department(before, after)} == texts


def test_a_label_that_goes_is_looser() -> None:
    with_, without = policies(department="Entwurf.").departments["bauamt"], policies().departments["bauamt"]
    assert [(said.text, said.looser) for said in department(without, with_)] == [
        ("Jede Antwort endet mit „Entwurf.“", False)]
    assert [(said.text, said.looser) for said in department(with_, without)] == [
        ("Antworten enden nicht mehr mit „Entwurf.“", True)]
