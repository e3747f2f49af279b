"""What the page of the Personalrat asks of the house.

`gateway.reid.policies` answers for policies, `gateway.reid.content` for the content mode; keys and
requests to find out who a pseudonym is come from `gateway.web.reid.ports`. All methods block, and raise
``anfrage_ungueltig`` with a sentence for the person, or an error of 503; then nothing has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.model.consent import Agreement, PendingPolicies
from gateway.model.content_mode import ContentMode
from gateway.model.people import Role


class PolicyConsent(Protocol):
    """Changes of the policies that touch the monitoring of staff."""

    def pending(self) -> list[PendingPolicies]:
        """Return what waits."""
        ...

    def agreements(self) -> list[Agreement]:
        """Return what was agreed to, the newest first."""
        ...

    def agree(self, by: str, digest: str) -> None:
        """Agree to exactly what has this digest."""
        ...


class ContentConsent(Protocol):
    """The content mode of departments."""

    def modes(self) -> list[ContentMode]:
        """Return all requests, the newest first."""
        ...

    def approve(self, by: str, role: Role, id_: int) -> None:
        """Agree in a role."""
        ...

    def stop(self, by: str, role: Role, id_: int) -> None:
        """End it, or refuse a request that waits."""
        ...


@dataclass(frozen=True, slots=True)
class Council:
    """What the page needs."""

    policies: PolicyConsent
    content: ContentConsent
