"""The tables of the gateway, as they are after the last migration (a test compares).

Kept true by the database itself: an address exists once, a key hash exists once, evidence and events belong to a
person, roles and sources come from closed lists. What is *not* here: scores, attempts, answers to the checklist,
whether a KI-Pass is valid (that is computed, `gateway.kipass`), the documents and their versions (``policies/``), and
anything that a person wrote to a model.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

from gateway.model.clients import GROUPS_MODES, IDENTITIES
from gateway.model.content_mode import ENDS
from gateway.model.people import ROLES
from gateway.model.stops import LONGEST_REASON, STOP_KINDS

metadata: Final = MetaData(naming_convention={
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
})


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Goes in aware, comes out aware in UTC, on both databases (SQLite itself forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC; a naive one is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the condition that a column holds one of these words."""
    return f"{column} IN ({', '.join(repr(v) for v in values)})"


SOURCES: Final = ("selbst", "lms_csv", "moodle", "xapi", "oidc_claim", "badge", "verwaltung")
EVENTS: Final = ("erteilt", "gesperrt", "entsperrt", "entzogen", "verlängert")

department = Table(
    "department", metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
)

person = Table(
    "person", metadata,
    Column("id", String(32), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),  # lower case; see people.normal_email
    Column("name", String(200), nullable=False),
    Column("department_id", ForeignKey(department.c.id), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("external_id", String(200)),  # in the directory service of the house; NULL: not recorded
    Index(None, "external_id", unique=True),
    Index(None, "department_id", "name", "id"),
    Index(None, "name", "id", "email", "disabled_at"),  # lists and searches by name read nothing else
    Index(None, "disabled_at", sqlite_where=text("disabled_at IS NOT NULL"),  # who left, and nobody else
          postgresql_where=text("disabled_at IS NOT NULL")),
)

person_department = Table(
    "person_department", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("department_id", ForeignKey(department.c.id), primary_key=True),
)
"""Departments that a person works for beside the one in ``person``."""

person_role = Table(
    "person_role", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("role", String(32), primary_key=True),
    CheckConstraint(one_of("role", ROLES), name="role"),
)

person_group = Table(
    "person_group", metadata,
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), primary_key=True),
    Column("group_id", String(64), primary_key=True),  # the policy says which groups there are
)

api_key = Table(
    "api_key", metadata,
    Column("id", String(16), primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("block_style", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_on", Date),
    Column("service", String(64)),  # department of an automatic service; NULL: the key of a person
    Column("purpose", String(64)),  # what it was made for; NULL: nothing special
    CheckConstraint(one_of("block_style", ("error", "message")), name="block_style"),
)

client = Table(
    "client", metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("identity", String(16), nullable=False),
    Column("token_header", String(64), nullable=False),
    Column("secret_name", String(64), nullable=False),
    Column("email_header", String(64), nullable=False),
    Column("id_header", String(64), nullable=False),
    Column("groups_header", String(64), nullable=False),
    Column("groups_mode", String(16), nullable=False),
    Column("block_style", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_on", Date),
    Column("purpose", String(64)),
    CheckConstraint(one_of("identity", IDENTITIES), name="identity"),
    CheckConstraint(one_of("groups_mode", GROUPS_MODES), name="groups_mode"),
    CheckConstraint(one_of("block_style", ("error", "message")), name="block_style"),
)
"""Trusted front ends: the hash of the key, and the *name* of the secret with which they sign."""

evidence = Table(
    "evidence", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False),
    Column("module", String(64), nullable=False),
    Column("document_sha256", String(64)),
    Column("completed_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime),
    Column("source", String(16), nullable=False),
    Column("source_ref", String(200)),
    Column("recorded_by", String(64), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("revoke_reason", String(500)),
    CheckConstraint(one_of("source", SOURCES), name="source"),
    Index(None, "person_id", "module"),
)
"""Proof that a person finished a module, or acknowledged the document with this hash. Never a score."""

pass_event = Table(
    "pass_event", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey(person.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("scope", String(64)),  # NULL: the whole pass, every scope
    Column("event", String(16), nullable=False),
    Column("by_role", String(64), nullable=False),
    Column("reason", String(500)),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint(one_of("event", EVENTS), name="event"),
)

conversation = Table(
    "conversation", metadata,
    Column("id_sha256", LargeBinary(32), primary_key=True),
    Column("subject", String(64), nullable=False),  # a person or a service; no foreign key, it lives for hours
    Column("created_at", UtcDateTime, nullable=False),  # of what is in it now: a change makes it anew
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kind", String(16), nullable=False, server_default="answer"),  # `gateway.ports.Kept`
    Index(None, "subject", "created_at"),
)
"""Conversations that clients go on with by an id: ciphertext, whose key only the client's id gives."""

usage_count = Table(
    "usage_count", metadata,
    Column("key", String(64), primary_key=True),  # a keyed digest; the key is no part of the database
    Column("value", BigInteger, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
)
"""How much of a day's or month's limit is used up, for counters that live in the memory of one machine: so that a
restart does not give everybody a new budget. Deleted when the day or month is over."""

pin = Table(
    "pin", metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("kinds", String(1000), nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
)
"""Which kinds of finding a conversation once held: keyed digests of its messages, no content, no person."""

monitoring_approval = Table(
    "monitoring_approval", metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, index=True),
    Column("facts", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("approved_by", String(32), nullable=False),  # a person, or empty; no foreign key: it outlives the person
    Column("at", UtcDateTime, nullable=False),
    Column("in_force_since", UtcDateTime),  # NULL: agreed to, and the policies it is about are not there yet
    CheckConstraint(one_of("kind", ("ersteinrichtung", "zustimmung", "verringerung")), name="kind"),
)
"""What the Personalrat agreed to of what touches the monitoring of staff (`gateway.policy.monitoring`)."""

replica = Table(
    "replica", metadata,
    Column("id", String(80), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
"""Which process runs which policies, as of a few seconds ago."""

model_stop = Table(
    "model_stop", metadata,
    Column("kind", String(16), primary_key=True),
    Column("name", String(500), primary_key=True),
    Column("reason", String(LONGEST_REASON), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),  # a subject; no foreign key, a stop outlives whoever made it
    Column("models", Text, nullable=False),
    CheckConstraint(one_of("kind", STOP_KINDS), name="kind"),
)
"""Models that somebody switched off. Every replica reads it when the generation moves."""

content_mode = Table(
    "content_mode", metadata,
    Column("id", Integer, primary_key=True),
    Column("department", String(64), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("case_number", String(40), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("requested_by", String(32), nullable=False),  # a person, while it lasts; no foreign key
    Column("dpo_by", String(32), nullable=False),
    Column("council_by", String(32), nullable=False),
    Column("on_since", UtcDateTime),
    Column("off_at", UtcDateTime, index=True),  # NULL: may still be on, or waits
    Column("why", String(16)),
    CheckConstraint(one_of("why", ENDS), name="why"),
)
"""Departments whose content is kept for some days. Every replica reads it when the generation moves."""

generation = Table(
    "generation", metadata,
    Column("id", Integer, primary_key=True),
    Column("value", Integer, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""One row: how many writing transactions there were. Whoever caches polls this number."""
