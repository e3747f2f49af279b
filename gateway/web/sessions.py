"""Who is signed in: a signed cookie, and tokens that prove that a form was ours.

The cookie holds the opaque subject, the public id of the key, a random id and two times; no name, no role, no secret.
Roles and the KI-Pass are looked up anew on every request. Signed with itsdangerous, so nobody can write one.

Ends eight hours after sign-in, sixty minutes after the last request, at once on sign-out, and when the key or the
person is switched off. Known limit: a sign-out is remembered in this process only; with several workers a *copied*
cookie would still work in the others until it idles out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

COOKIE: Final = "ki_pforte_sitzung"
FORM_COOKIE: Final = "ki_pforte_formular"
LONGEST: Final = 8 * 3600
IDLE: Final = 60 * 60
_RENEW: Final = 60
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. Times are whole seconds since 1970."""

    id: str
    subject: str
    key_id: str
    began: int
    seen: int


class Sessions:
    """Makes, reads and ends sessions."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cookies = URLSafeSerializer(secret, salt="ki-pforte.session",
                                          signer_kwargs={"digest_method": hashlib.sha256})
        self._ended: OrderedDict[str, None] = OrderedDict()

    def begin(self, subject: str, key_id: str, now: datetime) -> Session:
        """Return a fresh session; its id is new, whatever cookie the browser had before."""
        at = int(now.timestamp())
        return Session(secrets.token_urlsafe(18), subject, key_id, at, at)

    def write(self, session: Session) -> str:
        """Return the value of the cookie."""
        return self._cookies.dumps([session.id, session.subject, session.key_id, session.began, session.seen])

    def read(self, cookie: str, now: datetime) -> Session | None:
        """Return the session of a cookie, unless it is forged, over, or ended."""
        try:
            id_, subject, key_id, began, seen = self._cookies.loads(cookie)
        except (BadData, ValueError, TypeError):
            return None
        at = int(now.timestamp())
        if at - began >= LONGEST or at - seen >= IDLE or id_ in self._ended:
            return None
        return Session(id_, subject, key_id, began, seen)

    def renewed(self, session: Session, now: datetime) -> Session | None:
        """Return the session as of now if the cookie should be written again (at most once a minute)."""
        at = int(now.timestamp())
        return replace(session, seen=at) if at - session.seen >= _RENEW else None

    def end(self, session: Session) -> None:
        """Let nobody use this session any more."""
        self._ended[session.id] = None
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def form_token(self, nonce: str) -> str:
        """Return the token that a form carries; it fits only the browser that holds `nonce` in a cookie."""
        return hmac.new(self._secret, b"ki-pforte.form\x00" + nonce.encode(), hashlib.sha256).hexdigest()

    def form_is_ours(self, nonce: str, token: str) -> bool:
        """Whether a form came from a page that we gave to this browser."""
        return bool(nonce) and hmac.compare_digest(self.form_token(nonce).encode(), token.encode())
