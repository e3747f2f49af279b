"""What the commands share: the database, the rules of the KI-Pass, the ledger, the time. Opened when first used.

The root command builds one `CliContext` from the settings and puts it into ``ctx.obj``; a command that only prints its
help opens nothing. `record` is how a change of a pass or a key gets into the ledger: it is called inside the
transaction, before its commit, and when it raises, the change does not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import typer
from sqlalchemy import Connection, Engine

from gateway.cli.output import CliError, Exit
from gateway.model.kipass import KiPassConfig
from gateway.model.people import Person
from gateway.policy.policyset import PolicySet
from gateway.registry.books import Books, Record
from gateway.store import departments, is_current, missing_file, open_engine, people, reading, writing


@dataclass
class CliContext:
    """The belongings of one run of the command line."""

    database_url: str
    policies: Path
    record: Record
    load_policies: Callable[[Path], PolicySet]
    """Reads and checks a policy folder; `gateway.policy` has it. Raises `PolicyErrors`."""
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    local_sign_in: bool = True
    """Whether people sign in to the pages with a password."""
    address: str = ""
    """Where the pages are; empty: as the policies say."""

    @cached_property
    def engine(self) -> Engine:
        """The database, if it is there in the shape that this version needs."""
        gone = missing_file(self.database_url)  # only asked for: a command that looks must not make an empty one
        if gone or not is_current(engine := open_engine(self.database_url)):
            raise CliError("Die Datenbank ist leer oder stammt aus einer älteren Version. Nach einer Aktualisierung: "
                           "„ki-pforte migrate“. Ein neues Haus: „ki-pforte init“. War hier schon eines, spielen Sie "
                           "die Sicherung ein (docs/notfall.md).", Exit.CANNOT_RUN)
        return engine

    @cached_property
    def policy_set(self) -> PolicySet:
        """The policies as the folder has them now."""
        return self.load_policies(self.policies)

    @property
    def rules(self) -> KiPassConfig:
        """The rules of the KI-Pass."""
        return self.policy_set.kipass

    @property
    def departments(self) -> dict[str, str]:
        """The departments that the policies know: id -> name."""
        return {key: department.name for key, department in self.policy_set.departments.items()}

    @property
    def purposes(self) -> Collection[str]:
        """The purposes that the organisation allows."""
        return self.policy_set.organisation.purposes.allow.keys()

    def check_groups(self, groups: Iterable[str]) -> frozenset[str]:
        """Return the groups of people as a set, or end with a sentence if the policies know one of them not."""
        found, known = frozenset(groups), self.policy_set.groups
        if unknown := sorted(found - known.keys()):
            possible = f"Möglich sind: {', '.join(sorted(known))}." if known else \
                "Es gibt noch keine; jede hat eine Datei unter policies/groups."
            raise CliError(f"Die Gruppe „{unknown[0][:64]}“ gibt es nicht. {possible}", Exit.MISUSE)
        return found

    def check_purpose(self, purpose: str, possible: Collection[str]) -> str:
        """Return a purpose that is among the possible ones, or end with a sentence; empty: none."""
        if purpose and purpose not in possible:
            raise CliError(f"Der Zweck „{purpose[:64]}“ ist dafür nicht vorgesehen. Möglich sind: "
                           f"{', '.join(possible)}.", Exit.MISUSE)
        return purpose

    @property
    def books(self) -> Books:
        """The registry: every act on people, passes and keys."""
        return Books(self.engine, self.record, lambda: self.policy_set, self)

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction for reading."""
        return reading(self.engine)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction for writing, with the departments of the policy folder known to the database."""
        with writing(self.engine) as connection:
            departments.sync(connection, self.departments)
            yield connection


def context(ctx: typer.Context) -> CliContext:
    """Return the belongings of this run."""
    found = ctx.find_object(CliContext)
    assert found is not None, "the root command sets ctx.obj"
    return found


def person_id(own: CliContext, email: str) -> str:
    """Return the id of the person with this address, or end with a sentence that says so."""
    with own.reading() as connection:
        return person_or_fail(connection, email).id


def person_or_fail(connection: Connection, email: str) -> Person:
    """Return the person with this address, or end with a sentence that says so."""
    person = people.by_email(connection, email)
    if person is None:
        raise CliError(f"Unter „{email}“ ist niemand eingetragen. „ki-pforte person list“ zeigt alle.", Exit.MISUSE)
    return person
