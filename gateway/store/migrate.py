"""Brings a database to the shape this version needs, once, however many processes start together.

The check without a lock is the normal case. Whoever has to change something takes the lock first (SQLite: the write
lock; PostgreSQL: an advisory lock that ends with the transaction), looks again, and does everything in one transaction:
a start that is killed half-way leaves the old shape. On PostgreSQL it waits for a table only for a moment and tries
again: whoever serves meanwhile queues behind it.

The revisions form one line; the name of each file begins with its own (a test compares that with Alembic's view). So
the normal start finds out that nothing is to do without loading Alembic, which costs a tenth of a second. A revision
that an older program can work with says from which on: ``0018ab0016`` is number 18, and whoever knows number 16 may
serve with it. So during an upgrade a process of the version before may start again, and a new version that fails goes
back without a backup. A database from a newer version that does not say so is refused, never "repaired".
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.resources import files
from time import monotonic, sleep
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from gateway.store.engine import reading, writing
from gateway.store.errors import StoreError

_log = logging.getLogger(__name__)
_LOCK = 0x6B69_7066_6F72_7465 >> 1
"""Key of the advisory lock on PostgreSQL: fixed, and unlikely to be anybody else's."""
_MOMENT_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 60.0
_LOCKED: Final = "55P03"


class _OccupiedError(Exception):
    """Somebody works with a table that is to be changed."""


def migrate(engine: Engine) -> bool:
    """Bring the database to the newest shape; return whether anything had to be done."""
    if is_current(engine):
        return False
    give_up = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with writing(engine, bump=False) as connection:
                _bring_up(connection)
        except _OccupiedError:
            if monotonic() > give_up:
                raise StoreError("Die Datenbank ist gerade belegt, zum Beispiel von einer Sicherung. Bitte versuchen "
                                 "Sie es danach noch einmal.") from None
            sleep(_MOMENT_SECONDS)
        else:
            return True


def _bring_up(connection: Connection) -> None:
    try:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_MOMENT_SECONDS:.0f}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _is_current(connection):  # another process may have been faster
            upgrade(connection)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") == _LOCKED:
            raise _OccupiedError from None
        raise


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the database of a transaction to a revision, for a backup that is older than this version."""
    from alembic import command
    from alembic.config import Config
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def is_current(engine: Engine) -> bool:
    """Whether the database has a shape this version works with. Raises if it is from a version too new for that."""
    with reading(engine) as connection:
        return _is_current(connection)


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    known = revisions()
    if revision is None or revision in known:
        return bool(revision == known[-1])
    if usable_from(revision) in {number(one) for one in known}:
        _log.warning("the database is newer (%s) than this version (%s), which may still work with it", revision,
                     known[-1])
        return True
    raise StoreError("Die Datenbank stammt aus einer neueren Version von KI-Pforte. Bitte starten Sie diese "
                     "neuere Version, oder spielen Sie eine passende Sicherung ein.")


def number(revision: str) -> str:
    """Return the number of a revision, without what it says about older programs."""
    return revision.partition("ab")[0]


def usable_from(revision: str) -> str:
    """Return the number of the oldest revision whose programs work with this one; empty if it says nothing."""
    return revision.partition("ab")[2]


@cache
def revisions() -> tuple[str, ...]:
    """Return the revisions this version knows, the oldest first."""
    found = (entry.name for entry in files("gateway.store.migrations.versions").iterdir())
    return tuple(sorted(name.partition("_")[0] for name in found if name[0].isdigit() and name.endswith(".py")))
