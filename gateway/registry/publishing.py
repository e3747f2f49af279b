"""Publishes a new version of a document or of a course: checked, tried out on a copy of the folder, then written.

The versions are policy and stand in the policy folder (`gateway.registry.publication` writes them there); this is the
one way to a new one, for the command and for the page of the pass office.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from difflib import unified_diff
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_args

from gateway.kipass.calendar import end_of_grace
from gateway.model.kipass import BASIS, Change, Document, DocumentKind, KiPassConfig
from gateway.model.office import Draft, DraftSeen
from gateway.registry.books import Actor, Books
from gateway.registry.publication import RULES, Publication, apply, try_out
from gateway.store import InvalidError, pass_index
from gateway.store.locks import alone

MOST_LINES: Final = 400
"""Lines of a comparison that are shown."""
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,19}\Z")


def every(rules: KiPassConfig) -> Mapping[str, tuple[Document, ...]]:
    """Return every version of everything, by the name that commands and addresses take."""
    return {**{kind: rules.documents.get(kind, ()) for kind in get_args(DocumentKind)},
            **{f"kurs:{key}": versions for key, versions in rules.courses.items()}}


def prepare(rules: KiPassConfig, draft: Draft) -> Publication:
    """Return what is to be written. Raises `InvalidError` with what is wrong with the draft."""
    empty, known = _kind(draft.kind), every(rules).get(draft.kind, ())
    how: Change = _one_of(draft.change, get_args(Change), "Die Änderung")
    last = known[-1] if known else None
    if not _VERSION.match(draft.version):
        raise InvalidError("Bitte nennen Sie die Fassung mit einer Nummer, zum Beispiel 2.1.")
    if any(d.version == draft.version for d in known):
        raise InvalidError(f"Die Fassung {draft.version} gibt es schon. Bitte zählen Sie weiter.")
    if last is not None and draft.valid_from <= last.valid_from:
        raise InvalidError(f"Die Fassung {last.version} gilt ab {last.valid_from:%d.%m.%Y}. Eine neue kann erst danach "
                           "gelten; bitte nennen Sie als ersten Tag einen späteren Tag.")
    heading = draft.title.strip() or (last.title if last else "")
    if not heading:
        raise InvalidError("Bitte geben Sie den Titel an.")
    digest = sha256(draft.content).hexdigest()
    if any(d.sha256 == digest for d in known):
        raise InvalidError("Genau diese Datei ist schon als Fassung eingetragen.")
    return Publication(replace(
        empty, version=draft.version, title=heading, sha256=digest, valid_from=draft.valid_from, change=how,
        grace_days=0 if empty.course else draft.grace_days, supersedes=last.version if last else None,
        file=f"documents/{draft.kind.replace(':', '-')}-{draft.version}{draft.suffix}"), draft.content)


def publish(books: Books, actor: Actor, new: Publication, policies: Path, load: Callable[[Path], object]) -> None:
    """Publish a version that was tried out on a copy of the folder.

    Two at the same moment (or one button pressed twice) would each pass the trial and together spoil the rules: the
    second finds them changed.
    """
    before = (policies / RULES).read_bytes()
    try_out(new, policies, load)
    with books.writing() as connection:
        alone(connection, "publish")
        if (policies / RULES).read_bytes() != before:
            raise InvalidError("Die Richtlinien wurden eben geändert. Bitte sehen Sie sich die Fassungen noch einmal "
                               "an, bevor Sie veröffentlichen.")
        # Recorded first: a version that nobody can find in the ledger must not come into force.
        books.record("policy.change", {"document": new.entry.name, "version": new.entry.version,
                                       "sha256": new.entry.sha256, "change": new.entry.change,
                                       "grace_days": new.entry.grace_days, **actor.meta}, actor.subject or None)
        apply(new, policies)


def seen(books: Books, new: Publication) -> DraftSeen:
    """Return what a version would change: for whom, until when, and in which lines."""
    entry, rules = new.entry, books.rules
    last = next(iter(reversed(every(rules).get(entry.name, ()))), None)
    asks = entry.kind == "dienstvereinbarung" and entry.change == "wesentlich"
    with books.reading() as connection:
        held = pass_index.counts(connection, BASIS)
    before, after = _lines(rules.texts.get(last.sha256, b"") if last else b""), _lines(new.content)
    return DraftSeen(entry, last, held["gueltig"] + held["kulanz"] if asks else 0,
                     end_of_grace(entry.valid_from, entry.grace_days) if asks else None,
                     tuple(islice(unified_diff(before, after, lineterm="", n=2), 2, MOST_LINES)))


def _lines(content: bytes) -> list[str]:
    """Return the lines of a text; nothing for a PDF, whose bytes tell a reader nothing."""
    return [] if content.startswith(b"%PDF") else content.decode("utf-8-sig", "replace").splitlines()


def writable(policies: Path) -> bool:
    """Whether this process may change the policy folder."""
    return os.access(policies, os.W_OK) and os.access(policies / RULES, os.W_OK)


def _kind(word: str) -> Document:
    """Return what is to be published, with nothing in it yet."""
    kind, _, course = word.partition(":")
    if kind == "kurs" and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,47}", course):
        return Document("kurs", "", "", "", date.min, course=course)
    if kind == "kurs":
        raise InvalidError("Bitte nennen Sie den Kurs mit einem Namen aus Kleinbuchstaben, Ziffern und „-“, zum "
                           "Beispiel kurs:grundlagen.")
    checked: DocumentKind = _one_of(word, get_args(DocumentKind), "Die Art")
    return Document(checked, "", "", "", date.min)


def _one_of(word: str, known: tuple[Any, ...], what: str) -> Any:
    if word not in known:
        raise InvalidError(f"{what} „{word[:64]}“ gibt es nicht. Möglich sind: {', '.join(known)}.")
    return word
