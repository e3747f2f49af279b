"""Small values that are asked for with every request: kept up to date by the poll, never older than five seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from gateway.errors import GatewayError
from gateway.identity.lookup import MAX_AGE_SECONDS, Lookup, Watched
from tests.support.municipality import SetClock
from tests.support.people_directory import MemoryDirectory

Result = TypeVar("Result")


async def until(true: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    async with asyncio.timeout(30):  # only so that a test that fails ends
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@dataclass
class Stage:
    """A lookup whose monotonic clock and whose value are in the hand of the test."""

    directory: MemoryDirectory = field(default_factory=MemoryDirectory)
    value: str = "a"
    seconds: float = 0.0
    asked: int = 0
    fails: bool = False

    def question(self) -> str:
        self.asked += 1
        if self.fails:
            raise OSError("no table")
        return self.value

    def change(self, value: str) -> None:
        self.value = value
        self.directory.number += 1

    def play(self, scene: Callable[[Lookup, Watched[str]], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            lookup = Lookup(self.directory, SetClock(), monotonic=lambda: self.seconds)
            watched = lookup.watch(self.question)
            await lookup.start()
            try:
                return await scene(lookup, watched)
            finally:
                await lookup.close()

        return asyncio.run(run())


def test_a_change_by_anybody_is_seen_after_the_next_look_and_not_read_twice() -> None:
    stage = Stage()

    async def scene(lookup: Lookup, watched: Watched[str]) -> list[str]:
        seen = [watched()]
        for _ in range(3):
            await lookup.refresh()
        assert stage.asked == 1, "nothing changed, so nothing is read"
        stage.change("b")
        await lookup.refresh()
        return [*seen, watched()]

    assert stage.play(scene) == ["a", "b"]
    assert stage.asked == 2


def test_what_could_not_be_confirmed_for_five_seconds_is_not_given_out() -> None:
    stage = Stage()

    async def scene(lookup: Lookup, watched: Watched[str]) -> None:
        stage.directory.down = True
        stage.seconds = MAX_AGE_SECONDS
        await lookup.refresh()
        assert watched() == "a", "five seconds are allowed"
        stage.seconds += 0.001
        with pytest.raises(GatewayError, match="pruefung_nicht_verfuegbar"):
            watched()
        assert watched.last == "a", "pages and monitoring may still say what was known"
        stage.directory.down = False
        await lookup.refresh()
        assert watched() == "a"

    stage.play(scene)


def test_a_value_that_cannot_be_read_confirms_nothing_at_all() -> None:
    stage = Stage()

    async def scene(lookup: Lookup, watched: Watched[str]) -> None:
        stage.change("b")
        stage.fails = True
        stage.seconds = MAX_AGE_SECONDS + 1
        await lookup.refresh()
        assert not lookup.ready
        with pytest.raises(GatewayError):
            watched()

    stage.play(scene)


def test_before_the_first_look_nobody_can_tell() -> None:
    lookup = Lookup(MemoryDirectory(), SetClock())
    with pytest.raises(GatewayError):
        lookup.watch(lambda: 1)()


def test_a_look_that_began_earlier_does_not_undo_what_a_later_one_saw() -> None:
    """Two looks overtake each other when one waits for the database."""
    stage = Stage()

    async def scene(lookup: Lookup, watched: Watched[str]) -> str:
        slow, waits = asyncio.Event(), lookup.read

        async def held(question: Callable[[], Result]) -> Result:
            answer = await waits(question)
            await slow.wait()
            return answer

        stage.change("b")
        stage.seconds = 1
        lookup.read = held  # type: ignore[method-assign]
        first = asyncio.create_task(lookup.refresh())
        await asyncio.sleep(0)
        lookup.read = waits  # type: ignore[method-assign]
        await until(lambda: stage.asked == 2)
        stage.change("c")
        stage.seconds = 2
        await lookup.refresh()
        slow.set()
        await first
        return watched()

    assert stage.play(scene) == "c"
