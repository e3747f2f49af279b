"""Counting what was sequenced: numbers per day that outlive the records, and marks by which a page finds requests.

Theory: whatever `audit.store.tables.audit_facet` cannot hold in a column is kept beside it and filled behind the
sequencer, in pieces, by whichever process comes first; ``audit_counted`` says how far. So a log that is older than
these tables is caught up with by itself, and a request never waits for it. A piece is one transaction: every record is
counted exactly once, also over a crash.

``audit_daily`` holds numbers by day (in Berlin) and department and nothing else: no person, no Vorgang, no time of day.
Numbers stay when records are deleted or pruned; they are of nobody. ``audit_mark`` holds for a request what several of
a kind can be true of: kinds of finding, the region, an end that was none. Marks are facets: they are gone when the
part ``meta`` of their record is deleted.

Does not know: how many people are behind a number. Whoever shows numbers by department puts small departments
together (`audit.daily`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from audit.record import ENDS, INTENT, OUTCOME
from audit.sequencer import read_state
from audit.store.store import Run, Store, as_bytes
from audit.store.tables import MARK_LENGTH

CHUNK: Final = 256
"""Records per transaction; on SQLite the writer waits meanwhile."""
ROUND: Final = 8
"""Transactions in a row, before the housekeeper looks after something else."""
NAME: Final = "daily"
BERLIN: Final = ZoneInfo("Europe/Berlin")
UNTOUCHED: Final = frozenset({"keep", "note"})
"""Actions that replace nothing."""
STATUSES: Final = ("aborted", "failed", "unknown")
"""Ends of a request that are marked; all others were answered."""

_LOCKED: Final = "SELECT next FROM audit_counted WHERE name = ? FOR UPDATE"
_NEXT: Final = "SELECT next FROM audit_counted WHERE name = ?"
_BEGIN: Final = "INSERT INTO audit_counted (name, next) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
_ROWS: Final = (
    "SELECT f.idx, f.t, f.type, f.ref, f.department, f.decision, f.code, f.model, p.body FROM audit_facet f "
    "LEFT JOIN audit_part p ON p.record_id = f.record_id AND p.name = 'meta' WHERE f.idx >= ? ORDER BY f.idx LIMIT ?"
)
_INTENTS: Final = (
    "SELECT s.record_id, f.t, f.idx FROM audit_seq s JOIN audit_facet f ON f.idx = s.idx WHERE s.record_id IN (#)"
)
_ADD: Final = "INSERT INTO audit_daily (day, department, what, name, count)"
_TO_WHAT_IS_THERE: Final = (
    " ON CONFLICT (day, department, what, name) DO UPDATE SET count = audit_daily.count + excluded.count"
)
_MARK: Final = "INSERT INTO audit_mark (mark, t, idx)"
_ONCE: Final = " ON CONFLICT (mark, t, idx) DO NOTHING"
Key = tuple[str, str, str, str]
"""Day, department, what is counted, its name."""


def count(store: Store, rounds: int = ROUND) -> int:
    """Count what is sequenced and not counted yet, some of it at a time; return how many records."""
    done = 0
    for _ in range(rounds):
        if not _anything(store):
            break
        taken = _chunk(store)
        done += taken
        if taken < CHUNK:
            break
    return done


def take_lock(store: Store, run: Run) -> int | None:
    """Wait until nobody else counts or clears marks (a writer of SQLite is alone anyway); return what is next."""
    row = run(store.sql(_NEXT if store.sqlite else _LOCKED), (NAME,)).fetchone()
    return None if row is None else int(row[0])


def _anything(store: Store) -> bool:
    with store.read() as connection:
        run = connection.exec_driver_sql
        row = run(store.sql(_NEXT), (NAME,)).fetchone()
        return read_state(run).tree.size > (0 if row is None else int(row[0]))


def _chunk(store: Store) -> int:
    with store.write() as run:
        start = take_lock(store, run)
        if start is None:
            run(store.sql(_BEGIN), (NAME, 0))
            start = take_lock(store, run) or 0
        rows = run(store.sql(_ROWS), (start, CHUNK)).fetchall()
        if not rows:
            return 0
        numbers, marks = tally(rows)
        store.insert(run, _ADD, [(*key, number) for key, number in sorted(numbers.items())], _TO_WHAT_IS_THERE)
        store.insert(run, _MARK, [*marks, *_ends(store, run, rows)], _ONCE)
        run(store.sql("UPDATE audit_counted SET next = ? WHERE name = ?"), (rows[-1][0] + 1, NAME))
    return len(rows)


def tally(rows: Sequence[Any]) -> tuple[Counter[Key], list[tuple[str, int, int]]]:
    """Return the numbers and the marks of rows of (idx, t, type, ref, department, decision, code, model, meta)."""
    numbers: Counter[Key] = Counter()
    marks: list[tuple[str, int, int]] = []
    for idx, t, type_, _, department, _, code, model, body in rows:
        meta, place = _facts(body), (day_of(t), department or "")
        for what, name, number in _counted(type_, code or "", model or "", meta):
            numbers[(*place, what, name[:200])] += number
        if type_ in (INTENT, "denied"):
            marks += [(mark, t, idx) for mark in marks_of(meta)]
    return numbers, marks


def day_of(t_us: int) -> str:
    """Return the day in Berlin of a time, as 2026-11-22."""
    return _day_of_hour(t_us // 3_600_000_000)


@lru_cache(maxsize=64)
def _day_of_hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, BERLIN).date().isoformat()


def _counted(type_: str, code: str, model: str, meta: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    if type_ == INTENT:
        yield "decision", "allowed", 1
        yield "model", model, 1
        for key, number in _numbers(meta.get("replaced")):
            kind, _, action = key.partition(":")
            if action not in UNTOUCHED:
                yield "replaced", kind, number
    elif type_ == "denied":
        yield "decision", "denied", 1
        yield "code", code, 1
    elif type_ == "local":
        yield "decision", "local", 1
    elif type_ in ENDS:
        yield "status", _status(type_, meta) or "ok", 1
    if type_ in (INTENT, "denied"):
        yield from (("found", kind, 1) for kind, _ in _numbers(meta.get("found")))


def marks_of(meta: dict[str, Any]) -> list[str]:
    """Return what a request can be found by beside its columns."""
    found = [f"kind:{kind}" for kind, _ in _numbers(meta.get("found"))]
    region = meta.get("region")
    if isinstance(region, str) and region:
        found.append(f"region:{region}")
    return [mark[:MARK_LENGTH] for mark in found if "\x00" not in mark]


def _ends(store: Store, run: Run, rows: Sequence[Any]) -> list[tuple[str, int, int]]:
    """Return the marks of requests that ended otherwise than answered."""
    ends = {row[3]: status for row in rows if row[2] in ENDS and (status := _status(row[2], _facts(row[8])))}
    if not ends:
        return []
    return [(f"status:{ends[intent]}", t, idx) for intent, t, idx in store.select_in(run, _INTENTS, list(ends))]


def _status(type_: str, meta: dict[str, Any]) -> str:
    if type_ != OUTCOME:
        return "unknown"
    status = meta.get("status")
    if status == "aborted":
        return "aborted"
    return "failed" if status == "failed" or meta.get("code") else ""


def _facts(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    try:
        value = orjson.loads(as_bytes(body))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _numbers(value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        yield from ((name, number) for name, number in value.items() if type(number) is int and number > 0)
