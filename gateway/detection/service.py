"""The detector: cache, thread, time limit, around the recognizers.

What it is: `RuleDetector` implements the port `Detector`. Every message of a conversation comes back with every
request, so findings are kept by a keyed digest of the text; only new text costs. Work happens in a thread beside the
event loop: all new passages of a request in one hop, and all requests that wait in one batch
(`gateway.detection.batches`), because the name model looks at many texts for little more than at one.

What it keeps true: no text is kept, only digests and offsets; the cache is bounded by entries and by estimated bytes;
a batch gives each request the findings it would have alone, and one request that fails fails alone; a text in windows
gives the findings of the whole text (the name model excepted, which reads a window as a text of its own); any failure,
also "too slow", is ``pruefung_nicht_verfuegbar`` and nothing leaves the house.

What it does not know: the time limit is looked at between windows; a single window cannot be interrupted, so rules
must be linear (the property tests hold them to it).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.detection.batches import BATCH, Batches
from gateway.detection.cache import FindingCache
from gateway.detection.own import Exceptions
from gateway.detection.presidio import Analyzer
from gateway.detection.reading import Reading, Setup, Task, work
from gateway.detection.sheet import Rule, lexicon
from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage
from gateway.model.municipality import NOWHERE, Municipality

_log = logging.getLogger(__name__)

_PROBE: Final = Passage("Sehr geehrte Frau Mustermann, IBAN DE89 3704 0044 0532 0130 00, erika@mustermann.example")
_PROBE_FINDS: Final = {
    ("PERSON", "Mustermann"), ("IBAN", "DE89 3704 0044 0532 0130 00"), ("EMAIL", "erika@mustermann.example")}


class RuleDetector:
    """The `Detector` of the gateway. `hits`, `misses` and `queued` are read by the metrics."""

    def __init__(self, rules: Callable[[Municipality], Sequence[Rule]], municipality: Municipality = NOWHERE, *,
                 language: str = "de", entries: int = 20_000, size: int = 32 << 20, threads: int = 1,
                 seconds: float = 20.0, inline: int = 0) -> None:
        self._rules, self._language = rules, language
        self._entries, self._size = entries, size
        self._batches = Batches(work, threads)
        self._long = Batches(work)  # of its own: nobody with a short question waits behind a thousand pages
        self._seconds = seconds
        self._inline = inline
        self._municipality = municipality
        self._setup = self._set_up(municipality)
        self.hits = 0
        self.misses = 0
        self.queued = 0

    def _set_up(self, municipality: Municipality) -> Setup:
        rules = self._rules(municipality)
        words = lexicon(rules)
        return Setup(words, Analyzer(rules, words, self._language), Exceptions(municipality),
                      FindingCache(self._entries, self._size))

    def configured(self, municipality: Municipality) -> Configured:
        """Return this detector with another configuration, tried out; nothing changes for anybody else.

        Takes a second: not for the event loop. Raises ``pruefung_nicht_verfuegbar`` when it does not work.
        """
        if municipality == self._municipality:
            return Configured(self, self._setup, municipality)
        try:
            setup = self._set_up(municipality)
            self._look(_PROBE, setup)
        except Exception as error:  # noqa: BLE001 - whatever it is: nobody inspects with it
            _log.error("recognition cannot be configured: %s", type(error).__name__)
            raise _unavailable(type(error).__name__) from None
        return Configured(self, setup, municipality)

    def adopt(self, configured: Configured) -> None:
        """Take it over; what is under way ends with the one it began with."""
        self._setup, self._municipality = configured.setup, configured.municipality

    async def inspect(self, passages: Sequence[Passage]) -> list[tuple[Finding, ...]]:
        """Return the findings of each passage, sorted by start. Raises ``pruefung_nicht_verfuegbar``."""
        return await self.inspect_with(self._setup, passages)

    async def inspect_with(self, setup: Setup, passages: Sequence[Passage]) -> list[tuple[Finding, ...]]:
        """As `inspect`, with a configuration of one's own."""
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

    async def _work(self, passages: list[Passage], setup: Setup) -> list[tuple[Finding, ...]]:
        deadline = time.monotonic() + self._seconds
        self.queued += 1
        try:
            size = sum(len(passage.text) for passage in passages)
            if size <= self._inline:
                return [self._look(passage, setup, deadline) for passage in passages]
            task = Task(passages, setup, deadline)
            await (self._long if size > BATCH else self._batches).do(task, size, self._seconds)
            return task.found
        except Exception as error:  # noqa: BLE001 - whatever it is: not inspected means not sent
            raise _unavailable(type(error).__name__) from None
        finally:
            self.queued -= 1

    def find(self, passage: Passage, deadline: float | None = None) -> tuple[Finding, ...]:
        """Inspect one passage here and now (the command ``redact`` and the tests use this; no cache, no thread)."""
        return self.find_with(self._setup, passage, deadline)

    def find_with(self, setup: Setup, passage: Passage, deadline: float | None = None) -> tuple[Finding, ...]:
        """As `find`, with a configuration of one's own."""
        return self._look(passage, setup, deadline)

    def _look(self, passage: Passage, setup: Setup, deadline: float | None = None) -> tuple[Finding, ...]:
        reading = Reading(passage, setup)
        for sheet in reading.sheets:
            reading.look(sheet, deadline)
        return reading.findings()

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
        self._batches.close()
        self._long.close()


@dataclass(frozen=True, slots=True)
class Configured:
    """The detector with one configuration for good (implements `gateway.ports.Detector`): belongs to one generation."""

    detector: RuleDetector
    setup: Setup
    municipality: Municipality

    async def inspect(self, passages: Sequence[Passage]) -> list[tuple[Finding, ...]]:
        """See `gateway.ports.Detector.inspect`."""
        return await self.detector.inspect_with(self.setup, passages)

    def find(self, passage: Passage) -> tuple[Finding, ...]:
        """See `gateway.ports.Detector.find`."""
        return self.detector.find_with(self.setup, passage)


def _unavailable(hint: str) -> GatewayError:
    return GatewayError(
        "pruefung_nicht_verfuegbar",
        "Die Prüfung auf personenbezogene Daten ist zurzeit nicht möglich. Ihre Anfrage wurde deshalb nicht "
        "abgesendet. "
        "Bitte versuchen Sie es in einigen Minuten noch einmal.", hint=f"detector: {hint}")
