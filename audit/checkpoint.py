"""Checkpoints as C2SP signed notes: the text that says how large the log is and what its root is.

::

    musterstadt.de/ki-pforte/1          origin
    4711                                size
    base64(root)
                                        (blank line)
    — musterstadt.de/ki-pforte/1 base64(key id, signature)

Key id = first 4 bytes of ``SHA-256(name 0A 01 public key)``; signature = Ed25519 over the text with its last newline.
Signatures by unknown keys are ignored (that is how rotation and witnesses work); a *known* key with a wrong signature
spoils the note. Reading and checking only; keys live in `audit.signing`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import FormatError
from audit.merkle import HASH_SIZE

ED25519: Final = 1
_DASH: Final = "\u2014 "
_MAX_NOTE: Final = 64 * 1024
_SIZE: Final = re.compile("0|[1-9][0-9]{0,14}")


def b64(raw: bytes) -> str:
    """Return standard base64 as text."""
    return base64.b64encode(raw).decode()


def unb64(text: str) -> bytes:
    """Read standard base64 strictly: one value, one spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("not base64") from error
    if b64(raw) != text:
        raise FormatError("not canonical base64")
    return raw


def key_id(name: str, public: bytes, kind: int = ED25519) -> bytes:
    """Return the key id of a key in signed notes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def print_key(name: str, public: bytes, kind: int = ED25519) -> str:
    """Return ``name+id+base64(kind public key)``."""
    return f"{name}+{key_id(name, public, kind).hex()}+{b64(bytes([kind]) + public)}"


def read_key(text: str, kind: int = ED25519) -> tuple[str, bytes]:
    """Read what `print_key` wrote: name and public key. Raises `FormatError`."""
    name, _, rest = text.strip().partition("+")
    ident, _, encoded = rest.partition("+")
    raw = unb64(encoded)
    check_key_name(name)
    if len(raw) != 33 or raw[0] != kind:
        raise FormatError("not a key of this kind")
    if key_id(name, raw[1:], kind).hex() != ident:
        raise FormatError("the key's id does not fit")
    return name, raw[1:]


def check_key_name(name: str) -> None:
    """Refuse names that a note or a vkey could not carry."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise FormatError("a key name has no spaces and no +")


@lru_cache(maxsize=64)
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


@dataclass(frozen=True, slots=True)
class Vkey:
    """A verifier key, printed as ``name+id+base64(01 public key)``: what the data protection officer keeps."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Key id of the note format."""
        return key_id(self.name, self.public)

    def __str__(self) -> str:
        return print_key(self.name, self.public)

    @classmethod
    def parse(cls, text: str) -> Vkey:
        """Read a printed key and check that its id fits."""
        return cls(*read_key(text))

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Check one signature."""
        try:
            _public(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note, taken apart. ``text`` ends with a newline."""

    text: str
    signatures: Sequence[tuple[str, bytes, bytes]]
    """Name, key id, signature."""

    @classmethod
    def parse(cls, raw: str) -> Note:
        """Read a note. Raises `FormatError`."""
        split = raw.rfind("\n\n")
        if len(raw) > _MAX_NOTE or split < 0 or not raw.endswith("\n"):
            raise FormatError("not a signed note")
        if any(ord(char) < 0x20 and char != "\n" for char in raw):
            raise FormatError("control character in a note")
        signatures = [_signature_line(line) for line in raw[split + 2 : -1].split("\n")]
        return cls(raw[: split + 1], signatures)

    def __str__(self) -> str:
        lines = [f"{_DASH}{name} {b64(ident + signature)}\n" for name, ident, signature in self.signatures]
        return f"{self.text}\n{''.join(lines)}"

    def signed_by(self, keys: Sequence[Vkey]) -> list[Vkey]:
        """Return the known keys that signed. Raises `FormatError` if a known key's signature is wrong."""
        good = []
        known: dict[tuple[str, bytes], list[Vkey]] = {}  # a key's id is a hash: not once more for each signature
        for key in keys:
            known.setdefault((key.name, key.id), []).append(key)
        for name, ident, signature in self.signatures:
            for key in known.get((name, ident), ()):
                if not key.verifies(self.text.encode(), signature):
                    raise FormatError("wrong signature")
                good.append(key)
        return good


def _signature_line(line: str) -> tuple[str, bytes, bytes]:
    if not line.startswith(_DASH):
        raise FormatError("not a signature line")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = unb64(encoded)
    check_key_name(name)
    if len(raw) < 5:
        raise FormatError("signature too short")
    return name, raw[:4], raw[4:]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The statement inside a note: this log has this many records and this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text to be signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note; lines after the third are extensions and ignored."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
            raise FormatError("not a checkpoint")
        root = unb64(lines[2])
        if len(root) != HASH_SIZE:
            raise FormatError("not a checkpoint")
        return cls(lines[0], int(lines[1]), root)
