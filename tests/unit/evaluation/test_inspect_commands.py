"""``redact`` and ``evaluate`` as a person and a script meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.model.finding import Passage
from gateway.model.reasons import REASONS

FOLDER = Path(__file__).parents[2] / "evaluation"
TEXT = "Sehr geehrte Frau Krüger,\nIBAN DE89 3704 0044 0532 0130 00. Sie leidet an Diabetes. [PERSON1]\n"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_redact_shows_what_a_provider_sees_and_why_without_repeating_the_values() -> None:
    shown = run("redact", stdin=TEXT)
    assert shown.exit_code == 0
    assert "Krüger" not in shown.stdout
    assert "DE89" not in shown.stdout
    assert "[IBAN1]" in shown.stdout
    assert "Prüfziffer stimmt" in shown.stdout
    assert "bleibt stehen, wird nur bemerkt" in shown.stdout
    assert "2:6 " in shown.stdout, "line and column of the IBAN"


def test_redact_as_json_is_json_alone_and_explains_every_finding(tmp_path: Path) -> None:
    file = tmp_path / "brief.txt"
    file.write_text(TEXT, encoding="utf-8")
    shown = run("redact", str(file), "--json")
    answer = json.loads(shown.stdout)
    assert "Krüger" not in shown.stdout
    entities = {f["entity"]: f for f in answer["findings"]}
    assert set(entities) >= {"PERSON", "IBAN", "HEALTH", "LITERAL"}
    assert TEXT[entities["IBAN"]["start"]:entities["IBAN"]["end"]] == "DE89 3704 0044 0532 0130 00"
    assert entities["IBAN"]["explanation"] == "Prüfziffer stimmt"
    assert entities["HEALTH"]["noted"] is True
    assert entities["HEALTH"]["placeholder"] == ""
    assert all(f["placeholder"] in answer["text"] for f in answer["findings"])


def test_redact_says_so_when_there_is_nothing_to_replace() -> None:
    shown = run("redact", stdin="Wie lange gilt ein Bescheid?\n")
    assert shown.stdout.strip() == "Wie lange gilt ein Bescheid?"
    assert "Nichts gefunden" in shown.stderr


def test_redact_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    assert run("redact", str(tmp_path / "fehlt.txt")).exit_code == 3
    binary = tmp_path / "bild.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    assert run("redact", str(binary)).exit_code == 2


def test_every_reason_a_detector_gives_has_words() -> None:
    from gateway.detection import build_detector
    from gateway.evaluation import read_documents
    detector = build_detector()
    given = {finding.reason for document in read_documents(FOLDER / "documents.jsonl")[:40]
             for finding in detector.find(Passage(document.text))}
    assert len(given) >= 6
    assert given <= set(REASONS)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "klein.jsonl"
    file.write_text('{"id": "a", "text": "Sehr geehrte Frau [[PERSON|Krüger]], [[IBAN|DE89 3704 0044 0532 0130 00]]"}\n'
                    '{"id": "b", "text": "Wie lange gilt ein Bescheid?"}\n', encoding="utf-8")
    return file


def test_evaluate_as_json_is_json_alone(small: Path) -> None:
    shown = run("evaluate", str(small), "--json")
    assert shown.exit_code == 0
    answer = json.loads(shown.stdout)
    assert answer["documents"] == answer["round_trip"] == 2
    assert answer["leak_rate"]["part"] == 0
    assert answer["leak_by_origin"] == {}
    assert "errors" not in answer
    assert json.loads(run("evaluate", str(small), "--json", "-v").stdout)["errors"] == []


def test_evaluate_prints_a_table_and_with_an_option_markdown(small: Path, tmp_path: Path) -> None:
    origins = tmp_path / "herkunft.json"
    origins.write_text('{"Krüger": "german"}', encoding="utf-8")
    shown = run("evaluate", str(small), "--origins", str(origins))
    assert "Lesbar geblieben, nach Art der Angabe" in shown.stdout
    assert "deutsch" in shown.stdout
    assert "| Art | Zeichen |" in run("evaluate", str(small), "--markdown").stdout


def test_evaluate_ends_with_two_and_the_line_for_markup_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "falsch.jsonl"
    file.write_text('{"text": "gut"}\n{"text": "[[NAME|Krüger]]"}\n', encoding="utf-8")
    shown = run("evaluate", str(file))
    assert shown.exit_code == 2
    assert "Zeile 2" in shown.stderr
    assert shown.stdout == ""
    assert run("evaluate", str(tmp_path / "fehlt.jsonl")).exit_code == 2
    assert run("evaluate", str(file), "--json", "--markdown").exit_code == 2
