"""``person invite``, and what the doctor says about who can come in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.context import CliContext
from gateway.cli.doctor import FAULT, GOOD, NOTICE, _ways_in
from gateway.cli.person import person_app
from gateway.identity.passwords import Passwords
from gateway.registry import keys as registry
from gateway.registry.accounts import Accounts
from gateway.registry.books import COMMAND_LINE
from gateway.settings import load
from gateway.store import keys, people
from tests.support.municipality import NOW, database, policy_set

PERSON = people.NewPerson("erika@x.example", "Erika Mustermann", "bauamt", frozenset({"dpo"}))


@pytest.fixture
def own(tmp_path: Path) -> CliContext:
    url = f"sqlite:///{tmp_path}/pforte.sqlite3"
    database(url).dispose()
    return CliContext(url, Path("policies"), lambda *_: None, policy_set, lambda: NOW,
                      address="https://ki.musterstadt.example")


def test_an_invitation_is_printed_once_and_its_link_works(own: CliContext) -> None:
    with own.writing() as connection:
        people.add(connection, [PERSON], NOW)
    root = typer.Typer()
    root.add_typer(person_app)
    result = CliRunner().invoke(root, ["person", "invite", "ERIKA@x.example"], obj=own)
    assert result.exit_code == 0, result.stderr
    link = result.stdout.strip()
    assert link.startswith("https://ki.musterstadt.example/einladung/")
    assert f"{NOW + timedelta(days=7):%d.%m.%Y}" in result.stderr
    accounts = Accounts(own.books, Passwords())
    assert accounts.invited(link.rpartition("/")[2]).email == "erika@x.example"
    own.local_sign_in = False
    assert CliRunner().invoke(root, ["person", "invite", "erika@x.example"], obj=own).exit_code == 2
    own.engine.dispose()


def test_the_doctor_names_who_has_a_role_and_no_way_in_and_services_in_need(
        own: CliContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path))
    settings = load()
    with own.writing() as connection:
        [erika] = people.add(connection, [PERSON], NOW)
    good, lost = _ways_in(own, settings)
    assert (good.state, lost.state) == (GOOD, NOTICE)
    assert "Adresse und Kennwort, Schlüssel" in good.text
    assert "erika@x.example" in lost.text
    registry.create(own.books, COMMAND_LINE, erika.id, "Laptop")
    service, _ = registry.create(own.books, COMMAND_LINE, erika.id, "n8n", service="bauamt",
                                 expires_at=NOW + timedelta(days=20))
    _, soon = _ways_in(own, settings)
    assert (soon.state, "läuft bald ab" in soon.text) == (NOTICE, True)
    with own.writing() as connection:
        people.change(connection, [type(erika)(**{**{f: getattr(erika, f) for f in erika.__slots__},
                                                  "disabled_at": NOW})])
        keys.revoke_all(connection, [erika.id], NOW)
    _, orphan = _ways_in(own, settings)
    assert (orphan.state, service.id in orphan.text) == (FAULT, True)
    own.engine.dispose()
