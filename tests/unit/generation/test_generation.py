"""A change comes into force as a whole, or not at all; and whoever runs it, says so."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.generation import Generation, Prepared
from gateway.generation.beside import ShadowPolicies
from gateway.generation.proving import Rejected
from gateway.model.municipality import Municipality
from gateway.policy import PolicyErrors, PolicySet
from gateway.settings import Settings
from tests.unit.policy.policy_sets import SHIPPED

FAILING = """version: 1
name: Probe
now: 2026-11-22T12:00:00+01:00
callers:
  bauamt: {department: bauamt, passes: {basis: gueltig}}
tests:
  - name: Das Beispielmodell ist gesperrt
    caller: [bauamt]
    request: {model: demo, found: {}}
    expect: {decision: denied}
"""


class Detector:
    """As much of a detector as a generation asks for."""

    def __init__(self) -> None:
        self.broken = False

    def configured(self, municipality: Municipality) -> Any:
        if self.broken:
            raise GatewayError("pruefung_nicht_verfuegbar", "x")
        return ("detector", municipality)


class Gate:
    """Lets everything through, unless a test says otherwise."""

    def __init__(self) -> None:
        self.closed = False
        self.asked: list[str] = []

    def admit(self, policies: PolicySet) -> None:
        self.asked.append(policies.digest)
        if self.closed:
            raise Rejected("approval", "wartet auf die Zustimmung des Personalrats", ("Neue Grenze je Person",))


class Town:
    """A folder of policies, and the generation that watches it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "policies"
        shutil.copytree(SHIPPED, self.folder)
        shutil.rmtree(self.folder / "tests")
        self.generation = Generation(Settings(home=folder, policies=self.folder))
        self.detector, self.gate, self.results = Detector(), Gate(), list[str]()
        self.generation.equip(self.detector, object(), self.gate, self.results.append)  # type: ignore[arg-type]

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + "\n" + text + "\n", encoding="utf-8")

    def settle(self) -> Prepared | None:
        """Look until what was saved has looked the same twice."""
        return self.generation.look() or self.generation.look()


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_change_is_prepared_when_it_has_looked_the_same_twice(town: Town) -> None:
    before = town.generation().digest
    town.write("departments/bauamt.yaml", "unknown_fields: refuse")
    assert town.generation.look() is None, "somebody may still be saving the second file"
    prepared = town.generation.look()
    assert prepared is not None
    assert prepared.policies.digest != before
    assert prepared.detector == ("detector", prepared.policies.municipality)
    assert town.generation().digest == before, "preparing changes nothing yet"
    town.generation.taken(prepared)
    assert town.generation() is prepared.policies
    assert (town.results, town.generation.problem) == (["taken"], "")
    assert town.generation.look() is None


def test_when_called_it_looks_at_once(town: Town) -> None:
    town.write("departments/bauamt.yaml", "unknown_fields: refuse")
    assert town.generation.look(at_once=True) is not None


def test_a_comment_is_no_new_generation(town: Town) -> None:
    town.write("departments/bauamt.yaml", "# nur ein Kommentar")
    assert town.settle() is None
    assert town.generation.problem == ""


@pytest.mark.parametrize(("file", "text", "why"), [
    ("organisation.yaml", "unsinn: 1", "files"), ("organisation.yaml", "name: [", "files"),
    ("tests/probe.yaml", FAILING, "tests"), ("tests/probe.yaml", "unsinn: 1", "tests")])
def test_what_is_broken_or_fails_leaves_the_last_good_set_in_force_loudly(
        town: Town, caplog: pytest.LogCaptureFixture, file: str, text: str, why: str) -> None:
    before = town.generation()
    town.write("departments/bauamt.yaml", "unknown_fields: refuse")
    town.write(file, text)
    assert town.settle() is None
    assert town.generation() is before
    assert town.generation.problem
    assert town.results == [why]
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert town.settle() is None
    assert town.results == [why], "it is said once, not every second"
    if file.startswith("tests"):
        (town.folder / file).unlink()
    else:
        shutil.copy(SHIPPED / file, town.folder / file)
    prepared = town.settle()
    assert prepared is not None
    town.generation.taken(prepared)
    assert town.generation.problem == ""


def test_a_broken_course_leaves_the_last_good_one_in_force(town: Town) -> None:
    before = town.generation()
    town.write("documents/kurs-bild-1.0.md", "## Ohne Dauer")
    assert town.settle() is None
    assert town.generation() is before
    assert town.results == ["files"]
    shutil.copy(SHIPPED / "documents/kurs-bild-1.0.md", town.folder / "documents/kurs-bild-1.0.md")
    assert town.settle() is None, "it is as it was"
    assert town.generation.problem == ""


def test_a_recognition_that_cannot_be_configured_rejects_the_whole_set(town: Town) -> None:
    town.detector.broken = True
    town.write("departments/bauamt.yaml", "unknown_fields: refuse")
    assert town.settle() is None
    assert town.results == ["recognition"]


def test_a_folder_that_is_gone_for_a_moment_hurts_nobody(town: Town) -> None:
    moved = town.folder.with_name("weg")
    town.folder.rename(moved)
    assert town.settle() is None
    assert town.generation.problem
    moved.rename(town.folder)
    assert town.settle() is None
    assert town.generation.problem == ""


def test_what_waits_for_an_approval_comes_into_force_when_it_is_there(town: Town) -> None:
    town.gate.closed = True
    town.write("organisation.yaml", "limits: {person: {requests_per_day: 5}}")
    assert town.settle() is None
    assert "Personalrats" in town.generation.problem
    assert town.settle() is None
    assert town.results == ["approval"]
    town.gate.closed = False
    prepared = town.generation.look()
    assert prepared is not None
    town.generation.taken(prepared)
    assert town.generation.problem == ""


def test_at_the_start_a_change_without_its_approval_is_refused_in_a_sentence(town: Town) -> None:
    town.gate.closed = True
    with pytest.raises(PolicyErrors, match=r"Neue Grenze je Person.*policy approve"):
        town.generation.first(town.gate)


def test_watching_survives_what_goes_wrong_and_takes_over_afterwards(town: Town,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """A take-over that fails is tried again, through the real loop."""
    monkeypatch.setattr("gateway.generation.current.POLL_SECONDS", 0.01)
    taken: list[str] = []

    async def scenario() -> None:
        async def take(prepared: Prepared) -> None:
            taken.append(prepared.policies.digest)
            if len(taken) == 1:
                raise RuntimeError
            town.generation.taken(prepared)
        watching = asyncio.create_task(town.generation.follow(take))
        town.write("departments/bauamt.yaml", "unknown_fields: refuse")
        while len(taken) < 2:
            town.generation.call()
            await asyncio.sleep(0.01)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert town.generation().digest == taken[0] == taken[1]
    assert town.generation.problem == ""


def test_tests_that_fail_at_the_start_are_reported_and_do_not_stop_it(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.write("tests/probe.yaml", FAILING)
    town.generation._prove_first()
    assert "Prüfungen" in town.generation.problem
    assert town.results == ["tests"]


def test_a_broken_shadow_is_not_asked_and_one_that_says_the_same_neither(tmp_path: Path) -> None:
    town = Town(tmp_path)
    folder = tmp_path / "probe"
    shadow = ShadowPolicies(folder, Settings(home=tmp_path, policies=town.folder), town.generation)
    assert shadow() is None
    assert shadow.problem
    shutil.copytree(town.folder, folder)
    shadow.look()
    assert (shadow(), shadow.problem) == (None, "")
    with (folder / "departments" / "bauamt.yaml").open("a", encoding="utf-8") as file:
        file.write("\nunknown_fields: refuse\n")
    shadow.look()
    found = shadow()
    assert found is not None
    assert found.digest != town.generation().digest
    (folder / "organisation.yaml").write_text("unsinn", encoding="utf-8")
    shadow.look()
    assert shadow() is None
    assert shadow.problem
