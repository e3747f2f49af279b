"""Sends notes to the sinks, once a day each, by whichever process is first; remembers receipts; says what is missing.

A sink that fails is tried again after a quarter of an hour. What was taken becomes a row of ``anchor_receipt`` and a
record ``anchor.sent`` (sink and size). Nothing here holds up traffic.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from audit.anchors.sinks import AnchorError, Sink
from audit.checkpointer import last_checkpoint
from audit.deletion import claim, done
from audit.record import now_us
from audit.store.store import Store, as_bytes
from audit.tiles import Tree, fill
from audit.writer import Writer

ANCHOR_SENT: Final = "anchor.sent"
EVERY: Final = 24 * 3600.0
LATE: Final = 26 * 3600.0
"""A day, and time for a night's outage: after that a missing anchor is worth a warning."""
LEAST: Final = 2
LOOK_EVERY: Final = 30.0
log = logging.getLogger("audit.anchors")


@dataclass(frozen=True, slots=True)
class AnchorState:
    """How one sink stands. ``age`` in seconds; None: it never took a note."""

    sink: str
    size: int = 0
    age: float | None = None
    problem: str = ""

    @property
    def late(self) -> bool:
        """Whether nobody there has a note of yesterday or today."""
        return self.age is None or self.age > LATE


class Anchorer:
    """Keeps the sinks supplied."""

    def __init__(self, store: Store, sinks: Sequence[Sink]) -> None:
        self._store, self.sinks = store, tuple(sinks)
        self._problems: dict[str, str] = {}

    def run(self, writer: Writer, *, now: bool = False) -> list[AnchorState]:
        """Send the newest note to every sink whose turn it is (with `now`: to all); return how they stand."""
        if self.sinks:
            fill(self._store)
        for sink in self.sinks:
            job = _fitting(f"anchor:{sink.name}", 64)
            if claim(self._store, job, EVERY, at_once=now) and self._send(sink, writer):
                done(self._store, job)
        return self.states()

    def _send(self, sink: Sink, writer: Writer) -> bool:
        with self._store.read() as connection:
            last = last_checkpoint(connection)
        if last is None:
            return False
        try:
            receipt = sink.send(last.note, last.size, self._proof)
        except AnchorError as error:
            self._problems[sink.name] = str(error)
            log.warning("audit: anchor %s: %s", sink.name, error)
            return False
        self._problems.pop(sink.name, None)
        with self._store.write() as run:
            run(self._store.sql("INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (?, ?, ?, ?) "
                                "ON CONFLICT (size, sink) DO UPDATE SET receipt = excluded.receipt, at = excluded.at"),
                (last.size, _fitting(sink.name, 100), receipt, now_us()))
        writer.append_wait(writer.draft(ANCHOR_SENT, {"sink": sink.name, "size": last.size}))
        return True

    def _proof(self, first: int, size: int) -> list[bytes]:
        with self._store.read() as connection:
            return Tree(self._store, connection, size).consistency(first)

    def receipts(self, kind: str) -> list[tuple[int, str, bytes]]:
        """Return size, note and receipt of all notes that sinks of this kind took, the oldest first."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(self._store.sql(
                "SELECT a.size, c.note, a.receipt FROM anchor_receipt a JOIN checkpoint c ON c.size = a.size "
                "WHERE a.sink LIKE ? ORDER BY a.size, a.sink"), (f"{kind}%",)).fetchall()
        return [(int(size), str(note), as_bytes(receipt)) for size, note, receipt in rows]

    def states(self) -> list[AnchorState]:
        """Return how every sink of the settings stands."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql("SELECT sink, max(size), max(at) FROM anchor_receipt GROUP BY sink")
            found = {sink: (int(size), int(at)) for sink, size, at in rows.fetchall()}
        states = []
        for sink in self.sinks:
            size, at = found.get(_fitting(sink.name, 100), (0, None))
            age = None if at is None else abs(now_us() - at) / 1e6  # in the future: a wrong clock, and no comfort
            states.append(AnchorState(sink.name, size, age, self._problems.get(sink.name, "")))
        return states


def _fitting(name: str, width: int) -> str:
    """Return a name as a column takes it. A long one ends in its digest: two anchors must not share a name."""
    if len(name) <= width:
        return name
    return name[: width - 17] + "#" + hashlib.sha256(name.encode()).hexdigest()[:16]


class AnchorThread:
    """Looks once a minute whether a sink is due. Apart from the housekeeper, because a sink may take half a minute."""

    def __init__(self, anchorer: Anchorer, writer: Callable[[], Writer], errors: tuple[type[Exception], ...]) -> None:
        self._anchorer, self._writer, self._errors = anchorer, writer, errors
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-anchors", daemon=True)

    def start(self) -> None:
        """Start, where there is a sink."""
        if self._anchorer.sinks:
            self._thread.start()

    def stop(self) -> None:
        """End. What is being sent gets a few seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                self._anchorer.run(self._writer())
            except self._errors as error:
                log.error("audit: anchors cannot be sent now: %s", type(error).__name__)


def anchor_warnings(states: Sequence[AnchorState]) -> list[str]:
    """Return what IT and the data protection officer should know, in German."""
    found = []
    if len(states) < LEAST:
        found.append("Prüfpunkte des Protokolls werden an "
                     + ("keinem" if not states else "nur einem") + " Ort außerhalb aufbewahrt; nötig sind mindestens "
                     "zwei (KI_PFORTE_ANCHORS).")
    for state in states:
        if state.late:
            since = "noch nie" if state.age is None else "seit mehr als einem Tag nicht mehr"
            found.append(f"Der Anker {state.sink} hat {since} einen Prüfpunkt angenommen. {state.problem}".rstrip())
    return found
