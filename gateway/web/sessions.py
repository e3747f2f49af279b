"""The cookie of a session, and tokens that prove that a form was ours.

The cookie holds a random id and two times; no name, no role, no secret. Who it is stands in the database under the hash
of the id (`gateway.web.members`); roles and the KI-Pass are looked up anew on every request. Signed with itsdangerous,
so that nobody asks the database about made-up ids.

A session ends eight hours after sign-in, sixty minutes after the last request, and at once, in every process, on
sign-out and when the key or the person is switched off.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

COOKIE: Final = "ki_pforte_sitzung"
FORM_COOKIE: Final = "ki_pforte_formular"
_HOST: Final = "__Host-"
LONGEST: Final = 8 * 3600
IDLE: Final = 60 * 60
WARNING: Final = 120
_RENEW: Final = 60


def named(cookie: str, *, https: bool) -> str:
    """Return what a cookie is called. Over https it is ours alone: a neighbour of the same domain (a page of the town
    hall that somebody broke into) cannot plant one, because browsers let nobody else set this name (RFC 6265bis)."""
    return _HOST + cookie if https else cookie


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. Times are whole seconds since 1970."""

    id: str
    began: int
    seen: int


def minutes_until_warning(session: Session | None, now: datetime) -> int | None:
    """Return in how many whole minutes a page says that the session ends: at least two minutes before it does."""
    if session is None:
        return None
    at = int(now.timestamp())
    return max(0, (min(session.seen + IDLE, session.began + LONGEST) - at - WARNING) // 60)


class Sessions:
    """Makes and reads cookies."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cookies = URLSafeSerializer(secret, salt="ki-pforte.session",
                                          signer_kwargs={"digest_method": hashlib.sha256})

    def begin(self, now: datetime) -> Session:
        """Return a fresh session; its id is new, whatever cookie the browser had before."""
        at = int(now.timestamp())
        return Session(secrets.token_urlsafe(18), at, at)

    def write(self, session: Session) -> str:
        """Return the value of the cookie."""
        return self._cookies.dumps([session.id, session.began, session.seen])

    def read(self, cookie: str, now: datetime) -> Session | None:
        """Return the session of a cookie, unless it is forged or over."""
        try:
            id_, began, seen = self._cookies.loads(cookie)
        except (BadData, ValueError, TypeError):
            return None
        at = int(now.timestamp())
        return None if at - began >= LONGEST or at - seen >= IDLE else Session(id_, began, seen)

    def renewed(self, session: Session, now: datetime) -> Session | None:
        """Return the session as of now if the cookie should be written again (at most once a minute)."""
        at = int(now.timestamp())
        return replace(session, seen=at) if at - session.seen >= _RENEW else None

    def form_token(self, nonce: str) -> str:
        """Return the token that a form carries; it fits only the browser that holds `nonce` in a cookie."""
        return hmac.new(self._secret, b"ki-pforte.form\x00" + nonce.encode(), hashlib.sha256).hexdigest()

    def form_is_ours(self, nonce: str, token: str) -> bool:
        """Whether a form came from a page that we gave to this browser."""
        return bool(nonce) and hmac.compare_digest(self.form_token(nonce).encode(), token.encode())
