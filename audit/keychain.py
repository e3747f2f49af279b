"""Which keys a reader believes, and how that changes along the log. Pure; standard library and cryptography only.

It begins with the keys that the reader brought (or, less good, those that came with the records). A record
``key.rotate`` adds a key if the key that goes signed the announcement (`audit.announcement`), from the first good
checkpoint on that a believed key signed beyond that record. From there on the key that went is *retired*: it signs no
later checkpoint and no announcement any more, so that a key which was stolen is worth nothing once it was changed and
somebody outside holds a note of that.

Kept true: nothing in the log adds a key without a signature of one that is believed. An announcement that does not
hold is not only ignored: nobody but a forger writes one, so the verdict names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from audit import announcement
from audit.checkpoint import Vkey
from audit.errors import FormatError
from audit.record import Envelope

MOST: Final = 10_000
"""Announcements of one log that are looked at: checking a signature costs, and no log has as many."""


class Keychain:
    """The keys of one log, as a reader believes them."""

    def __init__(self, log: str, keys: Iterable[Vkey]) -> None:
        self._log = log
        self.keys = list(keys)
        self.learnt: list[tuple[int, Vkey]] = []
        """Keys that the log announced and the reader did not bring, with the number of the record."""
        self._gone: dict[Vkey, Vkey] = {}
        """Retired key -> the one that followed it."""
        self._coming: dict[Vkey, tuple[int, Vkey]] = {}
        """Key that is to go -> record that says so, key that follows; until a checkpoint covers the record."""
        self._seen = 0

    def in_force(self, keys: Sequence[Vkey]) -> bool:
        """Whether one of these keys is believed and not retired."""
        return any(key not in self._gone for key in keys)

    def vouched(self, envelope: Envelope, facts: Any) -> bool:
        """Whether a key in force signed this announcement."""
        return self.in_force(self._signers(envelope, facts))

    def announced(self, index: int, envelope: Envelope, facts: Any) -> bool:
        """Take note of a key that is to follow another; return False for an announcement that nobody may believe."""
        try:
            before, key = Vkey.parse(facts["before"]), Vkey.parse(facts["vkey"])
            size = facts["size"]
        except (FormatError, KeyError, TypeError, AttributeError):
            return False
        signers = self._signers(envelope, facts)
        if before == key or key.name != self._log or type(size) is not int or not 0 <= size <= index:
            return False
        if before not in signers:  # whoever brought only the later key does not know the one before
            return before not in self.keys and self.in_force(signers) and key in signers
        follows = self._gone.get(before) or (self._coming[before][1] if before in self._coming else None)
        if follows is not None:
            return follows == key  # said once more, by somebody who could not know that it had been said
        if key in self._gone:
            return False
        self._coming[before] = index, key
        return True

    def take(self, size: int) -> bool:
        """Believe what was announced below a good checkpoint of this size; return whether there was something."""
        fresh = sorted((index, before, key) for before, (index, key) in self._coming.items() if index < size)
        for index, before, key in fresh:
            del self._coming[before]
            self._gone[before] = key
            if key not in self.keys:
                self.keys.append(key)
                self.learnt.append((index, key))
        return bool(fresh)

    def _signers(self, envelope: Envelope, facts: Any) -> list[Vkey]:
        self._seen += 1
        if self._seen > MOST:
            return []
        return announcement.signed_by(self._log, envelope.type, envelope.id, facts, self.keys)

