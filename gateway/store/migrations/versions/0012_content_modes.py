"""Departments whose content is kept for some days, because two people agreed to it.

Revision 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "content_mode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("case_number", sa.String(length=40), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=32), nullable=False),
        sa.Column("dpo_by", sa.String(length=32), nullable=False),
        sa.Column("council_by", sa.String(length=32), nullable=False),
        sa.Column("on_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.CheckConstraint("why IN ('ended', 'stopped', 'withdrawn', 'lapsed')", name=op.f("ck_content_mode_why")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_mode")))
    op.create_index(op.f("ix_content_mode_off_at"), "content_mode", ["off_at"])


def downgrade() -> None:
    """Drop it: nothing is kept any more."""
    op.drop_table("content_mode")
