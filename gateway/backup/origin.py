"""Whether a backup was made by the house that it says it is.

Everybody may know the key for which backups are written, so the encryption proves no origin. What does: the key of the
log signed the list of all that is in it (`audit.vouching`), and the same key signed the note that was kept outside, or
is one of those that lie in the house which is to be replaced. Where neither is there nobody can know, and the caller
has to answer for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from audit import FormatError, Memory, Vkey, signers, vouched
from gateway.backup.archive import Entries
from gateway.backup.making import ABOUT, LEDGER_KEYS, PURPOSE
from gateway.backup.sealing import opened
from gateway.store import InvalidError

_KEYS: Final = f"home/{LEDGER_KEYS}/vkeys.txt"
_FOREIGN: Final = (
    "Wer diese Sicherung geschrieben hat, lässt sich nicht feststellen: Sie ist nicht mit dem Schlüssel des Protokolls "
    "unterschrieben, der {whose}. Vielleicht hat jemand sie untergeschoben. Bitte nehmen Sie eine andere{or_note}.")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a backup says of itself, once it was read to the end and found whole."""

    about: Mapping[str, Any]
    entries: int
    digest: str
    keys: tuple[Vkey, ...]
    """The keys of the log that are in it."""
    signed: tuple[Vkey, ...]
    """Which of them stand for it."""


def look(file: BinaryIO, *, passphrase: str = "", private: str = "") -> Origin:
    """Read all of a backup and check it; leave the file at its beginning. Writes nothing. Raises `InvalidError`."""
    found = Entries(opened(file, passphrase=passphrase, private=private))
    about: dict[str, Any] = {}
    keys: list[Vkey] = []
    count = 0
    for entry in found:
        count += 1
        if entry.name == ABOUT:
            about = _about(entry.whole())
        elif entry.name == _KEYS:
            keys = _vkeys(entry.whole())
    if not about:
        raise InvalidError("Die Sicherung sagt nicht, was sie ist. Bitte nehmen Sie eine andere.")
    file.seek(0)
    return Origin(about, count, found.digest, tuple(keys), tuple(vouched(found.signature, PURPOSE, found.digest, keys)))


def check_origin(origin: Origin, here: str, memory: Memory, note: str, *, alone: bool) -> None:
    """Raise `InvalidError` where a backup was not made by the house that wrote the note, or by the one that is here.

    `here` is how the log of that one is called: of a log that has a successor already nothing goes on by itself.
    """
    if memory.keys and here == memory.keys[0].name:
        if not set(memory.keys) & set(origin.signed):
            raise InvalidError(_FOREIGN.format(whose="hier liegt", or_note=""))
    elif note:
        if not set(signers(note, origin.keys)) & set(origin.signed):
            raise InvalidError(_FOREIGN.format(whose="die Notiz unterschrieben hat",
                                               or_note=", oder eine neuere Notiz"))
    elif not alone:
        raise InvalidError("Bitte nennen Sie mit --note die letzte Notiz des Protokolls, die außerhalb aufbewahrt "
                           "wurde. Gibt es keine, sagen Sie das mit --without-note: Was nach der Sicherung geschah, "
                           "fehlt dann, ohne dass es jemandem auffallen muss, und niemand kann wissen, ob die "
                           "Sicherung von diesem Haus ist.")


def _about(data: bytes) -> dict[str, Any]:
    try:
        about = json.loads(data)
        if about["format"] == 1 and all(isinstance(kind, str) for kind in about["databases"].values()):
            return {"format": 1, "version": str(about["version"]), "at": str(about["at"]),
                    "databases": about["databases"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidError("Die Sicherung sagt nicht, was sie ist. Bitte nehmen Sie eine andere.") from None
    raise InvalidError("Die Sicherung stammt aus einer neueren Version der KI-Pforte.")


def _vkeys(data: bytes) -> list[Vkey]:
    try:
        return [Vkey.parse(line) for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    except FormatError:
        return []
