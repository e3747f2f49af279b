"""Reading people from a CSV file: every mistake has its line, and nothing is half imported."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.model.sessions import SignIn
from gateway.store import accounts, open_engine, people, reading, sessions, writing
from tests.support.municipality import database
from tests.unit.cli.test_people_commands import NOW, Terminal

GOOD = "email;name;department;roles\nanna@x.example;Anna Óg;bauamt;dpo it\nbo@x.example;Bo;sozialamt;\n"


class Importer:
    """Imports what a test writes down."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self.terminal, self.file = terminal, folder / "personen.csv"

    def __call__(self, content: str | bytes, *options: str) -> Any:
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)
        result = self.terminal("person", "import", str(self.file), "--json", *options)
        return result.exit_code, json.loads(result.stdout) if result.stdout else result.stderr

    def people(self) -> dict[str, Any]:
        return {p["email"]: p for p in self.terminal.json("person", "list", "--all")["people"]}


@pytest.fixture
def load(tmp_path: Path) -> Importer:
    url = f"sqlite:///{tmp_path}/pforte.sqlite3"
    database(url).dispose()
    return Importer(Terminal(url), tmp_path)


def test_people_are_added_changed_and_left_alone(load: Importer) -> None:
    code, report = load(GOOD)
    assert (code, report["applied"], report["added"]) == (0, True, ["anna@x.example", "bo@x.example"])
    assert load.people()["anna@x.example"]["roles"] == ["dpo", "it", "staff"]
    code, report = load(GOOD.replace("Anna Óg;bauamt", "Anna Berg;sozialamt"))
    assert (code, report["added"], report["unchanged"]) == (0, [], 1)
    assert report["changed"] == [{"email": "anna@x.example", "changes": {
        "name": ["Anna Óg", "Anna Berg"], "department": ["bauamt", "sozialamt"]}}]
    assert load.people()["anna@x.example"]["name"] == "Anna Berg"


def test_a_dry_run_reports_the_same_and_changes_nothing(load: Importer) -> None:
    code, report = load(GOOD, "--dry-run")
    assert (code, report["applied"], len(report["added"])) == (0, False, 2)
    assert load.people() == {}


def test_one_bad_line_among_good_ones_stops_all_and_is_named(load: Importer) -> None:
    code, report = load(GOOD + "keine-adresse;C;bauamt;\nd@x.example;;bauamt;\ne@x.example;E;mondamt;\n"
                        "f@x.example;F\nANNA@x.example;Anna;bauamt;\ng@x.example;G;bauamt;kaiser\n")
    assert code == 1
    assert not report["applied"]
    assert [e["line"] for e in report["errors"]] == [4, 5, 6, 7, 8, 9]
    assert load.people() == {}


@pytest.mark.parametrize(("content", "says"), [
    ("", "fehlt die Spalte „email“"),
    ("email;name\na@x.example;A\n", "fehlt die Spalte „department“"),
    ("email;name;department;lieblingsfarbe\n", "„lieblingsfarbe“ ist nicht bekannt"),
    ("email;e-mail;name;department\n", "kommt zweimal vor"),
    ("email;name;department\na@x.example;Jörg;bauamt\n".encode("cp1252"), "UTF-8"),
    (b"email;name;department\na@x.example;\0;bauamt\n", "keine Textdatei"),
    ('email;name;department\na@x.example;"A;bauamt\n', "Anführungszeichen"),
])
def test_a_file_that_is_no_table_is_refused_as_a_whole(load: Importer, content: str | bytes, says: str) -> None:
    code, message = load(content)
    assert code == 2
    assert says in message
    assert load.people() == {}


def test_headings_marks_and_delimiters_are_taken_as_offices_write_them(load: Importer) -> None:
    code, report = load("\ufeffE-Mail,Name,Amt\r\n a@x.example ,\"Berg, Anna\",bauamt\r\n\r\n")
    assert (code, report["added"]) == (0, ["a@x.example"])
    assert load.people()["a@x.example"]["name"] == "Berg, Anna"


def test_a_file_without_roles_leaves_roles_alone(load: Importer) -> None:
    load(GOOD)
    code, report = load("email;name;department\nanna@x.example;Anna Óg;bauamt\nbo@x.example;Bo;sozialamt\n")
    assert (code, report["unchanged"]) == (0, 2)


def test_leavers_go_only_when_asked_and_do_not_come_back_by_a_file(load: Importer) -> None:
    load(GOOD)
    key = load.terminal.json("key", "create", "bo@x.example")
    only_anna = GOOD.rsplit("bo@", 1)[0]
    assert load(only_anna)[1]["disabled"] == []
    assert load(only_anna, "--disable-missing")[1]["disabled"] == ["bo@x.example"]
    assert load.people()["bo@x.example"]["active"] is False
    assert [k["active"] for k in load.terminal.json("key", "list")["keys"] if k["id"] == key["id"]] == [False]
    code, report = load(GOOD)
    assert (code, report["still_disabled"]) == (0, ["bo@x.example"])
    assert load.people()["bo@x.example"]["active"] is False


def ids_of(load: Importer) -> dict[str, str]:
    engine = open_engine(load.terminal.url)
    try:
        with reading(engine) as connection:
            return {email: person.id for email, person in people.every(connection).items()}
    finally:
        engine.dispose()


def test_the_ledger_knows_whom_a_file_gave_a_role_and_whom_it_took_one(load: Importer) -> None:
    load(GOOD)
    load(GOOD.replace("bauamt;dpo it", "bauamt;it").replace("Bo;sozialamt;", "Bo;sozialamt;dpo"))
    ids = ids_of(load)
    roles = [record for record in load.terminal.records if "roles" in record[1] or record[0] == "person.roles"]
    assert roles == [
        ("person.added", {"roles": ["dpo", "it"], "via": "cli"}, ids["anna@x.example"]),
        ("person.roles", {"joined": [], "left": ["dpo"], "via": "cli"}, ids["anna@x.example"]),
        ("person.roles", {"joined": ["dpo"], "left": [], "via": "cli"}, ids["bo@x.example"])]


def test_a_link_and_a_sign_in_end_when_a_file_gives_a_role_or_switches_off(load: Importer) -> None:
    load(GOOD)
    anna, bo = (ids_of(load)[email] for email in ("anna@x.example", "bo@x.example"))
    engine, later = open_engine(load.terminal.url), NOW + timedelta(days=1)
    try:
        with writing(engine, bump=False) as connection:
            accounts.invite(connection, anna, "einladung", "a", NOW, later)
            accounts.invite(connection, bo, "einladung", "b", NOW, later)
            sessions.add(connection, "s", SignIn(anna, "local", NOW), later)
        load("email;name;department;roles\nbo@x.example;Bo;sozialamt;dpo\n", "--disable-missing")
        with reading(engine) as connection:
            assert accounts.find(connection, "a", NOW) is None
            assert accounts.find(connection, "b", NOW) is None
            assert sessions.find(connection, "s", NOW) is None
    finally:
        engine.dispose()
