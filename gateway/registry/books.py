"""What every act of the registry needs: the database, the ledger, the rules in force, the time; and who acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Connection, Engine

from gateway.model.kipass import KiPassConfig
from gateway.model.people import Person, Role
from gateway.policy.policyset import PolicySet
from gateway.ports import Clock
from gateway.store import InvalidError, departments, people, reading, writing

Via = Literal["cli", "web", "scim", "oidc", "auto"]


class Record(Protocol):
    """Writes one record into the ledger and returns when it is durable, or raises."""

    def __call__(self, type_: str, meta: Mapping[str, Any], subject: str | None, /) -> None:
        """Write the facts `meta` (no content, no names) about the person with the opaque id `subject`."""
        ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. The command line knows nobody: then `subject` is empty, and the machine's own log says who it was."""

    via: Via
    subject: str = ""
    role: Role | Literal[""] = ""

    @property
    def meta(self) -> dict[str, str]:
        """What the ledger is told: the way, and for pages in which role. The person is not part of the facts."""
        return {"via": self.via, **({"role": self.role} if self.role else {})}

    @property
    def name(self) -> str:
        """How evidence and events name who wrote them: the role on pages, the way otherwise."""
        return self.role or {"cli": "kommandozeile"}.get(self.via, self.via)


COMMAND_LINE: Final = Actor("cli")


@dataclass(frozen=True, slots=True)
class Books:
    """The books of the house, open for writing. All methods block; pages call them in a thread."""

    engine: Engine
    record: Record
    policies: Callable[[], PolicySet]
    clock: Clock

    def now(self) -> datetime:
        """Return the current moment."""
        return self.clock.now()

    @property
    def rules(self) -> KiPassConfig:
        """The rules of the KI-Pass that are in force."""
        return self.policies().kipass

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction for reading."""
        return reading(self.engine)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction for writing, with the departments of the policies known to the database."""
        names = {key: department.name for key, department in self.policies().departments.items()}
        with writing(self.engine) as connection:
            departments.sync(connection, names)
            yield connection


def known_person(connection: Connection, person_id: str, *, to_change: bool = False) -> Person:
    """Return the person with this id. Raises `InvalidError` when there is none (any more)."""
    person = people.by_id(connection, person_id, to_change=to_change)
    if person is None:
        raise InvalidError("Diese Person ist nicht mehr eingetragen.")
    return person


def active_person(connection: Connection, person_id: str) -> Person:
    """Return the person with this id, whose acts then wait for one another. Raises `InvalidError`: may not act."""
    people.lock(connection, person_id)
    person = known_person(connection, person_id)
    if not person.active:
        raise InvalidError("Der Zugang dieser Person ist abgeschaltet.")
    return person
