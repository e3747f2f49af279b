"""What pages ask of the registry about keys and local accounts (`gateway.registry.access_desk` answers).

Every method raises ``anfrage_ungueltig`` with a sentence for the person when what they want cannot be, and an error of
503 when the house cannot do it now; then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from gateway.model.accounts import Invitation, OpenSignIn, ServiceKey
from gateway.model.people import ApiKey, BlockStyle, Person, Role


class Keys(Protocol):
    """Keys of people and of services."""

    async def mine(self, subject: str) -> list[ApiKey]:
        """Return the keys of a person and of the services that they answer for, newest first."""
        ...

    async def create(self, subject: str, name: str, expires_at: datetime | None, purpose: str,
                     block_style: BlockStyle, once: str) -> tuple[ApiKey, str]:
        """Make a key for the person who asks; return it with its text. A second one for the same `once` is refused.
        """
        ...

    async def revoke(self, subject: str, key_id: str) -> ApiKey | None:
        """Revoke one's own key; None: there is none with this id among one's own."""
        ...

    async def services(self) -> list[ServiceKey]:
        """Return the keys of all services."""
        ...

    async def create_service(self, by: str, email: str, department: str, name: str, expires_at: datetime,
                             purpose: str, block_style: BlockStyle, once: str) -> tuple[ApiKey, str]:
        """Make a key for a service that the person with this address answers for."""
        ...

    async def revoke_service(self, by: str, key_id: str) -> ApiKey | None:
        """Revoke the key of a service; None: there is none with this id."""
        ...

    async def hand_over(self, by: str, key_id: str, email: str) -> ServiceKey | None:
        """Let somebody else answer for the key of a service; None: there is none with this id."""
        ...


class Accounts(Protocol):
    """Local accounts and sign-ins."""

    async def sign_in(self, email: str, password: str) -> str | None:
        """Return the subject of the person with this address and password; it takes the same time for everybody."""
        ...

    async def invite(self, by: str, role: Role, person_id: str) -> Invitation:
        """Make a link with which a person chooses a password."""
        ...

    async def invited(self, code: str) -> Person:
        """Return whom a link is for."""
        ...

    async def redeem(self, code: str, password: str) -> Person:
        """Choose a password with a link, once; all sign-ins of the person end."""
        ...

    async def change(self, subject: str, before: str, password: str, here: str) -> None:
        """Change one's password; all sign-ins but the one `here` end."""
        ...

    async def has_password(self, subject: str) -> bool:
        """Whether this person has a local account."""
        ...

    async def sign_ins(self, subject: str, here: str) -> list[OpenSignIn]:
        """Return where a person is signed in."""
        ...

    async def sign_out(self, subject: str, but: str = "") -> int:
        """End the sign-ins of a person, all but one; return how many there were."""
        ...


class Guesses(Protocol):
    """Counts vain attempts over all processes (`gateway.limits.guesses.Guesses`). Never fails."""

    async def wait(self, limits: Mapping[str, int], now: datetime) -> int:
        """Return how many seconds to wait when one of these names has had so many vain attempts; 0: go on."""
        ...

    async def count(self, names: Iterable[str], now: datetime, *, by: int = 1) -> None:
        """Count an attempt for each of these names, or with -1 take it back because it was not in vain."""
        ...
