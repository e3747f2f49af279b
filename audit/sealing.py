"""Sealing to two trustees: what only both private keys together open.

The outer layer is for the data protection officer (``dpo``), the inner one for the Personalrat; a third key
(``treuhand``, kept in an envelope for the day when the Personalrat's is lost) may open the inner layer instead. The
house has public keys only.

The same seal lies on the keys under which content is kept (`audit.content`).

One box: X25519 with a fresh key, HKDF-SHA256 (salt: both public keys), AES-256-GCM. What it is about (pseudonym,
quarter), for whom and under which version stands in the associated data, so a box opens only as what it was made for.
Key and nonce come from the same derivation and serve once. Values are padded to 64 bytes: lengths tell nothing.

`proof` shows that the holder of a private key worked on exactly this text, to whoever holds the other private key.

Kept true: nothing here reads a clock, a file or a database. Not known here: whether somebody was allowed to open it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from audit import canonical
from audit.checkpoint import b64, unb64
from audit.errors import FormatError

DPO: Final = "dpo"
PERSONALRAT: Final = "personalrat"
THIRD: Final = "treuhand"
HOUSE: Final = "haus"
"""The key that an answer is sealed to: made for one request, gone after it."""
TRUSTEES: Final = (DPO, PERSONALRAT, THIRD)
_ROLES: Final = (*TRUSTEES, HOUSE)
_NOTATION: Final = "KI-PFORTE"
_BLOCK: Final = 64
_BOX: Final = b"kipforte/seal/v1"
_PROOF: Final = b"kipforte/proof/v1"
Box = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrusteeKey:
    """A public key and whose it is, printed as ``KI-PFORTE+role+id+base64``."""

    role: str
    public: bytes

    @property
    def _digest(self) -> str:
        return hashlib.sha256(b"kipforte/trustee/v1\x00" + self.role.encode() + b"\x00" + self.public).hexdigest()

    @property
    def id(self) -> str:
        """The short name of the key: 16 hex digits. The role goes into it, so no key can change its role."""
        return self._digest[:16]

    @property
    def fingerprint(self) -> str:
        """What two people read to each other: 32 hex digits in groups of four."""
        return " ".join(self._digest[at : at + 4] for at in range(0, 32, 4))

    def __str__(self) -> str:
        return f"{_NOTATION}+{self.role}+{self.id}+{b64(self.public)}"

    @classmethod
    def parse(cls, text: str) -> TrusteeKey:
        """Read a printed key. Raises `FormatError`."""
        pieces = text.strip().split("+", 3)
        if len(pieces) != 4 or pieces[0] != _NOTATION or pieces[1] not in _ROLES:
            raise FormatError("not a trustee's public key")
        key = cls(pieces[1], unb64(pieces[3]))
        if len(key.public) != 32 or key.id != pieces[2]:
            raise FormatError("the key's id does not fit")
        return key

    @classmethod
    def of(cls, role: str, private: X25519PrivateKey) -> TrusteeKey:
        """Return the public part of a private key."""
        return cls(role, private.public_key().public_bytes_raw())


def seal(key: TrusteeKey, about: Mapping[str, str], plain: bytes, fresh: X25519PrivateKey | None = None) -> Box:
    """Return a box that only the holder of the key opens. `fresh` is given by tests of the format only."""
    fresh = fresh or X25519PrivateKey.generate()
    public = fresh.public_key().public_bytes_raw()
    secret, nonce = _derive(fresh, key.public, public + key.public, _BOX)
    sealed = AESGCM(secret).encrypt(nonce, plain, _about(key, about))
    return {"box": b64(public + sealed), "for": key.role, "key": key.id}


def unseal(private: X25519PrivateKey, role: str, about: Mapping[str, str], box: Box) -> bytes:
    """Open a box. Raises `FormatError` for another key, another thing or a changed byte."""
    key = TrusteeKey.of(role, private)
    if (box.get("for"), box.get("key")) != (key.role, key.id):
        raise FormatError("the box is sealed to another key")
    raw = unb64(str(box.get("box", "")))
    try:
        secret, nonce = _derive(private, raw[:32], raw[:32] + key.public, _BOX)
        return AESGCM(secret).decrypt(nonce, raw[32:], _about(key, about))
    except (InvalidTag, ValueError):
        raise FormatError("the box does not open as what it is said to be") from None


def proof(private: X25519PrivateKey, other: TrusteeKey, text: bytes) -> str:
    """Return what only the holders of these two private keys can compute over this text, in hex."""
    own = private.public_key().public_bytes_raw()
    try:
        secret, _ = _derive(private, other.public, b"".join(sorted((own, other.public))), _PROOF)
    except ValueError:
        raise FormatError("not a key that can prove anything") from None
    return hmac.digest(secret, text, "sha256").hex()


def about_identity(pseudonym: str, epoch: str) -> dict[str, str]:
    """Return what a sealed identity is about."""
    return {"epoch": epoch, "pseudonym": pseudonym, "what": "identity"}


def about_content(exchange: str) -> dict[str, str]:
    """Return what the sealed key of an exchange's content is about."""
    return {"exchange": exchange, "what": "content"}


def seal_identity(outer: TrusteeKey, inner: Sequence[TrusteeKey], subject: str, pseudonym: str, epoch: str,
                  fresh: Sequence[X25519PrivateKey] = ()) -> bytes:
    """Return the opaque id of a person, sealed twice."""
    return seal_twice(outer, inner, about_identity(pseudonym, epoch), subject.encode(), fresh)


def seal_twice(outer: TrusteeKey, inner: Sequence[TrusteeKey], about: Mapping[str, str], value: bytes,
               fresh: Sequence[X25519PrivateKey] = ()) -> bytes:
    """Return a short value that only both trustees together open: canonical JSON of the outer box."""
    if outer.role != DPO or not inner or any(key.role not in (PERSONALRAT, THIRD) for key in inner):
        raise FormatError("the outer layer is the data protection officer's, the inner one the Personalrat's")
    own: list[X25519PrivateKey | None] = [*fresh] if fresh else [None] * (len(inner) + 1)
    plain = pad(value)
    boxes = [dict(seal(key, about, plain, one)) for key, one in zip(inner, own[1:], strict=True)]
    return canonical.dumps(dict(seal(outer, about, canonical.dumps(boxes), own[0])))


def read_box(value: Any) -> Box:
    """Return a box from JSON, strictly."""
    if type(value) is not dict or value.keys() != {"box", "for", "key"} or any(type(v) is not str
                                                                               for v in value.values()):
        raise FormatError("not a sealed box")
    return value


def read_boxes(plain: bytes) -> list[Box]:
    """Return the inner boxes from what the outer one held."""
    value = canonical.loads(plain)
    if type(value) is not list or not value:
        raise FormatError("not the inner layer")
    return [read_box(one) for one in value]


def pad(value: bytes) -> bytes:
    """Return the value with its length in front, filled up to whole blocks."""
    if len(value) > 0xFFFF:
        raise FormatError("too long to be sealed")
    raw = len(value).to_bytes(2, "big") + value
    return raw + bytes(-len(raw) % _BLOCK)


def unpad(raw: bytes) -> bytes:
    """Return what `pad` was given. Raises `FormatError`."""
    value = raw[2 : 2 + int.from_bytes(raw[:2], "big")]
    if pad(value) != raw:
        raise FormatError("not a padded value")
    return value


def _about(key: TrusteeKey, about: Mapping[str, str]) -> bytes:
    return canonical.dumps({"about": dict(about), "for": key.role, "key": key.id, "v": 1})


def _derive(private: X25519PrivateKey, public: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes]:
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    raw = HKDF(SHA256(), 44, salt, context).derive(shared)
    return raw[:32], raw[32:]
