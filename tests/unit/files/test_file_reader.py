"""The reader around the locked process: what it remembers, how many it lets in, what it says when it fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.files import reader as module
from gateway.files.memory import TextMemory
from gateway.files.reader import FileReader
from gateway.files.reasons import REASONS, UnreadableError, refusal
from gateway.model.attachment import Attached
from tests.support import office
from tests.support.awaited import awaited

DATA = Path(__file__).parent / "data"


def reader(**more: Any) -> FileReader:
    return FileReader(**{"seconds": 20, "memory": 512 << 20, "pages": 20, "characters": 50_000, "ocr": None, **more})


def file(data: bytes, name: str = "", kind: str = "file") -> Attached:
    return Attached(kind, name, "", data)


async def refused(own: FileReader, attached: Attached) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await own.read(attached)
    return caught.value


@awaited
async def test_a_letter_goes_through_the_locked_process() -> None:
    text = await reader().read(file((DATA / "brief.docx").read_bytes(), "Brief.docx"))
    assert "Sabine Krüger" in text
    assert "Geheim" not in text


@awaited
async def test_pages_without_text_are_named_and_a_file_of_nothing_else_is_refused() -> None:
    own = reader()
    text = await own.read(file(office.pdf("Erste", "", "Dritte")))
    assert text == "Erste\n\nDritte\n\n[Nicht übernommen: Seite 2 (kein lesbarer Text)]"
    error = await refused(own, file(office.pdf("", "")))
    assert error.code == "nicht_pruefbar"
    assert "eingescannten Seiten" in error.message


@awaited
async def test_without_recognition_no_picture_is_read() -> None:
    own = reader()
    assert own.kinds == {"file"}
    assert (await refused(own, file((DATA / "brief.png").read_bytes(), "brief.png"))).code == "nicht_pruefbar"


@awaited
async def test_a_file_that_comes_again_is_not_read_again_and_neither_is_its_refusal(
        monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def run(task: str, arguments: Any, data: bytes, *_: Any) -> bytes:
        asked.append(data)
        if data == b"slow":
            raise UnreadableError("slow")
        return b'{"reason": "pages", "number": 20}' if data == b"bad" else b'{"pages": ["Gut"], "blank": []}'

    monkeypatch.setattr(module, "run", run)
    own = reader()
    for _ in range(2):
        assert await own.read(file(b"good")) == "Gut"
        assert (await refused(own, file(b"bad"))).code == "zu_gross"
        assert (await refused(own, file(b"slow"))).code == "zu_gross"
    assert asked == [b"good", b"bad", b"slow", b"slow"]  # who was too slow may have had busy neighbours
    await own.read(file(b"good", "a.csv"))
    assert asked[-1] == b"good"  # read as something else, it may say something else


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"pages": ["x"]}', b'{"reason": "pages"}', b'{"reason": "??"}'])
@awaited
async def test_an_answer_of_no_known_form_is_a_refusal(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(*_: Any) -> bytes:
        return said

    monkeypatch.setattr(module, "run", run)
    assert (await refused(reader(), file(b"x"))).code == "nicht_pruefbar"


@awaited
async def test_two_files_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0

    async def run(*_: Any) -> bytes:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        for _turn in range(5):
            await asyncio.sleep(0)
        inside -= 1
        return b'{"pages": ["x"], "blank": []}'

    monkeypatch.setattr(module, "run", run)
    own = reader()
    await asyncio.gather(*(own.read(file(b"%d" % number)) for number in range(9)))
    assert most == 2


@awaited
async def test_a_process_that_cannot_begin_is_said_to_be_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    own = reader()
    error = await refused(own, file(b"x"))
    assert (error.code, error.status) == ("pruefung_nicht_verfuegbar", 503)
    assert await own.try_out() is not None


@awaited
async def test_the_probe_of_the_doctor_goes_the_whole_way() -> None:
    assert await reader().try_out() is None


def test_the_memory_forgets_what_was_used_least_and_never_grows_beyond_its_bound() -> None:
    memory = TextMemory(3_000)
    keys = [memory.digest("", b"%d" % number) for number in range(4)]
    for key in keys[:2]:
        memory.put(key, "x" * 700)
    assert memory.get(keys[0])
    memory.put(keys[2], "x" * 700)
    assert memory.get(keys[1]) is None
    assert memory.get(keys[0])
    memory.put(keys[3], "x" * 9_000)
    assert all(memory.get(key) is None for key in keys)
    memory.put(keys[0], "again")
    assert memory.get(keys[0]) == "again"


def test_the_memory_forgets_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("gateway.files.memory.time.monotonic", lambda: now)
    memory = TextMemory(10_000)
    key = memory.digest("", b"x")
    memory.put(key, "text")
    now = 3599.0
    assert memory.get(key) == "text"
    now = 3601.0
    assert memory.get(key) is None


def test_digests_differ_between_kinds_and_between_processes() -> None:
    one, other = TextMemory(1), TextMemory(1)
    assert one.digest("csv", b"x") != one.digest("", b"x")
    assert one.digest("", b"x") != other.digest("", b"x")


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_says_what_to_do_in_few_words_and_holds_nothing_of_the_file(reason: str) -> None:
    error = refusal(UnreadableError(reason, 400_000))
    assert error.message.startswith("Ihre Anfrage wurde nicht gesendet. ")
    assert len(error.message) <= 260
    assert "{" not in error.message
    assert "!" not in error.message
    assert "itte" in error.message or "Möglich sind" in error.message
