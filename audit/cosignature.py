"""Cosignatures of C2SP ``tlog-cosignature`` (Ed25519, ``cosignature/v1``): a witness says when it saw a checkpoint.

Signed is ``cosignature/v1\\ntime <seconds>\\n`` and the text of the note; the signature in the note is eight bytes of
time and 64 of Ed25519. Key id = first 4 bytes of ``SHA-256(name 0A 04 public key)``; the verifier key carries 04, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.checkpoint import Note, b64, key_id, print_key, read_key
from audit.errors import FormatError

COSIGNATURE: Final = 4


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """Whose cosignatures count, printed as ``name+id+base64(04 public key)``."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Key id of the note format."""
        return key_id(self.name, self.public, COSIGNATURE)

    def __str__(self) -> str:
        return print_key(self.name, self.public, COSIGNATURE)

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Read a printed key. Raises `FormatError`."""
        return cls(*read_key(text, COSIGNATURE))

    def seen_at(self, note: Note) -> int | None:
        """Return when this witness saw the note (seconds since 1970); None: it did not sign. Raises `FormatError`."""
        for name, ident, signature in note.signatures:
            if (name, ident) == (self.name, self.id):
                if len(signature) != 72:
                    raise FormatError("wrong cosignature")
                at = int.from_bytes(signature[:8], "big")
                try:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(signature[8:], _message(at, note.text))
                except (InvalidSignature, ValueError) as error:
                    raise FormatError("wrong cosignature") from error
                return at
        return None


def cosign(name: str, private: Ed25519PrivateKey, text: str, at: int) -> str:
    """Return the signature line of a witness for the text of a note."""
    key = WitnessKey(name, private.public_key().public_bytes_raw())
    blob = key.id + at.to_bytes(8, "big") + private.sign(_message(at, text))
    return f"\u2014 {name} {b64(blob)}\n"


def _message(at: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
