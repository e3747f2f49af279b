"""Brings a database to the shape this version needs, once, however many processes start together.

The check without a lock is the normal case. Whoever has to change something takes the lock first (SQLite: the write
lock; PostgreSQL: an advisory lock that ends with the transaction), looks again, and does everything in one transaction:
a start that is killed half-way leaves the old shape. A database from a newer version is refused, never "repaired".
"""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

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
            config = Config()
            config.set_main_option("script_location", "gateway.store:migrations")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return True


def is_current(engine: Engine) -> bool:
    """Whether the database has exactly the shape this version needs. Raises if it is from a newer version."""
    with reading(engine) as connection:
        return _is_current(connection)


def _is_current(connection: Connection) -> bool:
    revision = MigrationContext.configure(connection).get_current_revision()
    known, head = _revisions()
    if revision is not None and revision not in known:
        raise StoreError("Die Datenbank stammt aus einer neueren Version von KI-Pforte. Bitte starten Sie diese "
                         "neuere Version, oder spielen Sie eine passende Sicherung ein.")
    return revision == head


@cache
def _revisions() -> tuple[frozenset[str], str]:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    assert head is not None
    return frozenset(s.revision for s in scripts.walk_revisions()), head
