"""What must be written while the database is away: on disk, delivered once, counted where the disk refuses as well."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import Draft, Filters, Ledger, LedgerConfig, LedgerUnavailable, Part
from audit.batch import Pending
from audit.record import new_id, now_us
from audit.spool import Spool, SpoolFull, read

LOG = "test.example/ki-pforte/1"
ROOT = Path(__file__).parents[3]

DIE = """
import os, signal, sys
from pathlib import Path
from audit import Ledger, LedgerConfig, LedgerUnavailable
import audit.writer
audit.writer.PATIENCE = 0.1

url, folder = sys.argv[1:]
ledger = Ledger(LedgerConfig(url, "test.example/ki-pforte/1", Path(folder)))
intents = [ledger.append_wait(ledger.draft("intent", {"vorgang": f"V{n}"}, subject="anna")).record_id for n in range(3)]

def gone(*_):
    raise OSError("gone")
ledger._store.write = gone
for intent in intents[:2]:
    try:
        ledger.append_wait(ledger.draft("outcome", {"status": 200}, ref=intent, subject="anna"))
    except LedgerUnavailable:
        pass
while ledger.backlog.spooled < 2:
    pass
print(*intents, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@contextlib.contextmanager
def database_away(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def gone(*_: object) -> object:
        raise OSError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("audit.writer.PATIENCE", 0.1)
        patched.setattr(ledger._store, "write", gone)
        yield
    while not ledger.healthy:
        time.sleep(0.01)


def start(ledger: Ledger) -> str:
    return ledger.append_wait(ledger.draft("intent", {"vorgang": "V"}, subject="anna")).record_id


def end(ledger: Ledger, intent: str) -> None:
    ledger.append_wait(ledger.draft("outcome", {"status": 200}, ref=intent))


def ends(ledger: Ledger) -> dict[str, list[str]]:
    ledger.sequence()
    found: dict[str, list[str]] = {}
    for row in ledger.reader.tail(-1, 1000):
        if row.ref:
            found.setdefault(row.ref, []).append(row.type)
    return found


def files(folder: Path) -> list[Path]:
    return list((folder / "keys" / "spool").iterdir())


def entry(text: str) -> Pending:
    parts = {"meta": Part(text.encode(), "meta-standard"), "subject": Part(b'{"pseudonym":"P-A"}', "subject")}
    ident = new_id()
    return Pending(Draft("outcome", parts, new_id(), ident), ident, now_us())


def seen(entries: list[Pending]) -> list[tuple[str, int, Draft]]:
    return [(item.id, item.t_us, item.draft) for item in entries]


@given(texts=st.lists(st.text(max_size=40), max_size=6), cut=st.integers(0, 4000), bent=st.integers(0, 4000))
def test_whatever_is_torn_or_bent_what_stands_before_it_is_read(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], cut: int, bent: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool, put, sizes = Spool(folder, "w"), [], [0]
    for text in texts:
        put.append(entry(text))
        spool.add(put[-1:])
        sizes.append((folder / "w").stat().st_size)
    if not put:
        return
    data = bytearray((folder / "w").read_bytes())
    assert seen(read(folder / "w")[0]) == seen(put)
    cut, bent = cut % (len(data) + 1), bent % len(data)
    (folder / "w").write_bytes(data[:cut])
    whole = sum(size <= cut for size in sizes) - 1
    assert (seen(read(folder / "w")[0]), read(folder / "w")[1]) == (seen(put[:whole]), cut - sizes[whole])
    data[bent] ^= 1
    (folder / "w").write_bytes(data)
    whole = sum(size <= bent for size in sizes) - 1
    assert seen(read(folder / "w")[0]) == seen(put[:whole])


def test_the_file_is_ours_alone_bounded_and_gone_when_it_is_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "w", limit=1000)
    spool.add([entry("a")])
    path = tmp_path / "spool" / "w"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    before = path.read_bytes()
    with pytest.raises(SpoolFull):
        spool.add([entry("b" * 1000)])
    assert path.read_bytes() == before
    spool.clear()
    assert not path.exists()


def test_half_a_frame_of_a_full_disk_hides_nothing_that_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, real = Spool(tmp_path, "w"), os.pwrite
    first, second = entry("a"), entry("b")
    spool.add([first])

    def full(handle: int, data: bytes, at: int) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "no space")
        return real(handle, data[: len(data) // 2], at)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="no space"):
            spool.add([entry("x" * 500)])
    spool.add([second])
    assert seen(read(tmp_path / "w")[0]) == seen([first, second])


def test_an_outcome_that_waits_for_the_database_lies_on_disk_and_leaves_it_when_it_is_written(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intents = [start(ledger) for _ in range(3)]
    with database_away(ledger, monkeypatch):
        for intent in intents:
            end(ledger, intent)
        assert ledger.backlog.spooled == 3, "whoever wrote it was told that it is durable, and it is"
        with pytest.raises(LedgerUnavailable):
            start(ledger)
        assert [item.draft.ref for item in read(files(tmp_path)[0])[0]] == intents
    ledger.append_wait(ledger.draft("config", {}))
    assert not files(tmp_path)
    assert ends(ledger) == {intent: ["outcome"] for intent in intents}
    (finding,) = ledger.reader.page(Filters(types=["finding.spool"])).rows
    assert ledger.reader.get(finding.id).meta == {"records": 3, "memory": 0, "lost": 0}  # type: ignore[union-attr]
    assert ledger.verify().exit_code == 0


def test_a_full_disk_beside_a_lost_database_is_counted_and_loses_nothing_while_we_live(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    intent = start(ledger)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with database_away(ledger, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", full)
            with pytest.raises(LedgerUnavailable):
                end(ledger, intent)
            while not ledger.backlog.memory:
                time.sleep(0.01)
            assert not ledger.accepts_writes()
        while ledger.backlog.memory:  # the disk takes it again
            time.sleep(0.01)
        assert ledger.backlog.spooled == 1
    assert ends(ledger)[intent] == ["outcome"]
    assert any("in memory alone" in line.message for line in caplog.records)


def test_what_a_killed_process_had_to_leave_is_written_by_the_next_one(url: str, tmp_path: Path) -> None:
    config = LedgerConfig(url, LOG, tmp_path / "keys")
    done = subprocess.run([sys.executable, "-c", DIE, url, str(config.folder)], cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE)  # fmt: skip
    intents = done.stdout.split()
    assert done.returncode == -9
    assert len(files(tmp_path)) == 1
    left = files(tmp_path)[0].read_bytes()
    with Ledger(config) as ledger:
        ledger.start()
        while ends(ledger).keys() != set(intents):
            time.sleep(0.01)
        assert ends(ledger) == {intents[0]: ["outcome"], intents[1]: ["outcome"], intents[2]: ["outcome.unknown"]}
        verdict = ledger.verify()
        assert (verdict.exit_code, verdict.open_intents, verdict.surplus_ends) == (0, 0, 0)
    assert not files(tmp_path)
    (config.folder / "spool" / "dead").write_bytes(left)  # as if it had been killed before it deleted the file
    with Ledger(config) as ledger:
        ledger.start()
        while files(tmp_path):
            time.sleep(0.01)
        assert [len(kinds) for kinds in ends(ledger).values()] == [1, 1, 1]


def test_an_outcome_that_comes_after_the_reaper_is_kept_as_late(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    intent = start(sqlite_ledger)
    item = entry("{}")
    item.draft = Draft("outcome", item.draft.parts, intent, item.id)
    Spool(tmp_path / "keys" / "spool", "dead").add([item])
    sqlite_ledger.append_wait(sqlite_ledger.draft("outcome.unknown", {"reason": "prozess_beendet"}, ref=intent))
    sqlite_ledger._keeper.reap(["dead"])
    assert ends(sqlite_ledger)[intent] == ["outcome.unknown", "outcome.late"]
    assert not files(tmp_path)
    assert sqlite_ledger.verify().exit_code == 0


def test_a_writer_that_never_stops_waiting_leaves_its_file_when_it_is_closed(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LedgerConfig(sqlite_url, LOG, tmp_path / "keys")
    monkeypatch.setattr("audit.writer.PATIENCE", 0.1)
    ledger = Ledger(config)
    intent = start(ledger)

    def gone(*_: object) -> object:
        raise OSError("gone")

    monkeypatch.setattr(ledger._store, "write", gone)
    end(ledger, intent)
    ledger.close()
    assert len(files(tmp_path)) == 1
    with Ledger(config) as after:
        after.start()
        while not ends(after).get(intent):
            time.sleep(0.01)
        assert ends(after)[intent] == ["outcome"]


def test_what_a_dead_process_left_stays_in_its_file_until_the_database_has_it(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = start(sqlite_ledger)
    item = entry("{}")
    item.draft = Draft("outcome", item.draft.parts, intent, item.id)
    Spool(tmp_path / "keys" / "spool", "dead").add([item])
    writer = sqlite_ledger._writer()
    with database_away(sqlite_ledger, monkeypatch), pytest.raises(LedgerUnavailable):
        writer.bring(read(tmp_path / "keys" / "spool" / "dead")[0])
    assert [path.name for path in files(tmp_path)] == ["dead"]
    assert ends(sqlite_ledger)[intent] == ["outcome"]


def test_an_event_loop_is_told_as_well(sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    intents = [start(sqlite_ledger) for _ in range(5)]

    async def all_at_once() -> None:
        await asyncio.gather(*(sqlite_ledger.append(sqlite_ledger.draft("outcome", {}, ref=intent))
                               for intent in intents))
    with database_away(sqlite_ledger, monkeypatch):
        asyncio.run(all_at_once())
        assert sqlite_ledger.backlog.spooled == 5
        asyncio.run(all_at_once())
    found = ends(sqlite_ledger)
    assert all(found[intent] == ["outcome", "outcome.late"] for intent in intents)
