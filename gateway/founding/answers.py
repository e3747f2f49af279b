"""Answers from a file: ``ki-pforte init --answers FILE``, for set-ups that nobody sits in front of.

The file is YAML with one line per question; several things are a list. A secret never stands in it: ``model_key_file``
names the file that holds ``model_key``, beside the answers or with its full path. `template` is such a file, with every
question explained; it is made from the questions, so it cannot fall behind them.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gateway.model.first_setup import Question, Step
from gateway.store import InvalidError

BY_FILE: Final = "_file"
_LARGEST: Final = 1 << 20


def read_answers(path: Path, asked: tuple[Step, ...]) -> dict[str, str]:
    """Return the answers of a file. Raises `InvalidError` with a sentence, `OSError` when it cannot be read."""
    questions = {q.key: q for step in asked for q in step.questions}
    answers: dict[str, str] = {}
    for name, value in _content(path).items():
        key = str(name).removesuffix(BY_FILE)
        if key in questions and questions[key].kind == "secret":
            if key == name:
                raise InvalidError(f"{path.name}: Ein Geheimnis gehört nicht in diese Datei. Bitte schreiben Sie es in "
                                   f"eine eigene und nennen Sie diese als „{key}{BY_FILE}“.")
            answers[key] = _secret(path.parent / str(value))
        elif name in questions:
            answers[str(name)] = _text(path, questions[name], value)
        else:
            close = difflib.get_close_matches(str(name), list(questions), n=1)
            raise InvalidError(f"{path.name}: Eine Frage „{str(name)[:40]}“ gibt es nicht."
                               + (f" Meinten Sie „{close[0]}“?" if close else ""))
    return answers


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; empty when there is none that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def template(asked: tuple[Step, ...]) -> str:
    """Return a file of answers to fill in."""
    return "\n".join(_template(asked)) + "\n"


def _content(path: Path) -> dict[Any, Any]:
    try:
        with path.open("rb") as file:
            content = YAML(typ="safe", pure=True).load(file.read(_LARGEST).decode())
    except (YAMLError, UnicodeDecodeError):
        raise InvalidError(f"{path.name} ist kein gültiges YAML. Schreiben Sie je Zeile „frage: antwort“.") from None
    if not isinstance(content, dict):
        raise InvalidError(f"{path.name}: Schreiben Sie je Zeile „frage: antwort“.")
    return content


def _text(path: Path, question: Question, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and question.kind in ("several", "lines"):
        return "\n".join(str(one) for one in value)
    if isinstance(value, bool):  # YAML reads a bare „nein“ as a word, but „no“ as false
        return "ja" if value else "nein"
    if isinstance(value, str | int | float | date):
        return (question.kind == "digest" and digest_of(path.parent / str(value))) or str(value)
    raise InvalidError(f"{path.name}: Bei „{question.key}“ wird ein Text erwartet.")


def _secret(path: Path) -> str:
    with path.open("rb") as file:
        try:
            return file.read(_LARGEST).decode().strip()
        except UnicodeDecodeError:
            raise InvalidError(f"In {path.name} steht kein Text.") from None


def _template(asked: tuple[Step, ...]) -> Iterator[str]:
    yield "# Antworten für die erste Einrichtung: ki-pforte init --answers DIESE-DATEI"
    yield "# Die fünf Fragen stehen zuerst. Was danach kommt, hat eine sichere Vorgabe und darf fehlen."
    yield "# Geheimnisse stehen in eigenen Dateien."
    for number, step in enumerate(asked, 1):
        yield f"\n# --- {number}. {step.title}: {step.lead}"
        for question in step.questions:
            if not question.more:
                yield from _explained(question)
    yield "\n# --- Alles Weitere"
    for question in (q for step in asked for q in step.questions if q.more):
        yield from _explained(question)


def _explained(question: Question) -> Iterator[str]:
    yield ""
    yield f"# {question.label}" + (" (freiwillig)" if question.optional else "")
    if question.hint:
        yield f"# {question.hint}"
    if question.when is not None:
        yield f"# Nur bei {question.when[0]}: {', '.join(question.when[1])}"
    if question.kind == "digest":
        yield "# Statt der Prüfsumme geht auch der Name der Datei."
    for key, word in question.options.items():
        yield f"#   {key}: {word}"
    if question.kind == "secret":
        yield f"# {question.key}{BY_FILE}: /pfad/zur/datei"
    elif question.kind in ("several", "lines"):
        yield f"{question.key}: [{', '.join(question.default.split())}]"
    else:
        yield f"{question.key}: {question.default}".rstrip()
        yield from (f"# {question.key}: {text}   # bei {model}" for model, text in question.suggestions.items())
