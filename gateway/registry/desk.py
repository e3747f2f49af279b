"""The pass office as its pages see it: every question and every act, with failures put into words for people.

What the person at the desk can do something about becomes ``anfrage_ungueltig`` with the sentence for the form; a
database or a ledger that does not answer becomes what the page of errors shows. An import runs in a thread of this
process: how far it is stands in the database, so any replica tells; when the process dies the transaction goes with it,
nothing was entered, and the row says so as soon as its time is up.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from audit.sheet import table
from gateway.kipass import last_day
from gateway.kipass.documents import in_force
from gateway.kipass.messages import STATES, german
from gateway.model.completions import Columns, ImportPlan, ImportState
from gateway.model.kipass import PassEventKind
from gateway.model.office import DocumentKindView, Draft, DraftSeen, FileSeen, PeoplePage, PersonFile, Standing, Wanted
from gateway.policy import load_policies
from gateway.policy.problems import PolicyErrors
from gateway.registry import completions, office, publishing
from gateway.registry import passes as acts
from gateway.registry.books import Actor, Books
from gateway.registry.publication import FolderError, Publication, try_out
from gateway.registry.said import in_words
from gateway.registry.table_file import read
from gateway.store import InvalidError, uploads, writing

_log = logging.getLogger(__name__)
KEPT: Final = timedelta(hours=1)
LONGEST_RUN: Final = timedelta(minutes=15)
"""An import that says nothing for so long has ended with its process."""
_SAMPLE: Final = 3
_WIDE: Final = 12
"""Lines and columns of a file that the page shows."""
_GONE: Final = ("Die Datei ist nicht mehr da: Sie wird nur eine Stunde aufbewahrt, und nur für Sie. Bitte wählen Sie "
                "die Datei noch einmal.")


@dataclass(frozen=True, slots=True)
class PassOffice:
    """Implements `gateway.web.office_ports.Office`. All methods block. `by` is the opaque id of who acts."""

    books: Books
    folder: Path | None = None
    """The policy folder; None: nothing is published here."""
    load: Callable[[Path], object] = load_policies

    def standing(self) -> Standing:
        """Return how the house stands."""
        with _in_words():
            return office.standing(self.books)

    def page(self, wanted: Wanted, after: str) -> PeoplePage:
        """Return one page of the list."""
        with _in_words():
            return office.page(self.books, wanted, after)

    def export(self, by: str, wanted: Wanted) -> str:
        """Return the whole list as CSV; the ledger is told how many people are on it."""
        with _in_words():
            names = {key: known.name for key, known in self.books.policies().departments.items()}
            rows = [(one.name, one.email, names.get(one.department, one.department), STATES[one.state],
                     german(last_day(one.until)) if one.until else "") for one in office.everybody(self.books, wanted)]
            self.books.record("export", {"list": "ki-pass", "scope": wanted.scope, "rows": len(rows),
                                         **_actor(by).meta}, by)
            return "".join(table(("Name", "E-Mail-Adresse", "Amt", "KI-Pass", "Gilt bis"), rows))

    def person(self, person_id: str) -> PersonFile:
        """Return the file of one person."""
        with _in_words():
            return office.person_file(self.books, person_id)

    def enter(self, by: str, person_id: str, module: str, day: date) -> None:
        """Enter a completion by hand."""
        with _in_words():
            acts.enter(self.books, _actor(by), person_id, module, day)

    def act(self, by: str, person_id: str, event: PassEventKind, scope: str | None, reason: str) -> None:
        """Block, unblock, withdraw, grant."""
        with _in_words():
            acts.act(self.books, _actor(by), person_id, event, scope, reason)

    def revoke(self, by: str, person_id: str, evidence_id: int, reason: str) -> None:
        """Let one piece of evidence count no more."""
        with _in_words():
            acts.revoke_one(self.books, _actor(by), person_id, evidence_id, reason)

    def hand_in(self, by: str, data: bytes) -> FileSeen:
        """Keep a file, sealed, for an hour; return what is in it."""
        with _in_words():
            seen, now = _seen(secrets.token_urlsafe(24), data), self.books.now()
            with writing(self.books.engine, bump=False) as connection:
                uploads.keep(connection, seen.id, "completions", by, data, now, now + KEPT)
            return seen

    def seen(self, by: str, file: str, course: str = "") -> FileSeen:
        """Return what is in a file that was handed in, with the courses that a column names."""
        with _in_words():
            return _seen(file, self._file(by, file), course)

    def trial(self, by: str, file: str, columns: Columns) -> ImportPlan:
        """Return what an import would change."""
        with _in_words():
            return completions.dry_run(self.books, read(self._file(by, file)), columns)

    def start(self, by: str, file: str, columns: Columns) -> str:
        """Begin the import; return under which name its state is found. Pressing the button twice begins once."""
        with _in_words():
            data, now = self._file(by, file), self.books.now()
            with writing(self.books.engine, bump=False) as connection:
                if not uploads.begin(connection, file, by, now):
                    raise InvalidError(_GONE)
            threading.Thread(target=copy_context().run, args=(self._run, by, file, data, columns), name="import",
                             daemon=True).start()
            return uploads.name_of(file)

    def imports(self, by: str) -> list[ImportState]:
        """Return the imports of this hour."""
        with _in_words():
            now = self.books.now()
            with self.books.reading() as connection:
                found = uploads.states(connection, by, now)
            return [replace(s, state="unterbrochen") if s.state == "laeuft" and now - s.since > LONGEST_RUN else s
                    for s in found]

    def documents(self) -> list[DocumentKindView]:
        """Return the versions of everything that staff read, and what applies."""
        rules, now = self.books.rules, self.books.now()
        return [DocumentKindView(name, versions[::-1], in_force(versions, now))
                for name, versions in publishing.every(rules).items()]

    @property
    def can_publish(self) -> bool:
        """Whether this process may change the policy folder."""
        return self.folder is not None and publishing.writable(self.folder)

    def draft(self, draft: Draft) -> DraftSeen:
        """Return what publishing would do, tried out on a copy of the folder."""
        with _in_words():
            new = self._prepared(draft)
            try_out(new, *self._place())
            return publishing.seen(self.books, new)

    def publish(self, by: str, draft: Draft) -> None:
        """Publish a new version. It applies here with the next look at the folder, some seconds later."""
        with _in_words():
            publishing.publish(self.books, _actor(by), self._prepared(draft), *self._place())

    def _prepared(self, draft: Draft) -> Publication:
        return publishing.prepare(self.books.rules, draft)

    def _place(self) -> tuple[Path, Callable[[Path], object]]:
        if self.folder is None or not self.can_publish:
            raise InvalidError("Die KI-Pforte darf den Ordner der Richtlinien nicht ändern.")
        return self.folder, self.load

    def _file(self, by: str, file: str) -> bytes:
        with self.books.reading() as connection:
            data = uploads.recall(connection, file, by, self.books.now())
        if data is None:
            raise InvalidError(_GONE)
        return data

    def _run(self, by: str, file: str, data: bytes, columns: Columns) -> None:
        def tell(done: int, total: int, state: str = "laeuft") -> None:
            with writing(self.books.engine, bump=False) as connection:
                uploads.tell(connection, file, state, done, total)
        try:
            plan = completions.carry_out(self.books, _actor(by), read(data), columns,
                                         source_ref=completions.reference(data), tell=tell)
            tell(plan.entered, plan.read.lines, "fehler" if plan.read.problems else "fertig")
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread: the page must say how it ended
            _log.error("an import was not carried out: %s", type(error).__name__)
            tell(0, 0, "fehler")


def _actor(by: str) -> Actor:
    return Actor("web", by, "ki-pass-stelle")


def _seen(id_: str, data: bytes, course: str = "") -> FileSeen:
    found = read(data)
    shown = [i for i, heading in enumerate(found.headings) if heading and not completions.measures(heading)]
    sample = [tuple(cells[i] if i < len(cells) else "" for i in shown[:_WIDE])
              for _, cells in islice(found.rows(), _SAMPLE)]
    guess = completions.guess(found.headings)
    return FileSeen(id_, tuple(found.headings[i] for i in shown), tuple(sample), guess,
                    tuple(completions.courses_in(found, course or guess.course)))


@contextmanager
def _in_words() -> Iterator[None]:
    with in_words():
        try:
            yield
        except PolicyErrors as error:
            raise InvalidError(f"Mit dieser Fassung wären die Richtlinien nicht verwendbar: {error}") from None
        except FolderError as error:
            raise InvalidError(str(error)) from None
