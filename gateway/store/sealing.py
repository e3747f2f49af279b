"""Seals what only the holder of an id may open: the key comes from the id (HKDF-SHA-256), of which a hash is stored.

Whose it is is bound in as associated data (AES-256-GCM): an id in other hands opens nothing for them.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def name(kind: str, id_: str) -> bytes:
    """Return under what the sealed thing is stored: nobody finds the id from it."""
    return hashlib.sha256(f"ki-pforte {kind} name\0{id_}".encode()).digest()


def seal(kind: str, id_: str, content: bytes, subject: str) -> bytes:
    """Return the ciphertext."""
    nonce = os.urandom(12)
    return nonce + AESGCM(_key(kind, id_)).encrypt(nonce, content, subject.encode())


def unseal(kind: str, id_: str, sealed: bytes, subject: str) -> bytes | None:
    """Return the content; None when it belongs to somebody else."""
    try:
        return AESGCM(_key(kind, id_)).decrypt(sealed[:12], sealed[12:], subject.encode())
    except InvalidTag:
        return None


def _key(kind: str, id_: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, f"ki-pforte {kind} key".encode()).derive(id_.encode())
