"""``make bench``: what a request through KI-Pforte costs, beside the provider called directly and a bare proxy.

Provider and generator run on one core, what is measured on the other. Rounds are interleaved (every target on every
scenario, then again), and the tables show medians, so that a machine that warms up or is shared does not favour whoever
came first. Exit code 0: measured; 1: measured, but answers were wrong or incomplete, so that the figures do not
count; 3: could not run. Whether a goal is reached stands in the table and is no error: machines differ.

Run: ``python -m tests.bench.bench [--quick] [--json FILE] [--markdown] [--profile] [--direct]``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pstats
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import uvloop

from tests.bench import report, targets
from tests.bench.load import closed_loop
from tests.bench.measure import median
from tests.bench.rounds import FULL, QUICK, Bench, Busy, Plan, send_first
from tests.bench.scenarios import SCENARIOS
from tests.bench.targets import BenchError, Target
from tests.bench.texts import Texts


def say(text: str) -> None:
    """Tell how far it is; the tables alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def stopping(target: Target) -> Iterator[Target]:
    """Give a target and end it afterwards."""
    try:
        yield target
    finally:
        target.stop()


def gateway_start(folder: Path, core: int | None, provider: int, starts: int) -> Target:
    """Start the gateway several times, each with a fresh HOME; the last one runs on, with the median start time."""
    seconds = []
    for number in range(starts):
        home = folder / f"gateway-{number}"
        home.mkdir()
        target = targets.start_gateway(home, core, provider)
        seconds.append(target.start_seconds)
        if number < starts - 1:
            target.stop()
    target.start_seconds = median(seconds)
    return target


async def measure(bench: Bench, measured: list[Target], plan: Plan, result: report.Result) -> None:
    """Fill the result, round by round."""
    rows = [(scenario, stream) for scenario in SCENARIOS for stream in (False, True)]
    for target in measured:
        for scenario, stream in rows:
            await bench.pilot(target, scenario, stream)
    for number in range(plan.rounds):
        for scenario, stream in rows:
            say(f"Runde {number + 1} von {plan.rounds}: {scenario.label}{', gestreamt' if stream else ''}")
            for target in measured:
                cell = await bench.cell(target, scenario, stream)
                result.cells.setdefault((scenario.key, stream, target.name), []).append(cell)
        for count in plan.stream_counts:
            for target in measured:
                say(f"Runde {number + 1} von {plan.rounds}: {count} Ströme, {target.label}")
                run = await bench.streams(target, count, restore=False)
                result.streams.setdefault((target.name, "relay", count), []).append(run)
        for target in measured:
            for count in plan.stream_counts if target.name == "gateway" else ():
                say(f"Runde {number + 1} von {plan.rounds}: {count} Ströme mit Rückersetzung")
                run = await bench.streams(target, count, restore=True)
                result.streams.setdefault((target.name, "restore", count), []).append(run)


async def run(options: argparse.Namespace, folder: Path) -> report.Result:
    """Start everything, measure, and stop everything."""
    plan = QUICK if options.quick else FULL
    pair = targets.cores()
    measured_core, own_core = pair or (None, None)
    if own_core is not None:
        os.sched_setaffinity(0, {own_core})
    result = report.Result(report.machine(folder, pair), plan.rounds)
    with contextlib.ExitStack() as stack:
        provider = stack.enter_context(stopping(targets.start_provider(folder, own_core)))
        measured = [provider]
        if not options.direct:
            if not options.no_gateway:
                say("KI-Pforte startet")
                measured.append(stack.enter_context(stopping(
                    gateway_start(folder, measured_core, provider.port, plan.rounds))))
            measured.append(stack.enter_context(stopping(targets.start_bare(folder, measured_core, provider.port))))
            if options.quick:
                result.notes.append("LiteLLMs Proxy misst nur der volle Lauf mit.")
            elif targets.has_litellm(options.litellm):
                say("LiteLLM-Proxy startet")
                measured.append(stack.enter_context(stopping(
                    targets.start_litellm(folder, measured_core, provider.port, options.litellm))))
            else:
                result.notes.append(report.NO_LITELLM)
        bench = Bench(provider, plan, options.seed)
        for target in measured:
            result.labels[target.name] = target.label
            result.starts[target.name] = (target.start_seconds, target.rss())
            if target.name == "gateway":
                result.masked, result.restored = await bench.masking(target)
        busy = Busy()
        await measure(bench, measured, plan, result)
        result.foreign = busy.foreign()
        for target in measured:
            result.loaded[target.name] = target.rss()
        bench.close()
    last = folder / f"gateway-{plan.rounds - 1}"
    if last.exists():
        result.ledger = targets.verify_ledger(last)
    return result


async def profile(folder: Path, key: str, seed: int) -> str:
    """Serve under cProfile, send requests of one kind, and return what costs most.

    Only the main thread is seen, and the start is in it: read the gateway's own functions in the second list.
    """
    pair = targets.cores()
    core, own = pair or (None, None)
    output = folder / "profile"
    provider = targets.start_provider(folder, own)
    with stopping(provider):
        target = targets.start_gateway(folder, core, provider.port, profile=output)
        bench, texts = Bench(provider, QUICK, seed), Texts(seed)
        with stopping(target):
            scenario = next(scenario for scenario in SCENARIOS if scenario.key == key)
            batch = scenario.make(texts, target.model, True, 500 if key in ("mail", "turn") else 2000)
            await send_first(bench.clients(target), batch.warmup)
            await closed_loop(bench.clients(target), batch.queues())
            bench.close()
            target.stop(signal.SIGINT)  # uvicorn ends by itself on SIGINT, so that cProfile can write
    if not output.exists():
        raise BenchError("Das Profil wurde nicht geschrieben.")
    listing = folder / "profile.txt"
    with listing.open("w") as stream:
        stats = pstats.Stats(str(output), stream=stream)
        stats.sort_stats("tottime").print_stats(40)
        stats.sort_stats("cumtime").print_stats(r"/(gateway|audit)/.*\((?!<module>)", 60)
    return listing.read_text()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench", description="Was eine Anfrage kostet.")
    parser.add_argument("--quick", action="store_true", help="eine Runde, etwa 40 Sekunden")
    parser.add_argument("--direct", action="store_true", help="nur Anbieter und Lasterzeuger: die Grenze der Messung")
    parser.add_argument("--no-gateway", action="store_true", help="ohne KI-Pforte: Anbieter und nackter Proxy")
    parser.add_argument("--litellm", default=sys.executable, metavar="PYTHON",
                        help="Interpreter, in dem litellm[proxy] installiert ist (eine eigene Umgebung genügt)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="alle Werte aller Runden in diese Datei")
    parser.add_argument("--markdown", action="store_true", help="die Tabellen so, wie docs/leistung.md sie zeigt")
    parser.add_argument("--profile", nargs="?", const="mail", choices=[scenario.key for scenario in SCENARIOS],
                        help="statt zu messen: wo bleibt die Rechenzeit (cProfile)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="wo das Protokoll liegen soll (statt im Ordner "
                        "für temporäre Dateien): die Platte bestimmt, was dauerhaftes Schreiben kostet")
    parser.add_argument("--seed", type=int, default=1, help="andere Texte")
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    options = arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="ki-pforte-bench-", dir=options.folder) as name:
            if options.profile:
                print(uvloop.run(profile(Path(name), options.profile, options.seed)))
                return 0
            result = uvloop.run(run(options, Path(name)))
    except BenchError as error:
        say(str(error))
        return 3
    print(report.markdown(result) if options.markdown else report.text(result))
    if options.json:
        options.json.write_text(report.as_json(result))
    return 1 if report.faults(result) else 0


if __name__ == "__main__":
    sys.exit(main())
