"""Sign-in (sessions, local accounts, invitations) and the pass office (courses under way, certificates, reminders).

Revision 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "upload",
        sa.Column("id_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_upload")))
    op.create_index(op.f("ix_upload_expires_at"), "upload", ["expires_at"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")))
    op.create_index(op.f("ix_certificate_person_id"), "certificate", ["person_id"], unique=False)
    op.create_table(
        "course_progress",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("sections", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_course_progress_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "module", name=op.f("pk_course_progress")))
    op.create_index(op.f("ix_course_progress_day"), "course_progress", ["day"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('einladung', 'neues_kennwort')", name=op.f("ck_invitation_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_invitation")))
    op.create_index(op.f("ix_invitation_expires_at"), "invitation", ["expires_at"], unique=False)
    op.create_index(op.f("ix_invitation_person_id"), "invitation", ["person_id"], unique=False)
    op.create_table(
        "local_account",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_local_account_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_local_account")))
    op.create_table(
        "pass_index",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pass_index_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "scope", name=op.f("pk_pass_index")))
    op.create_index(op.f("ix_pass_index_changes_at"), "pass_index", ["changes_at"], unique=False)
    op.create_index(op.f("ix_pass_index_scope_state_until"), "pass_index", ["scope", "state", "until"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=160), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "about", name=op.f("pk_reminder")))
    op.create_index(op.f("ix_reminder_day"), "reminder", ["day"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("id_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("provider_sid_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("way IN ('key', 'oidc', 'local')", name=op.f("ck_web_session_way")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_web_session_person_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_web_session")))
    op.create_index(op.f("ix_web_session_ends_at"), "web_session", ["ends_at"], unique=False)
    op.create_index(op.f("ix_web_session_person_id"), "web_session", ["person_id"], unique=False)
    op.create_index(op.f("ix_web_session_provider_sid_sha256"), "web_session", ["provider_sid_sha256"], unique=False)


def downgrade() -> None:
    """Drop them: everybody signs in anew, and courses begin at the beginning."""
    op.drop_index(op.f("ix_web_session_provider_sid_sha256"), table_name="web_session")
    op.drop_index(op.f("ix_web_session_person_id"), table_name="web_session")
    op.drop_index(op.f("ix_web_session_ends_at"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_index(op.f("ix_reminder_day"), table_name="reminder")
    op.drop_table("reminder")
    op.drop_index(op.f("ix_pass_index_scope_state_until"), table_name="pass_index")
    op.drop_index(op.f("ix_pass_index_changes_at"), table_name="pass_index")
    op.drop_table("pass_index")
    op.drop_table("local_account")
    op.drop_index(op.f("ix_invitation_person_id"), table_name="invitation")
    op.drop_index(op.f("ix_invitation_expires_at"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_course_progress_day"), table_name="course_progress")
    op.drop_table("course_progress")
    op.drop_index(op.f("ix_certificate_person_id"), table_name="certificate")
    op.drop_table("certificate")
    op.drop_index(op.f("ix_upload_expires_at"), table_name="upload")
    op.drop_table("upload")
