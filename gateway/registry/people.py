"""Acts on people: written down, changed, switched off and on again. Commands, SCIM and sign-in all come through here.

Kept true: whoever is switched off has no key and no session any more when the act is over, and every replica learns of
it with the next look at the generation (two seconds); an open invitation ends with that, with a new address and with a
new role (the pass office may invite staff, but nobody who holds more); what somebody showed for the KI-Pass stays. The
ledger is told which fields changed, and of roles and groups which; never a name or an address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from gateway.model.people import Person
from gateway.registry import index
from gateway.registry.books import Actor, Books, known_person
from gateway.store import ConflictError, InvalidError, accounts, keys, people, sessions, writing
from gateway.store.people import NewPerson

LONGEST_NAME: Final = 200
_FIELDS: Final = ("email", "name", "department", "external_id", "further")


@dataclass(frozen=True, slots=True)
class Change:
    """How a person is after an act, whether it changed anything, and how many keys it revoked."""

    person: Person
    changed: bool
    keys: int = 0


def add(books: Books, actor: Actor, new: NewPerson) -> Person:
    """Write somebody down.

    Raises `ConflictError` when the address or the id is taken, `InvalidError` for what cannot be: no such department,
    group or role, no name, no address.
    """
    with books.writing() as connection:
        return added(books, connection, actor, new)


def change(books: Books, actor: Actor, person_id: str, how: Callable[[Person], Person]) -> Change:
    """Make of a person what `how` returns: another name or address, department, roles, groups. Raises like `add`."""
    with books.writing() as connection:
        return changed(books, connection, actor, known_person(connection, person_id, to_change=True), how)


def switch(books: Books, actor: Actor, person_id: str, *, active: bool) -> Change:
    """Switch a person off (with their keys and sessions) or on again. Works while somebody mends the policies."""
    now = books.now()
    with writing(books.engine) as connection:
        person = known_person(connection, person_id, to_change=True)
        if person.active == active:
            return Change(person, changed=False)
        return _write(books, connection, actor, person, replace(person, disabled_at=None if active else now))


def added(books: Books, connection: Connection, actor: Actor, new: NewPerson) -> Person:
    """Do what `add` does, within a transaction of `books` that is open."""
    email = people.normal_email(new.email)
    if people.by_email(connection, email) is not None:
        raise ConflictError("Diese Adresse ist schon eingetragen.")
    external_id = people.normal_id(new.external_id or "")
    if external_id and people.by_external_id(connection, external_id) is not None:
        raise ConflictError("Unter dieser Kennung aus dem Verzeichnisdienst ist schon jemand eingetragen.")
    _check(books, new.name, {new.department} | new.further, new.groups)
    [person] = people.add(connection, [new._replace(email=email, external_id=external_id)], books.now())
    index.note(connection, books, [person.id])
    privileges = sorted(person.roles - {"staff"})
    books.record("person.added", {**actor.meta, **({"roles": privileges} if privileges else {})}, person.id)
    return person


def changed(books: Books, connection: Connection, actor: Actor, before: Person,
            how: Callable[[Person], Person]) -> Change:
    """Do what `change` does, within a transaction of `books` that is open."""
    after = how(before)
    after = replace(after, id=before.id, email=people.normal_email(after.email), name=after.name.strip(),
                    external_id=people.normal_id(after.external_id or ""), roles=people.check_roles(after.roles),
                    further=after.further - {after.department})
    if after == before:
        return Change(before, changed=False)
    _check(books, after.name, ({after.department} | after.further) - ({before.department} | before.further),
           after.groups - before.groups)
    for other, what in ((people.by_email(connection, after.email), "Adresse"),
                        (people.by_external_id(connection, after.external_id or ""), "Kennung")):
        if other is not None and other.id != after.id:
            raise ConflictError(f"Unter dieser {what} ist schon jemand anderes eingetragen.")
    return _write(books, connection, actor, before, after)


def _write(books: Books, connection: Connection, actor: Actor, before: Person, after: Person) -> Change:
    people.change(connection, [after])
    if after.roles - before.roles or after.email != before.email or not after.active:
        accounts.withdraw(connection, after.id)  # given to somebody of less weight, or to another address
    revoked = 0
    if fields := [name for name in _FIELDS if getattr(before, name) != getattr(after, name)]:
        books.record("person.changed", {"fields": fields, **actor.meta}, after.id)
    for kind, old, new in (("groups", before.groups, after.groups), ("roles", before.roles, after.roles)):
        if old != new:
            facts: dict[str, Any] = {"joined": sorted(new - old), "left": sorted(old - new)}
            books.record(f"person.{kind}", {**facts, **actor.meta}, after.id)
    if before.active and not after.active:
        revoked = keys.revoke_all(connection, [after.id], books.now())
        ended = sessions.end_of_person(connection, after.id, books.now())
        books.record("person.disabled", {"keys": revoked, "sessions": ended, **actor.meta}, after.id)
    elif after.active and not before.active:
        books.record("person.enabled", {"keys": 0, **actor.meta}, after.id)
    return Change(after, changed=True, keys=revoked)


def _check(books: Books, name: str, departments: frozenset[str] | set[str], groups: frozenset[str]) -> None:
    known = books.policies()
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError(f"Der Name fehlt oder ist länger als {LONGEST_NAME} sichtbare Zeichen.")
    if unknown := sorted(departments - known.departments.keys()):
        raise InvalidError(f"Das Amt „{unknown[0][:64]}“ gibt es nicht. Möglich sind: "
                           f"{', '.join(sorted(known.departments))}.")
    if unknown := sorted(groups - known.groups.keys()):
        raise InvalidError(f"Die Gruppe „{unknown[0][:64]}“ gibt es nicht. Möglich sind: "
                           f"{', '.join(sorted(known.groups)) or 'noch keine'}.")
