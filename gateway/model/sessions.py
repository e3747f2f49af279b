"""How somebody signed in to the pages: facts of one session that stay as they are until it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Way = Literal["key", "oidc", "local"]
"""With a personal key, at the OpenID provider of the house, with an address and a password."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signed in, and how."""

    subject: str
    way: Way
    began_at: datetime
    key_id: str = ""
    """The key that was shown; when it is revoked the session ends."""
    strong: bool = False
    """Whether a second factor was shown."""
    provider_sid: str = field(default="", repr=False)
    """How the OpenID provider calls this session, so that it can end it."""
