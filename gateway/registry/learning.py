"""What people do for their KI-Pass by themselves: read, learn, go through the checklist, acknowledge.

Kept true: nobody acknowledges what was not shown (a step is finished with the hash of the version on the page); a
course is finished only when every section was read; a training that takes place elsewhere is never finished here; what
somebody answered, how often and how quickly never comes this far.

How far somebody came in a course is no fact for the ledger: it would say who learned when. It is kept until the course
is finished, as keys of sections and a day, and finishing it is the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.kipass.calendar import day_of
from gateway.kipass.documents import course_of, in_force, versions_of
from gateway.model.course import Progress
from gateway.model.kipass import Document, Evidence, KiPassConfig, Module
from gateway.registry.books import Actor, Books, active_person
from gateway.registry.passes import PassFile, file_of, settled
from gateway.registry.said import in_words
from gateway.store import InvalidError, courses, writing
from gateway.store import passes as proofs

_ELSEWHERE: Final = "Diesen Schritt trägt die KI-Pass-Stelle ein, sobald Sie teilgenommen haben."


class NotShownError(InvalidError):
    """The version that the person read is not the one that counts now."""

    def __init__(self) -> None:
        super().__init__("Inzwischen gilt eine andere Fassung. Bitte lesen Sie zuerst diese.")


def progress(books: Books, person_id: str) -> Mapping[str, frozenset[str]]:
    """Return the sections that a person has read, by module, as far as they count for the courses in force."""
    rules, now = books.rules, books.now()
    with books.reading() as connection:
        found = courses.of(connection, person_id, day_of(now))
    return {key: _counting(rules, rules.modules[key], one, now) for key, one in found.items() if key in rules.modules}


def read_section(books: Books, person_id: str, module: str, section: str, shown: str) -> frozenset[str]:
    """Write down that a person has read a section; return all that they have read.

    Raises `NotShownError`, and `InvalidError` when there is no such section or the person may no longer sign in.
    """
    rules, now = books.rules, books.now()
    version = _version(rules, _module(rules, module), shown, now)
    if section not in _sections(rules, version):
        raise InvalidError("Diesen Abschnitt gibt es im Kurs nicht mehr.")
    with writing(books.engine, bump=False) as connection:  # no cached answer depends on it
        active_person(connection, person_id)
        before = courses.of(connection, person_id, day_of(now)).get(module)
        read = (_counting(rules, rules.modules[module], before, now) if before else frozenset()) | {section}
        courses.write(connection, person_id, module, Progress(version.sha256, read), day_of(now))
    return read


def finish(books: Books, actor: Actor, person_id: str, module: str, shown: str) -> PassFile:
    """Write down that a person finished a step, with the version that was `shown` to them (its hash).

    That is the one in force; a Dienstvereinbarung that is announced may be acknowledged early. Finishing the same
    version again on the same day changes nothing (a form that was sent twice).
    """
    rules, now = books.rules, books.now()
    version = _version(rules, _module(rules, module), shown, now)
    with books.writing() as connection:
        person = active_person(connection, person_id)
        before = file_of(books, connection, person)
        if any(_same(e, module, version, now) for e in before.proof.evidence):
            return before
        if rules.modules[module].course is not None:
            one = courses.of(connection, person_id, day_of(now)).get(module)
            read = _counting(rules, rules.modules[module], one, now) if one else frozenset()
            if left := _sections(rules, version) - read:
                raise InvalidError("Ein Abschnitt des Kurses ist noch offen." if len(left) == 1 else
                                   f"{len(left)} Abschnitte des Kurses sind noch offen.")
            courses.forget(connection, person_id, module)
        proofs.record(connection, [(person_id, Evidence(module, now, version.sha256))], source="selbst",
                      recorded_by="selbst", now=now)
        books.record("pass.nachweis", {"modules": [module], "document": version.sha256, "scope": "", **actor.meta},
                     person_id)
        return settled(books, connection, person)


@dataclass(frozen=True, slots=True)
class Learner:
    """The acts above as pages ask for them (`gateway.web.learning.Learning`)."""

    books: Books

    def progress(self, person_id: str) -> Mapping[str, frozenset[str]]:
        """See `progress`."""
        with in_words():
            return progress(self.books, person_id)

    def read(self, person_id: str, module: str, section: str, shown: str) -> frozenset[str] | None:
        """See `read_section`; None: another version is in force by now."""
        with in_words():
            try:
                return read_section(self.books, person_id, module, section, shown)
            except NotShownError:
                return None

    def finish(self, person_id: str, module: str, shown: str) -> bool:
        """See `finish`; False: another version is in force by now, and nothing was written."""
        with in_words():
            try:
                finish(self.books, Actor("web", person_id, "staff"), person_id, module, shown)
            except NotShownError:
                return False
            return True


def _module(rules: KiPassConfig, key: str) -> Module:
    module = rules.modules.get(key)
    if module is None:
        raise InvalidError("Diesen Schritt gibt es nicht.")
    if module.kind == "schulung" and module.course is None:
        raise InvalidError(_ELSEWHERE)
    return module


def _version(rules: KiPassConfig, module: Module, shown: str, now: datetime) -> Document:
    """Return the version that was shown, if it is one that counts. Raises `NotShownError`."""
    versions = versions_of(rules, module)
    current = in_force(versions, now)
    counting = [d for d in versions if d == current
                or (module.kind == "kenntnisnahme_dv" and d.valid_from > day_of(now))]
    found = next((d for d in counting if d.sha256 == shown), None)
    if found is None:
        raise NotShownError
    return found


def _sections(rules: KiPassConfig, version: Document) -> frozenset[str]:
    if not version.course:
        return frozenset()
    return frozenset(section.key for section in course_of(rules, version).sections)


def _counting(rules: KiPassConfig, module: Module, one: Progress, now: datetime) -> frozenset[str]:
    """Return the sections that still count: all of them while the changes since are editorial, else none."""
    versions = versions_of(rules, module)
    current = in_force(versions, now)
    hashes = [d.sha256 for d in versions]
    if current is None or one.document_sha256 not in hashes:
        return frozenset()
    since = versions[hashes.index(one.document_sha256) + 1:versions.index(current) + 1]
    if any(d.change == "wesentlich" for d in since):
        return frozenset()
    return one.sections & _sections(rules, current)


def _same(one: Evidence, module: str, version: Document, now: datetime) -> bool:
    return replace(one, completed_at=now) == Evidence(module, now, version.sha256) \
        and day_of(one.completed_at) == day_of(now)
