"""How much of a limit is used up, so that a restart does not forget it.

Revision 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "usage_count",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_usage_count"))
    )
    op.create_index(op.f("ix_usage_count_ends_at"), "usage_count", ["ends_at"], unique=False)


def downgrade() -> None:
    """Drop it; counters live for a month at most."""
    op.drop_table("usage_count")
