"""The house's seal on records and on the state of the log, and a place for rows that do not have it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("audit_record", sa.Column("seal", sa.LargeBinary))
    op.add_column("audit_state", sa.Column("seal", sa.LargeBinary))
    op.create_table(
        "audit_forged",
        sa.Column("pos", big, primary_key=True, autoincrement=True),
        sa.Column("finding", sa.String(36), nullable=False),
        sa.Column("told", sa.Integer, nullable=False, server_default="0"),
        sa.Column("at", big, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("record_id", sa.String(36), nullable=False),
        sa.Column("writer", sa.String(40), nullable=False),
        sa.Column("wseq", big, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.Column("seal", sa.LargeBinary),
    )
    op.create_index("audit_forged_told", "audit_forged", ["told", "pos"])


def downgrade() -> None:
    op.drop_table("audit_forged")
    op.drop_column("audit_state", "seal")
    op.drop_column("audit_record", "seal")
