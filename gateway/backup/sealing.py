"""Encrypts a stream in pieces, for a passphrase or for a public key.

The form: one line of JSON (what is needed to find the key), then pieces of at most 64 KiB, each with its length and a
tag. A piece is sealed with ChaCha20-Poly1305 under its number and whether it is the last, and the key is bound to the
first line; so a piece that is changed, dropped, moved, or missing at the end is noticed before a byte of it is used.

For a public key (X25519) a fresh pair is made each time and its private half forgotten: the machine that writes backups
cannot read them, not even its own. For a passphrase scrypt makes guessing slow. Not known here: what is sealed.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.store import InvalidError

FORMAT: Final = "ki-pforte/sicherung/1"
PIECE: Final = 1 << 16
_TAG: Final = 16
_LOG_N: Final = 16
_LONGEST_HEADER: Final = 4096
PUBLIC: Final = "ki-pforte-sicherung-"
PRIVATE: Final = "KI-PFORTE-SICHERUNG-GEHEIM-"
_DAMAGED: Final = "Die Sicherung ist beschädigt oder verändert. Bitte nehmen Sie eine andere."
_NOT_OURS: Final = "Das ist keine Sicherung der KI-Pforte."


def new_pair() -> tuple[str, str]:
    """Return a private key and the public key that belongs to it, as text."""
    private = X25519PrivateKey.generate()
    return PRIVATE + _text(private.private_bytes_raw()), PUBLIC + _text(private.public_key().public_bytes_raw())


class Sealer:
    """Writes pieces; `close` writes the last one. A file without it does not open."""

    def __init__(self, file: BinaryIO, *, passphrase: str = "", public: str = "") -> None:
        header, secret = _for_public(public) if public else _for_passphrase(passphrase)
        line = json.dumps({"format": FORMAT, **header}, sort_keys=True).encode() + b"\n"
        self._file, self._waiting, self._number = file, bytearray(), 0
        self._cipher = ChaCha20Poly1305(_stream_key(secret, line))
        file.write(line)

    def write(self, data: bytes) -> None:
        """Take more bytes."""
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]

    def close(self) -> None:
        """Write what waits as the last piece."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last), data, None)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


def opened(file: BinaryIO, *, passphrase: str = "", private: str = "") -> Iterator[bytes]:
    """Yield what is in a sealed file, piece by piece. Raises `InvalidError` where it is not what was written."""
    line = file.readline(_LONGEST_HEADER)
    header = _header(line)
    secret = _from_private(header, private) if "ephemeral" in header else _from_passphrase(header, passphrase)
    cipher = ChaCha20Poly1305(_stream_key(secret, line))
    number, length = 0, file.read(4)
    while length:
        sealed = file.read(int.from_bytes(length, "big")) if int.from_bytes(length, "big") <= PIECE + _TAG else b""
        length = file.read(4)
        try:
            yield cipher.decrypt(_nonce(number, not length), sealed, None)
        except InvalidTag:
            raise InvalidError(_wrong(header) if number == 0 else _DAMAGED) from None
        number += 1
    if number == 0:
        raise InvalidError(_DAMAGED)


def asks_for(file: BinaryIO) -> str:
    """Return what opens this file: ``passphrase`` or ``key``. Leaves the file at its beginning."""
    header = _header(file.readline(_LONGEST_HEADER))
    file.seek(0)
    return "key" if "ephemeral" in header else "passphrase"


def is_sealed(path: Path) -> bool:
    """Whether this file is a backup."""
    with path.open("rb") as file, suppress(InvalidError):
        return bool(_header(file.readline(_LONGEST_HEADER)))
    return False


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidError(_NOT_OURS) from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InvalidError(_NOT_OURS)
    return header


def _wrong(header: dict[str, Any]) -> str:
    what = "Der Schlüssel" if "ephemeral" in header else "Das Kennwort"
    return f"{what} passt nicht zu dieser Sicherung, oder ihr Anfang ist beschädigt."


def _for_passphrase(passphrase: str) -> tuple[dict[str, Any], bytes]:
    header = {"salt": _text(os.urandom(16)), "log_n": _LOG_N}
    return header, _from_passphrase(header, passphrase)


def _from_passphrase(header: dict[str, Any], passphrase: str) -> bytes:
    if not passphrase:
        raise InvalidError("Diese Sicherung braucht ein Kennwort.")
    if not isinstance(header.get("log_n"), int) or not 10 <= header["log_n"] <= 20:
        raise InvalidError(_DAMAGED)
    return Scrypt(_bytes(header.get("salt")), 32, 1 << header["log_n"], 8, 1).derive(passphrase.encode())


def _for_public(public: str) -> tuple[dict[str, Any], bytes]:
    if not public.startswith(PUBLIC):
        raise InvalidError(f"Das ist kein öffentlicher Schlüssel für Sicherungen; er beginnt mit „{PUBLIC}“.")
    mine, theirs = X25519PrivateKey.generate(), X25519PublicKey.from_public_bytes(_bytes(public.removeprefix(PUBLIC)))
    header = {"ephemeral": _text(mine.public_key().public_bytes_raw()), "to": public}
    return header, mine.exchange(theirs)


def _from_private(header: dict[str, Any], private: str) -> bytes:
    if not private.startswith(PRIVATE):
        raise InvalidError("Diese Sicherung braucht den geheimen Schlüssel, für den sie geschrieben wurde.")
    try:
        own = X25519PrivateKey.from_private_bytes(_bytes(private.removeprefix(PRIVATE)))
        return own.exchange(X25519PublicKey.from_public_bytes(_bytes(header["ephemeral"])))
    except ValueError:  # no key, or one with which everybody would arrive at the same secret
        raise InvalidError(_DAMAGED) from None


def _stream_key(secret: bytes, line: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, FORMAT.encode() + b"\0" + line).derive(secret)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: Any) -> bytes:
    try:
        found = base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except ValueError:
        raise InvalidError("Der Schlüssel ist nicht lesbar.") from None
    if len(found) not in (16, 32):
        raise InvalidError("Der Schlüssel ist nicht vollständig.")
    return found
