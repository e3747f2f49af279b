"""What the Personalrat agreed to; which process runs which policies.

Revision 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "monitoring_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_force_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('ersteinrichtung', 'zustimmung', 'verringerung')",
                           name=op.f("ck_monitoring_approval_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_approval")))
    op.create_index(op.f("ix_monitoring_approval_digest"), "monitoring_approval", ["digest"], unique=False)
    op.create_table(
        "replica",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replica")))


def downgrade() -> None:
    """Drop them: the next start counts as the first."""
    op.drop_table("replica")
    op.drop_index(op.f("ix_monitoring_approval_digest"), table_name="monitoring_approval")
    op.drop_table("monitoring_approval")
