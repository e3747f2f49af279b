"""Casework: findings, incidents, requests of people, complaints of citizens.

Revision 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KIND = "kind IN ('befund', 'vorfall', 'anfrage', 'ruege')"
_STATE = ("state IN ('neu', 'in_pruefung', 'vorfall', 'kein_befund', 'meldepflichtig', 'nicht_meldepflichtig', "
          "'erledigt', 'abgelehnt')")
_SEVERITY = "severity IN ('niedrig', 'mittel', 'hoch')"
_WHAT = ("what IN ('vermerk', 'stand', 'zustaendig', 'frist', 'schwere', 'angaben', 'ausgabe', 'aufbewahrung', "
         "'meldung', 'schritt')")
_Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "matter",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("opened_at", _Moment, nullable=False),
        sa.Column("due_at", _Moment, nullable=True),
        sa.Column("closed_at", _Moment, nullable=True),
        sa.Column("parent", sa.String(length=16), nullable=True),
        sa.Column("cause", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told_at", _Moment, nullable=True),
        sa.CheckConstraint(_KIND, name=op.f("ck_matter_kind")),
        sa.CheckConstraint(_STATE, name=op.f("ck_matter_state")),
        sa.CheckConstraint(_SEVERITY, name=op.f("ck_matter_severity")),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_matter_owner"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter")),
        sa.UniqueConstraint("cause", name=op.f("uq_matter_cause")),
        sa.UniqueConstraint("kind", "year", "number", name=op.f("uq_matter_kind_year_number")))
    op.create_index(op.f("ix_matter_closed_at"), "matter", ["closed_at"])
    op.create_index(op.f("ix_matter_parent"), "matter", ["parent"])
    op.create_index(op.f("ix_matter_kind_state_opened_at"), "matter", ["kind", "state", "opened_at"])
    op.create_table(
        "matter_note",
        sa.Column("matter_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", _Moment, nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint(_WHAT, name=op.f("ck_matter_note_what")),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_note_matter_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("matter_id", "number", name=op.f("pk_matter_note")))
    op.create_table(
        "matter_sheet",
        sa.Column("matter_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", _Moment, nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_sheet_matter_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("matter_id", "number", name=op.f("pk_matter_sheet")))
    op.create_table(
        "finding_tally",
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", _Moment, nullable=False),
        sa.Column("last_at", _Moment, nullable=False),
        sa.PrimaryKeyConstraint("cause", name=op.f("pk_finding_tally")))
    op.create_index(op.f("ix_finding_tally_last_at"), "finding_tally", ["last_at"])
    op.create_table(
        "finding_record",
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("cause", "record_id", name=op.f("pk_finding_record")))
    op.create_table(
        "watch_mark",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", _Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watch_mark")))
