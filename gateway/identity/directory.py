"""What this room asks of the database, as protocols: `gateway.store.directory` answers, tests use a dictionary.

All methods block and may be called from several threads at once; any exception means "could not be found out".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gateway.model.clients import TrustedClient
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.people import ApiKey, Person


class Caller(Protocol):
    """Everything about the holder of one key, read together with the generation it is at least as new as."""

    @property
    def generation(self) -> int:
        """The counter, read before the rest."""
        ...

    @property
    def key(self) -> ApiKey:
        """The key, without its secret."""
        ...

    @property
    def sha256(self) -> bytes:
        """The stored hash of the key."""
        ...

    @property
    def person(self) -> Person:
        """Whose key it is."""
        ...

    @property
    def evidence(self) -> Sequence[Evidence]:
        """What the KI-Pass is computed from: proofs."""
        ...

    @property
    def events(self) -> Sequence[PassEvent]:
        """What the KI-Pass is computed from: blocks and the like."""
        ...


class Client(Protocol):
    """A trusted front end, read together with the generation it is at least as new as."""

    @property
    def generation(self) -> int:
        """The counter, read before the rest."""
        ...

    @property
    def client(self) -> TrustedClient:
        """How it says who is asking."""
        ...

    @property
    def sha256(self) -> bytes:
        """The stored hash of its key."""
        ...


class Member(Protocol):
    """A person without a key, and what the KI-Pass is computed from."""

    @property
    def generation(self) -> int:
        """The counter, read before the rest."""
        ...

    @property
    def person(self) -> Person:
        """Who it is."""
        ...

    @property
    def evidence(self) -> Sequence[Evidence]:
        """Proofs."""
        ...

    @property
    def events(self) -> Sequence[PassEvent]:
        """Blocks and the like."""
        ...


class Directory(Protocol):
    """People, keys and trusted front ends."""

    def generation(self) -> int:
        """Return a number that differs whenever anything about people, keys or evidence was changed."""
        ...

    def caller(self, key_id: str) -> Caller | None:
        """Return the holder of the key with this public id."""
        ...

    def client(self, key_id: str) -> Client | None:
        """Return the trusted front end whose key has this public id."""
        ...

    def members(self, email: str, external_id: str) -> Sequence[Member]:
        """Return whom the address means and whom the id of the directory service means; an empty text means nobody."""
        ...

    def touch(self, key_id: str, day: date) -> None:
        """Note the day on which the key, of a person or a front end, was used."""
        ...

    def person(self, subject: str) -> Person | None:
        """Return the person behind an opaque subject."""
        ...
