"""The tables of reports: numbers of months that are over, and papers that somebody released.

Kept true: a month's numbers stand for five people or more each (`audit.statistics`), so they may stay when the records
that they were counted from are gone; a month is written once. A release is never changed; what holds is the newest.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text

from gateway.store.tables import UtcDateTime, one_of
from gateway.store.tables_office import metadata as metadata

RELEASED: Final = ("processing-record", "dpia", "model-register")

month_figures = Table(
    "month_figures", metadata,
    Column("month", String(7), primary_key=True),  # 2026-10
    Column("made_at", UtcDateTime, nullable=False),
    Column("figures", Text, nullable=False),
)
"""Numbers of requests of one calendar month, as `gateway.reports.figures` writes them down."""

release = Table(
    "release", metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("released_at", UtcDateTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("paper", Text, nullable=False),  # JSON, as `gateway.paper.forms` writes it
    CheckConstraint(one_of("kind", RELEASED), name="kind"),
    Index(None, "kind", "id"),
)
"""Papers that the data protection officer has looked through and released."""
