"""The tables of the ledger, the same on SQLite and PostgreSQL. No foreign key points anywhere.

Evidence: ``audit_record`` (the hashed bytes), ``audit_part`` (deletable; ``audit_hold`` says what stays for a case),
``audit_seq`` (order and leaves), ``audit_state`` (one row; its lock orders sequencers), ``checkpoint``,
``anchor_receipt``; ``audit_forged`` (rows that somebody else put there, kept out of the log). Working tables:
``audit_inbox`` (waits for the sequencer), ``audit_job`` (who does what is done once a day). Beside them
``identity_seal``: who a pseudonym is, sealed to keys that the house does not have. Derived, never hashed, rebuilt from
the rest at any time: ``audit_facet`` (for reading), ``audit_open`` (intents whose end is not sequenced),
``audit_writer`` (next counter per writer), ``audit_mark`` (what requests are found by beside their facets).

``audit_record`` allows one end per intent: the unique index on ``ref`` decides between a late outcome and the reaper.
Rows of ``audit_record`` are inserted and, by pruning, deleted; never updated.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION_TABLE: Final = "audit_version"
HEAD: Final = "0007"
"""The newest migration; `store.Store` compares it before it loads Alembic. One that older programs can work with says
from which on: ``0009ab0007`` is number 9, and programs that know number 7 go on with it."""

metadata = MetaData()
_Big = BigInteger().with_variant(Integer, "sqlite")

audit_record = Table(
    "audit_record",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("writer", String(40), nullable=False),
    Column("wseq", _Big, nullable=False),
    Column("type", String(64), nullable=False),
    Column("ref", String(36), nullable=False, server_default=""),
    Column("envelope", LargeBinary, nullable=False),
    Column("seal", LargeBinary, comment="that the row is ours (audit.seal); records from before the seal have none"),
    UniqueConstraint("writer", "wseq", name="audit_record_counter"),
    Index(
        "audit_record_one_end",
        "ref",
        unique=True,
        sqlite_where=text("type IN ('outcome', 'outcome.unknown')"),
        postgresql_where=text("type IN ('outcome', 'outcome.unknown')"),
    ),
    sqlite_with_rowid=False,
)
audit_part = Table(
    "audit_part",
    metadata,
    Column("record_id", String(36), nullable=False),
    Column("name", String(64), nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("class", String(64), nullable=False),
    Column("expires_at", _Big, nullable=False, comment="second since 1970"),
    Column("hold", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("record_id", "name"),
    sqlite_with_rowid=False,
)
Index("audit_part_expires", audit_part.c.expires_at, audit_part.c.record_id, audit_part.c.name)
audit_hold = Table(
    "audit_hold",
    metadata,
    Column("name", String(64), nullable=False, comment="why: the number of a case, or a word of the ledger itself"),
    Column("record_id", String(36), nullable=False),
    Column("at", _Big, nullable=False, comment="microsecond since 1970"),
    PrimaryKeyConstraint("name", "record_id"),
)
Index("audit_hold_record", audit_hold.c.record_id)
audit_job = Table(
    "audit_job",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("at", _Big, nullable=False, comment="microsecond since 1970: when somebody last took it on"),
)
identity_seal = Table(
    "identity_seal",
    metadata,
    Column("pseudonym", String(40), primary_key=True),
    Column("epoch", String(16), nullable=False),
    Column("keys", String(200), nullable=False, comment="ids of the public keys it is sealed to"),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", _Big, nullable=False, comment="second since 1970"),
)
Index("identity_seal_expires", identity_seal.c.expires_at)
audit_inbox = Table(
    "audit_inbox",
    metadata,
    Column("pos", _Big, primary_key=True, autoincrement=True),
    Column("record_id", String(36), nullable=False),
)
audit_seq = Table(
    "audit_seq",
    metadata,
    Column("idx", _Big, primary_key=True, autoincrement=False),
    Column("record_id", String(36), nullable=False, unique=True),
    Column("leaf", LargeBinary, nullable=False),
)
audit_tile = Table(
    "audit_tile",
    metadata,
    Column("idx", _Big, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Hashes over 256 leaves each, for proofs (`audit.tiles`)."""
audit_state = Table(
    "audit_state",
    metadata,
    Column("log", String(200), primary_key=True),
    Column("size", _Big, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("min_index", _Big, nullable=False),
    Column("pruned_peaks", LargeBinary, nullable=False),
    Column("seal", LargeBinary),
)
audit_forged = Table(
    "audit_forged",
    metadata,
    Column("pos", _Big, primary_key=True, autoincrement=True),
    Column("finding", String(36), nullable=False, comment="id of the record that tells of it"),
    Column("told", Integer, nullable=False, server_default="0", comment="1: that record is written"),
    Column("at", _Big, nullable=False, comment="microsecond since 1970"),
    Column("reason", String(16), nullable=False),
    Column("record_id", String(36), nullable=False),
    Column("writer", String(40), nullable=False),
    Column("wseq", _Big, nullable=False),
    Column("type", String(64), nullable=False),
    Column("ref", String(36), nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("seal", LargeBinary),
)
"""Rows that waited for their place and are not ours (`audit.aside`)."""
Index("audit_forged_told", audit_forged.c.told, audit_forged.c.pos)
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", _Big, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("created_at", _Big, nullable=False, comment="microsecond since 1970"),
)
anchor_receipt = Table(
    "anchor_receipt",
    metadata,
    Column("size", _Big, nullable=False),
    Column("sink", String(100), nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("at", _Big, nullable=False, comment="microsecond since 1970"),
    PrimaryKeyConstraint("size", "sink"),
)
audit_writer = Table(
    "audit_writer",
    metadata,
    Column("writer", String(40), primary_key=True),
    Column("next", _Big, nullable=False),
)
audit_open = Table(
    "audit_open",
    metadata,
    Column("intent", String(36), primary_key=True),
    Column("writer", String(40), nullable=False),
    sqlite_with_rowid=False,
)

FACETS: Final = ("vorgang", "department", "model", "decision", "code", "rule", "purpose", "reference")
"""The columns of ``audit_facet`` that come from the part ``meta``."""

audit_facet = Table(
    "audit_facet",
    metadata,
    Column("idx", _Big, primary_key=True, autoincrement=False),
    Column("record_id", String(36), nullable=False),
    Column("type", String(64), nullable=False),
    Column("ref", String(36), nullable=False),
    Column("t", _Big, nullable=False, comment="microsecond since 1970"),
    *[Column(name, String(200)) for name in FACETS],
    Column("subject", String(40)),
)
Index(
    "audit_facet_subject",
    audit_facet.c.subject,
    audit_facet.c.t,
    audit_facet.c.idx,
    sqlite_where=audit_facet.c.subject.is_not(None),
    postgresql_where=audit_facet.c.subject.is_not(None),
)
"""For the records of one pseudonym: a person's own, or what is to be erased. Nothing counts by it."""
Index("audit_facet_t", audit_facet.c.t, audit_facet.c.idx)
Index("audit_facet_type", audit_facet.c.type, audit_facet.c.t, audit_facet.c.idx)
for _name in FACETS:
    # Rows without the value stay out of the index: most records carry only some of them.
    _set = audit_facet.c[_name].is_not(None)
    Index(
        f"audit_facet_{_name}",
        audit_facet.c[_name],
        audit_facet.c.t,
        audit_facet.c.idx,
        sqlite_where=_set,
        postgresql_where=_set,
    )

MARK_LENGTH: Final = 120
audit_mark = Table(
    "audit_mark",
    metadata,
    Column("mark", String(MARK_LENGTH), nullable=False, comment="kind:..., region:..., status:..."),
    Column("t", _Big, nullable=False, comment="microsecond since 1970, of the request"),
    Column("idx", _Big, nullable=False),
    PrimaryKeyConstraint("mark", "t", "idx"),
    sqlite_with_rowid=False,
)
Index("audit_mark_idx", audit_mark.c.idx)
