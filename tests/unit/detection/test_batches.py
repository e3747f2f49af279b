"""Requests that wait are inspected together: each gets what it would get alone, and fails alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Sequence

import pytest

from gateway.detection import DetectorOptions, RuleDetector, as_recognizer, build_detector
from gateway.detection.batches import BATCH, Batches, Ticket
from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage

TEXTS = ["Frau Kurz ruft an.", "", "Kurz gesagt: nein.", "Jaroslav Wieczorek, geb. am 03.04.2015\n", "Danke",
         "Bitte schreiben Sie an Herrn Öksüz, IBAN DE89 3704 0044 0532 0130 00.", "Kurz kommt."] * 5


class Gate:
    """A recogniser for many texts that waits for `open` on the text "warte", so that others queue up behind it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[str]] = []

    def find(self, text: str) -> list[Finding]:
        if "explodiere" in text:
            raise RuntimeError("Krüger")
        return [Finding(0, len(text), "PERSON", 0.5, "modell", certain=False)] if text.startswith("Zebulon") else []

    def find_many(self, texts: Sequence[str]) -> list[Iterable[Finding]]:
        self.batches.append(list(texts))
        if "warte" in texts:
            self.entered.set()
            self.open.wait(10)
        return [self.find(text) for text in texts]

    def detector(self, **options: float) -> RuleDetector:
        return build_detector(DetectorOptions(names="keine", cache_entries=0, **options),  # type: ignore[arg-type]
                              [as_recognizer("GATE", ("PERSON",), self.find, self.find_many)])


async def queued(detector: RuleDetector, gate: Gate,
                 texts: Sequence[str]) -> list[asyncio.Task[list[tuple[Finding, ...]]]]:
    """Let `texts` wait behind one that is being looked at; the first task is that one."""
    tasks = [asyncio.ensure_future(detector.inspect([Passage("warte")]))]
    await asyncio.to_thread(gate.entered.wait, 10)
    gate.batches.clear()
    tasks += [asyncio.ensure_future(detector.inspect([Passage(text)])) for text in texts]
    await asyncio.sleep(0)
    return tasks


def test_requests_inspected_together_get_what_each_gets_alone() -> None:
    alone = build_detector(DetectorOptions(cache_entries=0))
    detector = build_detector(DetectorOptions(cache_entries=0))

    async def together() -> list[list[tuple[Finding, ...]]]:
        return await asyncio.gather(*(detector.inspect([Passage(text), Passage(text, "name")]) for text in TEXTS))

    assert asyncio.run(together()) == [[alone.find(Passage(t)), alone.find(Passage(t, "name"))] for t in TEXTS]


def test_a_long_text_is_looked_at_in_the_thread_as_it_is_here_and_now() -> None:
    detector = build_detector()
    passage = Passage("\n\n".join(TEXTS * 40))
    (found,) = asyncio.run(detector.inspect([passage]))
    assert [(f.start, f.end, f.entity) for f in found] == [(f.start, f.end, f.entity) for f in detector.find(passage)]


def test_all_that_waits_is_looked_at_in_one_pass() -> None:
    gate = Gate()
    detector = gate.detector()

    async def run() -> list[list[tuple[Finding, ...]]]:
        tasks = await queued(detector, gate, ["eins", "Zebulon", "drei"])
        gate.open.set()
        return await asyncio.gather(*tasks)

    results = asyncio.run(run())
    assert [len(found) for (found,) in results] == [0, 0, 1, 0]
    assert gate.batches == [["eins", "Zebulon", "drei"]]


def test_a_batch_is_bounded_and_keeps_the_order() -> None:
    gate = Gate()
    detector = gate.detector()
    texts = [c * (BATCH // 3) for c in "abcdefg"] + ["h" * 2 * BATCH]

    async def run() -> None:
        tasks = await queued(detector, gate, texts)
        gate.open.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    seen = [text[0] for batch in gate.batches for text in batch]
    short = [letter for letter in seen if letter != "h"]  # the long one has a queue of its own
    assert short == sorted(short)
    assert "h" in seen
    assert all(len(batch) == 1 or sum(map(len, batch)) <= BATCH for batch in gate.batches)
    assert len(gate.batches) < len(seen)


def test_a_text_that_fails_fails_only_its_own_request() -> None:
    gate = Gate()
    detector = gate.detector()

    async def run() -> list[object]:
        tasks = await queued(detector, gate, ["Zebulon eins", "explodiere", "Zebulon zwei"])
        gate.open.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    _, one, failed, two = asyncio.run(run())
    assert isinstance(failed, GatewayError)
    assert failed.code == "pruefung_nicht_verfuegbar"
    assert "Krüger" not in f"{failed.message}{failed.hint}"
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert len(one[0]) == len(two[0]) == 1
    assert detector.queued == 0


def test_a_cancelled_request_is_not_looked_at_and_stops_no_other() -> None:
    gate = Gate()
    detector = gate.detector()

    async def run() -> list[object]:
        tasks = await queued(detector, gate, ["abgebrochen", "Zebulon"])
        tasks[1].cancel()
        await asyncio.sleep(0)
        gate.open.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    _, cancelled, other = asyncio.run(run())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert isinstance(other, list)
    assert len(other[0]) == 1
    assert gate.batches == [["Zebulon"]]
    assert detector.queued == 0


def test_what_waits_too_long_is_refused_and_the_next_is_served() -> None:
    gate = Gate()
    detector = gate.detector(seconds=0.2)

    async def run() -> None:
        tasks = await queued(detector, gate, ["zu spät"])
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [getattr(r, "code", "") for r in results] == ["pruefung_nicht_verfuegbar"] * 2
        gate.open.set()
        assert len((await detector.inspect([Passage("Zebulon")]))[0]) == 1

    asyncio.run(run())


def test_after_closing_nothing_waits_and_nothing_is_accepted() -> None:
    gate = Gate()
    detector = gate.detector()

    async def run() -> list[object]:
        tasks = await queued(detector, gate, ["eins", "zwei"])
        detector.close()
        late = asyncio.ensure_future(detector.inspect([Passage("drei")]))
        results = await asyncio.gather(*tasks[1:], late, return_exceptions=True)
        gate.open.set()
        await tasks[0]
        return results

    assert [getattr(r, "code", "") for r in asyncio.run(run())] == ["pruefung_nicht_verfuegbar"] * 3


def test_an_event_loop_that_is_gone_does_not_stop_the_thread() -> None:
    gate = Gate()
    detector = gate.detector()

    async def leave() -> None:
        asyncio.ensure_future(detector.inspect([Passage("warte")]))  # noqa: RUF006 - left behind on purpose
        await asyncio.to_thread(gate.entered.wait, 10)

    asyncio.run(leave())
    gate.open.set()
    assert len(asyncio.run(detector.inspect([Passage("Zebulon")]))[0]) == 1


def test_a_ticket_that_the_work_forgets_fails_instead_of_waiting_for_ever() -> None:
    def forget(tickets: Sequence[Ticket[str]]) -> None:
        for ticket in tickets[:-1]:
            ticket.end()

    async def run() -> None:
        await Batches(forget).do("text", 4, 5)

    with pytest.raises(RuntimeError, match="not done"):
        asyncio.run(run())
