"""What the directory service of the house says about people by SCIM.

Revision 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "directory_entry",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("user_name", sa.String(length=254), nullable=False),
        sa.Column("user_key", sa.String(length=254), nullable=False),
        sa.Column("given_name", sa.String(length=200), nullable=False),
        sa.Column("family_name", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_directory_entry_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_directory_entry")),
        sa.UniqueConstraint("user_key", name=op.f("uq_directory_entry_user_key")))
