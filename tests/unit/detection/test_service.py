"""Cache, thread, time limit, failures: what the detector promises beside finding things."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from gateway.detection import DetectorOptions, RuleDetector, as_recognizer, build_detector, build_operators
from gateway.detection.cache import FindingCache
from gateway.detection.reading import windows
from gateway.detection.sheet import Rule, Sheet
from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage
from gateway.model.municipality import Municipality, OfficeHolder

MAIL = ("Sehr geehrte Frau Krüger, Ihre IBAN DE89 3704 0044 0532 0130 00 und die mistyped DE88 3704 0044 0532 0130 00, "
        "geb. am 07.11.1984, wohnhaft Lindenstr. 3, 33330 Gütersloh, Tel. 05241 987654, "
        "ID L01X00T471, mueller@städte.example. ")


def test_a_known_text_costs_no_inspection() -> None:
    detector = build_detector()
    first = asyncio.run(detector.inspect([Passage(MAIL), Passage("nichts"), Passage(MAIL)]))
    again = asyncio.run(detector.inspect([Passage(MAIL)]))
    assert first[0] == first[2] == again[0]
    assert (detector.misses, detector.hits) == (2, 2)


def test_the_label_is_part_of_what_the_cache_knows() -> None:
    detector = build_detector(DetectorOptions(names="keine"))
    plain, labelled = asyncio.run(detector.inspect([Passage("Haddad"), Passage("Haddad", "nachname")]))
    assert plain == ()
    assert [f.entity for f in labelled] == ["PERSON"]


def test_the_cache_forgets_the_oldest_and_keeps_both_bounds() -> None:
    cache = FindingCache(entries=3, size=1_500)
    many = tuple(Finding(i, i + 1, "IP", 1.0, "format") for i in range(5))
    for n in range(6):
        cache.put(bytes([n]), many if n == 5 else ())
    assert cache.get(b"\0") is None
    assert cache.get(b"\5") == many
    assert len(cache) <= 3
    assert cache.bytes <= 1_500
    cache.put(b"huge", many * 10)
    assert cache.get(b"huge") is None
    assert cache.bytes == 0


def test_the_cache_holds_no_text() -> None:
    cache = FindingCache(10, 10_000)
    other = FindingCache(10, 10_000)
    assert cache.digest(Passage("Krüger")) != other.digest(Passage("Krüger"))
    assert cache.digest(Passage("b", "a")) != cache.digest(Passage("ab"))


def _failing(sheet: Sheet) -> Iterator[Finding]:
    if "explodiere" in sheet.text:
        raise RuntimeError("Krüger")
    return iter(())


@pytest.mark.parametrize("text", ["explodiere", "explodiere " * 100])
def test_an_error_in_a_recognizer_refuses_and_tells_nothing(text: str) -> None:
    detector = build_detector(extra=[Rule("FAILING", ("PERSON",), _failing)])
    with pytest.raises(GatewayError) as caught:
        asyncio.run(detector.inspect([Passage(text)]))
    assert caught.value.code == "pruefung_nicht_verfuegbar"
    assert caught.value.status == 503
    assert "Krüger" not in caught.value.message + caught.value.hint
    assert caught.value.__suppress_context__
    assert detector.queued == 0


def test_a_detector_that_takes_too_long_refuses() -> None:
    def slow(sheet: Sheet) -> Iterator[Finding]:
        if "langsam" in sheet.text:
            time.sleep(0.2)
        return iter(())

    detector = build_detector(DetectorOptions(seconds=0.05), extra=[Rule("SLOW", ("PERSON",), slow)])
    with pytest.raises(GatewayError) as caught:
        asyncio.run(detector.inspect([Passage("langsam " * 100)]))
    assert caught.value.code == "pruefung_nicht_verfuegbar"


def test_a_detector_that_finds_nothing_does_not_start() -> None:
    with pytest.raises(GatewayError, match="pruefung_nicht_verfuegbar"):
        RuleDetector(lambda own: [Rule("NONE", ("PERSON",), lambda sheet: ())]).ready()


def test_the_loop_is_free_while_a_long_text_is_inspected() -> None:
    detector = build_detector()

    async def both() -> int:
        task = asyncio.ensure_future(detector.inspect([Passage(MAIL * 200)]))
        turns = 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        await task
        return turns

    assert asyncio.run(both()) > 2


def test_a_short_text_does_not_wait_behind_a_long_one() -> None:
    started, go_on = threading.Event(), threading.Event()

    def find(text: str) -> Iterator[Finding]:
        if text.startswith("lang"):
            started.set()
            assert go_on.wait(20)
        yield from ()

    async def both() -> None:
        long = asyncio.create_task(detector.inspect([Passage("lang " * 10_000)]))
        await asyncio.to_thread(started.wait, 20)
        assert await detector.inspect([Passage("kurz")]) == [()]
        assert not long.done()
        go_on.set()
        await long

    detector = build_detector(DetectorOptions(names="keine"), [as_recognizer("SLOW", ("PERSON",), find)])
    asyncio.run(both())
    detector.close()


def test_windows_cover_the_text_and_prefer_paragraphs() -> None:
    text = ("Absatz mit Text. " * 20 + "\n\n") * 60
    cut = windows(text)
    assert cut[0][0] == 0
    assert cut[-1][1] == len(text)
    assert all(a[1] == b[0] for a, b in pairwise(cut))
    assert all(text[:start].endswith("\n\n") for start, _ in cut[1:])
    assert windows("kurz") == [(0, 4)]


def test_a_model_joins_as_one_more_recognizer_and_keeps_its_offsets_in_a_long_text() -> None:
    def find(text: str) -> list[Finding]:
        at = text.find("zebulon")
        return [Finding(at, at + 7, "PERSON", 0.5, "modell", certain=False)] if at >= 0 else []

    detector = build_detector(extra=[as_recognizer("NER", ("PERSON",), find)])
    text = "Nur ein Satz ohne Namen.\n" * 400 + "hier steht zebulon klein"
    assert [(text[f.start:f.end], f.reason) for f in detector.find(Passage(text))] == [("zebulon", "modell")]


def test_no_network_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    detector = build_detector()
    assert detector.find(Passage(MAIL))


def test_no_logger_and_no_output_ever_holds_content(capfd: pytest.CaptureFixture[str],
                                                     caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    detector = build_detector()
    asyncio.run(detector.inspect([Passage(MAIL)]))
    printed = capfd.readouterr()
    everything = printed.out + printed.err + caplog.text
    for canary in ("Krüger", "3704", "Lindenstr", "987654", "L01X00T471", "mueller", "07.11"):
        assert canary not in everything


def test_findings_and_passages_do_not_print_content() -> None:
    assert "Krüger" not in repr(Passage("Krüger", "Krüger"))
    own = Municipality(office_holders=(OfficeHolder("Anna Krüger", "Bürgermeisterin"),))
    assert "Krüger" not in repr(DetectorOptions(municipality=own))


@pytest.mark.parametrize(("action", "entity", "value", "expected"), [
    ("mask", "PERSON", "Anna Alt-Berg", "XXXX XXX-XXXX"),
    ("mask", "IBAN", "DE89 3704 0044 0532 0130 12", "XX00 0000 0000 0000 0000 12"),
    ("generalise", "BIRTHDATE", "07.11.1984", "1984"),
    ("generalise", "BIRTHDATE", "03.04.22", "Jahr 22"),
    ("generalise", "BIRTHDATE", "24. Dezember", "(Datum)"),
    ("generalise", "ADDRESS", "Lindenstr. 3, 33330 Gütersloh", "PLZ-Gebiet 33 (Gütersloh)"),
    ("generalise", "ADDRESS", "Lindenstr. 3", "(Anschrift)"),
    ("generalise", "IBAN", "DE89", "(IBAN)"),
])
def test_operators_replace_for_good(action: str, entity: str, value: str, expected: str) -> None:
    assert build_operators(b"k" * 32).apply(action, entity, value) == expected  # type: ignore[arg-type]


def test_the_hash_is_keyed_and_bound_to_the_kind() -> None:
    one, two = build_operators(b"k" * 32), build_operators(b"l" * 32)
    token = one.apply("hash", "PERSON", "Anna  Alt")
    assert token == one.apply("hash", "PERSON", "anna alt")
    assert token.startswith("PERSON-")
    assert len({token, two.apply("hash", "PERSON", "anna alt"), one.apply("hash", "EMAIL", "anna alt")}) == 3
