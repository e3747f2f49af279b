"""The tables: medians over the rounds, with the span where it matters, and the goals beside them.

Added times are differences to the provider called directly in the same round, so that what the machine did in that
round falls out. Whatever makes a figure worthless (errors, nothing masked, something not restored, a ledger that does
not verify) stands above the tables.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from tests.bench.measure import filesystem, median
from tests.bench.rounds import Cell, StreamCell
from tests.bench.scenarios import CHUNK_GOAL, RSS_GOAL, SCENARIOS, START_GOAL, STREAMS_GOAL

NO_LITELLM = ("LiteLLMs Proxy wurde nicht mitgemessen: `litellm[proxy]` ist nicht installiert. In einer eigenen "
              "Umgebung installieren und `--litellm PFAD/ZU/python` angeben.")
Table = tuple[str, list[str], list[list[str]]]


@dataclass(slots=True)
class Result:
    """Everything that was measured."""

    machine: str
    rounds: int
    labels: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[str, bool, str], list[Cell]] = field(default_factory=dict)
    streams: dict[tuple[str, str, int], list[StreamCell]] = field(default_factory=dict)
    starts: dict[str, tuple[float, float]] = field(default_factory=dict)
    loaded: dict[str, float] = field(default_factory=dict)
    foreign: float = 0.0
    masked: float | None = None
    restored: bool | None = None
    ledger: int | None = None
    notes: list[str] = field(default_factory=list)


def machine(folder: Path, cores: tuple[int, int] | None) -> str:
    """Say on what was measured."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    pinned = (f"Gemessenes auf Kern {cores[0]}, Anbieter und Lasterzeuger auf Kern {cores[1]}" if cores
              else "nur ein Kern: Gemessenes, Anbieter und Lasterzeuger teilen ihn sich, die Zahlen gelten nicht")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("aiohttp", "uvicorn", "uvloop"))
    return (f"{model}, {os.cpu_count()} Kerne; {pinned}. Linux {platform.release().split('-')[0]}, "
            f"Python {platform.python_version()}, {versions}. Protokoll auf {filesystem(folder.resolve())}.")


def number(value: float, digits: int = 1) -> str:
    """Return a number as Germans write it; a dash when there is none."""
    if math.isnan(value):
        return "–"
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def _span(values: list[float], digits: int) -> str:
    if len(values) < 2:
        return number(median(values), digits)
    return f"{number(median(values), digits)} ({number(min(values), digits)}–{number(max(values), digits)})"


def _verdict(value: float, goal: float | None, digits: int = 1, *, least: bool = False) -> str:
    """Return the goal with a mark: reached or missed."""
    if goal is None or math.isnan(value):
        return ""
    reached = value >= goal if least else value <= goal
    return f"{'≥' if least else '≤'} {number(goal, digits)} {'✓' if reached else '✗'}"


def _requests(result: Result) -> Table:
    head = ["Anfrage", "über", "CPU ms", "Ziel", "Anfragen/s", "Latenz +p50 ms", "+p99 ms", "erster Text +ms", "Ziel",
            "Fehler"]
    rows = []
    for scenario in SCENARIOS:
        for stream in (False, True):
            direct = result.cells.get((scenario.key, stream, "direct"), [])
            for name, label in result.labels.items():
                if cells := result.cells.get((scenario.key, stream, name)):
                    ours = name == "gateway"
                    row = _request_row(cells, direct if name != "direct" else [])
                    cpu, first = median(cell.cpu for cell in cells), _added(cells, direct, lambda cell: cell.first)
                    row.insert(1, _verdict(cpu, scenario.cpu_goal) if ours else "")
                    row.insert(6, _verdict(first, scenario.first_text_goal) if ours and stream else "")
                    if not stream:
                        row[5] = "–"
                    rows.append([f"{scenario.label}{', gestreamt' if stream else ''}", label, *row])
    return "Je Anfrage", head, rows


def _added(cells: list[Cell], direct: list[Cell], value: Callable[[Cell], float]) -> float:
    return median(value(cell) - value(base) for cell, base in zip(cells, direct, strict=True))


def _request_row(cells: list[Cell], direct: list[Cell]) -> list[str]:
    if direct:
        times = [number(_added(cells, direct, lambda cell: cell.p50), 2),
                 number(_added(cells, direct, lambda cell: cell.p99), 2),
                 number(_added(cells, direct, lambda cell: cell.first), 2)]
    else:
        times = [f"({number(median(cell.p50 for cell in cells), 2)})",
                 f"({number(median(cell.p99 for cell in cells), 2)})",
                 f"({number(median(cell.first for cell in cells), 2)})"]
    rate = median(cell.rate for cell in cells)
    return [_span([cell.cpu for cell in cells], 2), number(rate, 0), *times, _faulty(cells)]


def _faulty(cells: Iterable[Cell | StreamCell]) -> str:
    counted: Counter[str] = sum((cell.problems for cell in cells), Counter())
    return ", ".join(f"{count}× {problem}" for problem, count in counted.most_common()) or "0"


def _streams(result: Result) -> Table:
    head = ["Ströme zu 50 Stück/s", "über", "ruckelfrei", "Ziel", "CPU µs je Stück", "Ziel", "Kern belegt",
            "längste Lücke ms", "Fehler"]
    kinds = {"relay": "nur durchgereicht", "restore": "mit Rückersetzung"}
    rows = []
    for (name, kind, count), runs in sorted(result.streams.items(), key=lambda item: (item[0][1], item[0][2])):
        free, cpu, ours = median(run.stall_free for run in runs), median(run.cpu for run in runs), name == "gateway"
        goal = _verdict(free, STREAMS_GOAL, 0, least=True) if ours and count >= STREAMS_GOAL else ""
        rows.append([f"{count}, {kinds[kind]}", result.labels[name], number(free, 0), goal,
                     _span([run.cpu for run in runs], 0), _verdict(cpu, CHUNK_GOAL[kind], 0) if ours else "",
                     f"{number(median(run.load for run in runs) * 100, 0)} %",
                     number(median(run.longest_gap for run in runs) * 1e3, 0), _faulty(runs)])
    return "Ströme", head, rows


def _programs(result: Result) -> Table:
    rows = []
    for name, (start, fresh) in result.starts.items():
        ours, full = name == "gateway", result.loaded.get(name, math.nan)
        rows.append([result.labels[name], number(start, 2), _verdict(start, START_GOAL, 0) if ours else "",
                     number(fresh, 0), number(full, 0), _verdict(max(fresh, full), RSS_GOAL, 0) if ours else ""])
    return "Programme", ["Programm", "Start s", "Ziel", "RSS MB nach Start", "nach Last", "Ziel"], rows


def faults(result: Result) -> list[str]:
    """Return what makes figures worthless."""
    found = [f"{result.labels[target]}, {scenario}: {_faulty(cells)}"
             for (scenario, _, target), cells in result.cells.items() if _faulty(cells) != "0"]
    found += [f"{result.labels[target]}, {count} Ströme: {_faulty(runs)}"
              for (target, _, count), runs in result.streams.items() if _faulty(runs) != "0"]
    if result.masked == 0:
        found.append("Der Anbieter sah in den Mails keinen einzigen Platzhalter: Es wurde nichts geschwärzt.")
    if result.restored is False:
        found.append("In einer Antwort standen noch Platzhalter: Die Rückersetzung war unvollständig.")
    if result.ledger:
        found.append(f"`audit verify` endete nach dem Lauf mit {result.ledger}.")
    return found


def _remarks(result: Result) -> list[str]:
    lines = [result.machine, f"Mediane aus {result.rounds} Runden, in Klammern die Spanne; beim Anbieter direkt stehen "
             "in Klammern die Zeiten selbst." if result.rounds > 1 else "Eine Runde; beim Anbieter direkt stehen in "
             "Klammern die Zeiten selbst."]
    if result.masked is not None:
        lines.append(f"Je Mail sah der Anbieter {number(result.masked)} Platzhalter."
                     + (" Das Protokoll ist nach dem Lauf unverändert (`audit verify`)." if result.ledger == 0 else ""))
    lines.append(f"Fremdlast während der Messung: {number(result.foreign * 100, 0)} % eines Kerns."
                 + (" Das ist viel: Zeiten und CPU sind höher als auf einer ruhigen Maschine." if result.foreign > 0.1
                    else ""))
    return lines + result.notes + [f"ACHTUNG: {fault}" for fault in faults(result)]


def text(result: Result) -> str:
    """Return the tables for a terminal."""
    parts = _remarks(result)
    for title, head, rows in (_requests(result), _streams(result), _programs(result)):
        widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
        lines = ["  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                           for column, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
                 for row in [head, ["─" * width for width in widths], *rows]]
        parts += ["", title, *lines]
    return "\n".join(parts)


def markdown(result: Result) -> str:
    """Return the tables ready to paste into the handbook."""
    parts = ["\n".join(f"- {line}" for line in _remarks(result))]
    for title, head, rows in (_requests(result), _streams(result), _programs(result)):
        lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]
        parts.append("\n".join([f"### {title}", "", *lines]))
    return "\n\n".join(parts)


def _plain(cell: Cell | StreamCell) -> dict[str, object]:
    # dataclasses.asdict would copy a Counter wrongly: it counts the pairs.
    return {f.name: getattr(cell, f.name) for f in dataclasses.fields(cell)}


def as_json(result: Result) -> str:
    """Return every value of every round."""
    plain = {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    plain["cells"] = [{"scenario": key[0], "stream": key[1], "target": key[2],
                       "rounds": [_plain(cell) for cell in cells]} for key, cells in result.cells.items()]
    plain["streams"] = [{"target": key[0], "kind": key[1], "rounds": [_plain(run) for run in runs]}
                        for key, runs in result.streams.items()]
    return json.dumps(plain, indent=1, ensure_ascii=False)
