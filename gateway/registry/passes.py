"""Acts of the pass office on the KI-Pass: evidence was recorded, a pass was granted, withdrawn, blocked or freed.

The pass itself is never written: it follows from the evidence (`gateway.kipass`). The reason of a block stays in the
file of the pass office; the ledger takes no free text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.kipass import PassEvent, passes
from gateway.kipass.calendar import day_of, midnight
from gateway.kipass.documents import evidence_for
from gateway.kipass.status import SKEW
from gateway.model.kipass import BASIS, PassEventKind
from gateway.model.people import Person
from gateway.model.principal import PassStatus
from gateway.registry import index
from gateway.registry.books import Actor, Books, active_person, known_person
from gateway.store import InvalidError
from gateway.store import passes as proofs

LONGEST_REASON: Final = 500
OLDEST: Final = 2020
"""The first year in which anybody can have completed anything."""


@dataclass(frozen=True, slots=True)
class PassFile:
    """A person, what they can show, and what follows from it at this moment."""

    person: Person
    proof: proofs.Proof
    held: Mapping[str, PassStatus]


def pass_file(books: Books, person_id: str) -> PassFile:
    """Return what is on file about a person's pass. Raises `InvalidError`: there is nobody."""
    with books.reading() as connection:
        return file_of(books, connection, known_person(connection, person_id))


def grant(books: Books, actor: Actor, person_id: str, modules: Sequence[str], scope: str | None, *,
          event: bool) -> PassFile:
    """Write down that a person finished these modules; with `event` also that the pass was granted (for `scope`)."""
    rules, now = books.rules, books.now()
    if scope is not None:
        _check(rules.scopes, scope, "Den Bereich")
    for key in modules:
        _check(rules.modules, key, "Das Modul")
    with books.writing() as connection:
        person = known_person(connection, person_id)
        items = evidence_for(rules, modules, now, elsewhere=True)
        proofs.record(connection, [(person_id, e) for e in items], source="verwaltung", recorded_by=actor.name, now=now)
        if event:
            proofs.act(connection, person_id, PassEvent("erteilt", now, scope), by_role=actor.name)
        books.record("pass.erteilt" if event else "pass.nachweis",
                     {"modules": list(modules), "scope": scope or "", **actor.meta}, person_id)
        return settled(books, connection, person)


def enter(books: Books, actor: Actor, person_id: str, module: str, day: date) -> PassFile:
    """Write down that a person completed a module on a day, as the pass office knows it from elsewhere."""
    rules, now = books.rules, books.now()
    _check(rules.modules, module, "Das Modul")
    if day > day_of(now):
        raise InvalidError("Der Tag liegt in der Zukunft. Bitte tragen Sie ein, wann der Schritt abgeschlossen wurde.")
    if day.year < OLDEST:
        raise InvalidError("Der Tag liegt zu weit zurück. Bitte prüfen Sie das Jahr.")
    at = now if day == day_of(now) else midnight(day)
    with books.writing() as connection:
        person = active_person(connection, person_id)
        [new] = evidence_for(rules, [module], at, elsewhere=True)
        proofs.record(connection, [(person_id, new)], source="verwaltung", recorded_by=actor.name, now=now)
        books.record("pass.nachweis", {"modules": [module], "scope": "", **actor.meta}, person_id)
        return settled(books, connection, person)


def revoke_one(books: Books, actor: Actor, person_id: str, evidence_id: int, reason: str) -> PassFile:
    """Let one piece of evidence count no more. Raises `InvalidError`: it does not count any more, or no reason."""
    _check_reason(reason, needed=True)
    with books.writing() as connection:
        person = known_person(connection, person_id)
        module = proofs.revoke_one(connection, person_id, evidence_id, reason=reason.strip(), now=books.now())
        if module is None:
            raise InvalidError("Dieser Nachweis zählt schon nicht mehr.")
        books.record("pass.nachweis_widerrufen", {"modules": [module], "count": 1, **actor.meta}, person_id)
        return settled(books, connection, person)


def revoke_evidence(books: Books, actor: Actor, person_id: str, modules: Sequence[str], reason: str) -> PassFile:
    """Let the evidence of these modules count no more."""
    for key in modules:
        _check(books.rules.modules, key, "Das Modul")
    _check_reason(reason)
    with books.writing() as connection:
        person = known_person(connection, person_id)
        count = proofs.revoke(connection, person_id, modules, reason=reason or "ohne Angabe", now=books.now())
        books.record("pass.nachweis_widerrufen", {"modules": list(modules), "count": count, **actor.meta}, person_id)
        return settled(books, connection, person)


def act(books: Books, actor: Actor, person_id: str, event: PassEventKind, scope: str | None = None,
        reason: str = "") -> PassFile:
    """Write down an act of the pass office: block, free, withdraw, grant. Acts within two seconds everywhere."""
    if scope is not None:
        _check(books.rules.scopes, scope, "Den Bereich")
    _check_reason(reason, needed=event in ("gesperrt", "entzogen") and actor.via == "web")
    with books.writing() as connection:
        person = known_person(connection, person_id, to_change=True)
        proofs.act(connection, person_id, PassEvent(event, _after(connection, person_id, books.now()), scope),
                   by_role=actor.name,
                   reason=reason or None)
        books.record(f"pass.{event}", {"scope": scope or "", **actor.meta}, person_id)
        return settled(books, connection, person)


def settled(books: Books, connection: Connection, person: Person) -> PassFile:
    """Note in the index what a change of the file leads to; return what is on file now."""
    index.note(connection, books, [person.id])
    return file_of(books, connection, person)


def file_of(books: Books, connection: Connection, person: Person) -> PassFile:
    """Return what is on file, as this transaction sees it."""
    proof = proofs.of(connection, person.id)
    return PassFile(person, proof, passes(proof.evidence, proof.events, books.rules, books.now()))


def _after(connection: Connection, person_id: str, now: datetime) -> datetime:
    """Return the moment of an act: after every act that was there, also one of a replica whose clock goes ahead.

    Otherwise a block just after that would count as older than what it blocks, and block nothing.
    """
    last = max((e.at for e in proofs.of(connection, person_id).events if e.at - now <= SKEW), default=None)
    return now if last is None or last < now else last + timedelta(microseconds=1)


def _check_reason(reason: str, *, needed: bool = False) -> None:
    if needed and not reason.strip():
        raise InvalidError("Bitte nennen Sie den Grund. Er bleibt in der Akte der KI-Pass-Stelle.")
    if len(reason) > LONGEST_REASON:
        raise InvalidError(f"Bitte fassen Sie den Grund in höchstens {LONGEST_REASON} Zeichen zusammen.")


def _check(known: Mapping[str, object], word: str, what: str) -> None:
    if word not in known:
        raise InvalidError(f"{what} „{word[:64]}“ gibt es nicht. Möglich sind: {', '.join(known)}.")


__all__ = ["BASIS", "PassFile", "act", "enter", "file_of", "grant", "pass_file", "revoke_evidence", "revoke_one",
           "settled"]
