"""Acts that must not happen twice at the same time, in however many processes."""

from __future__ import annotations

from zlib import crc32

from sqlalchemy import Connection, func, select


def alone(connection: Connection, what: str) -> None:
    """Wait until nobody else does `what`; holds until the transaction ends. On SQLite every writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(crc32(what.encode()))))
