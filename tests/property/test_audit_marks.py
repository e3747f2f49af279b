"""Pages with filters against the records themselves, whatever was asked, and the marks they find requests by."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import Filters, Ledger, LedgerConfig, search
from audit.sequencer import rebuild

LOG = "musterstadt.example/ki-pforte/1"
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


def test_marks_go_with_the_facts(empty: Path, tmp_path: Path) -> None:
    with opened(empty, tmp_path / "one") as ledger:
        live(ledger, [{"type": "intent", "department": "bauamt", "model": "m1", "code": "", "region": "EU",
                       "found": {"PERSON": 1}, "replaced": {"PERSON:mask": 2}, "status": "failed"}])
        for mark in MARKS:
            assert len(ledger.reader.page(mark).rows) == 1
        before = marks_in(ledger)
        rebuild(ledger._store, ledger._seal)
        assert marks_in(ledger) == before
        ledger.delete_due(2_000_000_000_000)
        for mark in MARKS:
            assert ledger.reader.page(mark).rows == []
        assert marks_in(ledger) == []
        rebuild(ledger._store, ledger._seal)
        assert [mark for mark, _ in marks_in(ledger) if not mark.startswith("status:")] == []


def marks_in(ledger: Ledger) -> list[tuple[str, int]]:
    with ledger._store.read() as connection:
        rows = connection.exec_driver_sql("SELECT mark, idx FROM audit_mark ORDER BY mark, idx")
        return [(row[0], row[1]) for row in rows]


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


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("types", [(), ("intent",), ("intent", "denied")])
def test_a_filter_by_end_alone_finds_these_requests_and_no_others(
        status: str, types: tuple[str, ...], empty: Path, tmp_path: Path) -> None:
    with opened(empty, tmp_path / "ends") as ledger:
        told = live(ledger, [{"type": "intent", "department": "bauamt", "model": "m1", "code": "", "region": "EU",
                              "found": {}, "replaced": {}, "status": one} for one in STATUS])
        found = ledger.reader.page(Filters(types=types, status=status)).rows
        assert [row.id for row in found] == [lot["id"] for lot in told if lot["status"] == status]
        assert ledger.reader.number(Filters(types=types, status=status)).number == 1
