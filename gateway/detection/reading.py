"""Inspect the texts of one request or of many: cut into sheets, have the rules look, turn offsets back.

What it is: `Reading` is one passage on its way, `Task` the passages of a request, `work` what a thread of
`gateway.detection.batches` does: it cuts all requests of a batch into sheets, lets the rules that can look at many
sheets together do so, a portion at a time, and then has the other rules look at each sheet.

What it keeps true: a request has the findings it would have alone; one that fails or comes too late ends alone.

What it does not know: how long one sheet takes; the time limit is looked at before each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.detection.batches import BATCH, Ticket
from gateway.detection.cache import FindingCache
from gateway.detection.own import Exceptions
from gateway.detection.presidio import Analyzer
from gateway.detection.sheet import Lexicon, Sheet
from gateway.detection.table import cells
from gateway.model.finding import Finding, Passage
from gateway.redaction.normalise import normalise

WINDOW: Final = 4096
"""Characters that are inspected in one go."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that belongs to one configuration: it is replaced as a whole, and its cache with it."""

    lexicon: Lexicon
    analyzer: Analyzer
    exceptions: Exceptions
    cache: FindingCache


class Reading:
    """One passage under inspection: its sheets, and what was found on those that were looked at."""

    def __init__(self, passage: Passage, setup: Setup) -> None:
        prefix = f'"{passage.label[:80]}": ' if passage.label else ""
        self._view = normalise(passage.text)
        self._shift = len(prefix)
        self._text = prefix + self._view.text
        self._setup = setup
        self._found: list[Finding] = []
        table = cells(self._text)
        self.sheets = [Sheet(self._text, setup.lexicon, table, lo, hi) for lo, hi in windows(self._text)]

    def look(self, sheet: Sheet, deadline: float | None) -> None:
        """Look at one of the sheets. Raises ``TimeoutError`` when it is too late for that."""
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError
        self._found.extend(self._setup.analyzer.analyse(sheet))

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, with offsets into the passage."""
        shift, size = self._shift, len(self._view.text)
        result = []
        for f in self._found:
            start, end = max(0, f.start - shift), min(size, f.end - shift)
            if start < end and not self._setup.exceptions.hides(self._text, f):
                result.append(f.moved(*self._view.original(start, end)))
        return tuple(sorted(result, key=lambda f: (f.start, -f.end, f.entity)))


class Task:
    """What one request wants to know."""

    __slots__ = ("_passages", "_readings", "deadline", "found", "setup")

    def __init__(self, passages: Sequence[Passage], setup: Setup, deadline: float) -> None:
        self._passages = passages
        self._readings: list[Reading] = []
        self.setup = setup
        self.deadline = deadline
        self.found: list[tuple[Finding, ...]] = []

    def open(self) -> list[tuple[Reading, Sheet]]:
        """Cut the passages into sheets."""
        self._readings = [Reading(passage, self.setup) for passage in self._passages]
        return [(reading, sheet) for reading in self._readings for sheet in reading.sheets]

    def close(self) -> None:
        """All sheets were looked at."""
        self.found = [reading.findings() for reading in self._readings]


@dataclass(frozen=True, slots=True)
class _Step:
    """One sheet of one request; with the last one the request is done."""

    ticket: Ticket[Task]
    reading: Reading
    sheet: Sheet
    last: bool


def work(tickets: Sequence[Ticket[Task]]) -> None:
    """Do all requests of a batch, each for itself where it fails."""
    steps: list[_Step] = []
    for ticket in tickets:
        try:
            sheets = ticket.task.open()
        except Exception as error:  # noqa: BLE001 - fails this request, whatever it is
            ticket.end(error)
        else:
            last = len(sheets) - 1
            steps.extend(_Step(ticket, *one, last=n == last) for n, one in enumerate(sheets))
    for portion in _portions(steps):
        setups = {id(step.ticket.task.setup): step.ticket.task.setup for step in portion}
        for setup in setups.values():
            setup.analyzer.prepare([s.sheet for s in portion if s.ticket.task.setup is setup and not s.ticket.ended])
        for step in portion:
            _do(step)


def _do(step: _Step) -> None:
    ticket, task = step.ticket, step.ticket.task
    if ticket.ended:
        return
    try:
        if ticket.unwanted:
            raise TimeoutError
        step.reading.look(step.sheet, task.deadline)
        if step.last:
            task.close()
            ticket.end()
    except Exception as error:  # noqa: BLE001 - fails this request, whatever it is
        ticket.end(error)


def _portions(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    """Cut the work into portions that fit into memory together."""
    portion: list[_Step] = []
    size = 0
    for step in steps:
        length = step.sheet.end - step.sheet.begin
        if portion and size + length > BATCH:
            yield portion
            portion, size = [], 0
        portion.append(step)
        size += length
    if portion:
        yield portion


def windows(text: str) -> list[tuple[int, int]]:
    """Cut a long text at paragraph borders, else at line ends, else at spaces: windows that cover it without
    overlap."""
    if len(text) <= WINDOW + WINDOW // 2:
        return [(0, len(text))]
    borders = [0]
    while len(text) - borders[-1] > WINDOW + WINDOW // 2:
        earliest, latest = borders[-1] + WINDOW // 2, borders[-1] + WINDOW
        found = ((text.rfind(mark, earliest, latest), len(mark)) for mark in ("\n\n", "\n", " "))
        cut = next((at + size for at, size in found if at >= 0), latest)
        borders.append(cut)
    return list(zip(borders, [*borders[1:], len(text)], strict=True))
