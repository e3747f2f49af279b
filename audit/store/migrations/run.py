"""Runs the migrations on a connection that is already in a transaction; two processes at once wait for each other."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_LOCK: Final = 0x6B697066  # any number that nobody else locks


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the ledger's tables to the newest form, or to one before. SQLite's lock is the transaction itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
