"""Finds the secret in what a client sent: as a bearer token, in a key header, or in Basic as password or user name."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from gateway.identity import keys
from gateway.ports import Credentials


@dataclass(frozen=True, slots=True)
class Presented:
    """The secret, or what stands in its place (empty: nothing), and the user name that came with it in Basic."""

    secret: str = field(repr=False)
    user: str = field(default="", repr=False)


def presented_in(credentials: Credentials) -> Presented:
    """Return what was presented."""
    secret = credentials.secret.strip()
    if credentials.scheme == "none":
        return Presented("")
    if credentials.scheme != "basic" or keys.key_id(secret):
        return Presented(secret)
    user, _, password = _decoded(secret).partition(":")
    # `curl -u kip_...:` puts the key where the user name belongs; both are taken.
    return Presented(user) if not password or keys.key_id(user) else Presented(password, user.strip())


def _decoded(secret: str) -> str:
    """Return ``user:password``, whether or not the header was already decoded."""
    if ":" in secret:
        return secret
    try:
        return base64.b64decode(secret, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return secret
