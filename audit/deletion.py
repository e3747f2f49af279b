"""Letting go of parts: when their time is up, or because a person asks for it. The proof stays whole.

A part that is deleted loses body and salt; its commitment stays in the envelope, and nobody can test a guess against
it. What was taken from the part for searching goes with it. Before anything is deleted a record says what will be
(``retention.delete``, ``erasure``: counts, and up to which record, never the content; `audit.accounts`); a crash in
between leaves a record that claims more than was done, and the next run does the rest.

What a case holds (`audit.holds`) stays. Kept true on SQLite: the bytes are overwritten (``secure_delete``) and the
write-ahead log is emptied. On PostgreSQL a ``VACUUM`` follows; pages, WAL archives and backups of the server keep
remains until they are overwritten or expire, which the operator's handbook has to say.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from audit.accounts import ERASURE, RETENTION_DELETE
from audit.errors import LedgerConfigError
from audit.record import META, SUBJECT, check_name
from audit.store.store import Run, Store
from audit.store.tables import FACETS
from audit.writer import Writer

ERASED_FILE: Final = "erased.txt"
"""Beside the keys: ids of records and names of parts that were erased on order."""
DELETE_EVERY: Final = 6 * 3600.0
"""Seconds between two rounds of the housekeeper."""
LEASE: Final = 900.0
BATCH: Final = 500
"""Parts per transaction: writers wait no longer than that takes."""

_LISTED: Final = re.compile(r"[0-9a-f-]{36} [a-z0-9_.]{1,64}")

_FREE: Final = ("(p.name = 'content' OR NOT EXISTS (SELECT 1 FROM audit_hold h WHERE h.record_id = p.record_id))")
"""Content goes when its time is up, whatever else of its record a case holds."""
_DUE: Final = f"FROM audit_part p WHERE p.expires_at <= ? AND {_FREE}"
_COUNT: Final = (
    "SELECT p.class, p.name, count(*), max(s.idx) "  # noqa: S608 - fixed text
    "FROM audit_part p LEFT JOIN audit_seq s ON s.record_id = p.record_id "
    f"WHERE p.expires_at <= ? AND {_FREE} GROUP BY p.class, p.name"
)
_SOME: Final = f"SELECT p.record_id, p.name {_DUE} ORDER BY p.expires_at LIMIT {BATCH}"
_THERE: Final = "SELECT record_id FROM audit_part WHERE name = '{}' AND record_id IN (#)"
_HELD: Final = "SELECT DISTINCT record_id FROM audit_hold WHERE record_id IN (#)"
_CLEAR: Final = {
    META: ", ".join(f"{name} = NULL" for name in FACETS),
    SUBJECT: "subject = NULL",
}


def delete_due(store: Store, writer: Writer, seconds: int | None = None) -> dict[str, int]:
    """Delete every part whose time is up and that nothing holds; return how many per class."""
    until = int(time.time()) if seconds is None else seconds
    counts: dict[str, int] = {}
    through: dict[str, int] = {}
    with store.read() as connection:
        for kind, name, number, last in connection.exec_driver_sql(store.sql(_COUNT), (until,)).fetchall():
            counts[kind] = counts.get(kind, 0) + int(number)
            if last is not None:
                through[name] = max(int(last), through.get(name, 0))
    if not counts:
        return {}
    writer.append_wait(writer.draft(RETENTION_DELETE, {"until": until, "parts": counts, "through": through}))
    while True:
        with store.write() as run:
            rows = run(store.sql(_SOME), (until,)).fetchall()
            _delete(store, run, rows)
        if len(rows) < BATCH:
            break
    settle(store)
    return counts


def erase(store: Store, writer: Writer, wanted: Mapping[str, Sequence[str]], reason: str,
          case: str = "", journal: Path | None = None) -> tuple[int, int]:
    """Delete parts on order (Art. 17 GDPR); return how many, and how many a case holds back.

    `wanted` names the records of each part. `reason` and `case` are words and numbers of the house, no free text. What
    goes is first written to `journal`, for the day on which an older backup is played back (`audit.restored`).
    """
    for name in (*wanted, reason):
        check_name(name)
    if META in wanted:
        raise LedgerConfigError("Die Tatsachen eines Vorgangs werden nach ihrer Frist gelöscht, nicht auf Antrag.")
    with store.read() as connection:
        run = connection.exec_driver_sql
        held = {row[0] for row in store.select_in(run, _HELD, list({id_ for ids in wanted.values() for id_ in ids}))}
        found = {name: [row[0] for row in store.select_in(run, _THERE.format(name), ids)]
                 for name, ids in wanted.items()}
    free = {name: [id_ for id_ in ids if id_ not in held] for name, ids in found.items()}
    count, kept = sum(map(len, free.values())), sum(map(len, found.values())) - sum(map(len, free.values()))
    writer.append_wait(writer.draft(ERASURE, {
        "parts": {name: len(ids) for name, ids in free.items()}, "held": kept, "reason": reason, "case": case}))
    if journal is not None and count:
        with open(os.open(journal, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a", encoding="ascii") as file:
            file.writelines(f"{id_} {name}\n" for name, ids in free.items() for id_ in ids)
            file.flush()
            os.fsync(file.fileno())
    for name, ids in free.items():
        for at in range(0, len(ids), BATCH):
            with store.write() as run_:
                _delete(store, run_, [(id_, name) for id_ in ids[at : at + BATCH]])
    settle(store)
    return count, kept


def listed(line: str) -> bool:
    """Whether this is a line of a journal of erasures. Facts are never erased on order."""
    return bool(_LISTED.fullmatch(line)) and not line.endswith(f" {META}")


def erase_again(store: Store, journal: Iterable[str]) -> int:
    """Delete what a journal of erasures lists and a restored database has again; return how many parts."""
    wanted: dict[str, list[str]] = {}
    for line in filter(listed, journal):
        record_id, _, name = line.partition(" ")
        wanted.setdefault(name, []).append(record_id)
    count = 0
    for name, ids in wanted.items():
        for at in range(0, len(ids), BATCH):
            with store.write() as run:
                found = [row[0] for row in store.select_in(run, _THERE.format(name), ids[at : at + BATCH])]
                _delete(store, run, [(id_, name) for id_ in found])
            count += len(found)
    settle(store)
    return count


def records_of(store: Store, pseudonyms: Sequence[str]) -> list[str]:
    """Return the ids of all records that name one of these pseudonyms."""
    with store.read() as connection:
        return [row[0] for row in store.select_in(
            connection.exec_driver_sql, "SELECT record_id FROM audit_facet WHERE subject IN (#)", pseudonyms)]


def claim(store: Store, job: str, every_seconds: float, *, at_once: bool = False) -> bool:
    """Take on a job that one process does, once in that time (with `at_once`: now); return whether it is ours.

    Whoever has done it says `done`; otherwise somebody does it again after a quarter of an hour. A time far in the
    future was written by a clock that was wrong, and does not count.
    """
    with store.write() as run:
        now, every = store.now_us(run), 0 if at_once else int(every_seconds * 1e6)
        run(store.sql("INSERT INTO audit_job (name, at) VALUES (?, 0) ON CONFLICT (name) DO NOTHING"), (job,))
        cursor = run(store.sql("UPDATE audit_job SET at = ? WHERE name = ? AND (at <= ? OR at > ?)"),
                     (now - int((every_seconds - LEASE) * 1e6), job, now - every, now + every))
        return bool(cursor.rowcount)


def done(store: Store, job: str) -> None:
    """Say that a job that was taken on is done."""
    with store.write() as run:
        run(store.sql("UPDATE audit_job SET at = ? WHERE name = ?"), (store.now_us(run), job))


def settle(store: Store) -> None:
    """Let no bytes of what was deleted lie about, as far as the database lets us."""
    with store.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        if store.sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        else:
            connection.exec_driver_sql("VACUUM audit_part, audit_facet, audit_mark, identity_seal")


def _delete(store: Store, run: Run, rows: Iterable[Sequence[Any]]) -> None:
    by_name: dict[str, list[str]] = {}
    for record_id, name in rows:
        by_name.setdefault(name, []).append(record_id)
    for name, ids in by_name.items():
        check_name(name)
        if name == META:
            store.delete_in(run, "DELETE FROM audit_mark WHERE idx IN "
                                 "(SELECT idx FROM audit_seq WHERE record_id IN (#))", ids)
        store.delete_in(run, f"DELETE FROM audit_part WHERE name = '{name}' AND record_id IN (#)", ids)  # noqa: S608
        if name in _CLEAR:
            store.delete_in(run, f"UPDATE audit_facet SET {_CLEAR[name]} WHERE idx IN "  # noqa: S608 - fixed names
                                 "(SELECT idx FROM audit_seq WHERE record_id IN (#))", ids)
