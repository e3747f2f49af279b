"""Trusted front ends; ids of the directory service and further departments of people; keys of services.

Revision 0002. Columns and indexes are added in place, no table is built anew: on SQLite that would empty the tables
that refer to it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "client",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("identity", sa.String(length=16), nullable=False),
        sa.Column("token_header", sa.String(length=64), nullable=False),
        sa.Column("secret_name", sa.String(length=64), nullable=False),
        sa.Column("email_header", sa.String(length=64), nullable=False),
        sa.Column("id_header", sa.String(length=64), nullable=False),
        sa.Column("groups_header", sa.String(length=64), nullable=False),
        sa.Column("groups_mode", sa.String(length=16), nullable=False),
        sa.Column("block_style", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.CheckConstraint("identity IN ('openwebui-jwt', 'headers')", name=op.f("ck_client_identity")),
        sa.CheckConstraint("groups_mode IN ('directory', 'choose', 'lead')", name=op.f("ck_client_groups_mode")),
        sa.CheckConstraint("block_style IN ('error', 'message')", name=op.f("ck_client_block_style")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("sha256", name=op.f("uq_client_sha256"))
    )
    op.create_table(
        "person_department",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_person_department_department_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_department_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "department_id", name=op.f("pk_person_department"))
    )
    op.add_column("person", sa.Column("external_id", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_person_external_id"), "person", ["external_id"], unique=True)
    op.add_column("api_key", sa.Column("service", sa.String(length=64), nullable=True))
