"""The cache in front of the database: what it saves, and when it may not be believed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.identity.cache import GenerationCache
from gateway.identity.porter import Porter
from gateway.model.kipass import Evidence
from gateway.ports import Credentials
from tests.support.municipality import DV, NOW, OLD_DV, SetClock, compute
from tests.support.people_directory import MemoryDirectory


class Stage:
    """An authenticator over a dictionary, with both clocks in the hand of the test."""

    def __init__(self, size: int = 100) -> None:
        self.directory = MemoryDirectory()
        self.clock = SetClock()
        self.seconds = 0.0
        self.authenticator = Porter(self.directory, compute, self.clock, size=size,
                                                 monotonic=lambda: self.seconds)

    async def ask(self, key: str) -> str:
        """Return the state of the basic pass, or the code of the refusal."""
        try:
            return (await self.authenticator.authenticate(Credentials("bearer", key))).pass_for().state
        except GatewayError as error:
            return error.code

    def play(self, scene: Callable[[], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            await self.authenticator.refresh()
            try:
                return await scene()
            finally:
                await self.authenticator.close()

        return asyncio.run(run())


def test_a_known_key_costs_no_question() -> None:
    stage = Stage()
    key = stage.directory.enrol()

    async def scene() -> None:
        for _ in range(50):
            assert await stage.ask(key) == "gueltig"

    stage.play(scene)
    assert stage.directory.reads == 1


def test_a_refused_key_costs_no_question_either_but_an_invented_one_takes_no_room() -> None:
    stage = Stage()
    key = stage.directory.enrol(revoked_at=NOW)
    invented = MemoryDirectory().enrol()

    async def scene() -> None:
        for _ in range(5):
            assert await stage.ask(key) == "schluessel_ungueltig"
        for _ in range(5):
            assert await stage.ask(invented) == "schluessel_ungueltig"

    stage.play(scene)
    assert stage.directory.reads == 1 + 5
    assert len(stage.authenticator._keys.shelf) == 1


def test_when_nobody_can_say_whether_something_changed_the_cache_is_not_believed() -> None:
    stage = Stage()
    key = stage.directory.enrol()

    async def scene() -> None:
        assert await stage.ask(key) == "gueltig"
        stage.directory.down = True
        stage.seconds = 4.9
        await stage.authenticator.refresh()
        assert await stage.ask(key) == "gueltig"
        assert stage.authenticator.ready
        stage.seconds = 5.1
        assert not stage.authenticator.ready
        assert await stage.ask(key) == "pruefung_nicht_verfuegbar"
        stage.directory.down = False
        assert await stage.ask(key) == "gueltig"  # read, not remembered
        await stage.authenticator.refresh()
        assert stage.authenticator.ready

    stage.play(scene)


def test_the_refusal_says_that_nothing_was_sent_and_holds_no_text_of_the_database() -> None:
    stage = Stage()
    key = stage.directory.enrol()

    async def scene() -> GatewayError:
        stage.directory.down = True
        with pytest.raises(GatewayError) as caught:
            await stage.authenticator.authenticate(Credentials("bearer", key))
        return caught.value

    error = stage.play(scene)
    assert (error.status, error.retry_after) == (503, 60)
    assert "nichts gesendet" in error.message
    assert "canary" not in f"{error.message} {error.hint} {error!r}"
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_pass_that_ends_ends_in_the_cache_at_the_same_moment() -> None:
    stage = Stage()
    key = stage.directory.enrol()
    end = NOW + timedelta(minutes=7)
    evidence = tuple(replace(e, valid_until=end) if e.module == "schulung" else e
                     for e in stage.directory.of(key).evidence)
    stage.directory.change(key, evidence=evidence)

    async def scene() -> None:
        assert await stage.ask(key) == "gueltig"
        stage.clock.time = end - timedelta(microseconds=1)
        assert await stage.ask(key) == "gueltig"
        stage.clock.time = end
        assert await stage.ask(key) == "abgelaufen"

    stage.play(scene)


def test_grace_turns_into_refusal_at_midnight_in_berlin() -> None:
    stage = Stage()
    key = stage.directory.enrol()
    evidence = tuple(Evidence(e.module, e.completed_at, OLD_DV if e.document_sha256 == DV else None)
                     for e in stage.directory.of(key).evidence)
    stage.directory.change(key, evidence=evidence)
    midnight = datetime(2026, 12, 7, 23, 0, tzinfo=UTC)  # 8 December begins: 28 days from 10 November are over

    async def scene() -> None:
        stage.clock.time = midnight - timedelta(seconds=1)
        assert await stage.ask(key) == "kulanz"
        stage.clock.time = midnight
        assert await stage.ask(key) == "dv_neu"

    stage.play(scene)


def test_a_key_ends_on_its_own_moment() -> None:
    stage = Stage()
    key = stage.directory.enrol(expires_at=NOW + timedelta(hours=1))

    async def scene() -> None:
        assert await stage.ask(key) == "gueltig"
        stage.clock.time = NOW + timedelta(hours=1)
        assert await stage.ask(key) == "schluessel_ungueltig"

    stage.play(scene)


def test_who_left_is_refused_whatever_the_pass_says() -> None:
    stage = Stage()
    key = stage.directory.enrol()

    async def scene() -> None:
        assert await stage.ask(key) == "gueltig"
        stage.directory.change(key, person=replace(stage.directory.of(key).person, disabled_at=NOW))
        await stage.authenticator.refresh()
        assert await stage.ask(key) == "schluessel_ungueltig"

    stage.play(scene)


def test_an_answer_read_before_a_change_is_not_kept_after_it() -> None:
    """The reader is slow: it reads, the key is revoked, the change is noticed, then it hands in the old news."""
    stage = Stage()
    key = stage.directory.enrol()
    caller = stage.directory.caller

    def overtaken(key_id: str) -> Any:
        found = caller(key_id)
        if stage.directory.reads == 1:
            stage.directory.change(key, key=replace(stage.directory.of(key).key, revoked_at=NOW))
            stage.authenticator._keys.shelf._cache.confirm(stage.directory.number, stage.seconds)
        return found

    stage.directory.caller = overtaken  # type: ignore[method-assign]

    async def scene() -> None:
        assert await stage.ask(key) == "gueltig"  # was true when it was asked
        assert await stage.ask(key) == "schluessel_ungueltig"

    stage.play(scene)


def test_the_day_of_use_is_written_once_a_day() -> None:
    stage = Stage()
    key = stage.directory.enrol()
    today = date(2026, 11, 23)

    async def scene() -> None:
        for _ in range(3):
            await stage.ask(key)
        known = stage.directory.of(key)
        stage.authenticator._lookup._writer.submit(lambda: None).result()
        stage.directory.change(key, key=replace(known.key, last_used_on=today))
        await stage.authenticator.refresh()
        await stage.ask(key)
        stage.clock.time = NOW + timedelta(days=1)
        await stage.ask(key)
        stage.authenticator._lookup._writer.submit(lambda: None).result()

    stage.play(scene)
    assert [day for _, day in stage.directory.touched] == [today, date(2026, 11, 24)]


def test_a_day_that_cannot_be_written_costs_no_request(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    key = stage.directory.enrol()

    def fail(*_: object) -> None:
        raise OSError("canary")

    stage.directory.touch = fail  # type: ignore[method-assign]

    async def scene() -> None:
        assert await stage.ask(key) == "gueltig"
        stage.authenticator._lookup._writer.submit(lambda: None).result()

    stage.play(scene)
    assert "was not written: OSError" in caplog.text
    assert "canary" not in caplog.text


def test_no_log_line_holds_a_key(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    key = stage.directory.enrol()

    async def scene() -> None:
        await stage.ask(key)
        await stage.ask(key[:-1] + "!")
        stage.directory.down = True
        await stage.authenticator.refresh()
        await stage.authenticator.refresh()
        stage.directory.down = False
        await stage.authenticator.refresh()

    with caplog.at_level(logging.DEBUG):
        stage.play(scene)
    assert key[13:-1] not in caplog.text
    assert caplog.text.count("cannot be checked") == 1
    assert caplog.text.count("can be checked again") == 1


def test_the_cache_forgets_what_was_asked_longest_ago() -> None:
    stage = Stage(size=2)
    first, second, third = (stage.directory.enrol(f"p{i}") for i in range(3))

    async def scene() -> None:
        for key in (first, second, first, third, first):
            await stage.ask(key)

    stage.play(scene)
    assert stage.directory.reads == 3


def test_a_new_generation_empties_the_cache_and_the_same_one_keeps_it() -> None:
    cache: GenerationCache[str] = GenerationCache(10, 5, lambda: 0.0)
    cache.put(b"k", "v", 1, NOW)
    assert len(cache) == 0  # before the first confirmation nothing is kept
    cache.confirm(1, 0.0)
    cache.put(b"k", "v", 1, NOW + timedelta(days=1))
    cache.confirm(1, 0.0)
    assert cache.get(b"k", NOW) == "v"
    cache.confirm(2, 0.0)
    assert cache.get(b"k", NOW) is None
