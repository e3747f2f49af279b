"""Reminders of the KI-Pass by e-mail: before it ends, and when a new Dienstvereinbarung waits to be read.

Kept true: nobody is reminded twice of the same (the row of the table ``reminder`` is written before the letter goes,
so that several processes send one; it is taken back when the mail server refuses, and the next run tries again);
nobody who left or is blocked is written to; what a letter says is worked out from the evidence at that moment. A
process that dies between row and letter leaves that one unsent rather than sent twice. The ledger is told how many,
never who.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import Template
from typing import Final

from gateway.kipass import last_day, passes
from gateway.kipass.calendar import day_of
from gateway.kipass.messages import german
from gateway.model.people import Person
from gateway.registry.books import Actor, Books
from gateway.registry.mail import Letter, Mailer
from gateway.store import passes as proofs
from gateway.store import people, reminders, writing

BATCH: Final = 50
MOST: Final = 5000
"""Letters of one run; the next one goes on."""
SUBJECT: Final = "Ihr KI-Pass: bitte bis $tag erneuern"
TEXT: Final = """Guten Tag $name,

$punkte

Hier geht es weiter: $link

Danach können Sie wie gewohnt weiterarbeiten. Fragen beantwortet: $kontakt

Diese Nachricht wurde automatisch verschickt.
"""
"""How a letter reads; the file ``documents/erinnerung.txt`` of the policies takes its place if it is there."""


@dataclass(frozen=True, slots=True)
class Due:
    """One person who is to be reminded, and of what."""

    person: Person
    about: tuple[str, ...]
    """What the table remembers: a reason with scope, day and stage."""
    reasons: tuple[str, ...]
    points: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    sent: int = 0
    failed: int = 0


def due(books: Books, days: Sequence[int], limit: int = MOST) -> list[Due]:
    """Return who is to be reminded now; `days`: how many days before the end."""
    now, rules = books.now(), books.rules
    with books.reading() as connection:
        ids = reminders.candidates(connection, now + timedelta(days=max(days, default=0) + 1))
        there, proof, known = people.by_ids(connection, ids), proofs.of_many(connection, ids), \
            reminders.known(connection, ids)
    found = []
    for id_ in ids:
        person, own = there.get(id_), proof.get(id_, proofs.Proof())
        if person is None or not person.active:
            continue
        items = []
        for scope, status in passes(own.evidence, own.events, rules, now).items():
            stage = _stage(status.until, now, days)
            if status.until is None or status.state not in ("gueltig", "kulanz") or (
                    status.state == "gueltig" and stage is None):
                continue
            reason = "dienstvereinbarung" if status.state == "kulanz" else "ablauf"
            about = f"{reason}:{scope}:{day_of(status.until).isoformat()}:{'neu' if stage is None else stage}"
            if about not in known.get(id_, ()):
                items.append((about, reason, _point(rules.scopes[scope].name, reason, status.until), status.until))
        if items:
            found.append(Due(person, tuple(i[0] for i in items), tuple(i[1] for i in items),
                             tuple(i[2] for i in items), min(i[3] for i in items)))
        if len(found) == limit:
            break
    return found


def counted(found: Sequence[Due]) -> dict[str, int]:
    """Return how many people are to be reminded for which reason."""
    return dict(Counter(reason for one in found for reason in set(one.reasons)))


def send(books: Books, actor: Actor, mailer: Mailer, days: Sequence[int], template: str = TEXT,
         limit: int = MOST) -> Outcome:
    """Remind everybody who is to be reminded. Raises `MailError`: nobody was, or not all (what was sent is noted)."""
    found, sent, failed = due(books, days, limit), 0, 0
    try:
        for start in range(0, len(found), BATCH):
            mine = _claimed(books, found[start:start + BATCH])
            taken = [False] * len(mine)
            try:
                taken = mailer.send([_letter(books, one, template) for one in mine])
            finally:
                missed = [one for one, there in zip(mine, taken, strict=True) if not there]
                _give_back(books, missed)
                sent, failed = sent + len(mine) - len(missed), failed + len(missed)
    finally:
        if sent or failed:
            books.record("reminder.sent", {"count": sent, "failed": failed, **actor.meta}, actor.subject or None)
    return Outcome(sent, failed)


def _claimed(books: Books, found: Sequence[Due]) -> list[Due]:
    """Return those whom no other process is just writing to."""
    day = day_of(books.now())
    with writing(books.engine, bump=False) as connection:
        return [one for one in found if reminders.claim(connection, one.person.id, one.about, day)]


def _give_back(books: Books, missed: Sequence[Due]) -> None:
    if missed:
        with writing(books.engine, bump=False) as connection:
            for one in missed:
                reminders.give_back(connection, one.person.id, one.about)


def _letter(books: Books, one: Due, template: str) -> Letter:
    rules = books.rules
    values = {"name": " ".join(one.person.name.split()), "punkte": "\n".join(one.points), "link": rules.link,
              "kontakt": rules.contact, "tag": german(last_day(one.until))}
    subject, text = (Template(words).safe_substitute(values) for words in (SUBJECT, template))
    return Letter(one.person.email, subject, text)


def _point(scope: str, reason: str, until: datetime) -> str:
    day = german(last_day(until))
    if reason == "dienstvereinbarung":
        return (f"es gibt eine neue Dienstvereinbarung. Bitte lesen Sie sie bis zum {day}; so lange gilt Ihr KI-Pass "
                f"„{scope}“ weiter.")
    return f"Ihr KI-Pass „{scope}“ gilt bis zum {day}. Bitte erneuern Sie ihn vorher."


def _stage(until: datetime | None, now: datetime, days: Sequence[int]) -> int | None:
    """Return the last of the stages that has come: 14 when 10 days are left of stages 60 and 14."""
    reached = [stage for stage in days if until is not None and until - now <= timedelta(days=stage)]
    return min(reached, default=None)
