"""What these pages ask of the ledger (`audit.Ledger`): a person's own records, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from audit.exports.source import Exported


class OwnRecords(Protocol):
    """A person's own records. All methods block."""

    def own_records(self, subject: str, vorgang: str = "") -> list[Exported]:
        """Return everything that names a person, oldest first; with a Vorgang only what belongs to it."""
        ...

    def own_page(self, subject: str, types: Sequence[str], before: str | None = None,
                 limit: int = 20) -> tuple[list[Exported], str | None]:
        """Return what belongs to a page of a person's requests, oldest first, and the cursor of the next page.

        Raises ValueError for a bad cursor.
        """
        ...

    def proof(self, record_id: str) -> str:
        """Return the proof of one record, as a file that the verifier reads."""
        ...
