"""What a house of 50,000 people needs: indexes for the lists of the pass office, and a place for imports under way.

The index of passes is worked out from evidence, so it is made anew, empty; serving processes fill it.

Revision 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes and the tables."""
    op.drop_index(op.f("ix_person_department_id"), "person")
    op.create_index(op.f("ix_person_department_id_name_id"), "person", ["department_id", "name", "id"])
    op.create_index(op.f("ix_person_name_id_email_disabled_at"), "person", ["name", "id", "email", "disabled_at"])
    op.create_index(op.f("ix_person_disabled_at"), "person", ["disabled_at"],
                    sqlite_where=sa.text("disabled_at IS NOT NULL"),
                    postgresql_where=sa.text("disabled_at IS NOT NULL"))
    op.drop_table("pass_index")
    op.create_table(
        "pass_index",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pass_index_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "scope", name=op.f("pk_pass_index")))
    op.create_index(op.f("ix_pass_index_changes_at"), "pass_index", ["changes_at"])
    op.create_index(op.f("ix_pass_index_scope_rules_changes_at"), "pass_index", ["scope", "rules", "changes_at"])
    op.create_index(op.f("ix_pass_index_scope_state_until_person_id"), "pass_index",
                    ["scope", "state", "until", "person_id"])
    op.create_index(op.f("ix_pass_index_scope_until_person_id"), "pass_index", ["scope", "until", "person_id"])
    op.create_table(
        "staged_evidence",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("day_begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day_ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch", "person_id", "module", "completed_at", name=op.f("pk_staged_evidence")))
    op.create_index(op.f("ix_staged_evidence_staged_at"), "staged_evidence", ["staged_at"])
