"""Content of an exchange, sealed so that the house cannot read it afterwards: for the content mode of a department.

Each exchange has a key of its own. Under it (AES-256-GCM) lie the texts of the request as they left, and those of the
answer as they came: the replaced version, never what the person wrote. The key itself is sealed to both trustees like
an identity (`audit.sealing`) and stands beside the texts of the request; then the house forgets it. One part
``content`` is canonical JSON; the first form belongs to the intent, the second to its end::

    {"data":base64(nonce 12, ciphertext),"exchange":id,"key":outer box,"side":"request","size":n,"v":1}
    {"data":base64(nonce 12, ciphertext),"exchange":id,"side":"answer","size":n,"v":1}

The plaintext is JSON, a list of texts; the associated data ``{"exchange","side","v"}``. ``size`` is how many bytes of
UTF-8 there were; more than `MOST` are cut. Lengths are not hidden: the facts of the record name them, too.

Kept true: without both private keys nobody reads it; a part opens only as what it was made for. Not known here: whether
anything may be kept (the gateway's question), and who is allowed to read (`audit.reading`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit import canonical, sealing
from audit.checkpoint import b64, unb64
from audit.errors import FormatError
from audit.sealing import TrusteeKey

MOST: Final = 256 * 1024
"""Bytes of text that are kept of each side."""
Side = Literal["request", "answer"]


@dataclass(frozen=True, slots=True)
class Texts:
    """What one side of an exchange said, and how many bytes it was before anything was cut off."""

    side: str
    texts: list[str] = field(repr=False)
    size: int

    @property
    def cut(self) -> bool:
        """Whether something is missing."""
        return self.size > sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts)


class ContentKey:
    """The key of one exchange: seals both sides, and is lost with this object."""

    def __init__(self, outer: TrusteeKey, inner: Sequence[TrusteeKey]) -> None:
        self.exchange = os.urandom(16).hex()
        self._secret = os.urandom(32)
        self._sealed = sealing.seal_twice(outer, inner, sealing.about_content(self.exchange), self._secret)

    def shut(self, side: Side, texts: Sequence[str]) -> bytes:
        """Return the body of the part ``content``."""
        kept, size = bounded(texts)
        nonce = os.urandom(12)
        data = AESGCM(self._secret).encrypt(nonce, json.dumps(kept).encode(), _about(self.exchange, side))
        value = {"data": b64(nonce + data), "exchange": self.exchange, "side": side, "size": size, "v": 1}
        return canonical.dumps({**value, "key": canonical.loads(self._sealed)} if side == "request" else value)


def bounded(texts: Sequence[str], most: int = MOST) -> tuple[list[str], int]:
    """Return the texts that fit, and how many bytes all of them are. What stands last is the newest and goes first."""
    kept, room, size = [], most, 0
    for text in reversed(texts):
        raw = text.encode("utf-8", "surrogatepass")
        size += len(raw)
        if len(raw) > room:
            text = raw[:room].decode("utf-8", "ignore")
        room = max(0, room - len(raw))
        if text:
            kept.append(text)
    return kept[::-1], size


def sealed_key(body: bytes) -> tuple[str, bytes]:
    """Return exchange and sealed key out of the part of an intent. Raises `FormatError`."""
    value = _read(body)
    return str(value["exchange"]), canonical.dumps(dict(sealing.read_box(value.get("key"))))


def unlock(body: bytes, exchange: str, secret: bytes) -> Texts:
    """Return what a part holds. Raises `FormatError` for another key, another exchange or a changed byte."""
    value = _read(body)
    raw = unb64(value["data"])
    if value["exchange"] != exchange:
        raise FormatError("the content belongs to another exchange")
    try:
        plain = AESGCM(secret).decrypt(raw[:12], raw[12:], _about(exchange, value["side"]))
    except (InvalidTag, ValueError):
        raise FormatError("the content does not open with this key") from None
    return Texts(value["side"], json.loads(plain), value["size"])


def _read(body: bytes) -> Mapping[str, Any]:
    value = canonical.loads(body)
    kinds = {"data": str, "exchange": str, "side": str, "size": int, "v": int}
    if type(value) is not dict or value.get("v") != 1 or any(type(value.get(n)) is not k for n, k in kinds.items()):
        raise FormatError("not a part of kept content")
    return value


def _about(exchange: str, side: str) -> bytes:
    return canonical.dumps({"exchange": exchange, "side": side, "v": 1})
