"""``ki-pforte reid``: from the keys to the informed person, at the terminal; roles are checked, names shown once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from audit import pieces
from audit.reid import Reidentification
from audit.sealing import DPO, PERSONALRAT, TrusteeKey
from gateway.census import identity_warnings
from gateway.cli import app
from gateway.home import open_ledger
from gateway.settings import load

OFFICER, COUNCIL = X25519PrivateKey.generate(), X25519PrivateKey.generate()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def told(*arguments: str | Path) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "var"))
    assert run("init").exit_code == 0
    for name, role in (("dsb", "dpo"), ("rat", "personalrat"), ("it", "it"), ("zwei", "dpo")):
        more = ("--role", "personalrat") if name == "zwei" else ()
        added = run("person", "add", f"{name}@stadt.example", "--name", f"Frau {name.upper()}", "--department", "it",
                    "--role", role, *more)
        assert added.exit_code == 0, added.output
    return tmp_path


def as_(name: str) -> tuple[str, str]:
    return "--as", f"{name}@stadt.example"


def signed_in(house: Path, request: str) -> None:
    """The council agrees on the page."""
    with open_ledger(load(), told_log(house)) as ledger:
        Reidentification(ledger, via="web").approve(request, PERSONALRAT, person_id(house, "rat"))


def test_a_pseudonym_is_resolved_from_the_keys_to_the_informed_person(house: Path) -> None:
    assert "nicht möglich" in run("reid", "keys").stderr
    for role, private in ((DPO, OFFICER), (PERSONALRAT, COUNCIL)):
        assert run("reid", "keys", "--add", TrusteeKey.of(role, private), *as_("it")).exit_code == 0
        assert run("reid", "keys", "--approve", role, *as_("rat")).exit_code == 2, "one person could claim both names"
        with open_ledger(load(), told_log(house)) as ledger:
            ledger.keyring.approve(role, person_id(house, "rat"), lambda *_: None)
    assert {key["role"] for key in told("reid", "keys")["in_force"]} == {DPO, PERSONALRAT}
    assert run("person", "add", "kanarie@stadt.example", "--name", "Kanarie Gelb", "--department",
               "it").exit_code == 0
    with open_ledger(load(), told_log(house)) as ledger:
        subject = person_id(house)
        ledger.append_wait(ledger.draft("denied", {"vorgang": "V1"}, subject=subject))
    made = told("reid", "request", "--case", "F-1", "--reason", "missbrauch", "--vorgang", "V1", *as_("it"))["request"]
    assert run("reid", "resolve", made, *as_("dsb")).exit_code == 2
    assert run("reid", "approve", made, *as_("it")).exit_code == 2
    assert run("reid", "approve", made, *as_("zwei")).exit_code == 2, "in which role?"
    told("reid", "approve", made, "--role", "dpo", *as_("zwei"))
    assert run("reid", "approve", made, "--role", "personalrat", *as_("zwei")).exit_code == 2
    refused = run("reid", "approve", made, *as_("rat"))
    assert refused.exit_code == 2, "one person at the terminal could claim both names"
    assert "angemeldet auf der Seite" in refused.stderr
    signed_in(house, made)
    piece = told("reid", "resolve", made, *as_("dsb"))["piece"]
    step = pieces.open_outer(OFFICER, pieces.unarmor(piece)[1])
    answer = house / "antwort.txt"
    answer.write_text(pieces.open_inner(COUNCIL, PERSONALRAT, pieces.unarmor(step)[1]), encoding="ascii")
    assert told("reid", "resolve", made, answer, *as_("dsb"))["name"] == "Kanarie Gelb"
    assert run("reid", "resolve", made, answer, *as_("dsb")).exit_code == 2
    listed = run("reid", "list")
    assert listed.exit_code == 1
    assert "noch nicht informiert" in listed.stdout
    with open_ledger(load(), told_log(house)) as ledger:
        assert ["noch zu informieren" in text for text in identity_warnings(ledger)] == [True]
    told("reid", "inform", made, *as_("dsb"))
    assert run("reid", "list").exit_code == 0
    book = (house / "var" / "protokoll.db").read_bytes()
    for private_word in (subject, "Kanarie Gelb", "kanarie@stadt.example"):
        assert private_word.encode() not in book


def told_log(house: Path) -> str:
    from gateway.home import known_log_name
    name = known_log_name(house / "var")
    assert name is not None
    return name


def person_id(house: Path, name: str = "kanarie") -> str:
    from gateway.store import open_engine, people, reading
    engine = open_engine(f"sqlite:///{house / 'var' / 'pforte.db'}")
    with reading(engine) as connection:
        person = people.by_email(connection, f"{name}@stadt.example")
    engine.dispose()
    assert person is not None
    return person.id


def test_a_refusal_ends_a_request_and_strangers_cannot_ask(house: Path) -> None:
    assert run("reid", "request", "--case", "F-1", "--reason", "missbrauch", "--pseudonym", "P-AAAAAAAAAAAAAAAA",
               *as_("dsb")).exit_code == 2
    assert run("reid", "deny", "01234567-0000-7000-8000-000000000000", *as_("rat")).exit_code == 2
    assert run("reid", "list").exit_code == 0
