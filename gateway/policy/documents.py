"""The documents of the KI-Pass: versions that follow one another, and files that are what their hash says.

The hash in ``ki-pass.yaml`` is what staff acknowledge. A file that was changed without a new version would make every
acknowledgement say something that nobody read, so it stops the start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from gateway.model.kipass import Document, DocumentKind, Module, Scope
from gateway.policy.problems import PolicyProblem, shown
from gateway.policy.schema_pass import KiPass, PassDocument, PassModule, PassScope
from gateway.policy.source import Path_, Source

Problems = Iterator[PolicyProblem]


def check(source: Source, content: KiPass, *, folder: Path) -> Problems:
    """Check that versions form a chain and that files are there and unchanged."""
    for kind in get_args(DocumentKind):
        versions: tuple[PassDocument, ...] = getattr(content.documents, kind)
        yield from _chain(source, ("documents", kind), versions)
        for i, version in enumerate(versions):
            yield from _file(source, ("documents", kind, i), version, folder)


def _chain(source: Source, path: Path_, versions: tuple[PassDocument, ...]) -> Problems:
    """Each version supersedes the one before it and begins later."""
    for i, version in enumerate(versions):
        before = versions[i - 1] if i else None
        expected = before.version if before else None
        if version.supersedes != expected:
            this, first = f"Fassung {shown(version.version)}", "die älteste Fassung steht zuerst"
            what, remedy = (
                (f"{this} muss Fassung {shown(expected)} ablösen, die davor steht",
                 f"schreiben Sie „supersedes: \"{expected}\"“; {first}") if expected else
                (f"{this} ist die älteste und kann keine andere ablösen", f"streichen Sie „supersedes“; {first}"))
            yield source.problem((*path, i, "supersedes"), what, remedy)
        if before and version.valid_from <= before.valid_from:
            yield source.problem((*path, i, "valid_from"),
                                 f"Fassung {shown(version.version)} beginnt nicht später als die davor",
                                 f"nennen Sie einen Tag nach dem {before.valid_from:%d.%m.%Y}")
        if any(v.version == version.version or v.sha256 == version.sha256 for v in versions[:i]):
            yield source.problem((*path, i), "Nummer oder Prüfsumme dieser Fassung kommt schon vor",
                                 "geben Sie jeder Fassung eine eigene Nummer und eine eigene Datei")


def _file(source: Source, path: Path_, version: PassDocument, folder: Path) -> Problems:
    file = (folder / version.file).resolve()
    try:
        if not file.is_relative_to(folder):
            raise OSError
        actual = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        yield source.problem((*path, "file"), f"Die Datei {shown(version.file)} fehlt oder ist nicht lesbar",
                             f"legen Sie sie im Ordner {folder.name}/documents ab")
        return
    if actual != version.sha256:
        yield source.problem(
            (*path, "sha256"), f"Die Prüfsumme passt nicht zu {shown(version.file)}: Der Text wurde geändert",
            "stellen Sie ihn wieder her oder legen Sie eine neue Fassung mit neuer Nummer an (Prüfsumme des Textes, "
            f"wie er jetzt ist: {actual})")


def module(key: str, written: PassModule) -> Module:
    """Return a module as the KI-Pass computes with it."""
    return Module(key, written.kind, written.title, written.minutes, written.valid_months, written.document)


def scope(key: str, written: PassScope) -> Scope:
    """Return a scope as the KI-Pass computes with it."""
    return Scope(key, written.name, tuple(dict.fromkeys(written.modules)))


def document(kind: DocumentKind, written: PassDocument) -> Document:
    """Return a version as the KI-Pass computes with it."""
    return Document(kind, written.version, written.title, written.sha256, written.valid_from, written.change,
                    written.grace_days, written.supersedes, written.file)
