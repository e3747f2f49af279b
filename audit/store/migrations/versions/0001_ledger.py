"""The tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FACETS = ("vorgang", "department", "model", "decision", "code", "rule", "purpose")
_ENDS = sa.text("type IN ('outcome', 'outcome.unknown')")


def upgrade() -> None:
    _evidence()
    _working()
    _facets()


def _evidence() -> None:
    op.create_table(
        "audit_record",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("writer", sa.String(40), nullable=False),
        sa.Column("wseq", _Big, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(36), nullable=False, server_default=""),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("writer", "wseq", name="audit_record_counter"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "audit_record_one_end", "audit_record", ["ref"], unique=True, sqlite_where=_ENDS, postgresql_where=_ENDS
    )
    op.create_table(
        "audit_part",
        sa.Column("record_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("class", sa.String(64), nullable=False),
        sa.Column("expires_at", _Big, nullable=False, comment="second since 1970"),
        sa.Column("hold", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("record_id", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_seq",
        sa.Column("idx", _Big, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.String(36), nullable=False, unique=True),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_state",
        sa.Column("log", sa.String(200), primary_key=True),
        sa.Column("size", _Big, nullable=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
        sa.Column("min_index", _Big, nullable=False),
        sa.Column("pruned_peaks", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", _Big, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", _Big, nullable=False, comment="microsecond since 1970"),
    )
    op.create_table(
        "anchor_receipt",
        sa.Column("size", _Big, nullable=False),
        sa.Column("sink", sa.String(100), nullable=False),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        sa.Column("at", _Big, nullable=False, comment="microsecond since 1970"),
        sa.PrimaryKeyConstraint("size", "sink"),
    )


def _working() -> None:
    op.create_table(
        "audit_inbox",
        sa.Column("pos", _Big, primary_key=True, autoincrement=True),
        sa.Column("record_id", sa.String(36), nullable=False),
    )
    op.create_table(
        "audit_writer",
        sa.Column("writer", sa.String(40), primary_key=True),
        sa.Column("next", _Big, nullable=False),
    )
    op.create_table(
        "audit_open",
        sa.Column("intent", sa.String(36), primary_key=True),
        sa.Column("writer", sa.String(40), nullable=False),
        sqlite_with_rowid=False,
    )


def _facets() -> None:
    op.create_table(
        "audit_facet",
        sa.Column("idx", _Big, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("t", _Big, nullable=False, comment="microsecond since 1970"),
        *[sa.Column(name, sa.String(200)) for name in _FACETS],
    )
    op.create_index("audit_facet_t", "audit_facet", ["t", "idx"])
    op.create_index("audit_facet_type", "audit_facet", ["type", "t", "idx"])
    for name in _FACETS:
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"audit_facet_{name}", "audit_facet", [name, "t", "idx"], sqlite_where=there, postgresql_where=there
        )


def downgrade() -> None:
    for name in (
        "audit_facet",
        "audit_open",
        "audit_writer",
        "audit_inbox",
        "anchor_receipt",
        "checkpoint",
        "audit_state",
        "audit_seq",
        "audit_part",
        "audit_record",
    ):
        op.drop_table(name)
