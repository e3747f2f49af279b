"""Brings a database to the shape this version needs, once, however many processes start together.

The check without a lock is the normal case. Whoever has to change something takes the lock first (SQLite: the write
lock; PostgreSQL: an advisory lock that ends with the transaction), looks again, and does everything in one transaction:
a start that is killed half-way leaves the old shape. A database from a newer version is refused, never "repaired".

The revisions form one line; the name of each file begins with its own (a test compares that with Alembic's view). So
the normal start finds out that nothing is to do without loading Alembic, which costs a tenth of a second.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from sqlalchemy import Connection, Engine, inspect, text

from gateway.store.engine import reading, writing
from gateway.store.errors import StoreError

_LOCK = 0x6B69_7066_6F72_7465 >> 1
"""Key of the advisory lock on PostgreSQL: fixed, and unlikely to be anybody else's."""


def migrate(engine: Engine) -> bool:
    """Bring the database to the newest shape; return whether anything had to be done."""
    if is_current(engine):
        return False
    with writing(engine, bump=False) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _is_current(connection):  # another process may have been faster
            upgrade(connection)
    return True


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the database of a transaction to a revision, for a backup that is older than this version."""
    from alembic import command
    from alembic.config import Config
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def is_current(engine: Engine) -> bool:
    """Whether the database has exactly the shape this version needs. Raises if it is from a newer version."""
    with reading(engine) as connection:
        return _is_current(connection)


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    known = revisions()
    if revision is not None and revision not in known:
        raise StoreError("Die Datenbank stammt aus einer neueren Version von KI-Pforte. Bitte starten Sie diese "
                         "neuere Version, oder spielen Sie eine passende Sicherung ein.")
    return bool(revision == known[-1])


@cache
def revisions() -> tuple[str, ...]:
    """Return the revisions this version knows, the oldest first."""
    found = (entry.name for entry in files("gateway.store.migrations.versions").iterdir())
    return tuple(sorted(name.partition("_")[0] for name in found if name[0].isdigit() and name.endswith(".py")))
