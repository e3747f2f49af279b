"""Numbers per day that outlive the records, and marks by which requests are found. Both fill themselves afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "audit_mark",
        sa.Column("mark", sa.String(120), nullable=False),
        sa.Column("t", big, nullable=False),
        sa.Column("idx", big, nullable=False),
        sa.PrimaryKeyConstraint("mark", "t", "idx"),
        sqlite_with_rowid=False,
    )
    op.create_index("audit_mark_idx", "audit_mark", ["idx"])
    op.create_table(
        "audit_daily",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("department", sa.String(200), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("count", big, nullable=False),
        sa.PrimaryKeyConstraint("day", "department", "what", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_counted",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("next", big, nullable=False),
    )


def downgrade() -> None:
    for table in ("audit_counted", "audit_daily", "audit_mark"):
        op.drop_table(table)
