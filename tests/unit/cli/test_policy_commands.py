"""``policy test``, ``policy explain`` and ``policy schema``: what they print, and how they end."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.context import CliContext
from gateway.cli.policy_explain import explain_decision
from gateway.cli.policy_test import run_suites, schema
from gateway.kipass import Evidence
from gateway.policy import load_policies
from gateway.policy.json_schema import schemas
from gateway.policy.schema_suite import Suite
from gateway.policy.source import parse
from gateway.policy.translate import validate
from gateway.store import departments, migrate, open_engine, passes, people, writing
from tests.unit.policy.policy_sets import SHIPPED, shipped

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LETTER = "Sehr geehrte Frau Mustermann, IBAN DE89 3704 0044 0532 0130 00"


class Terminal:
    """The commands over a copy of the shipped policies and a database with one person who has the KI-Pass."""

    def __init__(self, folder: Path) -> None:
        self.policies = Path(shutil.copytree(SHIPPED, folder / "policies"))
        self.url = f"sqlite:///{folder}/pforte.sqlite3"
        engine = open_engine(self.url)
        migrate(engine)
        with writing(engine) as connection:
            departments.sync(connection, {"sozialamt": "Sozialamt"})
            [anna] = people.add(connection, [people.NewPerson("anna@x.example", "Anna", "sozialamt",
                                                              frozenset({"staff"}))], NOW)
            rules = shipped().kipass
            dv = rules.documents["dienstvereinbarung"][-1].sha256
            passes.record(connection, [(anna.id, Evidence(
                module, NOW, dv if rules.modules[module].kind == "kenntnisnahme_dv" else None))
                for module in rules.scopes["basis"].modules], source="verwaltung", recorded_by="it", now=NOW)
        engine.dispose()

    def __call__(self, *arguments: str, given: str = "") -> Any:
        root = typer.Typer()
        for name, command in (("test", run_suites), ("explain", explain_decision), ("schema", schema)):
            root.command(name)(command)
        own = CliContext(self.url, self.policies, lambda *_: None, load_policies, lambda: NOW)
        result = CliRunner().invoke(root, arguments, obj=own, input=given)
        if own.__dict__.get("engine") is not None:
            own.engine.dispose()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def write(self, name: str, text: str) -> None:
        (self.policies / "tests" / name).write_text(text, encoding="utf-8")


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_NAMES_ENGINE", "keine")  # the model of names takes seconds to load
    made = Terminal(tmp_path)
    shutil.rmtree(made.policies / "tests")
    (made.policies / "tests").mkdir()
    return made


SUITE = """
version: 1
name: Probe
now: 2026-11-23 10:00
callers:
  amt: {department: sozialamt}
tests:
  - name: Namen werden ersetzt
    caller: amt
    request: {model: demo, text: "Sehr geehrte Frau Mustermann,"}
    expect: {decision: allowed, lacks: Mustermann}
"""


def test_suites_that_hold_end_with_zero_and_say_what_they_touch(terminal: Terminal) -> None:
    terminal.write("probe.yaml", SUITE)
    result = terminal("test")
    assert (result.exit_code, result.stdout) == (0, "")
    assert re.search(r"In Ordnung: 1 Prüfung\. Berührt sind \d+ von \d+ Regeln \(\d+ %\)\.", result.stderr)


def test_a_failure_names_the_test_what_came_and_the_rule_with_its_place(terminal: Terminal) -> None:
    terminal.write("probe.yaml", SUITE.replace("decision: allowed, lacks: Mustermann", "decision: denied"))
    result = terminal("test")
    assert result.exit_code == 1
    assert "policies/tests/probe.yaml:8: Namen werden ersetzt (als amt)" in result.stdout
    assert "erwartet: denied" in result.stdout
    assert "1 × Name: wird ersetzt" in result.stdout
    assert re.search(r"findings\.PERSON \(policies/organisation\.yaml:\d+\)", result.stdout)


def test_json_holds_tests_and_coverage(terminal: Terminal) -> None:
    terminal.write("probe.yaml", SUITE)
    found = json.loads(terminal("test", "--json").stdout)
    assert (found["passed"], found["failed"], found["tests"][0]["mismatches"]) == (1, 0, [])
    assert "ki-pass:basis" in found["coverage"]["touched"]
    [iban] = [r for r in found["coverage"]["untouched"] if r["rule"] == "organisation:content.in_house.findings.IBAN"]
    file, _, line = iban["place"].partition(":")
    assert file == "policies/organisation.yaml"
    assert "IBAN" in (SHIPPED / "organisation.yaml").read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_too_few_rules_touched_ends_with_one_and_coverage_names_them(terminal: Terminal) -> None:
    terminal.write("probe.yaml", SUITE)
    assert terminal("test", "--require-coverage", "99").exit_code == 1
    assert terminal("test", "--require-coverage", "1").exit_code == 0
    shown = terminal("test", "--coverage").stdout
    assert "Keine Prüfung berührt: " in shown
    assert "departments/sozialamt:handles.social" not in shown.split("Wirkt zurzeit nirgends")[0]
    assert "Wirkt zurzeit nirgends" in shown


@pytest.mark.parametrize(("arguments", "code", "says"), [
    ((), 3, "steht keine Prüfung"), (("--filter", "x"), 3, "steht keine Prüfung")])
def test_no_suites_are_said(terminal: Terminal, arguments: tuple[str, ...], code: int, says: str) -> None:
    result = terminal("test", *arguments)
    assert result.exit_code == code
    assert says in result.stderr


def test_a_filter_finds_by_name_file_and_caller_or_says_that_it_does_not(terminal: Terminal) -> None:
    terminal.write("probe.yaml", SUITE)
    assert [terminal("test", "--filter", w).exit_code for w in ("NAMEN", "probe.yaml", "amt", "kaffee")] == [0, 0, 0, 2]


def test_a_broken_suite_is_no_failure_but_cannot_be_run(terminal: Terminal) -> None:
    terminal.write("probe.yaml", SUITE.replace("lacks", "laks"))
    result = terminal("test")
    assert result.exit_code == 3
    assert "policies/tests/probe.yaml:11" in result.stderr
    assert "meinten Sie „lacks“?" in result.stderr


def test_schemas_are_written(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal("schema", "--out", str(tmp_path / "out")).exit_code == 0
    assert {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "out").iterdir()} == schemas()


def test_a_decision_is_explained_for_a_person_rule_by_rule(terminal: Terminal) -> None:
    result = terminal("explain", LETTER, "--as", "anna@x.example")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout
    steps = [lines.index(f"{n:>4}. ") for n in range(1, 6)]
    assert steps == sorted(steps)
    assert "erlaubt: Sozialamt: Auswahl der Modelle" in lines
    assert "KI-Pass „Grundlagen“: gültig" in lines
    assert "policies/departments/sozialamt.yaml:" in lines
    assert lines.rstrip().endswith("Sehr geehrte Frau [PERSON1W], IBAN [IBAN1]")


def test_the_explanation_as_json_names_the_same_and_a_refusal_ends_with_one(terminal: Terminal) -> None:
    allowed = json.loads(terminal("explain", LETTER, "--department", "sozialamt", "--json").stdout)
    assert allowed["leaves"] == "Sehr geehrte Frau [PERSON1W], IBAN [IBAN1]"
    assert [s["rule"] for s in allowed["steps"]][:2] == ["ki-pass:basis", "departments/sozialamt:models"]
    assert {h["kind"]: h["action"] for h in allowed["handled"]} == {"PERSON": "placeholder", "IBAN": "placeholder"}
    result = terminal("explain", LETTER, "--department", "sozialamt", "--model", "x", "--json")
    refused = json.loads(result.stdout)
    assert (result.exit_code, refused["code"], refused["leaves"]) == (1, "modell_unbekannt", None)
    assert refused["steps"][-1]["effect"] == "deny"


def test_the_text_comes_from_a_file_from_standard_input_or_not_at_all(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "brief.txt"
    file.write_text(LETTER, encoding="utf-8")
    common = ("--department", "bauamt", "--json")
    for arguments, given in ((("--file", str(file)), ""), (("-",), LETTER)):
        found = json.loads(terminal("explain", *arguments, *common, given=given).stdout)
        assert found["leaves"] == "Sehr geehrte Frau [PERSON1W], IBAN [IBAN1]"
    assert json.loads(terminal("explain", *common).stdout)["leaves"] is None


@pytest.mark.parametrize(("arguments", "says"), [
    ((), "--as"), (("--department", "bauamt", "--as", "anna@x.example"), "--as"), (("--as", "x@x.example"), "niemand"),
    (("--department", "bauampt"), "meinten Sie „bauamt“?"), (("--department", "bauamt", "--group", "x"), "Die Gruppe"),
    (("--department", "bauamt", "--pass", "bsis"), "meinten Sie „basis“?"),
    (("--department", "bauamt", "--pass", "basis=gut"), "möglich sind: gueltig"),
    (("--department", "bauamt", "--at", "gestern"), "nicht lesbar"),
    (("x", "--department", "bauamt", "--file", "y"), "nicht beides")])
def test_what_is_typed_wrongly_is_said(terminal: Terminal, arguments: tuple[str, ...], says: str) -> None:
    result = terminal("explain", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_pass_and_moment_are_those_that_were_named(terminal: Terminal) -> None:
    common = ("explain", "--department", "bauamt", "--json")
    assert json.loads(terminal(*common, "--pass", "basis=abgelaufen").stdout)["code"] == "ki_pass_abgelaufen"
    later = json.loads(terminal(*common, "--at", "2027-01-05 22:15").stdout)
    assert later["asked"]["Zeitpunkt"] == "05.01.2027, 22:15 Uhr"


def test_the_example_in_the_handbook_is_a_suite() -> None:
    page = (SHIPPED.parent / "docs/richtlinien-testen.md").read_text(encoding="utf-8")
    source, problems = parse(page.split("```yaml\n")[1].split("```")[0], "handbuch.yaml")
    assert source is not None
    assert list(problems) == []
    content, mistakes = validate(Suite, source)
    assert (mistakes, content and len(content.tests)) == ([], 3)
    fields = set(re.findall(r"`(\w+)`", page))
    for model in ("request", "expect"):
        known = Suite.model_fields["tests"].annotation.__args__[0].model_fields[model].annotation.model_fields
        assert set(known) <= fields, model
