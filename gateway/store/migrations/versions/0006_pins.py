"""Which kinds of finding a conversation once held.

Revision 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "pin",
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kinds", sa.String(length=1000), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_pin")))
    op.create_index(op.f("ix_pin_until"), "pin", ["until"], unique=False)


def downgrade() -> None:
    """Drop it: conversations begin anew."""
    op.drop_table("pin")
