"""E-mails about casework: at once about what weighs heavily, once a month about everything that is open.

Kept true: one letter per matter and month, in however many processes (a mark is set before a letter goes, and taken
back when the mail server refuses); a letter holds numbers, titles and a link, never what somebody wrote, and nothing
about a person. Without a mail server nothing is sent and nothing is lost: the pages show the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.model.casework import Counted, Kind, Matter
from gateway.model.deadlines import BERLIN
from gateway.model.findings import title_of
from gateway.registry.books import Actor, Books
from gateway.registry.mail import Letter, Mailer, MailError
from gateway.store import matters, people, tallies, writing
from gateway.store.locks import alone
from gateway.web import words

_log = logging.getLogger(__name__)
_DIGEST = "monatsbrief"
_KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("befund", "Befund", "Befunde"), ("vorfall", "Vorfall", "Vorfälle"),
    ("anfrage", "Anfrage einer betroffenen Person", "Anfragen betroffener Personen"), ("ruege", "KI-Rüge", "KI-Rügen"))
_FROM_HOUR = 8


@dataclass(frozen=True, slots=True)
class Telling:
    """Writes to the data protection officers."""

    books: Books
    mailer: Mailer

    def urgent(self) -> int:
        """Write about open matters of severity ``hoch`` that nobody was written to about; return how many."""
        with self.books.reading() as connection:
            waiting = matters.untold(connection, "hoch")
        if not waiting:
            return 0
        with writing(self.books.engine, bump=False) as connection:
            taken = set(matters.tell(connection, [one.id for one in waiting], self.books.now()))
        mine = [one for one in waiting if one.id in taken]
        if mine and not self._send("KI-Pforte: bitte ansehen", self._urgent_text(mine), len(mine)):
            with writing(self.books.engine, bump=False) as connection:
                matters.tell(connection, [one.id for one in mine], None)
            return 0
        return len(mine)

    def monthly(self) -> bool:
        """Write the letter of the month, if it is time and nobody did; return whether it went."""
        now = self.books.now().astimezone(BERLIN)
        month = f"{now:%Y-%m}"
        if now.hour < _FROM_HOUR:
            return False
        with self.books.reading() as connection:
            before = tallies.mark(connection, _DIGEST)
            counted = matters.counted(connection, self.books.now())
        if before is not None and before[0] == month:
            return False
        with writing(self.books.engine, bump=False) as connection:
            alone(connection, _DIGEST)
            if tallies.mark(connection, _DIGEST) != before:
                return False
            tallies.set_mark(connection, _DIGEST, month, 0, self.books.now())
        if before is None:  # the first month of a house: there is nothing to look back to
            return False
        if self._send(f"KI-Pforte: Stand {now:%d.%m.%Y}", self._monthly_text(counted), 0):
            return True
        with writing(self.books.engine, bump=False) as connection:
            tallies.set_mark(connection, _DIGEST, before[0], 0, before[2])
        return False

    def _send(self, subject: str, text: str, about: int) -> bool:
        """Send the same letter to every data protection officer; true if it reached one."""
        with self.books.reading() as connection:
            officers = [one for one in people.every(connection).values() if one.active and "dpo" in one.roles]
        if not officers:
            _log.warning("there is no data protection officer to write to")
            return False
        try:
            sent = self.mailer.send([Letter(one.email, subject, text) for one in officers])
        except MailError as error:
            _log.warning("casework: %s", error)
            return False
        if any(sent):
            self.books.record("case.mail", {"count": sum(sent), "failed": len(sent) - sum(sent), "about": about,
                                            **Actor("auto").meta}, None)
        return any(sent)

    def _urgent_text(self, found: Sequence[Matter]) -> str:
        lines = [f"- {one.id}: {_title(one)}, {_until(one, self.books.now())}" for one in found]
        return ("Guten Tag,\n\nin der KI-Pforte braucht etwas bald Ihre Aufmerksamkeit:\n\n" + "\n".join(lines)
                + f"\n\nHier sehen Sie, was geschah und was zu tun ist: {self._address}/review/befunde\n\n"
                "Diese Nachricht wurde automatisch verschickt. Sie enthält keine Inhalte und keine Namen.\n")

    def _monthly_text(self, counted: dict[Kind, Counted]) -> str:
        now, lines = self.books.now(), []
        for kind, one, more in _KINDS:
            found = counted.get(kind, Counted())
            if found.open:
                late = f", davon {found.overdue} über der Frist" if found.overdue else ""
                age = (now - found.oldest).days if found.oldest else 0
                lines.append(f"- {found.open} {one if found.open == 1 else more} offen{late}, am längsten seit "
                             f"{age} {'Tag' if age == 1 else 'Tagen'}")
        said = "\n".join(lines) or "Es ist nichts offen. Sie müssen nichts tun."
        return (f"Guten Tag,\n\nder Stand der KI-Pforte in diesem Monat:\n\n{said}\n\n"
                f"Zur Übersicht: {self._address}/review\n\n"
                "Diese Nachricht wurde automatisch verschickt. Sie enthält keine Inhalte und keine Namen.\n")

    @property
    def _address(self) -> str:
        return self.books.policies().organisation.base_url.rstrip("/")


def _title(matter: Matter) -> str:
    return title_of(matter.about) if matter.kind == "befund" else {"vorfall": "Vorfall", "anfrage": "Anfrage",
                                                                   "ruege": "KI-Rüge"}[matter.kind]


def _until(matter: Matter, now: datetime) -> str:
    return words.left(matter.due_at, now) if matter.due_at else "ohne Frist"
