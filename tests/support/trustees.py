"""The two trustees, with keys that tests know, and what they do on their own machines."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit import Ledger, pieces
from audit.sealing import DPO, PERSONALRAT, TrusteeKey

OFFICER, COUNCIL = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))


def give_keys(ledger: Ledger) -> None:
    """Put the public keys of both in force."""
    def write(kind: str, meta: dict[str, Any], by: str) -> object:
        return ledger.append_wait(ledger.draft(kind, meta, subject=by))
    for role, private in ((DPO, OFFICER), (PERSONALRAT, COUNCIL)):
        ledger.keyring.propose(str(TrusteeKey.of(role, private)), "it", write)
        ledger.keyring.approve(role, "rat", write)


def opened(piece: str) -> str:
    """Return the answer to a piece of the house, when both opened their layer."""
    step = pieces.open_outer(OFFICER, pieces.unarmor(piece)[1])
    return pieces.open_inner(COUNCIL, PERSONALRAT, pieces.unarmor(step)[1])
