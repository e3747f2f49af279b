"""The migration after which the sequencer sets the marks: what had none before gets them, once."""

from __future__ import annotations

import pytest

from audit.store.migrations.run import upgrade
from audit.store.store import Store

LIFE = [("intent", "", b'{"found":{"PERSON":2,"IBAN":0},"region":"EU"}'), ("outcome", "r0", b'{"status":"failed"}'),
        ("denied", "", b'{"found":{"HEALTH":1}}'), ("intent", "", b"{}"), ("outcome.unknown", "r3", None),
        ("view", "", b'{"region":"EU"}'), ("intent", "", b"no JSON")]
MARKS = [("kind:HEALTH", 2), ("kind:PERSON", 0), ("region:EU", 0), ("status:failed", 0), ("status:unknown", 3)]


@pytest.mark.parametrize("done", [None, 0, 2, 7])
def test_what_had_no_marks_gets_them_once(done: int | None, url: str) -> None:
    store = Store(url)
    with store.change() as connection:
        upgrade(connection, "0005")
    with store.write() as run:
        store.insert(run, "INSERT INTO audit_facet (idx, record_id, type, ref, t)",
                     [(n, f"r{n}", kind, ref, n) for n, (kind, ref, _) in enumerate(LIFE)])
        store.insert(run, "INSERT INTO audit_seq (idx, record_id, leaf)",
                     [(n, f"r{n}", b"x") for n in range(len(LIFE))])
        store.insert(run, "INSERT INTO audit_part (record_id, name, salt, body, class, expires_at)",
                     [(f"r{n}", "meta", b"s", meta, "c", 0) for n, (_, _, meta) in enumerate(LIFE) if meta is not None])
        if done is not None:
            store.insert(run, "INSERT INTO audit_counted (name, next)", [("daily", done)])
            store.insert(run, "INSERT INTO audit_mark (mark, t, idx)", [(m, n, n) for m, n in MARKS if n < done])
    with store.change() as connection:
        upgrade(connection, "0006")
    with store.read() as connection:
        found = connection.exec_driver_sql("SELECT mark, idx, t FROM audit_mark ORDER BY mark, idx").fetchall()
    store.close()
    assert [(mark, idx) for mark, idx, _ in found] == MARKS
    assert all(idx == t for _, idx, t in found)
