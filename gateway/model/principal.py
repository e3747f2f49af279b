"""Who asks: the principal, and what the KI-Pass says about them at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

PassState = Literal["gueltig", "kulanz", "abgelaufen", "dv_neu", "gesperrt", "fehlt"]


@dataclass(frozen=True, slots=True)
class PassStatus:
    """The KI-Pass of one person for one scope at one moment: the result of a pure function, never stored.

    ``missing`` names the modules that are open (German titles); ``until`` is the moment at which the pass ends
    (``gueltig``), the grace period ends (``kulanz``) or the pass ended (``abgelaufen``, ``dv_neu``), always a
    beginning of a day in Europe/Berlin unless a certificate named another; ``document_sha256`` is the version of the
    Dienstvereinbarung that was acknowledged; ``changes_at`` is the next moment at which this answer can differ
    without new evidence. ``message`` is what the person reads when refused, ``notice`` the ASCII line during grace;
    both name absolute dates only, so they may be kept until `changes_at`.
    """

    state: PassState
    missing: tuple[str, ...] = ()
    until: datetime | None = None
    document_sha256: str | None = None
    changes_at: datetime | None = None
    message: str = ""
    notice: str = ""

    @property
    def admits(self) -> bool:
        """Whether the holder may pass: valid, or within the grace period."""
        return self.state in ("gueltig", "kulanz")


NO_PASS = PassStatus("fehlt")


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a service, known by an opaque ``subject``. Holds no name and no address: the pipeline needs none."""

    subject: str
    department: str
    roles: frozenset[str] = frozenset()
    kind: Literal["person", "service"] = "person"
    key_id: str = ""
    block_style: Literal["error", "message"] = "error"
    passes: Mapping[str, PassStatus] = field(default_factory=dict)
    """KI-Pass per scope; ``basis`` is the one that everybody needs."""
    groups: frozenset[str] = frozenset()
    """Groups of people with rules of their own (trainees, a project); the policy says which there are."""
    purpose: str = ""
    """The purpose that the key was made for; empty: none."""

    def pass_for(self, scope: str = "basis") -> PassStatus:
        """Return the KI-Pass for `scope`; a scope nobody granted is a missing pass."""
        return self.passes.get(scope, NO_PASS)
