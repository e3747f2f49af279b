"""Measures the pages over a large ledger: every page that reads it, from a real gateway, each beside its target.

Run: ``python -m tests.bench.pages_bench [--records 200000] [--url URL] [--home FOLDER [--again]]``. Without a URL a
PostgreSQL server of its own is started, as the tests do; with ``--home`` what was made is kept, and ``--again``
measures it once more. ``--records 10000000`` takes about half an hour and 25 GB.

The house is the example town after half a year: records with true pseudonyms and marks, numbers per day, what is due
deleted. One person made a hundredth of all requests. Each page is fetched once cold (a fresh server process) and then
several times warm, by somebody who may open it. What a page answers counts: anything but 200 is told as such.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from audit import Filters, Ledger, LedgerConfig
from audit.pseudonym import Pseudonyms, epoch_of
from audit.record import now_us
from audit.signing import private_folder, write_private
from audit.tiles import fill as fill_tiles
from gateway.home import known_log_name
from gateway.store import open_engine, people
from tests.bench import ledger_town as town
from tests.bench.ledger_report import table
from tests.bench.measure import median
from tests.support.gateway_process import GatewayProcess, Person, example_policies
from tests.support.postgres import running_server

TARGET: Final = 500.0
"""Milliseconds in which every page is there."""
WARM: Final = 5
BASE: Final = 250_000
"""So many records are written one by one."""
SERVER: Final = "-c shared_buffers=256MB -c maintenance_work_mem=256MB -c max_wal_size=4GB"


# ---- the town --------------------------------------------------------------------------------------------------------

def fill(gateway: GatewayProcess, url: str, records: int) -> None:
    """Write half a year into the ledger of a house that has just been set up; what is very much is multiplied."""
    times = max(1, records // BASE)
    folder = gateway.home / "keys" / "protokoll"
    log = known_log_name(gateway.home)
    assert log is not None, "init has made the ledger"
    end = now_us()
    staff = [person_id(gateway, person) for person in sorted(gateway.people, key=lambda p: p.state != "gueltig")]
    with Ledger(LedgerConfig(url, log, folder)) as ledger:
        departments = sorted({person.department for person in gateway.people})
        made = town.Town(records // times, end, log=log, departments=departments,
                         models=["demo", "schnellstart", "vllm-haus"], pseudonym=_pseudonyms(folder, end, staff),
                         busiest=0.01, kept_us=end)
        town.fill(ledger._store, ledger._seal, made, times)
        fill_tiles(ledger._store)
        ledger.checkpoint()


def _pseudonyms(folder: Path, end: int, staff: list[str]) -> Callable[[int, int], str]:
    """Return what people are called in each quarter; the keys of the earlier ones are made as if always there."""
    made = private_folder(folder)
    for epoch in {epoch_of(end - n * town.HALF_A_YEAR // 8) for n in range(10)} - {epoch_of(end)}:
        with contextlib.suppress(FileExistsError):
            write_private(made / f"pseudonym-{epoch}.key", secrets.token_hex(32).encode(), replace=False)
    names = Pseudonyms(folder)

    @lru_cache(maxsize=50_000)
    def name(person: int, epoch: str) -> str:
        return names.of(staff[person] if person < len(staff) else f"nobody-{person}", epoch)

    return lambda person, t_us: name(person, epoch_of(t_us))


def person_id(gateway: GatewayProcess, person: Person) -> str:
    """Return the opaque id of one of the example people."""
    engine = open_engine(f"sqlite:///{gateway.home / 'pforte.db'}")
    try:
        with engine.connect() as connection:
            return people.search(connection, text=person.email, limit=1)[0].id
    finally:
        engine.dispose()


# ---- a visitor -------------------------------------------------------------------------------------------------------

@dataclass
class Visitor:
    """Somebody at a browser: keeps cookies, reads whole answers."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Return the status and the text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"accept": "text/html", "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("set-cookie") or []:
                self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def sign_in(self, key: str) -> None:
        """Sign in with a key."""
        _, page = self.send("GET", "/anmelden")
        token = re.search(r'name="formular" value="([0-9a-f]+)"', page)
        assert token is not None
        status, text = self.send("POST", "/anmelden", {"formular": token[1], "schluessel": key})
        assert status == 303, text


# ---- pages -----------------------------------------------------------------------------------------------------------

def pages(gateway: GatewayProcess, url: str) -> Iterator[tuple[str, str]]:
    """Yield who opens what."""
    day, engines = 86_400_000_000, Ledger(LedgerConfig(url, known_log_name(gateway.home) or "",
                                                       gateway.home / "keys" / "protokoll"))
    with engines as ledger:
        now = now_us()
        page = ledger.reader.page(Filters(types=("intent",), until=now - 30 * day), limit=1)
        old = ledger.reader.page(Filters(types=("denied",), until=now - 150 * day), limit=1)
    then, record, refused = _day(now - 100 * day), page.rows[0].id, old.rows[0].id
    filters = ["", "amt=bauamt", "entscheidung=denied", "modell=vllm-haus&amt=kaemmerei", "regel=organisation:regel-3",
               f"von={then}&bis={then}", f"von={then}&bis={then}&amt=bauamt&entscheidung=denied", "art=IBAN",
               "grund=zu_gross", "vorgang=V00000000001", f"vorgang={quote(page.rows[0].vorgang)}"]
    yield from (("dpo", f"/review/protokoll{'?' * bool(one)}{one}") for one in filters)
    yield "dpo", f"/review/protokoll/{record}"
    yield "dpo", f"/review/protokoll/{refused}"
    yield "dpo", f"/review/protokoll/{record}/nachweis"
    for path in ("", "/ansichten", "/befunde", "/stichprobe", "/vorfaelle", "/anfragen", "/anfragen/neu", "/zugriffe",
                 "/dateien", "/pruefung", "/person", "/person/neu", "/person/schluessel", "/personalrat", "/berichte",
                 "/unterlagen", *(f"/unterlagen/{kind}" for kind in ("processing-record", "dpia", "model-register"))):
        yield "dpo", f"/review{path}"
    for kind in ("transparency", "works-council", "leadership"):
        yield "dpo" if kind != "leadership" else "leitung", f"/review/berichte/{kind}"
    for path in ("/review/personalrat", "/review/zugriffe", "/review/person"):
        yield "personalrat", path
    yield "it", "/it"
    for path in ("/", "/usage", "/preview", "/keys", "/pass", "/konto", "/usage/alles.csv", "/usage/alles.json"):
        yield "busiest", path
    for path in ("/", "/transparency", "/transparency.json", "/transparency.csv", "/anmelden"):
        yield "", path


def _day(us: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(us / 1e6))


def _next(text: str, path: str) -> str:
    """Return the address of the next page that a page leads to."""
    found = re.search(r'href="([^"]+)"[^>]*rel="next"|rel="next"[^>]*href="([^"]+)"', text)
    link = (found[1] or found[2]).replace("&amp;", "&") if found else ""
    return path.partition("?")[0] + link if link.startswith("?") else link


def visitors(gateway: GatewayProcess) -> dict[str, Visitor]:
    """Return one visitor of each role, signed in."""
    found = {"": Visitor(gateway.port)}
    chosen = {role: next(p for p in gateway.people if role in p.roles) for role in ("dpo", "personalrat", "it",
                                                                                   "leitung")}
    chosen["busiest"] = next(p for p in gateway.people if p.state == "gueltig")
    for role, person in chosen.items():
        found[role] = Visitor(gateway.port)
        found[role].sign_in(person.key)
    return found


def measure(gateway: GatewayProcess, url: str, only: str) -> list[tuple[str, str, str, str]]:
    """Fetch every page; return the rows of the table."""
    rows, who = [], visitors(gateway)
    asked = [(role, path) for role, path in pages(gateway, url) if re.search(only, path)]
    for role, path in asked:
        text = _line(rows, who[role], role, path)
        second = _next(text, path)
        if second:
            _line(rows, who[role], role, second, path + " · zweite Seite")
    return rows


def _line(rows: list[tuple[str, str, str, str]], visitor: Visitor, role: str, path: str, name: str = "") -> str:
    took, status, text = [], 0, ""
    for _ in range(1 + WARM):
        began = time.perf_counter()
        status, text = visitor.send("GET", path)
        took.append(1000 * (time.perf_counter() - began))
    good = max(took) <= TARGET and status == 200
    shown = (f"{name or path}"[:90], f"{took[0]:.0f}", f"{median(took[1:]):.0f}", f"{max(took):.0f}")
    rows.append((f"{role or 'ohne'}: {shown[0]}", *shown[1:], "✓" if good else f"✗ {status}"))  # type: ignore[arg-type]
    print(rows[-1], flush=True)
    return text


@contextlib.contextmanager
def house(arguments: argparse.Namespace) -> Iterator[tuple[GatewayProcess, str]]:
    """Give a house over a filled ledger."""
    with contextlib.ExitStack() as stack:
        url = arguments.url or stack.enter_context(running_server(SERVER)).database()
        folder = arguments.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(exist_ok=True, parents=True)
        policies = folder / "policies"
        if not policies.exists():
            example_policies(policies, "http://127.0.0.1:1/v1")
        gateway = GatewayProcess(folder / "home", policies, "http://127.0.0.1:1/v1", KI_PFORTE_AUDIT_DATABASE_URL=url,
                                 KI_PFORTE_LOG_LEVEL="warning").init()
        if not arguments.again:
            began = time.perf_counter()
            fill(gateway, url, arguments.records)
            print(f"{arguments.records} Einträge in {time.perf_counter() - began:.0f} s geschrieben", flush=True)
        with gateway:
            yield gateway, url


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--url", default="", help="eine leere Datenbank; sonst eine eigene")
    parser.add_argument("--home", type=Path, default=None, help="wo das Haus bleibt; sonst ein Ordner, der wieder geht")
    parser.add_argument("--again", action="store_true", help="--url und --home sind schon gefüllt")
    parser.add_argument("--fill-only", action="store_true", help="nur füllen")
    parser.add_argument("--only", default="", help="nur Seiten, deren Adresse zu diesem Muster passt")
    arguments = parser.parse_args()
    with house(arguments) as (gateway, url):
        if arguments.fill_only:
            return
        gateway.start()
        rows = measure(gateway, url, arguments.only)
    print(table(("Seite", "zuerst ms", "Median ms", "höchstens ms", f"Ziel {TARGET:.0f} ms"), rows))


if __name__ == "__main__":
    main()
