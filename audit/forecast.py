"""How large the ledger is on disk, how it grows, and how large it will be when the periods of retention are over.

An upper bound: what is deleted in the meantime leaves room that the database uses again, and a pruned beginning more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from audit.record import now_us
from audit.sequencer import read_state
from audit.store.store import Store
from audit.store.tables import metadata

_DAY: Final = 86_400_000_000
_LOOK_BACK: Final = 14
"""Days whose growth is taken for the days to come: two weeks, so that weekends count as they come."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes on disk now, records and bytes a day, and bytes after each period of retention (days -> bytes)."""

    size: int
    records_per_day: int
    growth: int
    after: Mapping[int, int]


def forecast(store: Store, periods: Mapping[str, int], at_us: int | None = None) -> Forecast:
    """Look at what is there; reads no record."""
    now = now_us() if at_us is None else at_us
    with store.read() as connection:
        state = read_state(connection.exec_driver_sql)
        size = _on_disk(store, connection)
        first = _first(store, connection, 0)
        since = _first(store, connection, now - _LOOK_BACK * _DAY)
    present = state.tree.size - state.min_index
    if first is None or since is None or present <= 0:
        return Forecast(size, 0, 0, dict.fromkeys(sorted(set(periods.values())), size))
    days = max(1.0, (now - since[1]) / _DAY)  # less than a day says nothing about a day
    daily = (state.tree.size - since[0]) / days
    growth = round(daily * size / present)
    return Forecast(size, round(daily), growth, {d: size + growth * d for d in sorted(set(periods.values()))})


def _first(store: Store, connection: Connection, since_us: int) -> tuple[int, int] | None:
    row = connection.exec_driver_sql(
        store.sql("SELECT idx, t FROM audit_facet WHERE t >= ? ORDER BY t, idx LIMIT 1"), (since_us,)).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def _on_disk(store: Store, connection: Connection) -> int:
    if store.sqlite:
        path = Path(str(store.url.database))
        files = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
        return sum(file.stat().st_size for file in files if file.exists())
    tables = ", ".join(f"'{name}'" for name in sorted(metadata.tables))
    return int(connection.exec_driver_sql(
        f"SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relname IN ({tables}) "  # noqa: S608
        "AND c.relkind = 'r' AND pg_table_is_visible(c.oid)").scalar() or 0)
