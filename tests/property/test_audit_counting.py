"""Numbers per day and pages with filters against the records themselves, however they were cut and whatever was asked.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import Filters, Ledger, LedgerConfig, counting, search
from audit.counting import UNTOUCHED, day_of
from audit.daily import WHAT

LOG = "musterstadt.example/ki-pforte/1"
EVER = (date(2000, 1, 1), date(2100, 1, 1))
DEPARTMENTS = ("bauamt", "sozialamt", "")
KINDS = ("PERSON", "IBAN", "HEALTH")
MARKS = (Filters(kind="PERSON"), Filters(region="EU"), Filters(status="failed"))
STATUS = ("ok", "aborted", "failed", "unknown", "open")

numbers = st.dictionaries(st.sampled_from(KINDS), st.integers(0, 3), max_size=3)
replaced = st.dictionaries(st.sampled_from([f"{k}:{a}" for k in KINDS for a in ("placeholder", "mask", "keep")]),
                           st.integers(0, 3), max_size=4)
one = st.fixed_dictionaries({
    "type": st.sampled_from(("intent", "intent", "intent", "denied", "local", "view")),
    "department": st.sampled_from(DEPARTMENTS), "model": st.sampled_from(("m1", "m2")),
    "code": st.sampled_from(("inhalt_gesperrt", "zu_gross")), "region": st.sampled_from(("im Haus", "EU")),
    "found": numbers, "replaced": replaced, "status": st.sampled_from(STATUS)})
lives = st.lists(one, max_size=25)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    with Ledger(LedgerConfig(f"sqlite:///{folder}/audit.sqlite", LOG, folder / "keys")):
        pass
    return folder


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.mktemp("lives")
    return (base / str(n) for n in range(10_000))


def opened(empty: Path, place: Path) -> Ledger:
    shutil.copytree(empty, place)
    return Ledger(LedgerConfig(f"sqlite:///{place}/audit.sqlite", LOG, place / "keys"))


def live(ledger: Ledger, life: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write a life; return what became of each request, with its id."""
    told = []
    for lot in life:
        kind, facts = lot["type"], {key: lot[key] for key in ("department", "found") if lot[key]}
        if kind in ("intent", "denied"):
            facts |= {"model": lot["model"], "region": lot["region"]}
        facts |= {"code": lot["code"]} if kind == "denied" else {}
        facts |= {"replaced": lot["replaced"]} if kind == "intent" else {}
        facts |= {"decision": {"intent": "allowed", "denied": "denied", "local": "local"}.get(kind, "")}
        receipt = ledger.append_wait(ledger.draft(kind, facts, subject="somebody"))
        if kind == "intent" and lot["status"] != "open":
            type_ = "outcome.unknown" if lot["status"] == "unknown" else "outcome"
            meta = {"status": lot["status"], "department": lot["department"]} if type_ == "outcome" else {}
            ledger.append_wait(ledger.draft(type_, meta, ref=receipt.record_id))
        told.append({**lot, "id": receipt.record_id})
    ledger.sequence()
    return told


def expected(told: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Count by hand."""
    sums: dict[str, Counter[str]] = {what: Counter() for what in WHAT}
    for lot in told:
        kind = lot["type"]
        word = {"intent": "allowed", "denied": "denied", "local": "local"}.get(kind)
        if word:
            sums["decision"][word] += 1
        if kind == "denied":
            sums["code"][lot["code"]] += 1
        if kind in ("intent", "denied"):
            sums["found"].update(k for k, n in lot["found"].items() if n)
        if kind == "intent":
            sums["model"][lot["model"]] += 1
            for key, number in lot["replaced"].items():
                entity, _, action = key.partition(":")
                sums["replaced"][entity] += 0 if action in UNTOUCHED else number
            if lot["status"] != "open":
                sums["status"][lot["status"]] += 1
    return {what: +counter for what, counter in sums.items()}


def counted(ledger: Ledger) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for what in WHAT:
        found[what] = Counter()
        for names in ledger.per_day(what, *EVER).values():
            found[what].update(names)
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives, cut=st.integers(0, 25), chunk=st.integers(1, 9))
def test_every_record_is_counted_exactly_once_however_the_log_is_cut(
        life: list[dict[str, Any]], cut: int, chunk: int, empty: Path, places: Iterator[Path],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "CHUNK", chunk)
    with opened(empty, next(places)) as ledger:
        told = live(ledger, life[:cut])
        counting.count(ledger._store, rounds=1)  # stopped in the middle, as a kill would
        told += live(ledger, life[cut:])
        ledger.catch_up()
        ledger.catch_up()
        assert counted(ledger) == expected(told)
        places_counted = ledger.per_department("decision", *EVER, lambda _: 9)
        assert sum(sum(n.values()) for n in places_counted.values()) == sum(expected(told)["decision"].values())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives, step=st.integers(1, 6), limit=st.integers(1, 7), data=st.data())
def test_pages_show_every_record_of_a_filter_once_in_order_whatever_leads(
        life: list[dict[str, Any]], step: int, limit: int, data: st.DataObject, empty: Path, places: Iterator[Path],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "STEP", step)
    wanted: dict[str, Any] = data.draw(st.fixed_dictionaries({}, optional={
        "types": st.sampled_from([("intent", "denied"), ("denied",), ("intent", "denied", "local", "view")]),
        "department": st.sampled_from(("bauamt", "sozialamt")), "model": st.just("m1"),
        "code": st.just("zu_gross"), "kind": st.sampled_from(KINDS), "region": st.just("EU"),
        "status": st.sampled_from(STATUS)}))
    with opened(empty, next(places)) as ledger:
        told = live(ledger, life)
        ledger.catch_up()
        right = [lot["id"] for lot in reversed(told) if _fits(lot, wanted)]
        every: dict[str, Any] = {"types": ("intent", "denied", "local", "view")}
        filters = Filters(**{**every, **wanted})
        seen: list[str] = []
        before: str | None = None
        for _ in range(1000):
            page = ledger.reader.page(filters, before, limit)
            seen += [row.id for row in page.rows]
            before = page.before
            if before is None:
                break
        assert seen == right
        number = ledger.reader.number(filters)
        assert number.number == len(right) if number.exact else number.number <= len(right)


def _fits(lot: dict[str, Any], wanted: dict[str, Any]) -> bool:
    request = lot["type"] in ("intent", "denied")
    held = {kind for kind, number in lot["found"].items() if number} if request else set()
    status = {lot["status"]} if lot["type"] == "intent" else set()
    true: dict[str, Any] = {
        "department": {lot["department"]}, "model": {lot["model"]} if request else (), "kind": held, "status": status,
        "region": {lot["region"]} if request else (), "code": {lot["code"]} if lot["type"] == "denied" else ()}
    return all(lot["type"] in value if name == "types" else value in true[name] for name, value in wanted.items())


def test_numbers_stay_when_the_facts_are_deleted_and_marks_go(empty: Path, tmp_path: Path) -> None:
    with opened(empty, tmp_path / "one") as ledger:
        lot = {"type": "intent", "department": "bauamt", "model": "m1", "code": "", "region": "EU",
               "found": {"PERSON": 1}, "replaced": {"PERSON:mask": 2}, "status": "failed"}
        live(ledger, [lot])
        ledger.catch_up()
        for mark in MARKS:
            assert len(ledger.reader.page(mark).rows) == 1
        before = counted(ledger)
        ledger.delete_due(2_000_000_000_000)
        ledger.catch_up()
        assert counted(ledger) == before
        for mark in MARKS:
            assert ledger.reader.page(mark).rows == []
        with ledger._store.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM audit_mark").scalar() == 0


def test_what_was_deleted_before_it_was_counted_leaves_no_mark(empty: Path, tmp_path: Path) -> None:
    with opened(empty, tmp_path / "late") as ledger:
        live(ledger, [{"type": "intent", "department": "bauamt", "model": "m1", "code": "", "region": "EU",
                       "found": {"PERSON": 1}, "replaced": {}, "status": "aborted"}])
        ledger.delete_due(2_000_000_000_000)
        ledger.catch_up()
        with ledger._store.read() as connection:
            marks = [row[0] for row in connection.exec_driver_sql("SELECT mark FROM audit_mark")]
        assert not [mark for mark in marks if not mark.startswith("status:")]
        assert counted(ledger)["decision"] == Counter(allowed=1), "that there was a request stands in its envelope"


def test_what_is_due_is_counted_and_what_a_case_holds_is_not(empty: Path, tmp_path: Path) -> None:
    with opened(empty, tmp_path / "due") as ledger:
        record = ledger.append_wait(ledger.draft("view", {"page": "x"}, subject="somebody")).record_id
        other = ledger.append_wait(ledger.draft("view", {"page": "x"}, subject="somebody")).record_id
        ledger.sequence()
        assert (ledger.due().parts, ledger.due().overdue) == (0, 0)
        with ledger._store.write() as run:
            run("UPDATE audit_part SET expires_at = 5 WHERE record_id IN (?, ?)", (record, other))
        assert (ledger.due().parts, ledger.due().overdue) == (4, 4)
        ledger.hold("vorfall-2026-1", [record])
        assert (ledger.due().parts, ledger.due().overdue) == (2, 2)


def test_a_day_is_a_day_in_berlin() -> None:
    assert day_of(1_790_000_000_000_000) == "2026-09-21"
    assert day_of(int(1e6) * 1_798_757_999) == "2026-12-31"
    assert day_of(int(1e6) * 1_798_758_000) == "2027-01-01", "eleven in the evening in Greenwich"


def test_small_departments_are_never_told_alone(empty: Path, tmp_path: Path) -> None:
    sizes = {"bauamt": 9, "sozialamt": 2}
    with opened(empty, tmp_path / "small") as ledger:
        for department in ("bauamt", "sozialamt", "sozialamt"):
            ledger.append_wait(ledger.draft("intent", {"department": department, "decision": "allowed"}))
        ledger.catch_up()
        told = ledger.per_department("decision", *EVER, sizes.__getitem__)
        assert told == {"": {"allowed": 3}}
        assert ledger.per_department("decision", *EVER, lambda _: 1) == {}
        assert json.dumps(told)


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("types", [(), ("intent",), ("intent", "denied")])
def test_a_filter_by_end_alone_finds_these_requests_and_no_others(
        status: str, types: tuple[str, ...], empty: Path, tmp_path: Path) -> None:
    with opened(empty, tmp_path / "ends") as ledger:
        told = live(ledger, [{"type": "intent", "department": "bauamt", "model": "m1", "code": "", "region": "EU",
                              "found": {}, "replaced": {}, "status": one} for one in STATUS])
        ledger.catch_up()
        found = ledger.reader.page(Filters(types=types, status=status)).rows
        assert [row.id for row in found] == [lot["id"] for lot in told if lot["status"] == status]
        assert ledger.reader.number(Filters(types=types, status=status)).number == 1
