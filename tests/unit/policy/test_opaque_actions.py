"""What policy says about files and pictures: pass, inspect, refuse; a department only ever stricter."""

from __future__ import annotations

import pytest

from gateway.policy.compile import work_out
from gateway.policy.decide import admit, release
from gateway.policy.schema import Content, Side
from tests.unit.policy.policy_sets import asking, found, shipped


def rules_of(above: str | None, own: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is passed and what is read where the organisation says `above` and the department `own`."""
    policies = shipped()
    sides = [Side.model_validate({"opaque": {"file": word} if word else {}}) for word in (above, own)]
    contents = [Content(in_house=side, outside=side) for side in sides]
    made = work_out("d", policies.organisation.model_copy(update={"content": contents[0]}),
                    {"bauamt": policies.files["bauamt"].model_copy(update={"content": contents[1]})}, policies.models,
                    policies.kipass)
    rules = made.departments["bauamt"].models["demo"]
    return rules.passed_opaque, rules.read_opaque


@pytest.mark.parametrize(("above", "own", "does"), [
    (None, None, "refuse"), (None, "pass", "refuse"), (None, "inspect", "refuse"), ("pass", None, "pass"),
    ("pass", "inspect", "inspect"), ("inspect", None, "inspect"), ("inspect", "pass", "inspect"),
    ("inspect", "refuse", "refuse"), ("refuse", "inspect", "refuse"), ("pass", "refuse", "refuse")])
def test_the_stricter_word_holds(above: str | None, own: str | None, does: str) -> None:
    passed, read = rules_of(above, own)
    assert ("file" in passed, "file" in read) == (does == "pass", does == "inspect")


def test_the_shipped_policy_reads_files_and_pictures_and_passes_nothing() -> None:
    for department in shipped().departments.values():
        for rules in department.models.values():
            assert rules.read_opaque == {"file", "image"}
            assert not rules.passed_opaque
    assert admit(shipped(), asking("demo")).reads == {"file", "image"}


def test_what_was_to_be_read_and_was_not_is_refused() -> None:
    answer = release(shipped(), found(opaque=("file",)))
    assert answer.denial is not None
    assert answer.denial.code == "nicht_pruefbar"
