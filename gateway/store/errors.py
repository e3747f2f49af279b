"""The one failure that leaves this room: a German sentence that says what to do, and no data."""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot do what was asked. ``str()`` is for people and holds no name, address or key."""


class ConflictError(StoreError):
    """What is to be written contradicts what is there: an address twice, a person or department that is not there."""


class InvalidError(StoreError):
    """A value cannot be stored at all: not an address, not a role."""
