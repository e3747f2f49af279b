"""``policy diff|approve|status|promote``: what they say, and what they refuse to do."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import policy_change, policy_force
from gateway.cli.context import CliContext
from gateway.generation.approval import MonitoringGate
from gateway.policy import load_policies
from gateway.store import departments, people, writing
from tests.support.municipality import NOW, database
from tests.unit.policy.policy_sets import SHIPPED


class Terminal:
    """The commands over a fresh database and a copy of the shipped policies in force, with a list for a ledger."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = f"sqlite:///{folder}/pforte.sqlite3"
        self.live, self.probe = folder / "policies", folder / "probe"
        for copy in (self.live, self.probe):
            shutil.copytree(SHIPPED, copy)
            shutil.rmtree(copy / "tests")
        self.records: list[tuple[str, dict[str, Any], str | None]] = []
        self.failing, self.now = "", NOW
        monkeypatch.setenv("KI_PFORTE_SHADOW_POLICIES", str(self.probe))
        self.engine = database(self.url)
        MonitoringGate(self.engine, self._record).admit(load_policies(self.live))

    def _record(self, kind: str, meta: Any, subject: str | None, /) -> None:
        if kind == self.failing:
            raise OSError
        self.records.append((kind, dict(meta), subject))

    def _now(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def add(self, name: str, *roles: str) -> str:
        with writing(self.engine) as connection:
            departments.sync(connection, {"bauamt": "Bauamt"})
            new = people.NewPerson(f"{name}@musterstadt.example", name, "bauamt", frozenset(roles))
            return people.add(connection, [new], NOW)[0].id

    def change(self, folder: Path, file: str, text: str) -> None:
        with (folder / file).open("a", encoding="utf-8") as opened:
            opened.write(f"\n{text}\n")

    def __call__(self, *arguments: str) -> Any:
        root = typer.Typer()
        for command in (policy_change.diff, policy_force.approve, policy_force.status, policy_force.promote):
            root.command()(command)
        own = CliContext(self.url, self.live, self._record, load_policies, self._now)
        result = CliRunner().invoke(root, arguments, obj=own)
        if "engine" in own.__dict__:
            own.engine.dispose()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    opened = Terminal(tmp_path, monkeypatch)
    yield opened
    opened.engine.dispose()


LIMIT = "limits: {person: {requests_per_day: 5}}"


def test_diff_finds_something_or_nothing_and_marks_what_is_looser(terminal: Terminal) -> None:
    assert terminal("diff", str(terminal.live), str(terminal.probe)).exit_code == 0
    terminal.change(terminal.probe, "departments/bauamt.yaml", "unknown_fields: refuse")
    there = terminal("diff", str(terminal.live), str(terminal.probe))
    back = terminal("diff", str(terminal.probe), str(terminal.live))
    assert there.exit_code == back.exit_code == 1
    assert there.stdout.startswith("Bauamt\n")
    assert ("lockerer" in there.stdout, "lockerer" in back.stdout) == (False, True)
    shown = json.loads(terminal("diff", str(terminal.live), str(terminal.probe), "--json").stdout)
    assert [c["whom"] for c in shown["changes"]] == ["Bauamt"]


def test_only_somebody_from_the_council_agrees_and_exactly_to_what_is_shown(terminal: Terminal) -> None:
    terminal.change(terminal.live, "organisation.yaml", LIMIT)
    assert terminal("approve").exit_code == 2, "nobody has the role"
    terminal.add("it", "it")
    member = terminal.add("rat", "personalrat")
    assert terminal("approve", "--as", "it@musterstadt.example").exit_code == 2
    assert "5 Anfragen je Tag" in terminal("status").stdout
    done = terminal("approve")
    assert (done.exit_code, "5 Anfragen je Tag" in done.stdout) == (0, True)
    assert terminal.records[-1][0] == "policy.approved"
    assert terminal.records[-1][2] == member
    assert "schon eingetragen" in terminal("approve").stderr
    assert terminal("status").exit_code == 0
    terminal.add("rat2", "personalrat")
    terminal.change(terminal.live, "departments/bauamt.yaml", "limits: {person: {concurrent: 1}}")
    assert "--as" in terminal("approve").stderr, "two members: one has to be named"


def test_promoting_refuses_what_fails_its_tests_or_lacks_an_approval(terminal: Terminal) -> None:
    before = load_policies(terminal.live).digest
    terminal.change(terminal.probe, "organisation.yaml", LIMIT)
    refused = terminal("promote")
    assert (refused.exit_code, "Personalrats" in refused.stderr) == (1, True)
    terminal.change(terminal.probe, "departments/bauamt.yaml", "unsinn: 1")
    assert terminal("promote").exit_code == 3
    assert load_policies(terminal.live).digest == before
    assert [p.name for p in terminal.live.parent.iterdir() if p.is_dir()] in (
        ["policies", "probe"], ["probe", "policies"])
    assert "policy.promoted" not in [kind for kind, *_ in terminal.records]


def test_promoting_exchanges_the_folders_and_writes_it_down_first(terminal: Terminal) -> None:
    terminal.change(terminal.probe, "departments/bauamt.yaml", "unknown_fields: refuse")
    before, after = (load_policies(folder).digest for folder in (terminal.live, terminal.probe))
    terminal.failing = "policy.promoted"
    assert terminal("promote").exit_code == 3
    assert load_policies(terminal.live).digest == before, "without the ledger nothing changes"
    terminal.failing = ""
    done = json.loads(terminal("promote", "--json").stdout)
    assert (done["old"], done["new"], done["promoted"]) == (before, after, True)
    assert load_policies(terminal.live).digest == after
    assert load_policies(Path(done["backup"])).digest == before
    again = terminal("promote")
    assert "gelten schon" in again.stderr
