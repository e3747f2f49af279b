"""What the pass office looks at: how the house stands, lists of people, the file of one person.

Lists are found in the index of passes, but what a page shows is worked out from evidence at that moment: a line of the
index that is not right any more costs a row on the page, never a wrong word about a person.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, cast

from sqlalchemy import Connection

from gateway.kipass import passes
from gateway.kipass import status as status_of
from gateway.model.kipass import BASIS
from gateway.model.office import ListedPerson, OnList, PeoplePage, PersonFile, Standing, Wanted
from gateway.model.principal import PassState
from gateway.registry.books import Books, known_person
from gateway.registry.index import digest
from gateway.store import pass_index, people
from gateway.store import passes as proofs

PAGE: Final = 50
SOON: Final = timedelta(days=60)


def standing(books: Books, scope: str = BASIS) -> Standing:
    """Return how the house stands."""
    now, rules = books.now(), books.rules
    with books.reading() as connection:
        return Standing(
            states=pass_index.counts(connection, scope),
            ending=pass_index.ending(connection, scope, "gueltig", now + SOON),
            grace_ends=pass_index.ending(connection, scope, "kulanz", now + SOON),
            waiting=pass_index.waiting(connection, BASIS, digest(rules), now),
            people=pass_index.active(connection))


def page(books: Books, wanted: Wanted, after: str = "", size: int = PAGE) -> PeoplePage:
    """Return one page of the list. Raises KeyError for a scope that the rules do not know."""
    with books.reading() as connection:
        return _page(books, connection, wanted, after, size)


def everybody(books: Books, wanted: Wanted) -> list[OnList]:
    """Return the whole list, for an export: from the index where it is right, worked out from evidence where not."""
    rules, now = books.rules, books.now()
    with books.reading() as connection:
        found = list(pass_index.rows(connection, wanted, digest(rules), now))
        proof = proofs.of_many(connection, [row.person_id for row in found if not row.right])
    lines = []
    for row in found:
        state, until = cast(PassState, row.state), row.until
        if not row.right:
            own = proof.get(row.person_id, proofs.Proof())
            status = status_of(own.evidence, own.events, rules, now, wanted.scope)
            state, until = status.state, status.until
        if not wanted.state or state == wanted.state:
            lines.append(OnList(row.name, row.email, row.department, state, until))
    return lines


def person_file(books: Books, person_id: str) -> PersonFile:
    """Return what is on file about one person. Raises `InvalidError`: there is nobody."""
    with books.reading() as connection:
        person = known_person(connection, person_id)
        shown, acts = proofs.history(connection, person_id)
        held = passes([s.evidence for s in shown], [a.event for a in acts], books.rules, books.now())
        return PersonFile(person, held, tuple(shown), tuple(acts))


def _page(books: Books, connection: Connection, wanted: Wanted, after: str, size: int) -> PeoplePage:
    rules, now = books.rules, books.now()
    found = pass_index.page(connection, wanted, after, size + 1)
    shown = found[:size]
    there, proof = people.by_ids(connection, shown), proofs.of_many(connection, shown)
    lines = []
    for id_ in shown:
        own = proof.get(id_, proofs.Proof())
        status = status_of(own.evidence, own.events, rules, now, wanted.scope)
        if id_ in there and (not wanted.state or status.state == wanted.state):
            lines.append(ListedPerson(there[id_], status))
    return PeoplePage(tuple(lines), shown[-1] if len(found) > size else "")
