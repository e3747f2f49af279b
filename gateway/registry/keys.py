"""Acts on API keys: made, revoked. A key is shown once, to whoever had it made; here only its hash is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.identity.keys import new_key
from gateway.model.accounts import ServiceKey
from gateway.model.people import ApiKey, BlockStyle, Person
from gateway.registry.books import Actor, Books, known_person
from gateway.store import InvalidError, keys, people

MOST_KEYS: Final = 20
"""Keys of one person that work at the same time."""
LONGEST_NAME: Final = 200
LONGEST_SERVICE: Final = timedelta(days=3 * 366)
"""How long the key of a service works at most: then somebody has looked at it again."""
SOON: Final = timedelta(days=30)
"""How long before its end the key of a service is pointed out."""


def create(books: Books, actor: Actor, person_id: str, name: str, *, expires_at: datetime | None = None,
           service: str | None = None, purpose: str = "",
           block_style: BlockStyle = "error", once: str = "") -> tuple[ApiKey, str]:
    """Make a key, for a person or for a service that the person answers for; return it with its text.

    Raises `InvalidError`: nobody there, switched off, no such department or purpose, a service without name or end,
    too many keys, or a second one for the same `once` (a form that was sent again).
    """
    now, fresh = books.now(), new_key(f"{person_id}\0{once}" if once else "")
    _check(books, name, service, expires_at, now)
    with books.writing() as connection:
        person = known_person(connection, person_id)
        if not person.active:
            raise InvalidError("Der Zugang dieser Person ist abgeschaltet.")
        if once and keys.by_id(connection, fresh.id) is not None:
            raise InvalidError("Dieser Schlüssel ist schon angelegt und wurde gezeigt. Ein zweites Mal geht das nicht.")
        if service is None and _working(connection, person_id, now) >= MOST_KEYS:
            raise InvalidError(f"Mehr als {MOST_KEYS} Schlüssel einer Person können nicht gleichzeitig gelten. Bitte "
                               "widerrufen Sie zuerst einen, der nicht mehr gebraucht wird.")
        key = ApiKey(fresh.id, person_id, name.strip() or "Schlüssel", now, expires_at, block_style=block_style,
                     service=service, purpose=_purpose(books, person, service, purpose))
        keys.add(connection, key, fresh.sha256)
        kind = {**({"service": service} if service else {}), **({"purpose": purpose} if purpose else {})}
        books.record("key.created", {"key": key.id, **actor.meta, **kind}, person_id)
    return key, fresh.text


def revoke(books: Books, actor: Actor, key_id: str, *, owner: str | None = None) -> tuple[ApiKey, bool] | None:
    """Revoke a key for good; return it and whether it still worked, or nothing if there is none.

    With `owner` only a key of that person counts: somebody else's is as if it were not there.
    """
    with books.writing() as connection:
        found = keys.by_id(connection, key_id)
        if found is None or (owner is not None and found[0].person_id != owner):
            return None
        changed = keys.revoke(connection, [key_id], books.now()) > 0
        if changed:
            books.record("key.revoked", {"key": key_id, **actor.meta}, found[0].person_id)
        return found[0], changed


def _check(books: Books, name: str, service: str | None, expires_at: datetime | None, now: datetime) -> None:
    departments = books.policies().departments
    if service is not None:
        if service not in departments:
            raise InvalidError(f"Das Amt „{service[:64]}“ gibt es nicht. Möglich sind: "
                               f"{', '.join(sorted(departments))}.")
        if not name.strip() or expires_at is None:
            raise InvalidError("Ein Dienst braucht einen Namen und ein Ende.")
        if expires_at > now + LONGEST_SERVICE:
            raise InvalidError("Der Schlüssel eines Dienstes gilt höchstens drei Jahre.")
    if expires_at is not None and expires_at <= now:
        raise InvalidError("Das Ende liegt in der Vergangenheit.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError(f"Der Name hat höchstens {LONGEST_NAME} sichtbare Zeichen.")


def _working(connection: Connection, person_id: str, now: datetime) -> int:
    return sum(key.service is None for key in keys.search(connection, person_id=person_id, active=True, now=now))


def of_person(books: Books, person_id: str) -> list[ApiKey]:
    """Return the keys of a person and of the services that they answer for, newest first."""
    with books.reading() as connection:
        found = keys.search(connection, person_id=person_id, now=books.now())
    return sorted(found, key=lambda key: key.created_at, reverse=True)


def services(books: Books) -> list[ServiceKey]:
    """Return the keys of services that nobody revoked, with who answers for each; the next to end first."""
    with books.reading() as connection:
        owners: dict[str, Person] = {}
        found = keys.services(connection)
        for key in found:
            if key.person_id not in owners:
                owners[key.person_id] = known_person(connection, key.person_id)
    return [ServiceKey(key, owners[key.person_id]) for key in found]


def owner_of(books: Books, email: str) -> Person:
    """Return who is to answer for a service. Raises `InvalidError`: nobody has this address, or they left."""
    with books.reading() as connection:
        person = people.by_email(connection, email)
    if person is None or not person.active:
        raise InvalidError("Unter dieser Adresse arbeitet niemand. Bitte prüfen Sie die Schreibweise.")
    return person


def hand_over(books: Books, actor: Actor, key_id: str, email: str) -> ServiceKey | None:
    """Let somebody else answer for the key of a service. None: there is no such key. Acts within two seconds."""
    owner = owner_of(books, email)
    with books.writing() as connection:
        found = keys.by_id(connection, key_id)
        if found is None or found[0].service is None or found[0].revoked_at is not None:
            return None
        if not known_person(connection, owner.id).active:
            raise InvalidError("Der Zugang dieser Person ist abgeschaltet.")
        if found[0].person_id != owner.id:
            keys.hand_over(connection, key_id, owner.id)
            books.record("key.owner", {"key": key_id, **actor.meta}, owner.id)
    return ServiceKey(found[0], owner)


def _purpose(books: Books, person: Person, service: str | None, purpose: str) -> str:
    """Return the purpose if the key could use it: where it works, and for the groups of its holder."""
    if not purpose:
        return ""
    rules = books.policies().department(service or person.department, frozenset() if service else person.groups)
    possible = list(rules.purposes) if rules else []
    if purpose not in possible:
        raise InvalidError(f"Der Zweck „{purpose[:64]}“ ist dafür nicht vorgesehen. Möglich sind: "
                           f"{', '.join(possible)}.")
    return purpose
