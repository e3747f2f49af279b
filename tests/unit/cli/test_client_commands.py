"""``ki-pforte client``, keys of services, ids of the directory service: what they print, change, refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.client import client_app
from gateway.cli.context import CliContext
from gateway.cli.doctor import _clients
from gateway.cli.key import key_app
from gateway.cli.person import person_app
from gateway.identity.keys import digest, key_id
from gateway.settings import load
from gateway.store import clients, open_engine, reading
from gateway.store.directory import SqlDirectory
from tests.support.municipality import NOW, database, policy_set

SIGNED = ("client", "add", "Open WebUI", "--identity", "openwebui-jwt", "--secret", "CHAT_SECRET")
PLAIN = ("client", "add", "LibreChat", "--identity", "headers")


class Terminal:
    """The commands over a fresh database, with the ledger replaced by a list."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.records: list[tuple[str, dict[str, Any], str | None]] = []

    def own(self) -> CliContext:
        return CliContext(self.url, Path("policies"), self._record, policy_set, lambda: NOW)

    def __call__(self, *arguments: str) -> Any:
        root = typer.Typer()
        for app in (person_app, key_app, client_app):
            root.add_typer(app)
        own = self.own()
        result = CliRunner().invoke(root, arguments, obj=own)
        if "engine" in own.__dict__:
            own.engine.dispose()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def ask(self, question: Callable[[Any], Any]) -> Any:
        engine = open_engine(self.url)
        with reading(engine) as connection:
            answer = question(connection)
        engine.dispose()
        return answer

    def _record(self, kind: str, meta: Any, subject: str | None, /) -> None:
        self.records.append((kind, dict(meta), subject))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    url = f"sqlite:///{tmp_path}/pforte.sqlite3"
    database(url).dispose()
    return Terminal(url)


def test_a_front_end_is_added_and_its_key_shown_once(terminal: Terminal) -> None:
    made = terminal.json(*SIGNED, "--days", "30")
    stored = terminal.ask(lambda c: clients.by_id(c, made["id"]))
    assert stored[1] == digest(made["key"])
    assert made["headers"] == {"token": "x-openwebui-user-jwt"}
    assert (made["secret"], made["block_style"], made["groups"]) == ("CHAT_SECRET", "message", "directory")
    assert made["expires_at"] == (NOW + timedelta(days=30)).isoformat()
    listed = terminal("client", "list", "--json").stdout + terminal("client", "list").stdout
    assert made["id"] in listed
    assert made["key"] not in listed + str(terminal.records)
    assert terminal.records == [("client.added", {"client": made["id"], "identity": "openwebui-jwt", "via": "cli"},
                                 None)]


def test_the_key_is_the_only_thing_on_standard_output_and_the_rest_says_what_to_do(terminal: Terminal) -> None:
    result = terminal(*SIGNED)
    assert key_id(result.stdout.strip()) is not None
    assert "secrets/CHAT_SECRET" in result.stderr
    assert "FORWARD_USER_INFO_HEADER_JWT_SECRET" in result.stderr
    assert "im Namen jeder eingetragenen Person" in terminal(*PLAIN).stderr


def test_names_of_headers_are_taken_as_they_are_written(terminal: Terminal) -> None:
    made = terminal.json(*PLAIN, "--email-header", "X-Amt-Mail", "--id-header", "", "--groups", "choose")
    assert made["headers"] == {"email": "x-amt-mail", "groups": "x-kip-groups"}


def test_a_front_end_is_revoked_once_by_its_id_or_its_key(terminal: Terminal) -> None:
    first, second = terminal.json(*SIGNED), terminal.json(*PLAIN)
    assert terminal.json("client", "revoke", first["id"]) == {"id": first["id"], "revoked": True, "changed": True}
    assert terminal.json("client", "revoke", first["id"])["changed"] is False
    result = terminal("client", "revoke", second["key"])
    assert result.exit_code == 0
    assert second["key"] not in result.output
    assert terminal.json("client", "list", "--active") == {"clients": []}
    assert [c["active"] for c in terminal.json("client", "list")["clients"]] == [False, False]
    assert [r[0] for r in terminal.records].count("client.revoked") == 2


@pytest.mark.parametrize(("arguments", "says"), [
    (("client", "add", " ", "--identity", "headers"), "Namen"),
    (("client", "add", "A", "--identity", "openwebui-jwt"), "--secret"),
    (("client", "add", "A", "--identity", "openwebui-jwt", "--secret", "the secret itself!"), "nicht den Wert"),
    ((*PLAIN, "--secret", "CHAT_SECRET"), "openwebui-jwt"),
    ((*PLAIN, "--email-header", "", "--id-header", ""), "niemanden nennen"),
    ((*PLAIN, "--email-header", "Authorization"), "„X-“"), ((*PLAIN, "--email-header", "X-API-Key"), "„X-“"),
    ((*PLAIN, "--email-header", "X-Ärger"), "„X-“"), ((*PLAIN, "--email-header", "X-KIP-User"), "denselben Namen"),
    (("client", "revoke", "wasnun"), "gibt es nicht"),
    (("key", "create", "a@x.example", "--service", "mondamt"), "Mondamt"),
    (("key", "create", "a@x.example", "--service", "bauamt"), "--days"),
    (("person", "add", "b@x.example", "--name", "B", "--department", "bauamt", "--also", "mondamt"), "mondamt"),
    (("person", "add", "b@x.example", "--name", "B", "--department", "bauamt", "--external-id", "a\x07"), "Kennung"),
])
def test_misuse_ends_with_two_and_one_german_sentence(
        terminal: Terminal, arguments: tuple[str, ...], says: str) -> None:
    terminal.json("person", "add", "a@x.example", "--name", "A", "--department", "bauamt")
    result = terminal(*arguments)
    assert result.exit_code == 2
    assert says.lower() in result.stderr.lower()
    assert "the secret itself" not in result.output
    assert result.stdout == ""
    assert terminal.ask(clients.every) == []


def test_a_key_of_a_service_names_its_department_and_who_answers_for_it(terminal: Terminal) -> None:
    terminal.json("person", "add", "a@x.example", "--name", "A", "--department", "bauamt")
    made = terminal.json("key", "create", "a@x.example", "--service", "sozialamt", "--name", "n8n", "--days", "90")
    assert (made["service"], made["email"]) == ("sozialamt", "a@x.example")
    assert terminal.records[-1][1] == {"key": made["id"], "via": "cli", "service": "sozialamt"}
    assert "sozialamt" in terminal("key", "list").stdout


def test_ids_and_further_departments_come_with_a_person_or_an_import(terminal: Terminal, tmp_path: Path) -> None:
    shown = terminal.json("person", "add", "a@x.example", "--name", "A", "--department", "bauamt",
                          "--also", "sozialamt", "--also", "bauamt", "--external-id", " uid-1 ")
    assert (shown["external_id"], shown["further_departments"]) == ("uid-1", ["sozialamt"])
    file = tmp_path / "people.csv"
    file.write_text("email;name;department;kennung;also\na@x.example;A;bauamt;;\nb@x.example;B;bauamt;uid-2;sozialamt\n")
    assert terminal.json("person", "import", str(file))["unchanged"] == 1, "an empty cell leaves what is there"
    assert terminal.json("person", "show", "b@x.example")["further_departments"] == ["sozialamt"]
    file.write_text("email;name;department;kennung\na@x.example;A;bauamt;uid-3\n")
    [change] = terminal.json("person", "import", str(file))["changed"]
    assert change["changes"] == {"external_id": ["uid-1", "uid-3"]}
    assert terminal.json("person", "show", "a@x.example")["further_departments"] == ["sozialamt"]
    engine = open_engine(terminal.url)
    assert [m.person.email for m in SqlDirectory(engine).members("b@x.example", "uid-3")] == ["a@x.example",
                                                                                             "b@x.example"]
    engine.dispose()
    file.write_text("email;name;department;kennung\nb@x.example;B;bauamt;uid-3\n")
    result = terminal("person", "import", str(file))
    assert (result.exit_code, "doppelt" in result.stderr) == (2, True)


def test_the_doctor_names_front_ends_without_a_usable_secret(
        terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in (("Fehlt", "A_SECRET"), ("Kurz", "B_SECRET"), ("Gut", "C_SECRET")):
        terminal.json("client", "add", name, "--identity", "openwebui-jwt", "--secret", secret)
    gone = terminal.json("client", "add", "Weg", "--identity", "openwebui-jwt", "--secret", "D_SECRET")
    terminal.json("client", "revoke", gone["id"])
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "C_SECRET").write_text("c" * 32)
    (home / "secrets" / "C_SECRET").chmod(0o644)
    monkeypatch.setenv("B_SECRET", "b" * 31)
    own = terminal.own()
    found = [(f.state, f.text) for f in _clients(own, load({"KI_PFORTE_HOME": str(home)}))]
    own.engine.dispose()
    assert [state for state, _ in found] == ["Fehler", "Fehler", "Fehler", "in Ordnung"]
    texts = " ".join(text for _, text in found)
    assert "„Fehlt“ fehlt" in texts
    assert "„Kurz“ ist zu kurz" in texts
    assert "0600" in texts
    assert "„Weg“" not in texts
    assert "b" * 31 not in texts
