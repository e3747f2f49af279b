"""Measures a large ledger: filtered pages, deep pages, proofs, the state of affairs, deletion after its time.

Run: ``python -m tests.bench.ledger_size_bench [--records 1000000] [--url URL]``. Without a URL a PostgreSQL server of
its own is started (as the tests do, in a temporary folder; ``--folder`` says where); ``--sqlite`` measures SQLite.
``--records 10000000`` takes about half an hour and 20 GB.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from audit import Filters, Ledger, LedgerConfig, statistics
from audit.record import now_us
from audit.tiles import Tree
from audit.tiles import fill as fill_tiles
from tests.bench import ledger_town as town
from tests.bench.measure import median
from tests.support.postgres import running_server

_DAY = 86_400_000_000


def cases(end: int) -> dict[str, Filters]:
    """Return what people look for, and what a database likes least."""
    requests = ("intent", "denied")
    return {
        "ohne Filter": Filters(),
        "Anfragen": Filters(types=requests),
        "Einsichten und Prüfungen (selten)": Filters(types=("view", "verify.result", "export")),
        "eine Art, die es nicht gibt": Filters(types=("pass.entzogen",)),
        "großes Amt": Filters(types=requests, department="amt-00"),
        "kleines Amt": Filters(types=requests, department="amt-23"),
        "Ablehnungen": Filters(types=requests, decision="denied"),
        "ein Grund": Filters(types=requests, code="zu_gross"),
        "eine Regel": Filters(types=requests, rule="organisation:regel-3"),
        "seltenes Modell": Filters(types=requests, model="modell-11"),
        "kleines Amt und seltenes Modell": Filters(types=requests, department="amt-23", model="modell-11"),
        "Amt, Modell, Zweck, abgelehnt": Filters(types=requests, department="amt-05", model="modell-3",
                                                 purpose="urkunde", decision="denied"),
        "ohne Treffer: Amt und Regel": Filters(types=requests, department="amt-00", rule="organisation:keine"),
        "ein Vorgang": Filters(vorgang="V00000000001"),
        "ein Pseudonym": Filters(subject=f"P-{7919:016d}"),
        "ein Tag vor 100 Tagen, ein Amt": Filters(since=end - 100 * _DAY, until=end - 99 * _DAY, types=requests,
                                                  department="amt-02"),
        "Ablehnungen eines Tages vor 100 Tagen": Filters(since=end - 100 * _DAY, until=end - 99 * _DAY,
                                                         types=requests, decision="denied", department="amt-20"),
    }


def timed(call: Callable[[], Any], times: int = 5) -> tuple[float, float]:
    """Return first and median milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - began))
    return found[0], median(found)


def measure(ledger: Ledger, end: int) -> None:
    """Print the table."""
    store, reader = ledger._store, ledger.reader
    print(f"| {'was':44} | zuerst ms | Median ms |\n|---|---|---|")

    def line(what: str, call: Callable[[], Any], times: int = 5) -> None:
        first, median = timed(call, times)
        print(f"| {what:44} | {first:9.1f} | {median:9.1f} |", flush=True)

    for name, filters in cases(end).items():
        line(f"Seite: {name}", lambda filters=filters: reader.page(filters, limit=25))  # type: ignore[misc]
    size = reader.status().size
    for share in (0.5, 0.99):
        cursor = f"{end - int(town.HALF_A_YEAR * share)}.{size}"
        line(f"Seite nach {share:.0%} aller Einträge", lambda c=cursor: reader.page(  # type: ignore[misc]
            Filters(types=("intent", "denied"), department="amt-03"), c, 25))
    row = reader.page(Filters(types=("intent",)), f"{end - town.HALF_A_YEAR // 3}.{size}", 1).rows[0]
    line("ein Eintrag mit Teilen", lambda: reader.get(row.id))
    line("alle Einträge eines Vorgangs", lambda: reader.vorgang(row.vorgang))
    line("Stand (status)", reader.status)
    day = date.fromtimestamp(end / 1e6)
    line("Zahlen eines Monats je Amt", lambda: statistics.requests(store, "department", day.year, day.month), 1)

    def proof() -> None:
        with store.read() as connection:
            Tree(store, connection, size).inclusion(size // 3)

    line("Nachweis eines Eintrags", proof)


def deletion(ledger: Ledger, end: int) -> None:
    """Print how fast parts go."""
    until = (end - town.HALF_A_YEAR) // 1_000_000 + 90 * 86_400
    with ledger._store.read() as connection:
        at = connection.exec_driver_sql(ledger._store.sql(
            "SELECT expires_at FROM audit_part WHERE expires_at > ? ORDER BY expires_at LIMIT 1 OFFSET 20000"),
            (until - 1,)).scalar()
    began = time.perf_counter()
    counts = ledger.delete_due(int(at or until))
    seconds = time.perf_counter() - began
    print(f"Löschung nach Frist: {sum(counts.values())} Teile in {seconds:.1f} s "
          f"({sum(counts.values()) / seconds:.0f}/s, mit Aufräumen)")


@contextlib.contextmanager
def database(arguments: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if arguments.url:
        yield arguments.url
    elif arguments.sqlite:
        yield f"sqlite:///{folder}/audit.sqlite"
    else:
        with running_server("-c shared_buffers=256MB -c maintenance_work_mem=256MB -c max_wal_size=4GB") as server:
            yield server.database()


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--again", action="store_true", help="the database at --url is already filled")
    arguments = parser.parse_args()
    with (tempfile.TemporaryDirectory(dir=arguments.folder) as name, database(arguments, Path(name)) as url,
          Ledger(LedgerConfig(url, town.LOG, Path(name) / "keys")) as ledger):
        end, began = now_us(), time.perf_counter()
        if not arguments.again:
            store = town.open_empty(ledger)
            town.fill(store, ledger._seal, town.Town(arguments.records, end))
            print(f"{arguments.records} Einträge in {time.perf_counter() - began:.0f} s geschrieben", flush=True)
            began = time.perf_counter()
            fill_tiles(store)
            print(f"Kacheln in {time.perf_counter() - began:.0f} s", flush=True)
        print(f"Auf der Platte: {ledger.forecast().size / ledger.status().size:.0f} Byte je Eintrag", flush=True)
        measure(ledger, end)
        deletion(ledger, end)


if __name__ == "__main__":
    main()
