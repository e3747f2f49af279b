"""Models that are switched off; groups of people; the purpose of a key or a front end.

Revision 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "model_stop",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('model', 'provider', 'all')", name=op.f("ck_model_stop_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_model_stop")))
    op.create_table(
        "person_group",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_group_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "group_id", name=op.f("pk_person_group")))
    op.add_column("api_key", sa.Column("purpose", sa.String(length=64), nullable=True))
    op.add_column("client", sa.Column("purpose", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Drop it: what was stopped runs again."""
    op.drop_column("client", "purpose")
    op.drop_column("api_key", "purpose")
    op.drop_table("person_group")
    op.drop_table("model_stop")
