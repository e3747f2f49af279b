"""How the pass office does with 50,000 people and 250,000 pieces of evidence.

``python -m tests.bench.pass_office_bench [--people 50000] [--database sqlite|postgresql]`` fills a database of its own,
works the index out, opens the pages through the application, imports a line per person while others write, and prints
what each took. Nothing is asserted: figures are read by people.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from gateway.kipass.documents import evidence_for
from gateway.model.office import Wanted
from gateway.registry import completions, index, office
from gateway.registry.books import Actor
from gateway.registry.desk import PassOffice
from gateway.registry.table_file import read
from gateway.store import departments, migrate, open_engine, people, writing
from gateway.store import passes as proofs
from gateway.store.directory import SqlDirectory
from tests.support.postgres import running_server
from tests.support.web_house import House, open_house

ROUNDS = 20


def fill(house: House, count: int) -> None:
    """Add people, five pieces of evidence each, with differing days; a fifth of them lacks the last one."""
    rules, now, known = house.books.rules, house.clock.now(), sorted(house.policies.departments)
    modules = house.books.rules.scopes["basis"].modules
    for start in range(0, count, 5000):
        with house.books.writing() as connection:
            departments.sync(connection, {d: d for d in known})
            new = people.add(connection, [
                people.NewPerson(f"person{n}@musterstadt.example", f"Vorname{n % 977} Nachname{n % 4999}",
                                 known[n % len(known)], frozenset()) for n in range(start, min(start + 5000, count))],
                now)
            proofs.record(connection, (
                (person.id, evidence) for n, person in enumerate(new)
                for evidence in evidence_for(rules, modules[:4 if n % 5 == 0 else 5],
                                             now - timedelta(days=n * 7 % 720 + 1))),
                source="selbst", recorded_by="bench", now=now)


def timed(what: str, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print p50 and p95 of a piece of work, in milliseconds, and the CPU it takes."""
    took, busy = [], time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    cpu = (time.process_time() - busy) / rounds * 1000
    p95 = took[int(len(took) * 0.95)]
    print(f"{what:<52} p50 {statistics.median(took):8.1f} ms   p95 {p95:8.1f} ms   CPU {cpu:6.1f} ms", flush=True)


@contextmanager
def once(what: str) -> Iterator[None]:
    """Print how long something takes that is done once."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    print(f"{what:<52} {time.perf_counter() - began:8.2f} s   CPU {time.process_time() - busy:6.2f} s", flush=True)


class Beside:
    """Another writer while an import runs, and how long it waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._over = engine, threading.Event()
        self.longest, self._thread = 0.0, threading.Thread(target=self._work)

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        print(f"{'  longest wait of another writer meanwhile':<52} {self.longest:8.2f} s", flush=True)

    def _work(self) -> None:
        while not self._over.is_set():
            began = time.perf_counter()
            with writing(self._engine, bump=False) as connection:
                connection.exec_driver_sql("UPDATE generation SET value = value")
            self.longest = max(self.longest, time.perf_counter() - began)
            time.sleep(0.02)


def pages(house: House) -> None:
    """Open every page of the office, through the application, signed in."""
    officer = house.hire("Eleni", "ki-pass-stelle")
    browser = house.browser(officer)
    with house.books.reading() as connection:
        middle = people.search(connection, text="person25", limit=1)[0].id
    for path in ("/office", "/office/people", "/office/people?stand=fehlt", "/office/people?amt=bauamt&ordnung=bis",
                 "/office/people?stand=gueltig&bis=2027-01-31&ordnung=bis", "/office/people?text=nachname4711",
                 f"/office/people?nach={middle}", f"/office/people/{middle}", "/office/import"):
        timed(path.replace(middle, "…"), lambda path=path: browser.get(path))  # type: ignore[misc]


def bring(house: House, count: int) -> None:
    """Import a completion for everybody, twice, while others write."""
    lines = "".join(f"person{n}@musterstadt.example;Sonntag, {n % 20 + 1}. November 2026, 10:15;97\n"
                    for n in range(count))
    data = f"E-Mail-Adresse;Abschlussdatum;Bewertung\n{lines}".encode()
    table = read(data)
    columns = replace(completions.guess(table.headings), module="schulung-bild")
    with once(f"dry run of {count:,} lines"):
        completions.dry_run(house.books, table, columns)
    for what in ("import", "the same file again"):
        with Beside(house.books.engine), once(f"{what}, {count:,} lines"):
            completions.carry_out(house.books, Actor("cli"), table, columns, source_ref="bench")


def renew(house: House) -> None:
    """Work out all lines after a new Dienstvereinbarung, as the background task does it."""
    rules = house.policies.kipass
    versions = rules.documents["dienstvereinbarung"]
    new = replace(versions[-1], version="9.9", sha256="f" * 64, valid_from=house.clock.now().date(), grace_days=28)
    house.policies = replace(house.policies, kipass=replace(
        rules, documents={**rules.documents, "dienstvereinbarung": (*versions, new)}))
    with once("how many lines are stale (one look)"):
        print("  ", index.waiting(house.books), "people")
    with once("index after a new Dienstvereinbarung, without pauses"):
        while index.refresh(house.books):
            pass
    timed("one batch of the index", lambda: _again(house), 10)


def _again(house: House) -> None:
    with house.books.reading() as connection:
        ids = [p.id for p in people.search(connection, limit=index.BATCH)]
    with writing(house.books.engine, bump=False) as connection:
        index.note(connection, house.books, ids)


def revocation(house: House, count: int) -> None:
    """Revoke while an import runs, and see how long until a second process's counter shows it."""
    with house.books.reading() as connection:
        person = people.search(connection, text="person77@", limit=1)[0]
    other = SqlDirectory(open_engine(house.books.engine.url.render_as_string(hide_password=False)))
    lines = "".join(f"person{n}@musterstadt.example;1.10.2026\n" for n in range(count))
    table = read(f"E-Mail-Adresse;Abschlussdatum\n{lines}".encode())
    columns = replace(completions.guess(table.headings), module="schulung-datenschutz")
    worker = threading.Thread(target=lambda: completions.carry_out(house.books, Actor("cli"), table, columns,
                                                                   source_ref="bench"))
    before = other.generation()
    worker.start()
    time.sleep(0.5)
    with once("block while an import runs, seen by a second replica"):
        PassOffice(house.books).act("bench", person.id, "gesperrt", None, "x")
        while other.generation() == before:
            time.sleep(0.02)
    worker.join()


def run(house: House, count: int) -> None:
    """Measure everything."""
    with once(f"filling {count:,} people"):
        fill(house, count)
    with once("index for everybody, without pauses"):
        while index.refresh(house.books):
            pass
    pages(house)
    with once("export of the whole list"):
        PassOffice(house.books).export("bench", Wanted())
    timed("one page of the list, without the web", lambda: office.page(house.books, Wanted()))
    bring(house, count)
    revocation(house, count)
    renew(house)


def main() -> None:
    """Read the options and run."""
    options = argparse.ArgumentParser()
    options.add_argument("--people", type=int, default=50_000)
    options.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder)) as house:
        house.ledger.start()
        if chosen.database == "sqlite":
            return run(house, chosen.people)
        with running_server() as server:
            engine = open_engine(server.database())
            migrate(engine)
            other = House(house.ledger, engine, Path(folder), house.clock.time)
            run(other, chosen.people)
            engine.dispose()
    return None


if __name__ == "__main__":
    main()
