"""A provider that answers with megabytes keeps nobody else waiting: long work is done beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import orjson
import pytest

from gateway.model.decision import Answers
from gateway.pipeline import afterthought, beside
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import shipped

LETTER = "Frau [PERSON1] meldet sich. "


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The threads in which texts of answers were restored, and where leaks were looked for."""
    seen: set[int] = set()
    look = afterthought.leaks

    class Watched(afterthought.Restorer):
        def feed(self, text: str) -> str:
            seen.add(threading.get_ident())
            return super().feed(text)

    def leaks(*arguments: Any) -> int:
        seen.add(threading.get_ident())
        return look(*arguments)
    monkeypatch.setattr(afterthought, "Restorer", Watched)
    monkeypatch.setattr(afterthought, "leaks", leaks)
    return seen


def whole(text: str) -> bytes:
    return orjson.dumps({"model": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                                    "finish_reason": "stop"}]})


def event(text: str) -> bytes:
    return b"data: " + orjson.dumps({"model": "x", "choices": [
        {"index": 0, "delta": {"content": text}, "finish_reason": None}]}) + b"\n\n"


def answers(*pieces: bytes) -> Any:
    return lambda _: (200, list(pieces))


def ask(says: Any, stream: bool) -> str:
    house = FakeHouse(shipped)
    house.says = says
    out, raw = asyncio.run(house.ask(chat(stream=stream)))
    assert out.status == 200
    assert house.kinds() == ["intent", "outcome"]
    return raw.decode()


def cut(data: bytes) -> list[bytes]:
    return [data[at:at + 10_000] for at in range(0, len(data), 10_000)]


def test_a_long_answer_in_one_piece_is_restored_beside_the_loop(threads: set[int]) -> None:
    long = LETTER * (beside.LONG // 20)
    assert ask(answers(*cut(whole(long))), stream=False).count("Sabine Krüger") == beside.LONG // 20
    assert threads
    assert threading.get_ident() not in threads


def test_a_long_event_of_a_stream_is_restored_beside_the_loop(threads: set[int]) -> None:
    long = LETTER * (beside.LONG // 20)
    shown = ask(answers(*cut(event(long)), event("Ende."), b"data: [DONE]\n\n"), stream=True)
    assert shown.count("Sabine Krüger") == beside.LONG // 20
    assert shown.index("meldet sich") < shown.index("Ende.")
    assert shown.endswith("data: [DONE]\n\n")
    assert threads - {threading.get_ident()}, "the long one was restored in a thread"


def test_an_event_without_its_end_is_restored_beside_the_loop_as_well(threads: set[int]) -> None:
    long = LETTER * (beside.LONG // 20)
    ask(answers(*cut(event(long)[:-2])), stream=True)
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("stream", [False, True])
def test_a_short_answer_pays_for_no_thread(stream: bool, threads: set[int]) -> None:
    pieces = [event(LETTER), b"data: [DONE]\n\n"] if stream else [whole(LETTER)]
    assert "Sabine Krüger" in ask(answers(*pieces), stream)
    assert threads == {threading.get_ident()}


def test_an_answer_that_is_looked_at_is_long_much_sooner() -> None:
    def weight(answers: dict[str, Answers]) -> int:
        return afterthought.AnswerCheck(answers, {}, (), (), FakeHouse(shipped)).weight(beside.LONG // 2)  # type: ignore[arg-type]
    assert weight({}) < beside.LONG < weight({"HEALTH": "mask"})
