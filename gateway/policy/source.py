"""Reads one YAML file into plain values and remembers on which line each of them stands.

A small and strict YAML: mappings, lists and words. Every word stays text (the schema decides what it means, so that
``1.0``, ``no`` and ``2026-06-01`` are what they look like); an empty value is None. Anchors, aliases, tags and several
documents in one file are refused before anything is expanded, as are key repetitions, which YAML would swallow
silently and of which only one could hold. Size and depth are limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gateway.policy.problems import PolicyProblem

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
Path_: TypeAlias = tuple["str | int", ...]

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 12
MAX_VALUES: Final = 20_000
"""Values in one file; a register of three hundred models has some 10,000. The parser takes seconds for more."""
_HIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
"""Characters that no editor shows: some end a line for YAML alone, some let text read in another order."""
_NULL: Final = re.compile(r"~|null|Null|NULL|")


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name for people, its content, and the line of every key and list item."""

    file: str
    data: dict[str, Value]
    lines: Mapping[Path_, int]

    def line(self, *path: str | int) -> int:
        """Return the line of `path`, or of the nearest thing above it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path_, what: str, remedy: str) -> PolicyProblem:
        """Return a problem at `path`."""
        return PolicyProblem(self.file, self.line(*path), dotted(path), what, remedy)


def dotted(path: Path_) -> str:
    """Return a path as people read it: ``content.outside.findings.IBAN``; list positions count from 1."""
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def read(path: Path, name: str) -> tuple[Source | None, Sequence[PolicyProblem]]:
    """Return what stands in the file, or what is wrong with it; `name` is how messages call it."""
    if path.is_dir():
        return None, [PolicyProblem(name, 1, "", "Hier liegt ein Ordner, keine Datei",
                                    "benennen Sie ihn um oder löschen Sie ihn")]
    try:
        raw = path.read_bytes()
    except OSError:
        return None, [PolicyProblem(name, 1, "", "Die Datei fehlt oder ist nicht lesbar",
                                    "legen Sie sie an und geben Sie dem Dienst das Recht, sie zu lesen")]
    if len(raw) > MAX_BYTES:
        return None, [PolicyProblem(name, 1, "", "Die Datei ist größer als 1 MB", "teilen Sie sie auf")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[:error.start].count(b"\n") + 1
        return None, [PolicyProblem(name, line, "", "Die Datei ist nicht in UTF-8 gespeichert",
                                    "speichern Sie sie im Editor mit der Kodierung UTF-8")]
    return parse(text, name)


@lru_cache(maxsize=128)
def parse(text: str, name: str) -> tuple[Source | None, Sequence[PolicyProblem]]:
    """Return the content of a file that was read already.

    Remembered, because the parser is slow and a reload finds most files as they were; nobody changes a `Source`.
    """
    reader = _Reader(name)
    if (hidden := _HIDDEN.search(text)) is not None:
        line = text.count("\n", 0, hidden.start()) + 1
        return None, [PolicyProblem(name, line, "", "Die Datei enthält Zeichen, die man nicht sieht und die hier nicht "
                                    "erlaubt sind", "entfernen Sie Steuerzeichen, zum Beispiel aus kopiertem Text")]
    try:
        data = reader.document(iter(YAML(typ="safe", pure=True).parse(text)))
    except _StopReading:
        return None, reader.problems
    except MarkedYAMLError as error:
        return None, [PolicyProblem(name, *_spelling(error))]
    except YAMLError:
        return None, [PolicyProblem(name, 1, "", "Die Datei enthält Zeichen, die in YAML nicht erlaubt sind",
                                    "entfernen Sie Steuerzeichen, zum Beispiel aus kopiertem Text")]
    return (None if data is None else Source(name, data, reader.lines)), reader.problems


def _spelling(error: MarkedYAMLError) -> tuple[int, str, str, str]:
    """Return line, key (none), what the parser stumbled over, and what to do, in German."""
    said = f"{error.context or ''} {error.problem or ''}"
    here = error.problem_mark or error.context_mark
    opened = error.context_mark or here  # where a quote or bracket began says more than where the file ended
    line, start = (mark.line + 1 if mark else 1 for mark in (here, opened))
    if "'\\t'" in said:
        return line, "", "Hier steht ein Tabulator", "rücken Sie mit Leerzeichen ein"
    if "cannot start any token" in said or "directive" in said:
        return (line, "", "Ein Text beginnt mit einem Zeichen, das in YAML eine Bedeutung hat (@, % oder `)",
                "setzen Sie den Text in Anführungszeichen")
    if "quoted scalar" in said:
        return (start, "", "Ein Anführungszeichen wird nicht geschlossen oder ein „\\“ darin ist nicht zulässig",
                "ergänzen Sie das zweite Anführungszeichen")
    if "expected ':'" in said or "mapping values" in said:
        return (line, "", "Hier passt ein Doppelpunkt oder die Einrückung nicht",
                "schreiben Sie „schlüssel: wert“ und setzen Sie Texte mit Doppelpunkt in Anführungszeichen")
    if "flow" in said:
        return (start, "", "Eine Klammer wird nicht geschlossen",
                "ergänzen Sie die schließende Klammer oder das Komma")
    return (line, "", "Die Zeile ist kein gültiges YAML",
            "prüfen Sie Einrückung, Doppelpunkte und Anführungszeichen in dieser und der vorigen Zeile")


class _StopReading(Exception):  # noqa: N818 - not an error of the program: the file holds nothing that may be read on
    """The file must not be read any further; the reason is among the problems."""


@dataclass(slots=True)
class _Reader:
    """Builds values from parser events. Recursion is bounded by `MAX_DEPTH`."""

    name: str
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: list[PolicyProblem] = field(default_factory=list)
    count: int = 0

    def document(self, events: Iterator[Event]) -> dict[str, Value] | None:
        """Return the one document of the file: a mapping."""
        data: Value = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(event, "Die Datei enthält mehrere Dokumente (eine Zeile „---“)",
                               "streichen Sie die Zeile oder legen Sie zwei Dateien an")
                data = self._value(next(events), events, ())
        if not isinstance(data, dict):
            self.problems.append(PolicyProblem(self.name, 1, "", "Die Datei ist leer oder keine Liste von Angaben",
                                               "beginnen Sie mit der Zeile „version: 1“"))
            return None
        return data

    def _value(self, event: Event, events: Iterator[Event], path: Path_) -> Value:
        self._check(event, path)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, path)
        assert isinstance(event, ScalarEvent)
        return self._word(event)

    def _mapping(self, events: Iterator[Event], path: Path_) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                return result
            self._check(event, path)
            if not isinstance(event, ScalarEvent):
                self._stop(event, "Hier steht eine Liste, wo ein Schlüssel stehen muss", "schreiben Sie „schlüssel: …“")
            key = self._word(event) or ""
            here = (*path, key)
            if key in result:
                first = self.lines[here]
                self.problems.append(PolicyProblem(
                    self.name, _line(event), dotted(here), f"Die Angabe steht zweimal da, zuerst in Zeile {first}",
                    "behalten Sie eine von beiden"))
                self._value(next(events), events, ("",))  # read past it; its lines are of no use
                continue
            self.lines[here] = _line(event)
            result[key] = self._value(next(events), events, here)
        raise AssertionError("the parser closes every mapping")

    def _sequence(self, events: Iterator[Event], path: Path_) -> list[Value]:
        result: list[Value] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                return result
            here = (*path, len(result))
            self.lines[here] = _line(event)
            result.append(self._value(event, events, here))
        raise AssertionError("the parser closes every sequence")

    def _word(self, event: Any) -> str | None:
        text = str(event.value)
        if any("\ud800" <= c <= "\udfff" for c in text):
            self._stop(event, "Der Text enthält ein halbes Zeichen (\\uD800 bis \\uDFFF)",
                       "schreiben Sie das Zeichen aus")
        return None if event.style is None and _NULL.fullmatch(text) else text

    def _check(self, event: Event, path: Path_) -> None:
        self.count += 1
        if self.count > MAX_VALUES:
            self._stop(event, f"Die Datei enthält mehr als {MAX_VALUES} Angaben", "teilen Sie sie auf")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            self._stop(event, "Anker (&) und Verweise (*) sind hier nicht erlaubt",
                       "schreiben Sie die Angaben aus; Texte, die mit & oder * beginnen, in Anführungszeichen")
        if getattr(event, "tag", None) is not None:
            self._stop(event, "Typangaben mit „!“ sind hier nicht erlaubt",
                       "streichen Sie die Typangabe; Texte, die mit ! beginnen, in Anführungszeichen")
        if len(path) > MAX_DEPTH:
            self._stop(event, f"Die Angaben sind tiefer als {MAX_DEPTH} Ebenen verschachtelt",
                       "prüfen Sie Einrückung und Klammern")

    def _stop(self, event: Any, what: str, remedy: str) -> None:
        self.problems.append(PolicyProblem(self.name, _line(event), "", what, remedy))
        raise _StopReading


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
