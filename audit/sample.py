"""A sample of requests that nobody can choose: drawn by numbers that follow from a signed checkpoint.

Of each month the same few requests are looked at, and anybody who has the bundle finds the same ones:

1. ``first``: the smallest index among the records of the first 24 hours that have records in the month (in Berlin);
   ``end``: the same for the month after it. Between them lies what is drawn from.
2. The seed is the root of the first checkpoint that covers record ``end``. It did not exist as long as the month could
   still be written to, so nobody could keep a record out of the sample; and afterwards nobody can change it unseen.
3. For n = 0, 1, 2, …: the first 8 bytes of SHA-256("ki-pforte/stichprobe/1\\n" + root + n as 8 bytes) are a number, big
   end first. Numbers from the largest multiple of ``end - first`` on are left out; of any other the rest of the
   division by ``end - first`` is added to ``first``. That record is taken when it is a request (``intent`` or
   ``denied``) and not taken yet. After 200 numbers for each request that is wanted, the sample is as large as it is.

Does not know: whether what was drawn was looked at, and what was found (records ``sample.verdict`` say it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from audit.checkpoint import Checkpoint, Note, Vkey
from audit.errors import FormatError
from audit.store.store import Store
from audit.store.tables import audit_facet, checkpoint

NUMBER: Final = 10
PREFIX: Final = b"ki-pforte/stichprobe/1\n"
DRAWS: Final = 200
_LOOKED_AT: Final = 1000
"""Rows among which a signed checkpoint has to be; who writes that many others is seen, because nothing is drawn."""
REQUESTS: Final = ("intent", "denied")
_DAY: Final = 86_400_000_000
_BERLIN: Final = ZoneInfo("Europe/Berlin")
_f = audit_facet.c


@dataclass(frozen=True, slots=True)
class Drawn:
    """One request of a sample: the place of its record, its id, and by which number it was drawn."""

    idx: int
    record_id: str
    draw: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of a month, and everything it takes to draw it again. No `size`: it cannot be drawn yet."""

    month: date
    first: int = 0
    end: int = 0
    size: int = 0
    """The size of the checkpoint whose root is the seed."""
    root: bytes = b""
    drawn: tuple[Drawn, ...] = ()


def month_after(month: date) -> date:
    """Return the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def numbers(root: bytes, count: int) -> Iterator[tuple[int, int]]:
    """Yield n and the n-th number below `count`, without end."""
    limit = 2**64 - 2**64 % count
    n = 0
    while True:
        value = int.from_bytes(sha256(PREFIX + root + n.to_bytes(8, "big")).digest()[:8], "big")
        if value < limit:
            yield n, value % count
        n += 1


def draw(root: bytes, first: int, end: int, number: int,
         requests: Callable[[list[int]], Mapping[int, str]]) -> tuple[Drawn, ...]:
    """Draw; `requests` says which of some places hold a request, and its id."""
    found: dict[int, Drawn] = {}
    pieces = _in_pieces(root, first, end, DRAWS * number)
    for piece in pieces:
        there = requests(sorted({idx for _, idx in piece}))
        for n, idx in piece:
            if idx in there and idx not in found and len(found) < number:
                found[idx] = Drawn(idx, there[idx], n)
        if len(found) >= number:
            break
    return tuple(found.values())


def _in_pieces(root: bytes, first: int, end: int, most: int) -> Iterator[list[tuple[int, int]]]:
    piece: list[tuple[int, int]] = []
    for n, value in numbers(root, end - first) if end > first else ():
        if n >= most:
            break
        piece.append((n, first + value))
        if len(piece) == 100:
            yield piece
            piece = []
    if piece:
        yield piece


def sample(store: Store, month: date, keys: Sequence[Vkey], number: int = NUMBER) -> Sample:
    """Draw the sample of a month (its first day). A checkpoint counts when one of these keys signed it."""
    with store.read() as connection:
        first, end = (_first_index(connection, begin) for begin in (month, month_after(month)))
        if first is None or end is None or first >= end:
            return Sample(month)
        rows = connection.execute(select(checkpoint.c.note).where(checkpoint.c.size > end)
                                  .order_by(checkpoint.c.size).limit(_LOOKED_AT))
        signed = next((one for one in map(_signed(keys), rows.scalars()) if one is not None and one.size > end), None)
        if signed is None:
            return Sample(month, first, end)

        def requests(places: list[int]) -> dict[int, str]:
            found = connection.execute(select(_f.idx, _f.record_id).where(_f.idx.in_(places), _f.type.in_(REQUESTS)))
            return {row.idx: row.record_id for row in found}
        return Sample(month, first, end, signed.size, signed.root, draw(signed.root, first, end, number, requests))


def _signed(keys: Sequence[Vkey]) -> Callable[[str], Checkpoint | None]:
    """Return what reads a note: a row that somebody else wrote into the database chooses nobody's requests."""
    def read(text: str) -> Checkpoint | None:
        try:
            note = Note.parse(text)
            return Checkpoint.parse(note.text) if note.signed_by(keys) else None
        except FormatError:
            return None
    return read


def _first_index(connection: Connection, day: date) -> int | None:
    """Return the smallest index of the first 24 hours with records from a day on."""
    since = int(datetime(day.year, day.month, day.day, tzinfo=_BERLIN).timestamp()) * 1_000_000
    begin = connection.execute(select(_f.t).where(_f.t >= since).order_by(_f.t).limit(1)).scalar()
    if begin is None:
        return None
    # The sum keeps PostgreSQL from walking up the places of the whole log until one lies in that day.
    found = connection.execute(select(func.min(_f.idx + 0)).where(_f.t >= begin, _f.t < begin + _DAY)).scalar()
    return None if found is None else int(found)
