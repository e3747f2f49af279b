"""``ki-pforte audit content``: from the request over two agreements to the reading, at the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from audit import ContentKey, Ledger
from gateway.cli import app, audit_content
from gateway.home import open_ledger
from gateway.ledger.contents import attested
from gateway.registry.content_mode import ContentDesk
from gateway.settings import load
from gateway.store import open_engine
from gateway.store.directory import SqlDirectory
from tests.support.trustees import give_keys, opened

CANARY = "Kanarienvogel ⟦NAME_1⟧\x1b[2J"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", "content", *(str(a) for a in arguments)])


def told(*arguments: str | Path) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def as_(name: str) -> tuple[str, str]:
    return "--as", f"{name}@stadt.example"


def the_ledger() -> Ledger:
    return open_ledger(load(), (load().home / "keys/protokoll/vkeys.txt").read_text().partition("+")[0])


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "var"))
    assert CliRunner().invoke(app, ["init"]).exit_code == 0
    for name, roles in {"dsb": ["dpo"], "rat": ["personalrat"], "it": ["it"], "zwei": ["dpo", "personalrat"]}.items():
        more = [option for role in roles for option in ("--role", role)]
        added = CliRunner().invoke(app, ["person", "add", f"{name}@stadt.example", "--name", f"Frau {name.upper()}",
                                         "--department", "it", *more])
        assert added.exit_code == 0, added.output
    return tmp_path


REQUEST = ("request", "sozialamt", "--reason", "sicherheitsvorfall", "--case", "V-2026-3")


def test_two_people_switch_it_on_and_one_switches_it_off(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = told(*REQUEST, *as_("it"))["request"]
    refused = run("approve", str(made), *as_("dsb"))
    assert (refused.exit_code, "es fehlt: Datenschutz, Personalrat" in refused.stderr) == (2, True)
    with the_ledger() as ledger:
        give_keys(ledger)
    assert run("approve", str(made), *as_("it")).exit_code == 2
    assert run("approve", str(made), *as_("zwei")).exit_code == 2, "in which role?"
    assert told("approve", str(made), "--role", "dpo", *as_("zwei"))["approved"] == ["dpo"]
    assert run("approve", str(made), "--role", "personalrat", *as_("zwei")).exit_code == 2
    refused = run("approve", str(made), *as_("rat"))
    assert (refused.exit_code, "angemeldet auf der Seite" in refused.stderr) == (2, True), "one could claim both names"
    with monkeypatch.context() as page:
        page.setattr(audit_content, "_claimed_already", lambda *_: False)
        page.setattr(audit_content, "ContentDesk", lambda books, missing, via: ContentDesk(books, missing, "web"))
        assert told("approve", str(made), *as_("rat"))["state"] == "on"
    with the_ledger() as ledger:
        engine = open_engine(load().database)
        modes = SqlDirectory(engine).content_modes()
        assert attested(ledger, modes) == modes
        engine.dispose()
    shown = run("status")
    assert (shown.exit_code, "sozialamt" in shown.stdout) == (1, True)
    engine = open_engine(load().database)
    assert [one.department for one in SqlDirectory(engine).content_modes()] == ["sozialamt"]
    engine.dispose()
    assert told("stop", str(made), *as_("rat"))["state"] == "off"
    assert run("status").exit_code == 0
    with the_ledger() as ledger:
        ledger.sequence()
        kinds = [row.type for row in ledger.reader.tail(limit=1000) if row.type.startswith("content_mode.")]
    assert kinds == ["content_mode.request", "content_mode.approve", "content_mode.approve", "content_mode.on",
                     "content_mode.off"]


@pytest.mark.parametrize("until", ["2030-01-01", "gestern", "2020-01-01"])
def test_its_end_is_a_day_soon(house: Path, until: str) -> None:
    assert run(*REQUEST, "--until", until, *as_("it")).exit_code == 2


def test_what_was_kept_is_shown_once_to_who_brings_the_answer_of_both(house: Path) -> None:
    with the_ledger() as ledger:
        give_keys(ledger)
        keys = ledger.keyring.sealing()
        assert keys is not None
        ledger.append_wait(ledger.draft("intent", {"vorgang": "V1"}, subject="p",
                                        content=ContentKey(*keys).shut("request", [CANARY])))
    why = ("--case", "F-1", "--reason", "missbrauch")
    assert run("show", "V1", *why, *as_("it")).exit_code == 2
    assert run("show", "V2", *why, *as_("dsb")).exit_code == 2
    assert run("show", "V1", *as_("dsb")).exit_code == 2, "a case and a reason"
    answer = house / "antwort.txt"
    answer.write_text(opened(told("show", "V1", *why, *as_("dsb"))["piece"]), "ascii")
    assert run("show", "--answer", answer, *as_("it")).exit_code == 2
    shown = run("show", "--answer", answer, *as_("dsb"))
    assert shown.exit_code == 0, shown.output
    assert "Kanarienvogel ⟦NAME_1⟧\\u001b[2J" in shown.stdout, "and nothing that commands the terminal"
    assert "(nicht aufbewahrt)" in shown.stdout
    assert run("show", "--answer", answer, *as_("dsb")).exit_code == 2
