"""``ki-pforte case``: what is open, one matter in full, the file of an incident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_an_incident_is_listed_shown_and_taken_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "var"))
    assert run("init").exit_code == 0
    empty = run("case", "list")
    assert (empty.exit_code, "nichts offen" in empty.stderr) == (0, True)
    number = opened()
    listed = run("case", "list", "--json")
    assert listed.exit_code == 1, "something is to be done"
    assert [one["id"] for one in json.loads(listed.stdout)["cases"]] == [number]
    assert number in run("case", "list").stdout
    shown = json.loads(run("case", "show", number.lower(), "--json").stdout)
    assert shown["fields"]["anlaufstelle"]
    assert shown["from_log"] == ["anlaufstelle"]
    assert "Vorfall" in run("case", "show", number).stdout
    for form in ("html", "pdf", "json"):
        out = tmp_path / f"akte.{form}"
        assert run("case", "export", number, "--out", out).exit_code == 0
        assert out.stat().st_size > 500
        assert out.stat().st_mode & 0o077 == 0
    assert run("case", "export", number, "--out", tmp_path / "akte.docx").exit_code == 2
    assert run("case", "show", "V-2026-99").exit_code == 2
    assert run("case", "list", "--kind", "quatsch").exit_code == 2


def opened() -> str:
    from gateway.casework.incidents import open_new
    from gateway.generation import read_policies
    from gateway.home import open_ledger
    from gateway.house import SystemClock
    from gateway.registry.books import Actor, Books
    from gateway.settings import load
    from gateway.store import open_engine
    settings = load()
    policies, engine = read_policies(settings.policies, settings), open_engine(settings.database)
    with open_ledger(settings, policies.organisation.id) as ledger:
        books = Books(engine, lambda kind, meta, subject: ledger.append_wait(
            ledger.draft(kind, meta, subject=subject)), lambda: policies, SystemClock())
        made = open_new(books, Actor("web"), "hoch", 72)
    engine.dispose()
    return made.id
