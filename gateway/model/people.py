"""The people of the house as pages, commands and adapters see them. The pipeline never does: it has `Principal`.

A `Person` carries a name and an address and therefore stays out of logs and of the ledger; ``repr`` shows the opaque
id only. An `ApiKey` is what may be known about a key after it was shown once: its public id, never its secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

Role = Literal["staff", "ki-pass-stelle", "dpo", "personalrat", "it", "leitung"]
ROLES: Final[tuple[Role, ...]] = ("staff", "ki-pass-stelle", "dpo", "personalrat", "it", "leitung")
"""Every role, from the most common to the rarest."""


BlockStyle = Literal["error", "message"]
"""How a refusal appears: as an error, or as an answer in the chat, because some clients show no error text."""


@dataclass(frozen=True, slots=True)
class Department:
    """A unit of the administration: the id that policies use, and the name that people read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may work here. ``id`` is the opaque subject of `Principal` and of the ledger's pseudonyms."""

    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    department: str
    roles: frozenset[str] = frozenset()
    disabled_at: datetime | None = None
    """When the person left or was switched off; nobody who is disabled passes, whatever their KI-Pass says."""
    external_id: str | None = field(default=None, repr=False)
    """How the directory service of the house calls the person: it stays when a name and its address change."""
    further: frozenset[str] = frozenset()
    """Departments that the person also works for, beside `department`."""
    groups: frozenset[str] = frozenset()
    """Groups with rules of their own that the person belongs to; the policy says which there are."""

    @property
    def active(self) -> bool:
        """Whether the person may sign in and use keys at all."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. ``id`` is public: pages, logs and support name a key by it."""

    id: str
    person_id: str
    name: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None
    """The day (Europe/Berlin), never the time: a time of day would tell when somebody works."""
    block_style: BlockStyle = "error"
    service: str | None = None
    """The department that an automatic service works for; None: the key of a person. A service has no KI-Pass of its
    own: ``person_id`` is who answers for it, and it works as long as that person's KI-Pass does."""
    purpose: str = ""
    """What the key was made for, a purpose of the policy; empty: nothing special."""
