"""Records can be found by a case reference: a keyed digest of it, never the reference itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_facet", sa.Column("reference", sa.String(200)))
    there = sa.text("reference IS NOT NULL")
    op.create_index(
        "audit_facet_reference", "audit_facet", ["reference", "t", "idx"], sqlite_where=there, postgresql_where=there
    )


def downgrade() -> None:
    op.drop_index("audit_facet_reference", table_name="audit_facet")
    op.drop_column("audit_facet", "reference")
