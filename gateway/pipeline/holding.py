"""A conversation that once held something stays where that may go, although clients cut long conversations.

The server recognises a conversation by itself, from its messages: two that follow each other, and single ones that are
long, are marks; whoever sends one of them again goes on with it. A short message alone is none ("Bitte kürzer." is
said in many conversations). Marks are keyed digests bound to the person, so nothing can be read out of them.

Known weaknesses: a client that sends only its last message, and a short one, begins anew; so does somebody who copies
the text into a new conversation, where it is found again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from gateway.ports import Pins
from gateway.wire.document import Slot

LONG = 200
"""Characters from which on a message alone is a mark."""
MOST = 400
"""Marks of one request, the last ones: a longer conversation is recognised by its end."""


def marks(secret: bytes, subject: str, slots: Iterable[Slot]) -> list[bytes]:
    """Return the marks of a conversation, those of its end first."""
    said = [slot.text for slot in slots if slot.kind == "text" and slot.scope in ("user", "history")]
    key = hmac.digest(secret, subject.encode("utf-8", "surrogatepass"), "sha256")
    ones = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest() for text in said]
    found = [hashlib.blake2b(one + other, key=key, digest_size=16).digest()
             for one, other in pairwise(ones)]
    found += [one for text, one in zip(said, ones, strict=True) if len(text) >= LONG]
    return list(dict.fromkeys(reversed(found)))[:MOST]


class Holding:
    """What is held for one request. Computes no mark unless policy asks."""

    def __init__(self, pins: Pins, secret: bytes, subject: str, slots: Sequence[Slot]) -> None:
        self._pins, self._secret, self._subject, self._slots = pins, secret, subject, slots
        self._marks: list[bytes] | None = None

    def _known(self) -> list[bytes]:
        if self._marks is None:
            self._marks = marks(self._secret, self._subject, self._slots)
        return self._marks

    async def recalled(self, now: datetime) -> frozenset[str]:
        """Return the kinds held for this conversation."""
        known = self._known()
        return await self._pins.recall(known, now) if known else frozenset()

    async def hold(self, kinds: frozenset[str], now: datetime) -> None:
        """Hold these kinds from now on."""
        if known := self._known():
            await self._pins.hold(known, kinds, now)
