"""The documents and courses of the KI-Pass: versions that follow one another, and files that are what their hash says.

The hash in ``ki-pass.yaml`` is what staff acknowledge and what evidence names. A file that was changed without a new
version would make every acknowledgement say something that nobody read, so it stops the start. Every file is read once:
the bytes that were hashed are the bytes that pages show (`Papers.texts`).

A course or a checklist that nobody could work through is a mistake like any other; `gateway.kipass` knows their form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

from gateway.kipass.checklist import parse_checklist
from gateway.kipass.course import parse_course
from gateway.kipass.lines import Mistakes
from gateway.model.kipass import Document, DocumentKind, Module, PaperKind, Scope
from gateway.policy.problems import PolicyProblem, shown
from gateway.policy.schema_pass import KiPass, PassDocument, PassModule, PassScope, PassVersion
from gateway.policy.source import Path_, Source

MAX_BYTES: Final = 5_000_000
"""The largest file of a document; all of them are kept in memory."""
_FORMS: Final = {"kurs": parse_course, "checkliste": parse_checklist}
Problems = Iterator[PolicyProblem]


@dataclass(slots=True)
class Papers:
    """What was read: the text of every version by its hash, and what is wrong."""

    source: Source
    folder: Path
    texts: dict[str, bytes] = field(default_factory=dict)
    problems: list[PolicyProblem] = field(default_factory=list)

    def versions(self, kind: PaperKind, path: Path_, versions: Sequence[PassVersion]) -> None:
        """Read every version of one document or course."""
        self.problems += _follow(self.source, path, versions)
        for i, version in enumerate(versions):
            self.problems += self._file(kind, (*path, i), version)

    def _file(self, kind: PaperKind, path: Path_, version: PassVersion) -> Problems:
        file = (self.folder / version.file).resolve()
        try:
            if not file.is_relative_to(self.folder):
                raise OSError
            with file.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except OSError:
            yield self.source.problem((*path, "file"), f"Die Datei {shown(version.file)} fehlt oder ist nicht lesbar",
                                      f"legen Sie sie im Ordner {self.folder.name}/documents ab")
            return
        if len(content) > MAX_BYTES:
            yield self.source.problem((*path, "file"), f"Die Datei {shown(version.file)} ist größer als 5 MB",
                                      "verkleinern Sie sie, zum Beispiel die Auflösung eines eingescannten Papiers")
            return
        actual = hashlib.sha256(content).hexdigest()
        if actual != version.sha256:
            yield self.source.problem(
                (*path, "sha256"), f"Die Prüfsumme passt nicht zu {shown(version.file)}: Der Text wurde geändert",
                "stellen Sie ihn wieder her oder legen Sie eine neue Fassung mit neuer Nummer an (Prüfsumme des "
                f"Textes, wie er jetzt ist: {actual})")
        self.texts[version.sha256] = content
        yield from self._form(kind, path, version, content)

    def _form(self, kind: PaperKind, path: Path_, version: PassVersion, content: bytes) -> Problems:
        """Check that a page can show the content."""
        suffix = Path(version.file).suffix
        if kind == "dienstvereinbarung" and suffix == ".pdf":
            if not content.startswith(b"%PDF-"):
                yield self.source.problem((*path, "file"), f"Die Datei {shown(version.file)} ist kein PDF",
                                          "speichern Sie das Papier als PDF oder nennen Sie eine Datei mit „.md“")
            return
        if suffix != ".md":
            pdf = "„.md“ (Markdown) oder „.pdf“" if kind == "dienstvereinbarung" else "„.md“ (Markdown)"
            yield self.source.problem((*path, "file"), f"Die Datei {shown(version.file)} hat eine Form, die sich hier "
                                      "nicht zeigen lässt", f"nennen Sie eine Datei mit der Endung {pdf}")
            return
        name = f"{self.folder.name}/{version.file}"
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[:error.start].count(b"\n") + 1
            yield PolicyProblem(name, line, "", "Die Datei ist nicht in UTF-8 gespeichert",
                                "speichern Sie sie im Editor mit der Kodierung UTF-8")
            return
        try:
            if kind in _FORMS:
                _FORMS[kind](text)
        except Mistakes as found:
            yield from (PolicyProblem(name, m.line, "", m.what, m.remedy) for m in found.mistakes)


def read(source: Source, content: KiPass, *, folder: Path) -> Papers:
    """Read every file, and check that versions form a chain and that files are there, unchanged and usable."""
    papers = Papers(source, folder)
    for kind in get_args(DocumentKind):
        papers.versions(kind, ("documents", kind), getattr(content.documents, kind))
    for key, versions in content.courses.items():
        papers.versions("kurs", ("courses", key), versions)
    return papers


def _follow(source: Source, path: Path_, versions: Sequence[PassVersion]) -> Problems:
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


def module(key: str, written: PassModule) -> Module:
    """Return a module as the KI-Pass computes with it."""
    return Module(key, written.kind, written.title, written.minutes, written.valid_months, written.document,
                  written.course)


def scope(key: str, written: PassScope) -> Scope:
    """Return a scope as the KI-Pass computes with it."""
    return Scope(key, written.name, tuple(dict.fromkeys(written.modules)))


def document(kind: PaperKind, written: PassVersion, course: str = "") -> Document:
    """Return a version as the KI-Pass computes with it."""
    grace = written.grace_days if isinstance(written, PassDocument) else 0
    return Document(kind, written.version, written.title, written.sha256, written.valid_from, written.change,
                    grace, written.supersedes, written.file, course)
