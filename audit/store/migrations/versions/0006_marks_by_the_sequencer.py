"""The sequencer sets the marks itself; numbers per day, which nobody read, go.

What was sequenced and not marked yet is marked here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audit.facets import facts_of
from audit.marks import mark_of_end, marks_of
from audit.record import ENDS, REQUESTS
from audit.store.store import as_bytes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHUNK = 1000
_ROWS = sa.text(
    "SELECT f.idx, f.t, f.type, f.ref, p.body FROM audit_facet f LEFT JOIN audit_part p ON p.record_id = f.record_id "
    "AND p.name = 'meta' WHERE f.idx >= :start ORDER BY f.idx LIMIT :chunk"
)
_REQUEST = sa.text("SELECT t, idx FROM audit_facet WHERE idx = (SELECT idx FROM audit_seq WHERE record_id = :ref)")
_MARK = sa.text("INSERT INTO audit_mark (mark, t, idx) VALUES (:mark, :t, :idx) ON CONFLICT (mark, t, idx) DO NOTHING")


def upgrade() -> None:
    bind = op.get_bind()
    start = bind.execute(sa.text("SELECT next FROM audit_counted")).scalar() or 0
    while rows := bind.execute(_ROWS, {"start": start, "chunk": CHUNK}).fetchall():
        for idx, t, type_, ref, body in rows:
            facts = facts_of(None if body is None else as_bytes(body))
            if type_ in REQUESTS:
                for mark in marks_of(facts):
                    bind.execute(_MARK, {"mark": mark, "t": t, "idx": idx})
            elif type_ in ENDS and (mark := mark_of_end(type_, facts)):
                for at, place in bind.execute(_REQUEST, {"ref": ref}).fetchall():
                    bind.execute(_MARK, {"mark": mark, "t": at, "idx": place})
        start = rows[-1][0] + 1
    op.drop_table("audit_counted")
    op.drop_table("audit_daily")


def downgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
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
