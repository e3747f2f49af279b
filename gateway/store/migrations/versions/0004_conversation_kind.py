"""Conversations that have an id of their own, beside answers that clients go on from.

Revision 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: what was kept so far are answers."""
    op.add_column("conversation", sa.Column("kind", sa.String(length=16), nullable=False, server_default="answer"))


def downgrade() -> None:
    """Drop it; nobody opens a conversation as an answer, its id begins otherwise."""
    op.drop_column("conversation", "kind")
