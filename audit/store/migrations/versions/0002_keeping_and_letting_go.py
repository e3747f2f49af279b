"""Holds, jobs, sealed identities; records of a pseudonym can be found, and parts whose time is up."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_hold",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("record_id", sa.String(36), nullable=False),
        sa.Column("at", _Big, nullable=False),
        sa.PrimaryKeyConstraint("name", "record_id"),
    )
    op.create_index("audit_hold_record", "audit_hold", ["record_id"])
    op.create_table(
        "audit_job", sa.Column("name", sa.String(64), primary_key=True), sa.Column("at", _Big, nullable=False)
    )
    op.create_table(
        "identity_seal",
        sa.Column("pseudonym", sa.String(40), primary_key=True),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("keys", sa.String(200), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", _Big, nullable=False),
    )
    op.create_index("identity_seal_expires", "identity_seal", ["expires_at"])
    op.create_index("audit_part_expires", "audit_part", ["expires_at", "record_id", "name"])
    op.add_column("audit_facet", sa.Column("subject", sa.String(40)))
    _fill_subjects()
    there = sa.text("subject IS NOT NULL")
    op.create_index(
        "audit_facet_subject", "audit_facet", ["subject", "t", "idx"], sqlite_where=there, postgresql_where=there
    )


def _fill_subjects() -> None:
    connection = op.get_bind()
    update = sa.text("UPDATE audit_facet SET subject = :subject WHERE record_id = :record_id")
    last = ""
    while rows := connection.execute(
        sa.text("SELECT record_id, body FROM audit_part WHERE name = 'subject' AND record_id > :last "
                "ORDER BY record_id LIMIT 1000"), {"last": last}).fetchall():
        connection.execute(update, [
            {"record_id": row[0], "subject": json.loads(bytes(row[1]))["pseudonym"]} for row in rows])
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_index("audit_facet_subject", table_name="audit_facet")
    op.drop_column("audit_facet", "subject")
    op.drop_index("audit_part_expires", table_name="audit_part")
    op.drop_table("identity_seal")
    op.drop_table("audit_job")
    op.drop_table("audit_hold")
