"""What the data protection officer keeps while reviewing: saved views, the note from the mailbox, verdicts on samples.

For pages: a `ReviewDesk`, whose methods block and raise `GatewayError` with a sentence for the person; then nothing has
changed. Kept true: a change of a shared view, and each verdict, stands in the ledger before it counts; the ledger is
told no name of a view, only its number and a digest of what it shows. A private view is nobody else's business.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from audit import FormatError, Note
from audit.checkpoint import Checkpoint
from gateway.model.people import Role
from gateway.model.review import KeptNote, PolicyText, SavedView
from gateway.registry.books import Actor, Books
from gateway.registry.rulebook import Rulebook
from gateway.registry.said import in_words
from gateway.store import InvalidError, review
from gateway.store.tables_review import NAME, QUERY

VERDICTS: Final = ("ohne", "befund")
MOST_VIEWS: Final = 100
MOST_NOTE: Final = 20_000


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """The acts of reviewing."""

    books: Books
    log: Callable[[], str]
    """The name of the log."""

    def views(self, person_id: str) -> list[SavedView]:
        """Return the views that somebody sees."""
        with in_words(), self.books.reading() as connection:
            return review.views(connection, person_id)

    def save_view(self, by: str, role: Role, name: str, query: str, *, shared: bool) -> SavedView:
        """Keep a filter under a name."""
        name = " ".join(name.split())
        with in_words():
            if not name or len(name) > NAME:
                raise InvalidError(f"Bitte geben Sie der Ansicht einen Namen mit höchstens {NAME} Zeichen.")
            if not query or len(query) > QUERY:
                raise InvalidError("Bitte setzen Sie zuerst einen Filter; ohne Filter ist es die Liste selbst.")
            new = SavedView(secrets.token_hex(6), by, shared, name, query, self.books.now())
            with self.books.writing() as connection:
                if review.own_views(connection, by) >= MOST_VIEWS:
                    raise InvalidError(f"Sie haben schon {MOST_VIEWS} Ansichten. Bitte entfernen Sie zuerst eine.")
                review.add_view(connection, new)
                if shared:
                    self._record("view.saved", new, by, role)
            return new

    def drop_view(self, by: str, role: Role, id_: str) -> SavedView | None:
        """Remove a view; None: there is none that this person sees."""
        with in_words(), self.books.writing() as connection:
            found = review.view(connection, id_, by)
            if found is not None:
                review.drop_view(connection, id_)
                if found.shared:
                    self._record("view.removed", found, by, role)
            return found

    def _record(self, kind: str, view: SavedView, by: str, role: Role) -> None:
        digest = hashlib.sha256(view.query.encode()).hexdigest()
        self.books.record(kind, {"saved": view.id, "filter": digest, **Actor("web", by, role).meta}, by)

    def note(self, person_id: str) -> KeptNote | None:
        """Return the note that somebody keeps here."""
        with in_words(), self.books.reading() as connection:
            return review.note(connection, person_id)

    def keep_note(self, person_id: str, text: str) -> KeptNote:
        """Keep a note of this log, as it lay in a mailbox, in place of the one before."""
        with in_words():
            kept = KeptNote(text := read_note(text), _size(text, self.log()), self.books.now())
            with self.books.writing() as connection:
                review.keep_note(connection, person_id, kept)
            return kept

    def judge(self, by: str, role: Role, month: str, record_id: str, verdict: str) -> None:
        """Put down what looking at one request of a sample showed."""
        with in_words():
            if verdict not in VERDICTS:
                raise InvalidError("Bitte wählen Sie, ob der Vorgang ohne Beanstandung ist oder ein Befund.")
            self.books.record("sample.verdict", {"sample": month, "record": record_id, "verdict": verdict,
                                                 **Actor("web", by, role).meta}, by)

    def rules(self, digest: str) -> PolicyText | None:
        """Return what the policies with this digest said."""
        with in_words():
            return Rulebook(self.books.engine, self.books.now).read(digest)


def read_note(text: str) -> str:
    """Return the note in what somebody pasted or uploaded: mail programs change line ends, and quote."""
    if len(text) > MOST_NOTE:
        raise InvalidError("Das ist zu lang für eine Notiz. Bitte fügen Sie nur die Notiz ein.")
    lines = [line.removeprefix("> ").rstrip() for line in text.replace("\r", "").split("\n")]
    marks = [n for n, line in enumerate(lines) if line.startswith("— ")]
    if not marks:
        raise InvalidError("Darin steht keine Notiz. Eine Notiz beginnt mit dem Namen des Protokolls und endet mit "
                           "einer Zeile, die mit „— “ beginnt.")
    gap = next((n for n in range(marks[0] - 1, -1, -1) if not lines[n]), -1)
    begin = max(0, gap - 3)
    return "\n".join([*lines[begin:gap], "", *(lines[n] for n in marks)]) + "\n"


def _size(text: str, log: str) -> int:
    try:
        found = Checkpoint.parse(Note.parse(text).text)
    except (FormatError, ValueError):
        raise InvalidError("Diese Notiz ist nicht lesbar. Bitte fügen Sie sie so ein, wie sie in Ihrem Postfach "
                           "liegt.") from None
    if found.origin != log:
        raise InvalidError("Diese Notiz gehört zu einem anderen Protokoll.")
    return found.size
