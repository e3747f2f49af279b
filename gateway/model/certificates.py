"""A certificate of the KI-Pass: the number under which others may look it up, and what it shows.

Values only. What a certificate shows is never stored: it is computed from the pass at the moment somebody looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """One number that was given out. A person has at most one that counts."""

    id: str
    person_id: str
    issued_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldScope:
    """Something that the pass is good for, and the last day on which it is; None: no end is known."""

    key: str
    name: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a certificate shows, and nothing else: no birth date, no address, no score, no id of the person."""

    number: str
    issuer: str
    """The address of the pages of the municipality, without a slash at its end."""
    issuer_name: str
    name: str = field(repr=False)
    department: str
    scopes: tuple[HeldScope, ...]
    agreement: str
    """The version of the Dienstvereinbarung that was acknowledged; empty: the pass needs none."""
    ends_at: datetime | None = None

    @property
    def address(self) -> str:
        """Where anybody can look whether the pass is valid now."""
        return f"{self.issuer}/pass/pruefen/{self.number}"
