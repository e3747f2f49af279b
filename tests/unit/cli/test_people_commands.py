"""The commands of the pass office and of the IT: what they print, what they change, how they fail."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from audit import LedgerError
from gateway.cli.context import CliContext
from gateway.cli.key import key_app
from gateway.cli.passes import pass_app
from gateway.cli.person import person_app
from gateway.identity.keys import digest, key_id
from gateway.store import keys, open_engine, reading
from gateway.store.directory import SqlDirectory
from tests.support.municipality import NOW, database, policy_set


@dataclass
class Terminal:
    """The commands over a fresh database, with the ledger replaced by a list."""

    url: str
    records: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    ledger_down: bool = False
    seconds: int = 0

    def __call__(self, *arguments: str) -> Any:
        root = typer.Typer()
        for app in (person_app, key_app, pass_app):
            root.add_typer(app)
        own = CliContext(self.url, Path("policies"), self._record, policy_set, self._tick)
        result = CliRunner().invoke(root, arguments, obj=own)
        if own.__dict__.get("engine") is not None:
            own.engine.dispose()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def _tick(self) -> datetime:
        """A second goes by with each look at the clock: at one and the same moment a block wins."""
        self.seconds += 1
        return NOW + timedelta(seconds=self.seconds)

    def _record(self, type_: str, meta: Any, subject: str | None, /) -> None:
        if self.ledger_down:
            raise LedgerError("no room")
        self.records.append((type_, dict(meta), subject))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    url = f"sqlite:///{tmp_path}/pforte.sqlite3"
    database(url).dispose()
    return Terminal(url)


@pytest.fixture
def anna(terminal: Terminal) -> str:
    terminal.json("person", "add", "anna@x.example", "--name", "Anna Óg", "--department", "bauamt", "--role", "dpo")
    return "anna@x.example"


def test_a_person_is_added_shown_and_listed(terminal: Terminal, anna: str) -> None:
    shown = terminal.json("person", "show", anna)
    assert (shown["name"], shown["roles"], shown["active"]) == ("Anna Óg", ["dpo", "staff"], True)
    assert shown["passes"]["basis"]["state"] == "fehlt"
    assert [p["email"] for p in terminal.json("person", "list")["people"]] == [anna]
    assert terminal.json("person", "list", "--role", "it")["people"] == []


@pytest.mark.parametrize(("arguments", "says"), [
    (("person", "add", "anna@x.example", "--name", "A", "--department", "bauamt"), "schon eingetragen"),
    (("person", "add", "b@x.example", "--name", "B", "--department", "mondamt"), "Möglich sind: bauamt, sozialamt"),
    (("person", "add", "b@x.example", "--name", "B", "--department", "bauamt", "--role", "kaiser"), "Rolle"),
    (("person", "add", "keine-adresse", "--name", "B", "--department", "bauamt"), "E-Mail-Adresse"),
    (("person", "add", "b@x.example", "--name", " ", "--department", "bauamt"), "Der Name fehlt"),
    (("person", "show", "wer@x.example"), "niemand eingetragen"),
    (("key", "create", "wer@x.example"), "niemand eingetragen"),
    (("key", "revoke", "wasnun"), "gibt es nicht"),
    (("pass", "grant", "anna@x.example"), "genau eines"),
    (("pass", "grant", "anna@x.example", "--all", "--scope", "bild"), "genau eines"),
    (("pass", "grant", "anna@x.example", "--module", "yoga"), "Das Modul „yoga“ gibt es nicht"),
    (("pass", "block", "anna@x.example", "--reason", "r", "--scope", "mond"), "Den Bereich „mond“ gibt es nicht"),
    (("pass", "list", "--state", "prima"), "Den Stand „prima“ gibt es nicht"),
])
def test_misuse_ends_with_two_and_one_german_sentence(
        terminal: Terminal, anna: str, arguments: tuple[str, ...], says: str) -> None:
    result = terminal(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_a_key_is_shown_once_and_stored_as_its_hash(terminal: Terminal, anna: str) -> None:
    made = terminal.json("key", "create", anna, "--name", "Nextcloud", "--days", "30")
    engine = open_engine(terminal.url)
    with reading(engine) as connection:
        found = keys.by_id(connection, made["id"])
    engine.dispose()
    assert found is not None
    assert found[1] == digest(made["key"])
    listed = terminal("key", "list", anna, "--json").stdout + terminal("key", "list").stdout
    assert made["id"] in listed
    assert made["key"] not in listed
    assert made["key"] not in str(terminal.records)
    assert terminal.records[-1][0] == "key.created"


def test_a_key_without_json_is_the_only_thing_on_standard_output(terminal: Terminal, anna: str) -> None:
    assert key_id(terminal("key", "create", anna).stdout.strip()) is not None


def test_a_key_is_revoked_by_its_id_or_by_itself_and_only_once(terminal: Terminal, anna: str) -> None:
    first, second = (terminal.json("key", "create", anna) for _ in range(2))
    assert terminal.json("key", "revoke", first["id"])["changed"] is True
    assert terminal.json("key", "revoke", first["id"])["changed"] is False
    result = terminal("key", "revoke", second["key"])
    assert result.exit_code == 0
    assert second["key"] not in result.output
    assert terminal.json("key", "list", "--active")["keys"] == []
    assert [r[0] for r in terminal.records].count("key.revoked") == 2


def test_who_is_disabled_loses_the_keys_and_gets_none(terminal: Terminal, anna: str) -> None:
    terminal.json("key", "create", anna)
    assert terminal.json("person", "disable", anna)["active"] is False
    assert terminal.json("key", "list", "--active")["keys"] == []
    assert terminal("key", "create", anna).exit_code == 2
    assert terminal.json("person", "enable", anna)["active"] is True
    assert terminal.json("key", "list", "--active")["keys"] == []
    assert [r[0] for r in terminal.records[-2:]] == ["person.disabled", "person.enabled"]


def test_a_pass_goes_through_its_whole_life(database_url: str) -> None:
    database(database_url).dispose()
    terminal, anna = Terminal(database_url), "anna@x.example"
    terminal.json("person", "add", anna, "--name", "Anna Óg", "--department", "bauamt")
    assert terminal.json("pass", "grant", anna, "--module", "information")["pass"] == "fehlt"
    assert terminal.json("pass", "grant", anna, "--scope", "basis")["pass"] == "gueltig"
    assert terminal.json("pass", "show", anna)["passes"]["bild"]["state"] == "fehlt"
    assert terminal.json("pass", "grant", anna, "--all")["passes"]["bild"]["state"] == "gueltig"
    assert [p["email"] for p in terminal.json("pass", "list", "--state", "gueltig")["people"]] == [anna]
    assert terminal.json("pass", "block", anna, "--reason", "Vorfall")["pass"] == "gesperrt"
    assert terminal.json("pass", "unblock", anna)["pass"] == "gueltig"
    assert terminal.json("pass", "revoke", anna, "--module", "schulung")["pass"] == "fehlt"
    assert terminal.json("pass", "revoke", anna)["pass"] == "gesperrt"
    assert [r[0] for r in terminal.records[1:]] == [
        "pass.nachweis", "pass.erteilt", "pass.erteilt", "pass.gesperrt", "pass.entsperrt",
        "pass.nachweis_widerrufen", "pass.entzogen"]
    assert "Vorfall" not in str(terminal.records)
    assert all(subject and anna not in subject for _, _, subject in terminal.records)


def test_without_the_ledger_nothing_changes(terminal: Terminal, anna: str) -> None:
    terminal.ledger_down = True
    for arguments in (("key", "create", anna), ("pass", "grant", anna, "--all"), ("person", "disable", anna),
                      ("pass", "block", anna, "--reason", "r")):
        result = terminal(*arguments)
        assert result.exit_code == 3
        assert "Protokoll" in result.stderr
        assert result.stdout == ""
    shown = terminal.json("person", "show", anna)
    assert (shown["keys"], shown["active"], shown["passes"]["basis"]["state"]) == ([], True, "fehlt")


def test_an_empty_database_says_what_to_do_first(tmp_path: Path) -> None:
    result = Terminal(f"sqlite:///{tmp_path}/leer.sqlite3")("person", "list")
    assert result.exit_code == 3
    assert "ki-pforte init" in result.stderr


def test_every_change_moves_the_counter_that_servers_watch(terminal: Terminal, anna: str) -> None:
    engine = open_engine(terminal.url)
    directory = SqlDirectory(engine)
    for arguments in (("key", "create", anna), ("pass", "grant", anna, "--all"),
                      ("pass", "block", anna, "--reason", "r"), ("person", "disable", anna)):
        before = directory.generation()
        terminal.json(*arguments)
        assert directory.generation() > before
    engine.dispose()
