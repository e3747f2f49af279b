"""``model stop``, ``start``, ``list`` and ``check``, and what the other commands say about groups and purposes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from audit import LedgerError
from gateway.cli.client import client_app
from gateway.cli.context import CliContext
from gateway.cli.key import key_app
from gateway.cli.model import model_app
from gateway.cli.person import person_app
from gateway.model.register import Avv
from gateway.policy import PolicyErrors, PolicyProblem, PolicySet
from gateway.policy.compile import work_out
from gateway.policy.schema import Group
from gateway.store import departments, migrate, open_engine, writing
from gateway.store.directory import SqlDirectory
from tests.support.municipality import NOW
from tests.unit.policy.policy_sets import shipped

IT, CLERK = "it@x.example", "clerk@x.example"
TRAINEES = Group.model_validate({"version": 1, "name": "Auszubildende", "purposes": {"allow": ["allgemein"]}})


def policies(**models: Any) -> PolicySet:
    base = shipped()
    return work_out("d" * 64, base.organisation, base.files, {**base.models, **models}, base.kipass,
                    profiles=base.profiles, groups={"auszubildende": TRAINEES})


@dataclass
class Terminal:
    """The commands over a fresh database, with the ledger replaced by a list."""

    url: str
    load: Callable[[Path], PolicySet] = lambda _: policies()
    records: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    ledger_down: bool = False

    def __call__(self, *arguments: str) -> Any:
        root = typer.Typer()
        for app in (person_app, key_app, model_app, client_app):
            root.add_typer(app)
        own = CliContext(self.url, Path("policies"), self._record, lambda folder: self.load(folder), lambda: NOW)
        result = CliRunner().invoke(root, arguments, obj=own)
        if own.__dict__.get("engine") is not None:
            own.engine.dispose()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *arguments: str, code: int = 0) -> Any:
        result = self(*arguments, "--json")
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    def stopped(self) -> list[tuple[str, str]]:
        engine = open_engine(self.url)
        found = [(s.kind, s.name) for s in SqlDirectory(engine).stops()]
        engine.dispose()
        return found

    def _record(self, type_: str, meta: Any, subject: str | None, /) -> None:
        if self.ledger_down:
            raise LedgerError("no room")
        self.records.append((type_, dict(meta), subject))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    url = f"sqlite:///{tmp_path}/pforte.sqlite3"
    engine = open_engine(url)
    migrate(engine)
    with writing(engine) as connection:
        departments.sync(connection, {"bauamt": "Bauamt", "it": "IT"})
    engine.dispose()
    made = Terminal(url)
    made.json("person", "add", IT, "--name", "I T", "--department", "it", "--role", "it")
    made.json("person", "add", CLERK, "--name", "C K", "--department", "bauamt")
    made.records.clear()
    return made


def test_a_stop_is_written_shown_and_lifted_and_the_book_knows_who_and_why(terminal: Terminal) -> None:
    done = terminal.json("model", "stop", "demo", "--reason", "Vorfall  4711", "--as", IT)
    assert (done["changed"], done["models"]) == (True, ["demo"])
    [(kind, meta, subject)] = terminal.records
    assert (kind, meta["name"], meta["reason"]) == ("model.stopped", "demo", "Vorfall 4711")
    assert subject is not None
    assert IT not in str(meta)
    shown = {m["id"]: m["stopped"] for m in terminal.json("model", "list")["models"]}
    assert (shown["demo"]["reason"], shown["demo"]["by"], shown["vllm-haus"]) == ("Vorfall 4711", IT, None)
    assert "angehalten" in terminal("model", "list").stdout
    assert terminal.json("model", "stop", "demo", "--reason", "noch einmal", "--as", IT)["changed"] is False
    assert terminal.json("model", "start", "demo", "--as", IT)["changed"] is True
    assert terminal.stopped() == []
    assert [r[0] for r in terminal.records] == ["model.stopped", "model.started"]


def test_a_provider_and_everything_are_stopped_and_lifted_as_they_were_said(terminal: Terminal) -> None:
    assert terminal.json("model", "stop", "--provider", "microsoft", "--reason", "r", "--as", IT)["models"] == [
        "gpt-azure-eu"]
    assert set(terminal.json("model", "stop", "--all", "--reason", "r", "--as", IT)["models"]) == set(shipped().models)
    left = terminal.json("model", "start", "--all", "--as", IT)["still_stopped"]
    assert left == [{"what": "provider", "name": "microsoft"}]
    assert "Weiter angehalten" not in terminal("model", "start", "--provider", "microsoft", "--as", IT).stderr


@pytest.mark.parametrize(("arguments", "says"), [
    (("stop", "demo", "--reason", "r", "--as", CLERK), "Nötig ist eine dieser Rollen: dpo, it, leitung"),
    (("stop", "demo", "--reason", "r", "--as", "wer@x.example"), "niemand eingetragen"),
    (("stop", "demo", "--reason", " ", "--as", IT), "--reason"),
    (("stop", "demo", "--reason", "r" * 201, "--as", IT), "höchstens 200"),
    (("stop", "dmo", "--reason", "r", "--as", IT), "meinten Sie „demo“"),
    (("stop", "--provider", "Mikrosoft", "--reason", "r", "--as", IT), "meinten Sie „Microsoft“"),
    (("stop", "--reason", "r", "--as", IT), "genau eines"),
    (("stop", "demo", "--all", "--reason", "r", "--as", IT), "genau eines"),
    (("start", "demo", "--as", CLERK), "Nötig ist eine dieser Rollen"),
    (("check", "dmo"), "meinten Sie „demo“"),
])
def test_misuse_changes_nothing_and_says_what_to_write(terminal: Terminal, arguments: tuple[str, ...],
                                                       says: str) -> None:
    result = terminal("model", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert terminal.stopped() == []
    assert terminal.records == []


def test_somebody_who_was_switched_off_stops_nothing(terminal: Terminal) -> None:
    terminal.json("person", "disable", IT)
    assert terminal("model", "stop", "demo", "--reason", "r", "--as", IT).exit_code == 2


def test_without_the_book_nothing_is_stopped_and_the_command_says_so(terminal: Terminal) -> None:
    terminal.ledger_down = True
    assert terminal("model", "stop", "demo", "--reason", "r", "--as", IT).exit_code == 3
    assert terminal.stopped() == []


def test_the_switch_works_while_the_policies_are_broken(terminal: Terminal) -> None:
    def broken(_: Path) -> PolicySet:
        raise PolicyErrors([PolicyProblem("models.yaml", 1, "", "kaputt", "heilen")])
    terminal.load = broken
    for which in (("demo",), ("--all",)):
        assert terminal("model", "stop", *which, "--reason", "r", "--as", IT).exit_code == 0
    assert terminal.stopped() == [("all", ""), ("model", "demo")]
    assert terminal("model", "stop", "--provider", "Microsoft", "--reason", "r", "--as", IT).exit_code == 3
    assert terminal("model", "start", "--all", "--as", IT).exit_code == 0


def test_check_says_what_is_wrong_and_ends_with_one(terminal: Terminal) -> None:
    assert terminal.json("model", "check") == {"checked": ["demo"], "findings": []}
    claude = replace(shipped().models["claude"], enabled=True, avv=Avv(date(2026, 1, 1), "a" * 64, date(2026, 12, 1)))
    terminal.load = lambda _: policies(claude=claude)
    found = terminal.json("model", "check", code=1)["findings"]
    assert {(f["what"], f["state"]) for f in found} == {
        ("avv", "Hinweis"), ("sub_processors", "Hinweis"), ("api_key_env", "Fehler")}
    assert "01.12.2026" in terminal("model", "check", "claude").stdout


def test_online_asks_the_address_of_the_register(terminal: Terminal) -> None:
    nobody = replace(shipped().models["vllm-haus"], enabled=True, base_url="http://127.0.0.1:9/v1", api_key_env=None)
    terminal.load = lambda _: policies(**{"vllm-haus": nobody})
    assert terminal("model", "check", "vllm-haus").exit_code == 0
    result = terminal("model", "check", "vllm-haus", "--online")
    assert result.exit_code == 1
    assert "nicht erreichbar" in result.stdout


def test_a_person_joins_and_leaves_groups_that_the_policies_know(terminal: Terminal) -> None:
    assert terminal("person", "group", "add", CLERK, "kaiser").exit_code == 2
    assert terminal.json("person", "group", "add", CLERK, "auszubildende")["groups"] == ["auszubildende"]
    assert [p["email"] for p in terminal.json("person", "list", "--group", "auszubildende")["people"]] == [CLERK]
    assert terminal.json("person", "group", "add", CLERK, "auszubildende")["changed"] is False
    assert terminal.json("person", "group", "remove", CLERK, "auszubildende")["groups"] == []
    assert [r[0] for r in terminal.records] == ["person.groups"] * 2


def test_a_group_that_is_gone_from_the_policies_can_still_be_left(terminal: Terminal) -> None:
    terminal.json("person", "group", "add", CLERK, "auszubildende")
    terminal.load = lambda _: shipped()
    assert terminal.json("person", "group", "remove", CLERK, "auszubildende")["groups"] == []


def test_an_import_puts_people_into_groups_and_leaves_alone_what_it_does_not_mention(
        terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text(f"email;name;department;gruppen\n{CLERK};C K;bauamt;auszubildende\nneu@x.example;N;bauamt;\n")
    terminal.json("person", "import", str(file))
    members = terminal.json("person", "list", "--group", "auszubildende")["people"]
    assert [p["email"] for p in members] == [CLERK]
    file.write_text(f"email,name,department\n{CLERK},C K,bauamt\nneu@x.example,N,bauamt\n")
    assert terminal.json("person", "import", str(file))["unchanged"] == 2
    changed = terminal.json("person", "import", str(file), "--group", "auszubildende")["changed"]
    assert [c["email"] for c in changed] == ["neu@x.example"]
    file.write_text(f"email,name,department,groups\n{CLERK},C K,bauamt,kaiser\n")
    assert "kaiser" in terminal("person", "import", str(file)).stderr


def test_the_purpose_of_a_key_is_one_that_its_holder_may_use(terminal: Terminal) -> None:
    made = terminal.json("key", "create", CLERK, "--purpose", "uebersetzung")
    assert made["purpose"] == "uebersetzung"
    assert terminal.records[-1][1]["purpose"] == "uebersetzung"
    service = terminal.json("key", "create", IT, "--service", "bauamt", "--name", "n8n", "--days", "9",
                            "--purpose", "zusammenfassung")
    assert service["purpose"] == "zusammenfassung"
    assert terminal("key", "create", CLERK, "--purpose", "bewerberauswahl").exit_code == 2
    terminal.json("person", "group", "add", CLERK, "auszubildende")
    assert "Möglich sind: allgemein." in terminal("key", "create", CLERK, "--purpose", "uebersetzung").stderr
    assert terminal.json("client", "add", "Chat", "--identity", "headers", "--purpose", "recherche")[
        "purpose"] == "recherche"
    assert terminal("client", "add", "Chat", "--identity", "headers", "--purpose", "unsinn").exit_code == 2
