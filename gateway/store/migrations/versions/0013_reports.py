"""Numbers of months that are over, and papers that were released.

Revision 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "month_figures",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_month_figures")))
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('processing-record', 'dpia', 'model-register')", name=op.f("ck_release_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")))
    op.create_index(op.f("ix_release_kind_id"), "release", ["kind", "id"])


def downgrade() -> None:
    """Drop them: numbers of months whose records are gone cannot be counted again."""
    op.drop_table("release")
    op.drop_table("month_figures")
