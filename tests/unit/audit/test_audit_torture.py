"""A handful of what ``make audit-torture`` does a thousand times: each step of the write path is died at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.bench.audit_eight import eight
from tests.bench.audit_torture import STEPS, House, Report


@pytest.mark.parametrize("steps", [list(STEPS[at : at + 3]) for at in range(0, len(STEPS), 3)], ids=", ".join)
def test_dying_at_any_step_of_the_write_path_loses_nothing_and_sends_nothing_unwritten(
    url: str, tmp_path: Path, steps: list[str]
) -> None:
    report = Report()
    house = House(url, tmp_path / "keys", report, random.Random(3))
    house.kill(len(steps), steps)
    house.judge()
    assert not report.faults
    assert sum(report.kills.values()) == len(steps)
    assert report.calls


def test_several_writers_signers_and_anchorers_leave_no_hole_contradict_no_note_and_send_each_once(
    url: str, tmp_path: Path
) -> None:
    assert eight(url, tmp_path / "keys", processes=3, count=200) == []
