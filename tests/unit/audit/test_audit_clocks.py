"""Clocks that jump, differ or change to summer time: order, proof and periods do not depend on them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from audit import Filters, Ledger, LedgerConfig, time_us
from audit.clock import Watch
from audit.deletion import claim, done
from audit.pseudonym import epoch_of
from audit.record import now_us
from audit.statistics import BY
from tests.support.fake_time import FakeTime, fake_time

__all__ = ["fake_time"]

HOUR, DAY = 3600, 86_400


def exchange(ledger: Ledger, n: int) -> None:
    intent = ledger.append_wait(ledger.draft("intent", {"vorgang": f"V{n}"}, subject="anna"))
    ledger.append_wait(ledger.draft("outcome", {"vorgang": f"V{n}"}, ref=intent.record_id))


def parts(ledger: Ledger) -> list[tuple[str, str, int]]:
    with ledger._store.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(
            "SELECT record_id, class, expires_at FROM audit_part ORDER BY record_id, name").fetchall()]


def shift(ledger: Ledger, seconds: float) -> None:
    """Let every part that is there expire so much earlier, and let nobody have deleted lately."""
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE audit_part SET expires_at = expires_at - ?"), (int(seconds),))
        run("DELETE FROM audit_job")


def test_a_clock_that_jumps_an_hour_either_way_changes_no_order_and_no_proof(
        ledger: Ledger, fake_time: FakeTime) -> None:
    pins = []
    for n, jump in enumerate((0, HOUR, -HOUR, -HOUR, HOUR)):
        fake_time.jump(jump)
        ledger._keeper._watch()
        exchange(ledger, n)
        ledger.checkpoint()
        pins.append(ledger.status().checkpoint_note)
    verdict = ledger.verify(pins=pins, vkeys=ledger.vkeys())
    assert (verdict.exit_code, verdict.open_intents, verdict.gap_count) == (0, 0, 0)
    assert verdict.clock_steps == 2, "each step back is counted"
    rows = ledger.reader.tail(-1, 100)
    assert [row.vorgang for row in rows if row.type == "intent"] == [f"V{n}" for n in range(5)]
    findings = [ledger.reader.get(row.id) for row in rows if row.type == "finding.clock"]
    assert [(view.meta["kind"], round(view.meta["seconds"] / HOUR)) for view in findings if view] == [
        ("jump", 1), ("jump", -1), ("jump", -1), ("jump", 1)]


def test_a_clock_that_runs_ahead_deletes_nothing_early_and_one_that_is_right_again_deletes(
        ledger: Ledger, fake_time: FakeTime) -> None:
    exchange(ledger, 1)
    before = parts(ledger)
    subject = next(until for _, kind, until in before if kind == "subject")
    shift(ledger, subject - time.time() - HOUR / 2)
    for jump in (HOUR, -2 * HOUR, 400 * DAY):
        fake_time.jump(jump)
        ledger._keeper._watch()
        ledger._keeper.let_go()
        assert len(parts(ledger)) >= len(before), "half an hour has still to go by"
    fake_time.jump(HOUR - 400 * DAY)  # right again
    fake_time.go_by(25 * HOUR)
    ledger._keeper._watch()
    shift(ledger, 0)
    ledger._keeper.let_go()
    assert "subject" not in {kind for _, kind, _ in parts(ledger)}


def test_what_is_written_by_a_clock_that_was_set_back_stays_as_long_as_anything_else(
        ledger: Ledger, fake_time: FakeTime) -> None:
    exchange(ledger, 1)
    [right] = {until for _, kind, until in parts(ledger) if kind == "subject"}
    fake_time.jump(-DAY * 365)
    ledger._keeper._watch()
    exchange(ledger, 2)
    assert min(until for _, kind, until in parts(ledger) if kind == "subject") == right


def test_an_exchange_under_way_is_not_ended_because_the_clock_jumps(ledger: Ledger, fake_time: FakeTime) -> None:
    ledger.append_wait(ledger.draft("intent", {"vorgang": "V"}))
    ledger.sequence()
    fake_time.jump(3 * HOUR)
    ledger._keeper._watch()
    assert ledger._keeper.reap() == 0
    fake_time.go_by(3 * HOUR)
    assert ledger._keeper.reap() == 1


def test_a_jump_is_believed_after_a_day(fake_time: FakeTime) -> None:
    watch, start = Watch(), now_us()
    fake_time.jump(HOUR)
    assert round(watch.look() / 1e6) == HOUR
    assert watch.look() == 0
    for hour in range(1, 24):
        fake_time.go_by(HOUR)
        watch.look()
        assert round((watch.earliest_us() - start) / 1e6) == hour * HOUR
    fake_time.go_by(2 * HOUR)
    watch.look()
    assert watch.earliest_us() == pytest.approx(now_us(), abs=1e6)
    fake_time.jump(-2 * HOUR)
    watch.look()
    assert watch.behind_us == pytest.approx(2 * HOUR * 1e6, abs=1e6)
    assert watch.earliest_us() == pytest.approx(now_us(), abs=1e6)
    fake_time.go_by(25 * HOUR)
    watch.look()
    assert watch.behind_us == pytest.approx(0, abs=1e6)


def test_a_slow_correction_is_no_jump(fake_time: FakeTime) -> None:
    watch = Watch()
    for _ in range(100):
        fake_time.jump(0.5)
        fake_time.go_by(60)
        assert watch.look() == 0


@pytest.mark.postgres
def test_a_clock_that_is_not_the_databases_is_put_down_once(
        postgres_url: str, tmp_path: Path, fake_time: FakeTime) -> None:
    with Ledger(LedgerConfig(postgres_url, "test.example/ki-pforte/1", tmp_path / "keys")) as ledger:
        ledger._keeper._compare()
        fake_time.jump(60)
        for _ in range(3):
            ledger._keeper._compare()
        ledger.append_wait(ledger.draft("config", {}))
        ledger.sequence()
        [row] = ledger.reader.page(Filters(types=["finding.clock"])).rows
        view = ledger.reader.get(row.id)
        assert view is not None
        assert (view.meta["kind"], round(view.meta["seconds"], -1)) == ("database", 60)


def test_a_job_taken_on_by_a_clock_of_next_year_is_not_left_undone_until_then(
        sqlite_ledger: Ledger, fake_time: FakeTime) -> None:
    store = sqlite_ledger._store
    fake_time.jump(365 * DAY)
    assert claim(store, "night", DAY)
    done(store, "night")
    fake_time.jump(-365 * DAY)
    assert claim(store, "night", DAY)
    assert not claim(store, "night", DAY)
    fake_time.go_by(HOUR)
    assert claim(store, "night", DAY), "nobody said that it was done"
    done(store, "night")
    fake_time.go_by(DAY - HOUR)
    assert not claim(store, "night", DAY)
    fake_time.go_by(HOUR)
    assert claim(store, "night", DAY)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own zone is Berlin's."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


@pytest.mark.parametrize("night", ["2027-03-28", "2027-10-31"])
def test_in_a_night_of_daylight_saving_no_record_is_early_late_or_out_of_order(
        sqlite_ledger: Ledger, fake_time: FakeTime, berlin: None, night: str) -> None:
    ledger = sqlite_ledger
    start = int(datetime.fromisoformat(f"{night}T00:00:00+00:00").timestamp()) - HOUR
    for step in range(25):  # five hours, around one o'clock UTC
        fake_time.go_to(start + step * 720)
        ledger._keeper._watch()
        exchange(ledger, step)
        ledger._keeper.let_go()
    ledger.checkpoint()
    verdict = ledger.verify()
    assert (verdict.exit_code, verdict.clock_steps) == (0, 0)
    rows = [row for row in ledger.reader.tail(-1, 200) if row.type == "intent"]
    seconds = [row.t_us // 1_000_000 for row in rows]
    assert all(abs(b - a - 720) <= 5 for a, b in pairwise(seconds))
    assert not ledger.reader.page(Filters(types=["finding.clock"])).rows
    for row in rows:
        view = ledger.reader.get(row.id)
        assert view is not None
        assert {name: part.expires_at - time_us(view.t) // 1_000_000 for name, part in view.parts.items()} == {
            "meta": 184 * DAY, "subject": 90 * DAY}


def test_a_quarter_ends_at_midnight_utc_whatever_the_clock_on_the_wall_of_the_town_hall_says(
        sqlite_ledger: Ledger, fake_time: FakeTime, berlin: None) -> None:
    names = {}
    for moment in ("2027-06-30T21:30", "2027-06-30T23:59", "2027-07-01T00:01", "2027-12-31T23:30", "2028-01-01T00:30"):
        fake_time.go_to(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
        draft = sqlite_ledger.draft("denied", {}, subject="anna")
        body = json.loads(draft.parts["subject"].body)
        assert body["epoch"] == epoch_of(now_us())
        names[moment] = body["epoch"], body["pseudonym"]
        sqlite_ledger.append_wait(draft)
    assert [epoch for epoch, _ in names.values()] == ["2027Q2", "2027Q2", "2027Q3", "2027Q4", "2028Q1"]
    assert len(set(names.values())) == 4
    assert sqlite_ledger.verify().exit_code == 0


def test_a_person_who_asks_before_and_after_the_quarter_turns_is_not_counted_as_two(
        ledger: Ledger, fake_time: FakeTime) -> None:
    """In the first hours of July it is still June for pseudonyms: three people would look like six."""
    for moment in ("2027-06-30T22:30", "2027-07-01T10:00"):
        fake_time.go_to(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
        for who in "abc":
            ledger.append_wait(ledger.draft("denied", {"department": "bauamt"}, subject=who))
    ledger.sequence()
    assert all(ledger.requests(by, 2027, 7) == [] for by in BY)
    for who in "de":
        ledger.append_wait(ledger.draft("denied", {"department": "bauamt"}, subject=who))
    ledger.sequence()
    assert [group.count for group in ledger.requests("department", 2027, 7)] == [8]
    assert [group.count for group in ledger.requests("week", 2027, 7)] == [8]
