"""What a browser keeps while its person is at the OpenID provider: a signed ticket, for ten minutes, for one use.

The ticket holds a random id, the time and the page that was asked for. Whatever must be secret (``state``, ``nonce``,
the verifier of PKCE) is worked out from the id with our own key, so that nothing of it lies in the browser. Kept true:
an answer counts only in the browser that began (the ``state`` fits its ticket), within ten minutes, once.

Known limit: that a ticket was used is remembered in this process; elsewhere the provider refuses the code's second use.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

SECONDS: Final = 600
LONGEST: Final = 2048
"""Characters of a ticket that is looked at, and of an address to go back to."""
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """One sign-in under way."""

    id: str
    began: int
    target: str
    strong: bool
    """Whether a second factor was asked for."""


class Tickets:
    """Writes tickets, reads them, and takes each once."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cookies = URLSafeSerializer(secret, salt="ki-pforte.ticket",
                                          signer_kwargs={"digest_method": hashlib.sha256})
        self._used: OrderedDict[str, None] = OrderedDict()

    def issue(self, target: str, now: datetime, *, strong: bool) -> Ticket:
        """Return a fresh ticket."""
        return Ticket(secrets.token_urlsafe(18), int(now.timestamp()), target[:LONGEST // 2], strong)

    def write(self, ticket: Ticket) -> str:
        """Return the value of the cookie."""
        return self._cookies.dumps([ticket.id, ticket.began, ticket.target, ticket.strong])

    def take(self, cookie: str, state: str, now: datetime) -> Ticket | None:
        """Return the ticket of this browser if the answer belongs to it and it was not taken before."""
        try:
            id_, began, target, strong = self._cookies.loads(cookie[:LONGEST])
        except (BadData, ValueError, TypeError):
            return None
        ticket = Ticket(id_, began, target, strong)
        if not hmac.compare_digest(self.word(ticket, "state").encode(), state.encode("utf-8", "replace")):
            return None
        if not 0 <= int(now.timestamp()) - began <= SECONDS or id_ in self._used:
            return None
        self._used[id_] = None
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
        return ticket

    def word(self, ticket: Ticket, name: str) -> str:
        """Return a secret word that belongs to this ticket (64 characters, as PKCE wants at least 43)."""
        return hmac.new(self._secret, f"ki-pforte.{name}\0{ticket.id}".encode(), hashlib.sha256).hexdigest()
