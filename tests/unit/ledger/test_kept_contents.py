"""Whether content is kept is known from memory, and whenever nobody can tell, it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit import ContentReading, Ledger, LedgerConfig
from gateway.errors import GatewayError
from gateway.ledger.contents import LedgerContents, attested
from gateway.ledger.recorder import LedgerRecorder
from gateway.model.content_mode import ContentMode
from tests.support.trustees import give_keys, opened

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
ON = ContentMode(1, "sozialamt", "fehlersuche", "V-1", NOW, NOW + timedelta(days=1), dpo_by="d", council_by="p",
                 on_since=NOW)


class Town:
    """A ledger with the keys of both trustees, and modes that a test sets."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.time = ledger, NOW
        self.last: tuple[ContentMode, ...] | None = (ON,)
        self.unknown = False
        self.contents = LedgerContents(ledger, self, self)

    def __call__(self) -> tuple[ContentMode, ...]:
        if self.unknown:
            raise GatewayError("pruefung_nicht_verfuegbar", "Das lässt sich gerade nicht prüfen.")
        return self.last or ()

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Ledger(LedgerConfig(f"sqlite:///{tmp_path}/p.db", "x.example/1", tmp_path / "keys")) as ledger:
        give_keys(ledger)
        yield Town(ledger)


def test_what_is_kept_is_what_the_trustees_read(town: Town) -> None:
    recorder, safe = LedgerRecorder(town.ledger), town.contents.safe("sozialamt")
    assert safe is not None
    assert safe.notice.isascii()
    assert "22.11.2026" not in safe.notice
    assert "23.11.2026" in safe.notice

    async def walk() -> str:
        intent = await recorder.record("intent", {"vorgang": "V1"}, subject="p",
                                       content=await safe.shut("request", ["Guten Tag ⟦NAME_1⟧"]))
        await recorder.record("outcome", {"vorgang": "V1"}, subject="p", ref=intent.record_id,
                              content=await safe.shut("answer", ["Guten Tag!"]))
        return intent.record_id
    intent, work = asyncio.run(walk()), ContentReading(town.ledger)
    found = work.read(opened(work.hand_out(intent, case="F-1", reason="missbrauch", by="dsb")), "dsb")
    assert found.request is not None
    assert found.answer is not None
    assert (found.request.texts, found.answer.texts) == (["Guten Tag ⟦NAME_1⟧"], ["Guten Tag!"])


def test_off_unknown_over_waiting_or_another_department_is_nothing(town: Town) -> None:
    assert town.contents.safe("bauamt") is None
    town.unknown = True
    assert town.contents.safe("sozialamt") is None
    town.unknown, town.time = False, ON.until
    assert town.contents.safe("sozialamt") is None
    town.time = NOW
    for by_hand in (replace(ON, council_by=""), replace(ON, council_by="d"), replace(ON, until=NOW + timedelta(99))):
        town.last = (by_hand,)  # a row that two people never agreed to keeps nothing; monitoring shows it
        assert town.contents.safe("sozialamt") is None
    for modes in ((), None, (ContentMode(1, "sozialamt", "fehlersuche", "V-1", NOW, ON.until, dpo_by="x"),)):
        town.last = modes
        assert town.contents.safe("sozialamt") is None
        assert town.contents.on() == []


def test_a_mode_that_is_stopped_between_request_and_answer_takes_no_answer(town: Town) -> None:
    safe = town.contents.safe("sozialamt")
    assert safe is not None
    assert asyncio.run(safe.shut("request", ["a"]))
    town.last = ()
    assert asyncio.run(safe.shut("answer", ["b"])) == b""


def test_without_the_keys_or_with_a_broken_list_of_them_nothing_is_kept(town: Town, tmp_path: Path) -> None:
    (tmp_path / "keys" / "trustees.txt").write_text("kein Schlüssel", "utf-8")
    for text in ("kein Schlüssel", ""):
        (tmp_path / "keys" / "trustees.txt").write_text(text, "utf-8")
        safe = town.contents.safe("sozialamt")
        assert safe is not None
        assert asyncio.run(safe.shut("request", ["a"])) == b""
        assert asyncio.run(safe.shut("answer", ["b"])) == b""


def put_down(ledger: Ledger, *steps: tuple[str, dict[str, object], str]) -> None:
    for type_, meta, who in steps:
        ledger.append_wait(ledger.draft(f"content_mode.{type_}", meta, subject=who))


AGREED = (("approve", {"mode": 1, "role": "dpo", "via": "cli"}, "d"),
          ("approve", {"mode": 1, "role": "personalrat", "via": "web"}, "p"))
BEGUN = ("on", {"mode": 1, "department": "sozialamt", "until": "2026-11-23"}, "p")


@pytest.fixture
def today(town: Town) -> ContentMode:
    """The mode, asked for now: records bear the time of the machine."""
    return replace(ON, requested_at=datetime.now(UTC))


def test_a_mode_counts_only_when_the_ledger_says_so_too(town: Town, today: ContentMode) -> None:
    assert attested(town.ledger, (today,)) == ()
    put_down(town.ledger, *AGREED)
    assert attested(town.ledger, (today,)) == ()
    put_down(town.ledger, BEGUN)
    assert attested(town.ledger, (today,)) == (today,)


@pytest.mark.parametrize("changed", [
    {"department": "bauamt"}, {"until": ON.until + timedelta(days=2)}, {"id": 2}], ids=["where", "until", "number"])
def test_what_was_changed_by_hand_in_the_database_keeps_nothing(
        town: Town, today: ContentMode, changed: dict[str, Any]) -> None:
    put_down(town.ledger, *AGREED, BEGUN)
    assert attested(town.ledger, (replace(today, **changed),)) == ()


def test_one_person_in_both_roles_is_not_two(town: Town, today: ContentMode) -> None:
    put_down(town.ledger, AGREED[0], (AGREED[1][0], AGREED[1][1], "d"), BEGUN)
    assert attested(town.ledger, (today,)) == ()


def test_an_end_that_was_taken_back_in_the_database_stays_an_end(town: Town, today: ContentMode) -> None:
    put_down(town.ledger, *AGREED, BEGUN, ("off", {"mode": 1, "department": "sozialamt", "why": "stopped"}, "d"))
    assert attested(town.ledger, (today,)) == ()


def test_a_mode_that_waits_asks_the_ledger_nothing(town: Town) -> None:
    assert attested(town.ledger, (replace(ON, on_since=None),)) == ()
    assert town.ledger.status().size == 0


def test_two_agreements_at_a_terminal_may_be_one_person_and_keep_nothing(town: Town, today: ContentMode) -> None:
    second = (AGREED[1][0], {**AGREED[1][1], "via": "cli"}, "p")
    put_down(town.ledger, AGREED[0], second, BEGUN)
    assert attested(town.ledger, (today,)) == ()
