"""Finds the key in what a client sent: as a bearer token, in a key header, or in Basic as password or user name."""

from __future__ import annotations

import base64
import binascii

from gateway.identity import keys
from gateway.ports import Credentials


def key_in(credentials: Credentials) -> str:
    """Return the presented key, or what stands in its place; empty if nothing was presented."""
    secret = credentials.secret.strip()
    if credentials.scheme == "none":
        return ""
    if credentials.scheme != "basic" or keys.key_id(secret):
        return secret
    user, _, password = _decoded(secret).partition(":")
    # `curl -u kip_...:` puts the key where the user name belongs; both are taken.
    return user if not password or keys.key_id(user) else password


def _decoded(secret: str) -> str:
    """Return ``user:password``, whether or not the header was already decoded."""
    if ":" in secret:
        return secret
    try:
        return base64.b64decode(secret, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return secret
