"""``ki-pforte report``: the same files as on the pages, also while somebody else writes, each with its hash."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit import Filters
from gateway.cli import app
from gateway.home import known_log_name, open_ledger
from gateway.model.reporting import KINDS
from gateway.settings import load
from tests.support.papers import reader


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "var"))
    assert run("init").exit_code == 0
    return tmp_path


def test_every_report_can_be_made_while_the_ledger_is_in_use(home: Path) -> None:
    settings = load()
    with open_ledger(settings, known_log_name(settings.home) or "") as ledger:
        ledger.start()
        for kind in KINDS:
            result = run("report", kind, "--json")
            assert result.exit_code == 0, result.stderr
            assert json.loads(result.stdout)["kind"] == kind
            ledger.sequence()
            last = ledger.reader.get(ledger.reader.page(Filters(types=("export",)), limit=1).rows[0].id)
            assert last is not None
            assert last.meta["report"] == kind
            assert last.meta["sha256"] == sha256(result.stdout_bytes).hexdigest()
            assert last.meta["via"] == "cli"


def test_a_pdf_goes_into_a_file(home: Path) -> None:
    out = home / "verzeichnis.pdf"
    result = run("report", "processing-record", "--format", "pdf", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert len(reader(out.read_bytes()).pages) >= 2


@pytest.mark.parametrize("arguments", [
    ("works-council", "--period", "2026"), ("transparency", "--period", "2026-Q3"), ("leadership", "--period", "x"),
    ("dpia", "--format", "docx")])
def test_a_wrong_call_is_a_sentence_and_writes_nothing(home: Path, arguments: tuple[str, ...]) -> None:
    result = run("report", *arguments, "--out", home / "x")
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert not (home / "x").exists()


def test_a_file_that_cannot_be_written_is_a_three(home: Path) -> None:
    result = run("report", "fria", "--out", home / "nirgends" / "x.html")
    assert result.exit_code == 3
    assert "lässt sich nicht schreiben" in result.stderr
