"""The registry as pages call it: keys and local accounts, with failures as one error that a page can show.

Pages know neither books nor actors nor the errors of the database: they bring the subject of who is signed in. What a
person got wrong comes back as ``anfrage_ungueltig`` with the sentence; what the house cannot do now as 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from gateway.errors import GatewayError
from gateway.model.accounts import Invitation, OpenSignIn, ServiceKey
from gateway.model.people import ApiKey, BlockStyle, Person, Role
from gateway.registry import keys
from gateway.registry.accounts import Accounts
from gateway.registry.books import Actor, Books
from gateway.registry.said import in_words

P = ParamSpec("P")
T = TypeVar("T")
AT_ONCE: Final = 2
"""Passwords that are worked on at the same time; each takes 64 MiB."""
MOST_WAITING: Final = 32


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Keys of people and of services (implements `gateway.web.access.Keys`)."""

    books: Books

    async def mine(self, subject: str) -> list[ApiKey]:
        """Return the keys of a person and of the services that they answer for."""
        return await _done(keys.of_person, self.books, subject)

    async def create(self, subject: str, name: str, expires_at: datetime | None, purpose: str,
                     block_style: BlockStyle, once: str) -> tuple[ApiKey, str]:
        """Make a key for the person who asks."""
        return await _done(keys.create, self.books, Actor("web", subject, "staff"), subject, name,
                           expires_at=expires_at, purpose=purpose, block_style=block_style, once=once)

    async def revoke(self, subject: str, key_id: str) -> ApiKey | None:
        """Revoke one's own key; somebody else's is not there."""
        found = await _done(keys.revoke, self.books, Actor("web", subject, "staff"), key_id, owner=subject)
        return found[0] if found else None

    async def services(self) -> list[ServiceKey]:
        """Return the keys of all services."""
        return await _done(keys.services, self.books)

    async def create_service(self, by: str, email: str, department: str, name: str, expires_at: datetime,
                             purpose: str, block_style: BlockStyle, once: str) -> tuple[ApiKey, str]:
        """Make a key for a service that the person with this address answers for."""
        owner = await _done(keys.owner_of, self.books, email)
        return await _done(keys.create, self.books, Actor("web", by, "it"), owner.id, name, expires_at=expires_at,
                           service=department, purpose=purpose, block_style=block_style, once=once)

    async def revoke_service(self, by: str, key_id: str) -> ApiKey | None:
        """Revoke the key of a service; a person's is not there."""
        if not any(one.key.id == key_id for one in await self.services()):
            return None
        found = await _done(keys.revoke, self.books, Actor("web", by, "it"), key_id)
        return found[0] if found else None

    async def hand_over(self, by: str, key_id: str, email: str) -> ServiceKey | None:
        """Let somebody else answer for the key of a service."""
        return await _done(keys.hand_over, self.books, Actor("web", by, "it"), key_id, email)


class AccountDesk:
    """Local accounts and sign-ins (implements `gateway.web.access.Accounts`).

    Passwords are worked on in two threads of their own, and a queue that is too long turns people away instead of
    growing: whoever knocks a thousand times at once costs neither memory nor the pages of others.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._waiting = 0

    async def sign_in(self, email: str, password: str) -> str | None:
        """Return the subject of the person with this address and password."""
        return await self._hashed(self._accounts.sign_in, email, password)

    async def invite(self, by: str, role: Role, person_id: str) -> Invitation:
        """Make a link with which a person chooses a password."""
        return await _done(self._accounts.invite, Actor("web", by, role), person_id)

    async def invited(self, code: str) -> Person:
        """Return whom a link is for; ``anfrage_ungueltig`` when it cannot be used any more."""
        return await _done(self._accounts.invited, code)

    async def redeem(self, code: str, password: str) -> Person:
        """Choose a password with a link."""
        return await self._hashed(self._accounts.redeem, code, password)

    async def change(self, subject: str, before: str, password: str, here: str) -> None:
        """Change one's password; other sign-ins end."""
        await self._hashed(lambda: self._accounts.change(subject, before, password, here=here))

    async def has_password(self, subject: str) -> bool:
        """Whether this person has a local account."""
        return await _done(self._accounts.has_password, subject)

    async def sign_ins(self, subject: str, here: str) -> list[OpenSignIn]:
        """Return where a person is signed in."""
        return await _done(self._accounts.sign_ins, subject, here)

    async def sign_out(self, subject: str, but: str = "") -> int:
        """End the sign-ins of a person, all but one."""
        return await _done(self._accounts.sign_out, subject, but=but)

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _hashed(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= MOST_WAITING:
            raise GatewayError("limit_erreicht", "Gerade melden sich sehr viele gleichzeitig an. Bitte versuchen Sie "
                               "es in einer halben Minute noch einmal.", retry_after=30)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, copy_context().run, lambda: _said(act, *args, **kwargs))
        finally:
            self._waiting -= 1


async def _done(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.to_thread(lambda: _said(act, *args, **kwargs))


def _said(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with in_words(changed="Das hat sich inzwischen geändert. Bitte laden Sie die Seite neu."):
        return act(*args, **kwargs)
