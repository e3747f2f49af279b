"""Measures the two verifiers: Python on one core, and the HTML file in a headless Chromium.

Run: ``python -m tests.bench.ledger_verify_bench [--records 1000000] [--browser 200000]``. Each writes a bundle of that
many records (`ledger_town`: one checkpoint every 10,000 records) into a temporary folder, or, with ``--folder``, into
one that is kept, and uses it again where it is already there. 0 leaves one out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from audit.bundle import Line, verify_bundle, write_bundle
from audit.checkpoint import Checkpoint
from audit.merkle import CompactRange
from audit.record import now_us
from audit.signing import Signer, read_vkeys
from audit.verify import Trust
from tests.bench import ledger_town as town
from tests.bench.ledger_report import alone, machine_line, table
from tests.support.webdriver import MISSING, Chromium, chromium

PAGE: Final = Path(__file__).parents[2] / "audit" / "pruefer.html"
SIGN_EVERY: Final = 10_000
TARGETS: Final = {"Python": 1_000_000 / 60, "Chromium": 200_000 / 300}
"""Records per second: a million in a minute, 200,000 in five."""


def bundle(folder: Path, records: int) -> Path:
    """Return a bundle of that many records, made unless it is there."""
    path = folder / f"{records}.zip"
    if path.exists():
        return path
    signer = Signer.open(folder / "keys", town.LOG)
    tree, notes = CompactRange(), list[str]()

    def lines() -> Iterator[Line]:
        made = town.Town(records, now_us())
        for leaf in made.leaves():
            tree.append(leaf)
            [(_, _, _, _, _, envelope)] = made.rows["audit_record"]
            parts = {name: (salt, body, kind) for _, name, salt, body, kind, _ in made.rows["audit_part"]}
            for rows in made.rows.values():
                rows.clear()
            yield Line(tree.size - 1, envelope, parts)
            if tree.size % SIGN_EVERY == 0 or tree.size >= records:
                notes.append(signer.sign(Checkpoint(town.LOG, tree.size, tree.root())))

    write_bundle(path, {"log": town.LOG, "size": records}, lines(), notes, read_vkeys(folder / "keys"))
    return path


def in_python(path: Path, folder: Path) -> tuple[str, float, float, int]:
    """Return what was found, CPU and wall seconds, and how often progress was told."""
    told: list[int] = []
    wall, cpu = time.perf_counter(), time.process_time()
    verdict = verify_bundle(path, Trust(vkeys=tuple(read_vkeys(folder / "keys"))), lambda count, _: told.append(count))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return f"{verdict.verdict}, {verdict.size} Einträge", cpu, wall, len(told)


def in_browser(window: Chromium, path: Path, folder: Path) -> tuple[str, float, int]:
    """Return what was found, wall seconds, and how many steps of progress could be seen."""
    window.open(PAGE.as_uri())
    window.type("#buendel", str(path))
    keys = "\n".join(map(str, read_vkeys(folder / "keys")))
    window.script("document.getElementById('schluessel').value = arguments[0]", keys)
    began, seen = time.perf_counter(), set[str]()
    window.click("#pruefen")
    while not window.script("return !document.querySelector('#urteil').hidden"):
        seen.add(str(window.script("return document.querySelector('#balken').value + '|' + "
                                   "document.querySelector('#fehler').textContent")))
        time.sleep(0.25)
    wall = time.perf_counter() - began
    found = json.loads(window.script("return document.querySelector('#json').textContent"))
    return f"{found['verdict']}, {found['size']} Einträge", wall, len(seen)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--browser", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    rows: list[tuple[str, str, str, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        if arguments.records:
            path = bundle(folder, arguments.records)
            with alone():
                found, cpu, wall, told = in_python(path, folder)
            rows.append((f"Python, ein Kern: {found}", f"{cpu:.1f} s CPU, {wall:.1f} s, {told} Mal Fortschritt",
                         f"{arguments.records / cpu:.0f} Einträge/s", f"{TARGETS['Python']:.0f}"))
        if arguments.browser and MISSING:
            rows.append(("HTML-Datei", MISSING, "nicht gemessen", ""))
        elif arguments.browser:
            path = bundle(folder, arguments.browser)
            with chromium() as window:
                found, wall, seen = in_browser(window, path, folder)
            rows.append((f"HTML-Datei in Chromium: {found}", f"{wall:.1f} s, {seen} Stände des Balkens gesehen",
                         f"{arguments.browser / wall:.0f} Einträge/s", f"{TARGETS['Chromium']:.0f}"))
    print(machine_line())
    print(table(("Prüfer", "gemessen", "je Sekunde", "Ziel"), rows))


if __name__ == "__main__":
    main()
