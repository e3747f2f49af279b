"""Acts on API keys: made, revoked. A key is shown once, to whoever had it made; here only its hash is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gateway.identity.keys import new_key
from gateway.model.people import ApiKey, BlockStyle, Person
from gateway.registry.books import Actor, Books, known_person
from gateway.store import InvalidError, keys

MOST_KEYS: Final = 20
"""Keys of one person that work at the same time."""
LONGEST_NAME: Final = 200


def create(books: Books, actor: Actor, person_id: str, name: str, *, expires_at: datetime | None = None,
           service: str | None = None, purpose: str = "",
           block_style: BlockStyle = "error") -> tuple[ApiKey, str]:
    """Make a key, for a person or for a service that the person answers for; return it with its text.

    Raises `InvalidError`: nobody there, switched off, no such department or purpose, a service without name or end,
    too many keys.
    """
    now, fresh, policies = books.now(), new_key(), books.policies()
    if service is not None:
        if service not in policies.departments:
            raise InvalidError(f"Das Amt „{service[:64]}“ gibt es nicht. Möglich sind: "
                               f"{', '.join(sorted(policies.departments))}.")
        if not name.strip() or expires_at is None:
            raise InvalidError("Ein Dienst braucht einen Namen und ein Ende.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError(f"Der Name hat höchstens {LONGEST_NAME} sichtbare Zeichen.")
    with books.writing() as connection:
        person = known_person(connection, person_id)
        if not person.active:
            raise InvalidError("Der Zugang dieser Person ist abgeschaltet.")
        if len(keys.search(connection, person_id=person_id, active=True, now=now)) >= MOST_KEYS:
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
