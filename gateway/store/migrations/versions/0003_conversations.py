"""Conversations that clients go on with by an id.

Revision 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "conversation",
        sa.Column("id_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_conversation"))
    )
    op.create_index(op.f("ix_conversation_expires_at"), "conversation", ["expires_at"], unique=False)
    op.create_index(op.f("ix_conversation_subject_created_at"), "conversation", ["subject", "created_at"],
                    unique=False)


def downgrade() -> None:
    """Drop it; conversations live for hours."""
    op.drop_table("conversation")
