"""The detector: cache, thread, time limit, around the recognizers.

What it is: `RuleDetector` implements the port `Detector`. Every message of a conversation comes back with every
request, so findings are kept by a keyed digest of the text; only new text costs. Work happens in one thread beside
the event loop, all new passages of a request in one hop.

What it keeps true: no text is kept, only digests and offsets; the cache is bounded by entries and by estimated
bytes; a text
in windows gives the findings of the whole text; any failure, also "too slow", is ``pruefung_nicht_verfuegbar`` and
nothing leaves the house.

What it does not know: the time limit is looked at between windows; a single window cannot be interrupted, so rules
must be
linear (the property tests hold them to it).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from gateway.detection.own import Exceptions
from gateway.detection.presidio import Analyzer
from gateway.detection.sheet import Lexicon, Rule, Sheet, lexicon
from gateway.detection.table import cells
from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage
from gateway.model.municipality import NOWHERE, Municipality
from gateway.redaction.normalise import normalise

_log = logging.getLogger(__name__)

WINDOW: Final = 4096
"""Characters that are inspected in one go."""

_ENTRY_BYTES: Final = 220
_FINDING_BYTES: Final = 160
_PROBE: Final = Passage("Sehr geehrte Frau Mustermann, IBAN DE89 3704 0044 0532 0130 00, erika@mustermann.example")
_PROBE_FINDS: Final = {
    ("PERSON", "Mustermann"), ("IBAN", "DE89 3704 0044 0532 0130 00"), ("EMAIL", "erika@mustermann.example")}


class FindingCache:
    """Findings by keyed digest, least recently used first out. The key is random and dies with the process."""

    def __init__(self, entries: int, size: int) -> None:
        self.max_entries = entries
        self.max_bytes = size
        self.bytes = 0
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def digest(self, passage: Passage) -> bytes:
        """Return the keyed digest under which the findings of `passage` are kept."""
        state = hashlib.blake2b(key=self._key, digest_size=16)
        state.update(passage.label.encode("utf-8", "surrogatepass"))
        state.update(b"\0")
        state.update(passage.text.encode("utf-8", "surrogatepass"))
        return state.digest()

    def get(self, digest: bytes) -> tuple[Finding, ...] | None:
        """Return what is known."""
        found = self._kept.get(digest)
        if found is not None:
            self._kept.move_to_end(digest)
        return found

    def put(self, digest: bytes, findings: tuple[Finding, ...]) -> None:
        """Keep the findings, and forget the oldest until both bounds hold."""
        if digest in self._kept or not self.max_entries:
            return
        self._kept[digest] = findings
        self.bytes += _size(findings)
        while self._kept and (len(self._kept) > self.max_entries or self.bytes > self.max_bytes):
            _, dropped = self._kept.popitem(last=False)
            self.bytes -= _size(dropped)


def _size(findings: tuple[Finding, ...]) -> int:
    return _ENTRY_BYTES + _FINDING_BYTES * len(findings)


@dataclass(frozen=True, slots=True)
class _Setup:
    """Everything that belongs to one configuration: it is replaced as a whole, and its cache with it."""

    lexicon: Lexicon
    analyzer: Analyzer
    exceptions: Exceptions
    cache: FindingCache


class RuleDetector:
    """The `Detector` of the gateway. `hits`, `misses` and `queued` are read by the metrics."""

    def __init__(self, rules: Callable[[Municipality], Sequence[Rule]], municipality: Municipality = NOWHERE, *,
                 language: str = "de", entries: int = 20_000, size: int = 32 << 20, threads: int = 1,
                 seconds: float = 20.0, inline: int = 300) -> None:
        self._rules, self._language = rules, language
        self._entries, self._size = entries, size
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pruefung")
        self._seconds = seconds
        self._inline = inline
        self._municipality = municipality
        self._setup = self._set_up(municipality)
        self.problem = ""
        """Why the configuration in force is not the newest one; empty when it is."""
        self.hits = 0
        self.misses = 0
        self.queued = 0

    def _set_up(self, municipality: Municipality) -> _Setup:
        rules = self._rules(municipality)
        words = lexicon(rules)
        return _Setup(words, Analyzer(rules, words, self._language), Exceptions(municipality),
                      FindingCache(self._entries, self._size))

    def configure(self, municipality: Municipality) -> None:
        """Take over another configuration, tried out first; what is under way ends with the one it began with.

        When it does not work, the last good one stays, and `problem` says so.
        """
        if municipality == self._municipality:
            return
        try:
            setup = self._set_up(municipality)
            self._look(_PROBE, setup)
        except Exception as error:  # noqa: BLE001 - whatever it is: the last good one stays
            self.problem = "Die geänderte erkennung.yaml lässt sich nicht anwenden; die letzte gültige Fassung gilt."
            _log.error("recognition cannot be configured; the last good one stays: %s", type(error).__name__)
            return
        self._setup, self._municipality, self.problem = setup, municipality, ""

    async def inspect(self, passages: Sequence[Passage]) -> list[tuple[Finding, ...]]:
        """Return the findings of each passage, sorted by start. Raises ``pruefung_nicht_verfuegbar``."""
        setup = self._setup
        digests = [setup.cache.digest(passage) for passage in passages]
        known = {digest: found for digest in digests if (found := setup.cache.get(digest)) is not None}
        missing = {digest: passage for digest, passage in zip(digests, passages, strict=True) if digest not in known}
        self.hits += len(passages) - len(missing)
        self.misses += len(missing)
        if missing:
            known.update(zip(missing, await self._work(list(missing.values()), setup), strict=True))
            for digest in missing:
                setup.cache.put(digest, known[digest])
        return [known[digest] for digest in digests]

    async def _work(self, passages: list[Passage], setup: _Setup) -> list[tuple[Finding, ...]]:
        deadline = time.monotonic() + self._seconds
        self.queued += 1
        try:
            if sum(len(passage.text) for passage in passages) <= self._inline:
                return self._run(passages, setup, deadline)
            task = asyncio.get_running_loop().run_in_executor(self._pool, self._run, passages, setup, deadline)
            return await asyncio.wait_for(task, self._seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is: not inspected means not sent
            raise _unavailable(type(error).__name__) from None
        finally:
            self.queued -= 1

    def _run(self, passages: list[Passage], setup: _Setup, deadline: float) -> list[tuple[Finding, ...]]:
        return [self._look(passage, setup, deadline) for passage in passages]

    def find(self, passage: Passage, deadline: float | None = None) -> tuple[Finding, ...]:
        """Inspect one passage here and now (the command ``redact`` and the tests use this; no cache, no thread)."""
        return self._look(passage, self._setup, deadline)

    def _look(self, passage: Passage, setup: _Setup, deadline: float | None = None) -> tuple[Finding, ...]:
        prefix = f'"{passage.label[:80]}": ' if passage.label else ""
        view = normalise(passage.text)
        text = prefix + view.text
        found: list[Finding] = []
        table = cells(text)
        for lo, hi in windows(text):
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError
            found.extend(setup.analyzer.analyse(Sheet(text, setup.lexicon, table, lo, hi)))
        shift, size = len(prefix), len(view.text)
        result = []
        for f in found:
            start, end = max(0, f.start - shift), min(size, f.end - shift)
            if start < end and not setup.exceptions.hides(text, f):
                start, end = view.original(start, end)
                result.append(Finding(start, end, f.entity, f.score, f.reason, f.certain, f.noted))
        return tuple(sorted(result, key=lambda f: (f.start, -f.end, f.entity)))

    def ready(self) -> None:
        """Try out the detector. Raises ``pruefung_nicht_verfuegbar`` when it does not find what it must.

        The probe is looked at with the general rules: a town may count a name in it among its own.
        """
        try:
            setup = self._setup if self._municipality == NOWHERE else self._set_up(NOWHERE)
            found = {(f.entity, _PROBE.text[f.start:f.end]) for f in self._look(_PROBE, setup)}
            self._look(_PROBE, self._setup)
        except Exception as error:  # noqa: BLE001 - a detector that cannot be tried is not there
            raise _unavailable(type(error).__name__) from None
        if not found >= _PROBE_FINDS:
            raise _unavailable("self-test")

    @property
    def cache_entries(self) -> int:
        """How many texts are known."""
        return len(self._setup.cache)

    @property
    def cache_bytes(self) -> int:
        """Estimated memory of the cache."""
        return self._setup.cache.bytes

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _unavailable(hint: str) -> GatewayError:
    return GatewayError(
        "pruefung_nicht_verfuegbar",
        "Die Prüfung auf personenbezogene Daten ist zurzeit nicht möglich. Ihre Anfrage wurde deshalb nicht "
        "abgesendet. "
        "Bitte versuchen Sie es in einigen Minuten noch einmal.", hint=f"detector: {hint}")


def windows(text: str) -> list[tuple[int, int]]:
    """Cut a long text at paragraph borders, else at line ends, else at spaces: windows that cover it without "
    "overlap."""
    if len(text) <= WINDOW + WINDOW // 2:
        return [(0, len(text))]
    borders = [0]
    while len(text) - borders[-1] > WINDOW + WINDOW // 2:
        earliest, latest = borders[-1] + WINDOW // 2, borders[-1] + WINDOW
        found = ((text.rfind(mark, earliest, latest), len(mark)) for mark in ("\n\n", "\n", " "))
        cut = next((at + size for at, size in found if at >= 0), latest)
        borders.append(cut)
    return list(zip(borders, [*borders[1:], len(text)], strict=True))
