"""What an API key looks like, how one is made, and what is kept of it.

``kip_<id>_<secret>``: the id (8 characters) is public and names the key in pages, logs and support calls; the secret
(43 characters out of 62, more than 256 bits) comes from the operating system. Letters and digits only, so that a double
click selects all of it and no shell or header mangles it; the prefix lets secret scanners find a key that leaked.

Kept is the SHA-256 of the whole key. A slow hash (argon2id, bcrypt) protects secrets that people choose, because they
can be guessed; nobody guesses 256 random bits, whatever the hash costs. A fast one means that every request can be
checked without spending CPU, and that nobody can stop the gateway by sending wrong keys.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "kip_"
LEAST_SECRET: Final = 32
"""Characters of a secret with which somebody signs under HS256: as long as the hash (RFC 7518, 3.2)."""
_ALPHABET: Final = string.digits + string.ascii_letters
_ID_LENGTH: Final = 8
_SECRET_LENGTH: Final = 43
_KEY: Final = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: `text` is shown once and then forgotten, `id` and `sha256` are stored."""

    id: str
    text: str = field(repr=False)
    sha256: bytes = field(repr=False)


def new_key(once: str = "") -> NewKey:
    """Make a fresh key. Two with the same `once` have the same public id: so a form that is sent twice makes one."""
    id_ = _named(once) if once else _random(_ID_LENGTH)
    text = f"{PREFIX}{id_}_{_random(_SECRET_LENGTH)}"
    return NewKey(id_, text, digest(text))


def key_id(text: str) -> str | None:
    """Return the public id in `text` if it has the form of a key, else nothing."""
    match = _KEY.fullmatch(text)
    return match and match[1]


def digest(text: str) -> bytes:
    """Return what is stored of a key."""
    return hashlib.sha256(text.encode()).digest()


def _named(once: str) -> str:
    number = int.from_bytes(hashlib.sha256(f"key once\0{once}".encode()).digest())
    return "".join(_ALPHABET[number // len(_ALPHABET)**place % len(_ALPHABET)] for place in range(_ID_LENGTH))


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
