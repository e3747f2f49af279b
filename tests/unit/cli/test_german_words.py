"""What the command line says about itself is German: help pages, and every way to type a command wrongly."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException

from gateway.cli import app
from gateway.cli.german import carry_out, misuse

ENGLISH = re.compile(r"\b(usage|options?:|arguments?|commands?|error:|required|missing|default:|invalid|value|should|"
                     r"unexpected|such|try|mean|show this|exit|dir|OPTIONS|COMMAND|ARGS)\b|<str>|<int", re.I)
ROOT: Any = typer.main.get_command(app)


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


ALL = tuple(commands(ROOT))


@pytest.fixture
def type_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path))

    def run(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ki-pforte", *shlex.split(line)])
        code = carry_out(app)
        said = capsys.readouterr()
        return code, said.out, said.err
    return run


def test_no_page_of_help_has_an_english_word_of_the_framework(type_in: Any) -> None:
    for path in ALL:
        code, out, err = type_in(" ".join((*path, "--help")))
        assert (code, err) == (0, "")
        assert "Aufruf: " in out
        assert "Optionen:" in out
        own = re.sub(r"„[^“]*“|--[\w-]+|-\w, |\{.*?\}|\[file\]|<error\|message>", "", out)
        assert not ENGLISH.findall(own), path


def test_an_unknown_option_is_named_for_every_command(type_in: Any) -> None:
    for path in ALL:
        code, out, err = type_in(" ".join((*path, "--gibtsnicht")))
        assert (code, out) == (2, "")
        assert err.splitlines()[0] == "Die Option „--gibtsnicht“ gibt es nicht."
        assert err.splitlines()[-1].startswith("Mehr dazu: ")
        assert err.splitlines()[-1].endswith(" --help")


@pytest.mark.parametrize(("line", "said"), [
    ("quatsch", "Den Befehl „quatsch“ gibt es nicht."),
    ("persn", "Den Befehl „persn“ gibt es nicht. Meinten Sie „person“?"),
    ("person lst", "Den Befehl „lst“ gibt es nicht. Meinten Sie „list“?"),
    ("--versoin", "Die Option „--versoin“ gibt es nicht. Meinten Sie „--version“?"),
    ("serve --prot 1", "Die Option „--prot“ gibt es nicht. Meinten Sie „--port“?"),
    ("person add", "Es fehlt die Angabe „email“."),
    ("person add a@example.org", "Es fehlt die Option „--name“."),
    ("evaluate", "Es fehlt die Angabe „DOCS.jsonl“."),
    ("serve --port", "Nach der Option „--port“ fehlt der Wert."),
    ("serve --demo=3", "Die Option „--demo“ hat keinen Wert."),
    ("serve --port abc", "Der Wert für „--port“ passt nicht. Erwartet wird eine ganze Zahl."),
    ("serve --workers 65", "Der Wert für „--workers“ passt nicht. Der Wert darf höchstens 64 sein."),
    ("audit tail -n 0", "Der Wert für „--number“ passt nicht. Der Wert muss mindestens 1 sein."),
    ("key create a --block-style x",
     "Der Wert für „--block-style“ passt nicht. Erwartet wird eines von error, message."),
    ("train gibtsnicht", "Der Wert für „corpora“ passt nicht. „gibtsnicht“ gibt es nicht."),
    ("train Makefile", "Der Wert für „corpora“ passt nicht. „Makefile“ ist kein Ordner."),
    ("init a b", "Diese Angaben sind zu viel: a b."),
])
def test_what_was_typed_wrongly_is_said_in_one_sentence(line: str, said: str, type_in: Any) -> None:
    code, out, err = type_in(line)
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == said
    assert not ENGLISH.findall(err.splitlines()[0].replace("„--version“", ""))


def test_a_command_without_anything_shows_its_help_and_counts_as_misuse(type_in: Any) -> None:
    code, out, err = type_in("person")
    assert (code, out) == (2, "")
    assert err.startswith("Aufruf: ki-pforte person ")


def test_a_message_that_a_new_version_brings_does_not_come_through_in_english() -> None:
    assert misuse(TyperException("Something quite new happened.")) == "So lässt sich das nicht aufrufen."


def test_a_command_that_ends_with_a_code_keeps_it(type_in: Any) -> None:
    assert type_in("person list")[0] == 3
