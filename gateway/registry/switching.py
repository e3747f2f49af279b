"""The switch that stops models: one row and one record, for the command line and the pages alike.

A switch must work while somebody mends the policies, so it opens the database without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.model.people import Person
from gateway.model.stops import LONGEST_REASON, MAY_STOP, ModelStop, StopKind
from gateway.registry.books import Actor, Books
from gateway.registry.said import in_words
from gateway.store import InvalidError, people, stops, writing

NO_REASON: Final = f"Bitte nennen Sie einen Grund mit höchstens {LONGEST_REASON} Zeichen."


def stop(books: Books, actor: Actor, person: str, kind: StopKind, name: str, reason: str,
         covers: Iterable[str]) -> bool:
    """Switch off what is meant, in the name of a person; False: that very stop was there already.

    Raises `InvalidError` when the person may not, or gives no reason.
    """
    why = " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON or not why.isprintable():
        raise InvalidError(NO_REASON)
    models = frozenset(covers)
    with writing(books.engine) as connection:
        _entitled(people.by_id(connection, person))
        if not stops.stop(connection, ModelStop(kind, name, why, books.now(), person, models)):
            return False
        books.record("model.stopped", {"what": kind, "name": name, "models": sorted(models), "reason": why,
                                       **actor.meta}, person)
    return True


def start(books: Books, actor: Actor, person: str, kind: StopKind, name: str) -> tuple[bool, tuple[ModelStop, ...]]:
    """Take a stop back, in the name of a person; return whether there was one, and what is still stopped."""
    with writing(books.engine) as connection:
        _entitled(people.by_id(connection, person))
        changed = stops.lift(connection, kind, name)
        if changed:
            books.record("model.started", {"what": kind, "name": name, **actor.meta}, person)
        return changed, stops.every(connection)


def _entitled(person: Person | None) -> None:
    if person is None or not person.active or not person.roles & MAY_STOP:
        who = "Diese Person" if person is None else person.email
        raise InvalidError(f"{who} darf Modelle nicht anhalten oder zulassen. Nötig ist eine dieser Rollen: "
                           f"{', '.join(sorted(MAY_STOP))}.")


class Switch:
    """The switch as pages ask for it."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def stopped(self) -> tuple[ModelStop, ...]:
        """Return all stops that are in force, the oldest first."""
        with in_words(), self.books.reading() as connection:
            return stops.every(connection)

    def stop(self, person: str, model: str, reason: str) -> bool:
        """Stop one model; False: it was stopped like that already."""
        with in_words():
            if model not in self.books.policies().models:
                raise InvalidError("Dieses Modell gibt es nicht.")
            return stop(self.books, Actor("web", person, "it"), person, "model", model, reason, {model})

    def start(self, person: str, kind: StopKind, name: str) -> bool:
        """Take a stop back; False: there was none like that."""
        with in_words():
            return start(self.books, Actor("web", person, "it"), person, kind, name)[0]
