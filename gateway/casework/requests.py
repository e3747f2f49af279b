"""Requests of people (Art. 15 and 17 GDPR), complaints about the use of AI, and feedback from staff.

A request has one month from the day it came in (Art. 12(3)), which can become three with a reason. Every step is an
entry of its history and a record. What is disclosed is made by whoever shows it (`gateway.web.disclosure`); here it is
said before that it will be. The words of a complaint stay in the gateway's database. Feedback names nobody: who gave it
is not stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from gateway.casework.incidents import Ledger
from gateway.casework.matters import Opening, add_note, begin, known, say, written
from gateway.casework.watching import AUTO, open_finding
from gateway.model.casework import KINDS_OF_PROBLEM, PLACES, REQUESTS, STEPS, Matter
from gateway.model.deadlines import BERLIN, DUE_DAYS, begin_of, days_after, end_of, months_after
from gateway.model.findings import RULES
from gateway.registry.books import Actor, Books
from gateway.store import InvalidError, matters, people

VORGANG: Final = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}")
"""What a Vorgangsnummer looks like; nothing else fits into that field, so nobody can write a text there."""


def open_request(books: Books, actor: Actor, about: str, received: date, values: Mapping[str, str]) -> Matter:
    """Take in a request."""
    if about not in REQUESTS:
        raise InvalidError("Bitte wählen Sie, worum es geht.")
    if received > books.now().astimezone(BERLIN).date():
        raise InvalidError("Der Tag des Eingangs liegt in der Zukunft.")
    if about == "auskunft_buerger" and not (values.get("aktenzeichen") or values.get("von")):
        raise InvalidError("Bitte geben Sie das Aktenzeichen an, oder Zeitraum und Amt.")
    with books.writing() as connection:
        if about != "auskunft_buerger" and people.by_email(connection, values.get("email", "")) is None:
            raise InvalidError("Unter dieser E-Mail-Adresse ist niemand eingetragen.")
        made = begin(books, connection, actor, Opening("anfrage", about, due_at=end_of(months_after(received, 1))))
        matters.write_sheet(connection, made.id, {**values, "eingang": received.isoformat()}, (), actor.subject,
                            books.now())
    return made


def extend(books: Books, actor: Actor, id_: str, version: int, reason: str) -> Matter:
    """Take two months more, once, with a reason that the person is told (Art. 12(3) sentence 2)."""
    text = written(reason, needed="Bitte begründen Sie die Verlängerung. Die anfragende Person ist innerhalb des "
                                  "ersten Monats davon zu unterrichten.")
    with books.writing() as connection:
        of = known(connection, id_, version)
        values = matters.sheet(connection, id_).values
        due = end_of(months_after(date.fromisoformat(values["eingang"]), 3))
        if of.kind != "anfrage" or of.due_at is None or of.due_at >= due:
            raise InvalidError("Diese Frist lässt sich nicht weiter verlängern.")
        made = matters.change(connection, of, due_at=due)
        entry = add_note(books, connection, actor, of, "frist", f"{due.isoformat()}\n{text}")
        say(books, actor, made, "due", {"number": entry.number, "due": due.isoformat(), "note_sha256": entry.digest})
    return made


def step(books: Books, actor: Actor, id_: str, name: str) -> None:
    """Write down that a step was done."""
    if name not in STEPS:
        raise InvalidError("Diesen Schritt gibt es nicht.")
    with books.writing() as connection:
        of = known(connection, id_)
        entry = add_note(books, connection, actor, of, "schritt", STEPS[name])
        say(books, actor, of, "step", {"step": name, "number": entry.number})


def disclosed(books: Books, actor: Actor, id_: str, form: str, rows: int) -> None:
    """Write down that an answer is made, before it is shown: how many rows, never whose."""
    with books.writing() as connection:
        of = known(connection, id_)
        entry = add_note(books, connection, actor, of, "ausgabe", f"{form.upper()}, {rows} Einträge")
        say(books, actor, of, "export", {"format": form, "rows": rows, "number": entry.number})


def person_of(books: Books, id_: str) -> str:
    """Return the opaque id of the employee that a request is about."""
    with books.reading() as connection:
        found = people.by_email(connection, matters.sheet(connection, id_).values.get("email", ""))
    if found is None:
        raise InvalidError("Diese Person ist nicht mehr eingetragen; ihre Einträge lassen sich ihr nicht mehr "
                           "zuordnen.")
    return found.id


def erase(books: Books, ledger: Ledger, actor: Actor, id_: str, version: int) -> tuple[int, int]:
    """Make the records of the person nobody's; return how many, and how many a case holds back. Cannot be undone."""
    with books.reading() as connection:
        of = known(connection, id_, version)
        if of.about != "loeschung_person" or not of.open:
            raise InvalidError("Gelöscht wird nur in einer offenen Anfrage auf Löschung.")
    subject = person_of(books, id_)
    if subject == actor.subject:
        raise InvalidError("Das sind Ihre eigenen Einträge. Sie zeigen auch, was Sie in diesem Amt angesehen haben. "
                           "Bitte lassen Sie Ihre Vertretung darüber entscheiden.")
    erased, held = ledger.erase_subject(subject, "antrag", id_)
    with books.writing() as connection:
        entry = add_note(books, connection, actor, of, "schritt",
                         f"Personenbezug gelöscht: {erased} Teile, {held} werden für einen Fall aufbewahrt.")
        say(books, actor, of, "erasure", {"erased": erased, "held": held, "number": entry.number})
    return erased, held


def complain(books: Books, values: Mapping[str, str], days: int) -> Matter:
    """Take in a complaint from the public, and a finding that points to it."""
    text = written(values.get("text", ""), needed="Bitte beschreiben Sie, worum es geht.")
    with books.writing() as connection:
        made = begin(books, connection, AUTO, Opening("ruege", due_at=days_after(books.now(), days)))
        kept = {name: written(values.get(name, ""))[:300] for name in ("name", "kontakt", "aktenzeichen", "amt")}
        matters.write_sheet(connection, made.id, {**kept, "text": text}, (), "", books.now())
        open_finding(books, connection, RULES["ki_ruege"], made.id, f"ki_ruege:{made.id}", parent=made.id)
    return made


def feedback(books: Books, values: Mapping[str, str]) -> Matter:
    """Take in feedback from staff: what kind, where, perhaps which exchange. Not who."""
    kind, place = values.get("art", ""), values.get("stelle", "")
    if kind not in KINDS_OF_PROBLEM:
        raise InvalidError("Bitte wählen Sie, was nicht gut war.")
    if place not in PLACES:
        raise InvalidError("Bitte wählen Sie, wo es auffiel.")
    vorgang = values.get("vorgang", "").strip().upper()
    if vorgang and not VORGANG.fullmatch(vorgang):
        raise InvalidError("Eine Vorgangsnummer hat drei Gruppen aus vier Zeichen, zum Beispiel 7F3K-2QXM-9BTD. Bitte "
                           "prüfen Sie die Nummer oder lassen Sie das Feld leer.")
    with books.writing() as connection:
        due = days_after(books.now(), DUE_DAYS["niedrig"])
        made = begin(books, connection, AUTO, Opening("befund", "rueckmeldung", severity="niedrig", due_at=due),
                     {"problem": kind, "place": place})
        matters.write_sheet(connection, made.id, {"art": kind, "stelle": place,
                                                  "vorgang": vorgang}, (), "", books.now())
    return made


def span(values: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return the period that a request names, in microseconds since 1970, its last day included."""
    def us(text: str, more: int) -> int | None:
        try:
            return int(begin_of(date.fromisoformat(text) + timedelta(days=more)).timestamp()) * 1_000_000
        except (ValueError, OverflowError):
            return None
    return us(values.get("von", ""), 0), us(values.get("bis", ""), 1)
