"""Numbers of months that are over, and papers that were released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from gateway.store.tables_reports import month_figures, release


@dataclass(frozen=True, slots=True)
class Release:
    """One released paper: `paper` is its JSON, `sha256` the check sum of that."""

    id: int
    kind: str
    at: datetime
    sha256: str
    paper: str


def months(connection: Connection) -> dict[str, str]:
    """Return the numbers of every month that is written down, by month (``2026-10``), the oldest first."""
    rows = connection.execute(select(month_figures.c.month, month_figures.c.figures).order_by(month_figures.c.month))
    return {str(month): str(figures) for month, figures in rows}


def keep_month(connection: Connection, month: str, figures: str, now: datetime) -> bool:
    """Write a month down; False: somebody else just did."""
    if connection.execute(select(month_figures.c.month).where(month_figures.c.month == month)).first():
        return False
    connection.execute(insert(month_figures).values(month=month, made_at=now, figures=figures))
    return True


def put(connection: Connection, kind: str, paper: str, sha256: str, now: datetime) -> int:
    """Keep a released paper; return its number."""
    row = connection.execute(insert(release).values(kind=kind, released_at=now, sha256=sha256, paper=paper))
    assert row.inserted_primary_key is not None
    return int(row.inserted_primary_key[0])


def latest(connection: Connection, kind: str) -> Release | None:
    """Return the release that holds."""
    return next(iter(released(connection, kind, limit=1)), None)


def by_id(connection: Connection, id_: int) -> Release | None:
    """Return one release."""
    return next((Release(*row) for row in connection.execute(select(*_COLUMNS).where(release.c.id == id_))), None)


def released(connection: Connection, kind: str, limit: int = 50) -> list[Release]:
    """Return the releases of a kind, the newest first."""
    rows = connection.execute(select(*_COLUMNS).where(release.c.kind == kind).order_by(release.c.id.desc())
                              .limit(limit))
    return [Release(*row) for row in rows]


_COLUMNS = (release.c.id, release.c.kind, release.c.released_at, release.c.sha256, release.c.paper)
