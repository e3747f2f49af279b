"""The tables of reviewing: saved views, the note that an officer keeps here, what policies said at a time.

A view is an address, no result: whoever opens it sees what there is then. Texts of policies are kept by their digest
and never changed: what records name can be read as long as records are kept, and longer.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from gateway.store.tables import UtcDateTime, person
from gateway.store.tables_casework import metadata as metadata

NAME: Final = 80
QUERY: Final = 1000

saved_view = Table(
    "saved_view", metadata,
    Column("id", String(16), primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False),  # who made it
    Column("shared", Boolean, nullable=False),
    Column("name", String(NAME), nullable=False),
    Column("query", String(QUERY), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "person_id"),
)

kept_note = Table(
    "kept_note", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("note", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

policy_text = Table(
    "policy_text", metadata,
    Column("digest", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),  # JSON, packed
    Column("at", UtcDateTime, nullable=False),  # when it first came into force here
)
