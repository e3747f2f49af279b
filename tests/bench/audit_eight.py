"""Many processes write at once, and all of them sequence, sign and anchor, while the key is changed again and again.

Run: ``python -m tests.bench.audit_eight [--only sqlite|postgresql]``: eight processes, 5,000 records each. Afterwards
the index must have no hole, no writer a gap, every note ever seen must fit the log for somebody who only has the first
key, and each anchor must have got one note.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from audit import Ledger, LedgerError, LedgerUnavailable
from audit.anchors.file import FileSink
from audit.record import new_id
from tests.bench.audit_torture import LOG, config, databases, rows_of


def _many(url: str, folder: Path, count: int) -> None:
    from audit import keeper
    from audit.anchors import anchorer

    keeper.SIGN_EVERY = anchorer.LOOK_EVERY = 0.05  # type: ignore[misc]

    async def main(ledger: Ledger) -> None:
        async def one(share: int) -> None:
            for _ in range(share):
                draft = ledger.draft("denied", {"code": "inhalt_gesperrt"}, subject="anna", record_id=new_id())
                while True:  # eight writers of one SQLite file may keep somebody waiting too long: the same id again
                    try:
                        await ledger.append(draft)
                        break
                    except LedgerUnavailable:
                        await asyncio.sleep(0.2)
        await asyncio.gather(*[one(count // 50) for _ in range(50)])

    with Ledger(replace(config(url, folder), anchors=_sinks(folder))) as ledger:
        ledger.start()
        asyncio.run(main(ledger))


def _sinks(folder: Path) -> list[FileSink]:
    return [FileSink(folder.parent / f"anchor-{n}.txt") for n in range(2)]


def eight(url: str, folder: Path, processes: int = 8, count: int = 5000) -> list[str]:
    """Let so many processes write so many records each; return what is wrong."""
    start = multiprocessing.get_context("forkserver")
    with Ledger(config(url, folder)) as ledger:
        ledger.append_wait(ledger.draft("config", {}))
        ledger.checkpoint()
        running = [start.Process(target=_many, args=(url, folder, count)) for _ in range(processes)]
        for process in running:
            process.start()
        notes = [ledger.status().checkpoint_note]
        while any(process.is_alive() for process in running):
            with contextlib.suppress(LedgerError):  # kept waiting too long, or an earlier change is not yet signed
                ledger.rotate_key()
            with contextlib.suppress(LedgerError):
                notes.append(ledger.status().checkpoint_note)
            time.sleep(0.2)
        for process in running:
            process.join()
        ledger.checkpoint()
        rows, kinds = [], Counter[str]()
        for row in rows_of(ledger):
            rows.append(row.idx)
            kinds[row.type] += 1
        verdict = ledger.verify(pins=notes, vkeys=ledger.vkeys()[:1])
        keys = len(ledger.vkeys())
    faults = [f"exit code {process.exitcode}" for process in running if process.exitcode]
    if verdict.exit_code or verdict.covered != verdict.size or verdict.unsequenced:
        faults.append(verdict.text())
    if rows != list(range(len(rows))) or kinds["denied"] != processes * count or kinds["gap.detected"]:
        faults.append(f"{len(rows)} lines, {kinds}")
    if keys < 2:
        faults.append("the key was never changed")
    sent = [sink.path.read_text().splitlines().count(LOG) for sink in _sinks(folder)]
    if sent != [1, 1]:
        faults.append(f"notes that came to the anchors: {sent}")
    return faults


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    bad = False
    for kind, urls in databases(parser.parse_args().only):
        with tempfile.TemporaryDirectory() as name:
            began = time.monotonic()
            faults = eight(urls(Path(name)), Path(name) / "keys")
        print(f"{kind}: 8 processes, 5,000 records each, {time.monotonic() - began:.0f} s; "
              f"load {os.getloadavg()[0]:.1f}; faults: {faults or 'none'}", flush=True)
        bad = bad or bool(faults)
    return int(bad)


if __name__ == "__main__":
    raise SystemExit(main())
