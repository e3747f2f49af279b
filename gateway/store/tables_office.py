"""The tables of sign-in and of the pass office: sessions, local accounts, courses under way, certificates, reminders.

Kept true: what opens a door is stored as a hash (session, invitation) or as an Argon2id digest (password); the name of
a section stands in ``course_progress`` only until the course is finished, without a time of day and without answers;
``pass_index`` is a list to look things up in, worked out from evidence and rules, never asked by the gate; what
``reid_piece`` holds opens only with the key of a trustee.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from gateway.store.tables import UtcDateTime, one_of, person
from gateway.store.tables import metadata as metadata

WAYS: Final = ("key", "oidc", "local")
INVITATIONS: Final = ("einladung", "neues_kennwort")

web_session = Table(
    "web_session", metadata,
    Column("id_sha256", LargeBinary(32), primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("way", String(16), nullable=False),
    Column("key_id", String(16)),  # the key that was shown; it ends the session when it is revoked
    Column("strong", Boolean, nullable=False),  # whether a second factor was shown
    Column("provider_sid_sha256", LargeBinary(32), index=True),  # how the OpenID provider calls this session
    Column("began_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    CheckConstraint(one_of("way", WAYS), name="way"),
)
"""Who is signed in to the pages. A row is written at sign-in and at sign-out only; deleted when it is over."""

local_account = Table(
    "local_account", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("password", String(200), nullable=False),  # Argon2id, in its own format with salt and costs
    Column("changed_at", UtcDateTime, nullable=False),
)
"""Passwords of people in a house without an OpenID provider."""

invitation = Table(
    "invitation", metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime),
    CheckConstraint(one_of("kind", INVITATIONS), name="kind"),
)
"""Links with which somebody chooses a password, once."""

course_progress = Table(
    "course_progress", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("module", String(64), primary_key=True),
    Column("document_sha256", String(64), nullable=False),  # the version of the course that this is about
    Column("sections", Text, nullable=False),  # keys of the sections that were read, parted by spaces
    Column("day", Date, nullable=False, index=True),  # of the last change, so that old rows can be deleted
)
"""Where somebody stopped in a course. Deleted when the course is finished, or after ninety days."""

certificate = Table(
    "certificate", metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)
"""Numbers under which others may look whether a pass is valid."""

reminder = Table(
    "reminder", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("about", String(160), primary_key=True),  # what it reminded of: a kind, a scope and a date or version
    Column("day", Date, nullable=False, index=True),
)
"""Which reminders were sent, so that nobody gets one twice."""

pass_index = Table(
    "pass_index", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("scope", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("until", UtcDateTime, nullable=False),  # `pass_index.NEVER`: it does not end by itself
    Column("changes_at", UtcDateTime),  # when this line may be wrong by itself
    Column("rules", String(16), nullable=False),  # what it was worked out with
    Index(None, "scope", "state", "until", "person_id"),
    Index(None, "scope", "until", "person_id"),
    Index(None, "scope", "rules", "changes_at"),
    Index(None, "changes_at"),
)
"""How the pass of each person stood when somebody last looked: for lists and counts, not for the gate."""

staged_evidence = Table(
    "staged_evidence", metadata,
    Column("batch", String(32), primary_key=True),  # one import
    Column("person_id", String(32), primary_key=True),
    Column("module", String(64), primary_key=True),
    Column("completed_at", UtcDateTime, primary_key=True),
    Column("document_sha256", String(64)),
    Column("day_begins", UtcDateTime, nullable=False),
    Column("day_ends", UtcDateTime, nullable=False),
    Column("staged_at", UtcDateTime, nullable=False, index=True),  # so that what an import left behind can be deleted
)
"""Completions of an import under way. They count when one statement has moved all of them to ``evidence``, or never."""

upload = Table(
    "upload", metadata,
    Column("id_sha256", LargeBinary(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("by", String(32), nullable=False),  # the subject of who handed it in; only they go on with it
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),  # ciphertext, whose key only the id gives
    Column("state", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
)
"""Files of the pass office between "show me" and "do it", and how far the doing is."""

reid_piece = Table(
    "reid_piece", metadata,
    Column("request", String(36), primary_key=True),  # the record that made the request
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),  # ciphertext
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
"""What two people who open a seal in their browsers pass to each other."""

directory_entry = Table(
    "directory_entry", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("user_name", String(254), nullable=False),
    Column("user_key", String(254), nullable=False, unique=True),  # the name without capitals, to find it by
    Column("given_name", String(200), nullable=False),
    Column("family_name", String(200), nullable=False),
    Column("department", String(200), nullable=False),  # as the directory service calls it
)
"""What the directory service of the house said about somebody (SCIM) beside what ``person`` holds."""
