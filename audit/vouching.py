"""The log's key under something that is no checkpoint: that a file comes from this house.

A backup for a public key can be written by anybody who knows that key, and it stands in every backup. So whoever makes
one signs it, as a note of the same form as a checkpoint, whose first line is the name of a purpose and never that of a
log. Whoever plays it back asks `signers`, and compares them with those of a note that was kept outside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from audit.checkpoint import Note, Vkey
from audit.errors import FormatError
from audit.signing import KEY_FILE, OLD_KEY_FILE, Signer, read_private


def vouch(folder: Path, purpose: str, digest: str) -> str:
    """Return a note over a digest, signed by every key that signs checkpoints now; empty: the house has no key."""
    with contextlib.suppress(FileNotFoundError):
        signer = Signer.parse(read_private(folder / KEY_FILE).decode())
        with contextlib.suppress(FileNotFoundError):
            signer.before = Signer.parse(read_private(folder / OLD_KEY_FILE).decode())
        return signer.sign_text(_text(purpose, digest))
    return ""


def vouched(note: str, purpose: str, digest: str, keys: Sequence[Vkey]) -> list[Vkey]:
    """Return which of these keys stand for the digest; none: nobody does, or for something else."""
    return signers(note, keys) if note.startswith(_text(purpose, digest) + "\n") else []


def signers(note: str, keys: Sequence[Vkey]) -> list[Vkey]:
    """Return which of these keys signed a note; none where it is damaged."""
    try:
        return Note.parse(note).signed_by(keys)
    except FormatError:
        return []


def _text(purpose: str, digest: str) -> str:
    return f"{purpose}\n{digest}\n"
