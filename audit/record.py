"""Records: what callers hand in (`Draft`), and the envelope that is hashed.

An envelope is canonical JSON of a fixed set of keys::

    {"c":{part:commitment},"id":uuid7,"log":origin,"n":wseq,"ref":id or "","t":time,"type":type,"v":1,"w":writer}

It holds no content: each part (``meta``, ``subject``, ``content``) is bound by
``HMAC-SHA256(salt, "kipforte/part/v1" 00 name 00 body)`` with a salt of 32 random bytes of its own. When the row of a
part is deleted (body and salt), the commitment stays and nobody can test a guess against it.

Kept true: the bytes are built once, stored and hashed. A later version of the envelope raises ``v``; version 1 never
changes. Not known here: whether what the caller says is true.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import ge
from typing import Final

from audit.errors import FormatError

VERSION: Final = 1
INTENT: Final = "intent"
OUTCOME: Final = "outcome"
OUTCOME_UNKNOWN: Final = "outcome.unknown"
OUTCOME_LATE: Final = "outcome.late"
"""An outcome that came after its intent had been ended as unknown: information, not a second end."""
ENDS: Final = frozenset({OUTCOME, OUTCOME_UNKNOWN})
DENIED: Final = "denied"
REQUESTS: Final = frozenset({INTENT, DENIED})
"""Records of which each stands for one request."""
WRITER_START: Final = "writer.start"
WRITER_STOP: Final = "writer.stop"
HEARTBEAT: Final = "heartbeat"
GAP: Final = "gap.detected"
PRUNE: Final = "prune"
KEY_ROTATE: Final = "key.rotate"
ANNOUNCED: Final = frozenset({PRUNE, KEY_ROTATE})
"""Records that others act on: they carry a signature of the log's key (`audit.announcement`)."""
SUCCESSOR: Final = "log.successor"
"""The first record of a log that follows another one whose database was set back (`audit.successor`)."""
CLOCK: Final = "finding.clock"
"""A clock jumped, or two clocks differ (`audit.keeper`)."""
SEALED: Final = "log.sealed"
"""From here on records needed the house's seal to get a place; written once, in a log from before (`audit.opening`)."""
FORGED: Final = "finding.forged"
"""Somebody put a record into the database: it was kept out, because it has not the house's seal (`audit.aside`), or it
stands in the log without the signature that others act on (`audit.forgery`)."""
PRUNING: Final = "finding.pruning"
"""An announced pruning was not carried out, because something speaks against it (`audit.pruning`)."""
SPOOLED: Final = "finding.spool"
"""Records had to wait for the database in a file, in memory, or were lost."""

META: Final = "meta"
SUBJECT: Final = "subject"
CONTENT: Final = "content"
SALT_SIZE: Final = 32

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PREFIX: Final = b"kipforte/part/v1\x00"
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER_FILL: Final = b"\x36" * _BLOCK
_OUTER_FILL: Final = b"\x5c" * _BLOCK
_sha256 = hashlib.sha256
_P_NAME: Final = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
_P_LOG: Final = r"[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*"
_P_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_P_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
_P_PAIR: Final = rf'"{_P_NAME}":"[0-9a-f]{{64}}"'
_NAME: Final = re.compile(_P_NAME)
_LOG: Final = re.compile(_P_LOG)
_ID: Final = re.compile(_P_ID)
_ENVELOPE: Final = re.compile(
    rf'{{"c":{{((?:{_P_PAIR}(?:,{_P_PAIR})*)?)}},"id":"({_P_ID})","log":"({_P_LOG})","n":(0|[1-9][0-9]{{0,14}}),'
    rf'"ref":"((?:{_P_ID})?)","t":"({_P_TIME})","type":"({_P_NAME})","v":{VERSION},"w":"([a-z0-9-]{{1,40}})"}}'
)
"""No value needs escaping, so one pattern is the whole canonical form (and `canonical.loads` agrees, by property)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A deletable piece of a record: its bytes, and the retention class that says how long they stay."""

    body: bytes = field(repr=False)
    retention: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be written. ``ref`` names the record it belongs to (an outcome its intent)."""

    type: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    ref: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof to the caller that the record is durable."""

    record_id: str


@dataclass(slots=True)  # not frozen: the verifier makes millions
class Envelope:
    """What an envelope says, read strictly."""

    id: str
    log: str
    writer: str
    wseq: int
    type: str
    ref: str
    t: str
    commitments: Mapping[str, str]


_random: list[bytes] = []
"""Random bytes in stock: asking the system gives up the interpreter lock, which costs more than the rest."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.clear)


def _random_62() -> int:
    try:
        raw = _random.pop()
    except IndexError:
        stock = os.urandom(8 * 256)
        _random.extend([stock[at : at + 8] for at in range(8, len(stock), 8)])
        raw = stock[:8]
    return int.from_bytes(raw, "big") & 0x3FFF_FFFF_FFFF_FFFF


def new_id() -> str:
    """Return a UUIDv7: milliseconds, 12 bits of the fraction, 62 random bits."""
    millis, rest = divmod(time.time_ns(), 1_000_000)
    random = _random_62()
    return (f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7{rest * 4096 // 1_000_000:03x}-"
            f"{random >> 48 | 0x8000:04x}-{random & 0xFFFF_FFFF_FFFF:012x}")


def first_id_at(seconds: float) -> str:
    """Return the smallest id that could have been made at that moment; ids sort by time."""
    text = f"{max(0, int(seconds * 1000)):012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"


def made_at(record_id: str) -> float:
    """Return the second at which an id was made."""
    return int(record_id[:8] + record_id[9:13], 16) / 1000


def now_us() -> int:
    """Return the time in microseconds since 1970."""
    return time.time_ns() // 1000


@lru_cache(maxsize=16)
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def time_text(us: int) -> str:
    """Return the moment as ``2026-11-22T02:38:25.123456Z``."""
    seconds, rest = divmod(us, 1_000_000)
    return f"{_second_text(seconds)}.{rest:06d}Z"


def time_us(text: str) -> int:
    """Read what `time_text` wrote."""
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def commitment(name: str, salt: bytes, body: bytes) -> str:
    """Return the commitment to one part, in hex."""
    # HMAC-SHA256 spelt out (RFC 2104): every salt is another key, and OpenSSL spends more on setting one up than on
    # hashing. A property compares it with the library's.
    key = salt if len(salt) <= _BLOCK else _sha256(salt).digest()
    fill = _BLOCK - len(key)
    inner = _sha256(key.translate(_INNER) + _INNER_FILL[:fill] + _bound(name) + body).digest()
    return _sha256(key.translate(_OUTER) + _OUTER_FILL[:fill] + inner).hexdigest()


@lru_cache(maxsize=1024)
def _bound(name: str) -> bytes:
    return _PREFIX + name.encode() + b"\x00"


@lru_cache(maxsize=1024)
def check_name(name: str) -> None:
    """Refuse names of types and parts that would need escaping in an envelope."""
    if len(name) > 64 or not _NAME.fullmatch(name):
        raise FormatError("a record type or part name is lower case letters, digits, _ and dots")


def check_log(log: str) -> None:
    """Refuse log names (origins) that a signed note could not carry."""
    if len(log) > 200 or not _LOG.fullmatch(log):
        raise FormatError("the log's name is like musterstadt.de/ki-pforte/1, without spaces or +")


def check_id(record_id: str) -> None:
    """Refuse anything that is not a UUIDv7 in lower case."""
    if not _ID.fullmatch(record_id):
        raise FormatError("a record id is a UUIDv7 in lower case")


def build_envelope(
    *, commitments: Mapping[str, str], record_id: str, log: str, wseq: int, ref: str, t_us: int, type_: str, writer: str
) -> bytes:
    """Return the envelope's bytes. All values are checked or made here, so nothing needs escaping."""
    pairs = ",".join([f'"{name}":"{commitments[name]}"' for name in sorted(commitments)])
    return (
        f'{{"c":{{{pairs}}},"id":"{record_id}","log":"{log}","n":{wseq},"ref":"{ref}","t":"{time_text(t_us)}",'
        f'"type":"{type_}","v":{VERSION},"w":"{writer}"}}'
    ).encode()


def parse_envelope(raw: bytes) -> Envelope:
    """Read an envelope strictly. Raises `FormatError` for every deviation from the format."""
    found = _ENVELOPE.fullmatch(raw.decode("latin-1"))  # the pattern is ASCII
    if found is None:
        raise FormatError("not an envelope of version 1")
    pairs, id_, log, wseq, ref, t, type_, writer = found.groups()
    words = pairs.split('"')  # no quote in a name or a value, so they stand at known places
    names = words[1::4]
    if any(map(ge, names, names[1:])):
        raise FormatError("the commitments are not in order")
    return Envelope(id_, log, writer, int(wseq), type_, ref, t, dict(zip(names, words[3::4], strict=True)))
