"""What can go wrong in the ledger, as kinds that callers treat differently.

Messages are German where an operator reads them and never hold the content of a record.
"""

from __future__ import annotations


class LedgerError(Exception):
    """Anything the ledger refuses or cannot do."""


class LedgerUnavailable(LedgerError):  # noqa: N818 - a state, told as such
    """The record is not known to be durable. Whoever waits for it must not go on (fail closed)."""


class LedgerConfigError(LedgerError):
    """The ledger cannot start as it is set up; the message says what to write."""


class KeyLost(LedgerConfigError):  # noqa: N818
    """The signing key that there once was is not there. A new one would sign without anybody having said so."""


class PruningRefused(LedgerError):  # noqa: N818
    """The beginning that was announced is not deleted; ``reason`` is a word for a record, the message for people."""

    def __init__(self, record_id: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.record_id, self.reason = record_id, reason


class NotAllowed(LedgerConfigError):  # noqa: N818
    """Somebody else has to do this: the same person twice, or not the one who asked."""


class LedgerRollback(LedgerError):  # noqa: N818
    """The database does not continue what was signed before. Nothing is signed until a person decides."""


class LedgerDamaged(LedgerError):  # noqa: N818
    """What the database says about the log as a whole contradicts itself. Only checking still works."""


class FormatError(LedgerError):
    """Bytes that are not what the format says: envelope, note, key or bundle."""
