"""The tables of casework: matters, their notes and sheets, and what is counted until it is worth a finding.

Kept true by the database itself: a cause raises one matter; a number is given once; a note or a version of a sheet has
its place in the row and is never changed (`gateway.store.matters` has no update for either). What people write stands
in ``matter_note.text`` and ``matter_sheet.body`` and nowhere else, and goes with its matter.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.model.casework import KINDS, NOTE_KINDS, SEVERITIES, STATES
from gateway.store.tables import UtcDateTime, one_of, person
from gateway.store.tables_reports import metadata as metadata

CAUSE: Final = 200

matter = Table(
    "matter", metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("about", String(64), nullable=False),
    Column("scope", String(100), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(24), nullable=False),
    Column("owner", ForeignKey(person.c.id, ondelete="SET NULL")),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("closed_at", UtcDateTime, index=True),
    Column("parent", String(16), index=True),
    Column("cause", String(CAUSE), unique=True),  # what raised it; NULL: a person did
    Column("version", Integer, nullable=False),
    Column("told_at", UtcDateTime),  # when an e-mail about it went out
    UniqueConstraint("kind", "year", "number"),
    CheckConstraint(one_of("kind", KINDS), name="kind"),
    CheckConstraint(one_of("state", STATES), name="state"),
    CheckConstraint(one_of("severity", SEVERITIES), name="severity"),
    Index(None, "kind", "state", "opened_at"),
)
"""Findings, incidents, requests of people, complaints of citizens."""

matter_note = Table(
    "matter_note", metadata,
    Column("matter_id", ForeignKey(matter.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(32), nullable=False),  # empty: the house itself
    Column("what", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("salt", LargeBinary(16), nullable=False),  # so that nobody finds a short text from its digest
    Column("digest", String(64), nullable=False),
    CheckConstraint(one_of("what", NOTE_KINDS), name="what"),
)
"""The history of a matter. Rows are added, never changed."""

matter_sheet = Table(
    "matter_sheet", metadata,
    Column("matter_id", ForeignKey(matter.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(32), nullable=False),
    Column("body", Text, nullable=False),  # JSON: {"values": {...}, "logged": [...]}
)
"""The fields of a matter, every version of them. Rows are added, never changed."""

finding_tally = Table(
    "finding_tally", metadata,
    Column("cause", String(CAUSE), primary_key=True),
    Column("about", String(64), nullable=False),
    Column("scope", String(100), nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
)
"""What is counted per rule, group of people and period, until it is worth a finding and on from there."""

finding_record = Table(
    "finding_record", metadata,
    Column("cause", String(CAUSE), primary_key=True),
    Column("record_id", String(36), primary_key=True),
)
"""Which records of the ledger a tally counted (the first of them): no foreign key, the ledger is another house."""

watch_mark = Table(
    "watch_mark", metadata,
    Column("name", String(CAUSE), primary_key=True),
    Column("value", String(200), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""How far the watch has read, since when a condition holds, where a model ran when somebody last looked."""
