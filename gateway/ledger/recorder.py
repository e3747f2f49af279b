"""Implements `gateway.ports.Recorder` on `audit.Ledger`. No receipt: 503, and nothing was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit import Ledger, LedgerUnavailable
from gateway.errors import GatewayError
from gateway.model.exchange import Receipt


class LedgerRecorder:
    """Writes the records of exchanges."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def record(self, kind: str, meta: Mapping[str, Any], *, subject: str | None,
                     ref: str | None = None, content: bytes = b"") -> Receipt:
        """See `gateway.ports.Recorder.record`."""
        draft = self._ledger.draft(kind, meta, subject=subject, ref=ref or "", content=content)
        try:
            receipt = await self._ledger.append(draft)
        except LedgerUnavailable:
            raise GatewayError("protokoll_nicht_verfuegbar", "Ihre Anfrage wurde nicht gesendet, weil das Protokoll "
                               "gerade nicht geschrieben werden kann. Bitte versuchen Sie es in einigen Minuten noch "
                               "einmal und sagen Sie sonst der IT Bescheid.", hint="ledger unavailable",
                               retry_after=30) from None
        return Receipt(receipt.record_id)
