"""Announcements: records that others act on, so they carry a signature of the log's key.

Whoever may write to the database can put a record into the inbox, and the next checkpoint covers it: a checkpoint says
that a record stands in the log, not who wrote it. For most records that gains little. Two are believed: ``key.rotate``
(from then on another key counts) and ``prune`` (a beginning may be missing). Their facts carry ``signatures``, made by
the keys in force, which lie outside the database, over this text::

    ki-pforte/announcement/v1
    musterstadt.de/ki-pforte/1                 the log
    key.rotate                                 type of the record
    01a0c450-6c01-78f4-920f-073dcc5bfa10       id of the record
    {"before":"…","size":4711,"vkey":"…"}      the facts without ``signatures``, canonical JSON
                                               (each line ends with a newline)

So a signature is good for one record of one log. The text is never a checkpoint: its third line is no hash. A signature
is written as in a line of a signed note, base64 of key id and signature; the key's name is the log's.

Kept true: an announcement without a good signature is never believed, whatever the log's age. Not known here: whether
the key is (still) believed; that is `audit.keychain`. Reading and checking only; standard library and cryptography.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from audit import canonical
from audit.checkpoint import Vkey, unb64
from audit.errors import FormatError

HEAD: Final = "ki-pforte/announcement/v1"
SIGNATURES: Final = "signatures"
_MOST: Final = 8
"""Signatures of one announcement: two while the key is being changed."""


def text(log: str, kind: str, record_id: str, facts: Mapping[str, Any]) -> bytes:
    """Return what is signed. Raises `FormatError` for facts without a canonical form."""
    said = canonical.dumps({name: value for name, value in facts.items() if name != SIGNATURES})
    return f"{HEAD}\n{log}\n{kind}\n{record_id}\n".encode() + said + b"\n"


def signed_by(log: str, kind: str, record_id: str, facts: Any, keys: Iterable[Vkey]) -> list[Vkey]:
    """Return which of these keys signed. Never raises for what the facts say."""
    try:
        signatures = [_signature(one) for one in _listed(facts)]
        message = text(log, kind, record_id, facts) if signatures else b""
    except FormatError:
        return []
    return [key for key in keys if key.name == log and any(
        ident == key.id and key.verifies(message, signature) for ident, signature in signatures)]


def _listed(facts: Any) -> Sequence[Any]:
    found = facts.get(SIGNATURES) if type(facts) is dict else None
    return found if type(found) is list and len(found) <= _MOST else ()


def _signature(value: Any) -> tuple[bytes, bytes]:
    raw = unb64(value) if type(value) is str else b""
    if len(raw) != 68:
        raise FormatError("not a signature")
    return raw[:4], raw[4:]
