"""A neighbour as witness: C2SP ``tlog-witness`` over HTTP, our side.

We POST to ``<address>/add-checkpoint``: the size that the witness last saw, a consistency proof from there, and the
note. It answers with its cosignature, or says (409) at which size it really is; then we try once from there. The
receipt is the note with the cosignature, so whoever has the witness's key can check when the neighbour saw it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from audit.anchors.http import post
from audit.anchors.sinks import AnchorError, Proof
from audit.checkpoint import Note, b64
from audit.cosignature import WitnessKey
from audit.errors import FormatError, LedgerConfigError


def request_body(old: int, proof: list[bytes], note: str) -> bytes:
    """Return the body of ``add-checkpoint``."""
    return f"old {old}\n{''.join(b64(step) + chr(10) for step in proof)}\n{note}".encode()


@dataclass(frozen=True, slots=True)
class WitnessSink:
    """Asks one witness for its cosignature."""

    address: str
    vkey: str
    key: WitnessKey = field(init=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "key", WitnessKey.parse(self.vkey))
        except FormatError:
            raise LedgerConfigError("Hinter # steht der Prüfschlüssel der Zeugin oder des Zeugen, wie „ki-pforte audit "
                                    "witness“ ihn dort anzeigt.") from None

    @property
    def name(self) -> str:
        """See `audit.anchors.sinks.Sink`."""
        return f"witness:{self.key.name}"

    def send(self, note: str, size: int, proof: Proof) -> bytes:
        """Get the cosignature; the receipt is the note that carries it."""
        old = 0
        for _ in range(3):
            body = request_body(old, list(proof(old, size)) if 0 < old < size else [], note)
            status, answer = post(f"{self.address.rstrip('/')}/add-checkpoint", body, "text/plain; charset=utf-8",
                                  "Der Zeuge")
            if status != 409:
                break
            seen = answer.decode(errors="replace").strip()
            if not (seen.isascii() and seen.isdigit()) or int(seen) == old or int(seen) > size:
                raise AnchorError(f"Der Zeuge kennt das Protokoll bis Nr. {seen[:20]}; hier endet es bei {size}.")
            old = int(seen)
        if status != 200:
            raise AnchorError(f"Der Zeuge hat nicht unterschrieben (Antwort {status}).")
        return self._checked(note, answer)

    def _checked(self, note: str, lines: bytes) -> bytes:
        try:
            signed = note + lines.decode()
            if self.key.seen_at(Note.parse(signed)) is None:
                raise FormatError("not the witness")
        except (FormatError, UnicodeDecodeError):
            raise AnchorError("Die Unterschrift des Zeugen stimmt nicht.") from None
        return signed.encode()
