"""What a command prints of others' texts commands no terminal; as JSON it is the same text still."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.output import cell, emit, hand_over, note, say, table

ROOT = Path(__file__).parents[3]
HOSTILE = "a\x1b[2J\x9b31mb\u202ec\u2066d\re\x07\u2028f\u200bg"
OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x07\r\u202e\u2066\u2028\u200b\n\t\udc80")))


def plain(printed: str) -> bool:
    return all(unicodedata.category(char) not in OBEYED or char in "\n\t" for char in printed)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_whatever_is_printed_is_plainly_seen_and_json_loses_nothing(
        capsys: pytest.CaptureFixture[str], text: str) -> None:
    say(text)
    note(text)
    table(("Text", "Zahl"), [(text, 1)])
    said = capsys.readouterr()
    assert plain(said.out)
    assert plain(said.err)
    for indent in (None, 2):
        emit({text: [text]}, indent=indent)
        printed = capsys.readouterr().out
        assert plain(printed)
        assert json.loads(printed) == {text: [text]}


@given(text=TEXTS)
def test_a_value_makes_no_row_of_its_own(text: str) -> None:
    assert "\n" not in cell(text)
    assert "\t" not in cell(text)


def test_umlauts_and_lines_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    say("Prüfung\tÄmter – „ß“ € 🙂\nzweite Zeile")
    assert capsys.readouterr().out == "Prüfung\tÄmter – „ß“ € 🙂\nzweite Zeile\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_text_that_is_the_result_is_spelt_out_for_people_and_left_alone_for_programs(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    hand_over(HOSTILE)
    assert plain(capsys.readouterr().out.replace("\r", "")) is terminal


def test_commands_print_through_one_place() -> None:
    for path in sorted((ROOT / "gateway" / "cli").glob("*.py")):
        if path.name == "output.py":
            continue
        calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text("utf-8")))
                 if isinstance(node, ast.Call)]
        assert not {"print", "typer.echo", "typer.secho", "sys.stdout.write"} & set(calls), path.name
