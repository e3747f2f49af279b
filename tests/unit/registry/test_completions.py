"""Completions from files of learning platforms: whatever writes the file, everything or nothing, and never a score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from audit.sheet import table
from gateway.kipass.calendar import BERLIN
from gateway.model.completions import Columns
from gateway.model.kipass import Evidence
from gateway.registry import completions, index
from gateway.registry.books import Actor
from gateway.registry.dates import moment
from gateway.registry.table_file import read
from gateway.store import InvalidError, people
from gateway.store import passes as proofs
from gateway.store.tables_office import staged_evidence
from tests.support.web_house import Entry, House, open_house

OFFICE = Actor("web", "someone", "ki-pass-stelle")
MOODLE = "Vorname;E-Mail-Adresse;Abschlussdatum;Bewertung\r\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as found:
        yield found


@pytest.fixture
def mia(house: House) -> Entry:
    return house.hire("Mia", steps=0)


def columns(data: str, module: str = "schulung") -> Columns:
    return replace(completions.guess(read(data.encode()).headings), module=module)


def bring(house: House, data: str, **more: object) -> object:
    return completions.carry_out(house.books, OFFICE, read(data.encode()), replace(columns(data), **more),  # type: ignore[arg-type]
                                 source_ref=completions.reference(data.encode()))


def held(house: House, entry: Entry) -> list[str]:
    with house.books.reading() as connection:
        return [e.module for e in proofs.of(connection, entry.person.id).evidence]


def test_what_moodle_writes_is_understood_and_the_grade_is_nowhere(house: House, mia: Entry, tmp_path: Path) -> None:
    data = f"{MOODLE}Mia;{mia.person.email.upper()};Sonntag, 22. November 2026, 10:15;Bewertung-97,5\r\n"
    plan = bring(house, data)
    assert held(house, mia) == ["schulung"]
    with house.books.reading() as connection:
        [shown], _ = proofs.history(connection, mia.person.id)
    assert shown.evidence.completed_at == datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    assert (shown.source, shown.recorded_by) == ("lms_csv", "ki-pass-stelle")
    assert not any(b"97,5" in file.read_bytes() for file in tmp_path.rglob("*.sqlite*"))
    assert "97,5" not in repr(plan)
    assert house.types()[-1] == "pass.import"


def test_what_ilias_writes_is_understood_by_login_and_status(house: House, mia: Entry) -> None:
    with house.books.writing() as connection:
        people.change(connection, [replace(mia.person, external_id="mmuster")])
    head = "Login,Status,Status geändert am,Punkte\n"
    bring(house, f"{head}MMuster,In Bearbeitung,2026-11-20 08:00:00,3\n")
    assert held(house, mia) == []
    bring(house, f"{head}MMuster,Bestanden,2026-11-20 08:00:00,99\n")
    assert held(house, mia) == ["schulung"]


def test_the_same_file_twice_changes_nothing_and_brings_back_nothing_revoked(house: House, mia: Entry) -> None:
    data = f"{MOODLE}Mia;{mia.person.email};21.11.2026;1\n"
    bring(house, data)
    with house.books.writing() as connection:
        proofs.revoke(connection, mia.person.id, ["schulung"], reason="x", now=house.clock.now())
    plan = bring(house, data)
    assert plan.there == 1  # type: ignore[attr-defined]
    assert len(held(house, mia)) == 1


def test_a_line_twice_in_one_file_is_entered_once(house: House, mia: Entry) -> None:
    line = f"Mia;{mia.person.email};21.11.2026;1\n"
    bring(house, MOODLE + line + line)
    assert held(house, mia) == ["schulung"]


@pytest.mark.parametrize("wrong", ["31.02.2026", "bald", "23.11.2026", "12345678", "22.11.26 25:00", "0001-01-01"])
def test_one_wrong_line_and_nothing_is_entered(house: House, mia: Entry, wrong: str) -> None:
    plan = bring(house, f"{MOODLE}Mia;{mia.person.email};21.11.2026;1\nMia;{mia.person.email};{wrong};1\n")
    assert [p.line for p in plan.read.problems] == [3]  # type: ignore[attr-defined]
    assert held(house, mia) == []
    assert "pass.import" not in house.types()


def test_strangers_and_leavers_are_named_and_left_out(house: House, mia: Entry) -> None:
    gone = house.hire("Gone", steps=0)
    house.change(gone, person=replace(gone.person, disabled_at=house.clock.now()))
    plan = bring(house, f"{MOODLE}M;{mia.person.email};21.11.2026;1\nG;{gone.person.email};21.11.2026;1\n"
                        "X;fremd@anderswo.example;21.11.2026;1\n")
    assert [c.line for c in plan.unknown] == [4]  # type: ignore[attr-defined]
    assert [c.line for c in plan.leavers] == [3]  # type: ignore[attr-defined]
    assert held(house, mia) == ["schulung"]
    assert held(house, gone) == []


def test_a_column_of_courses_says_which_module_and_other_courses_are_left_out(house: House, mia: Entry) -> None:
    data = (f"E-Mail;Kurs;Abgeschlossen am\n{mia.person.email};KI für alle;1.11.2026\n"
            f"{mia.person.email};Brandschutz;1.11.2026\n")
    plan = bring(house, data, module="", courses={"KI für alle": "schulung"})
    assert held(house, mia) == ["schulung"]
    assert plan.read.other_courses == {"Brandschutz": 1}  # type: ignore[attr-defined]


def test_when_the_ledger_fails_nothing_was_entered(house: House, mia: Entry) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no ledger")
    data = f"{MOODLE}Mia;{mia.person.email};21.11.2026;1\n"
    with pytest.raises(RuntimeError):
        completions.carry_out(replace(house.books, record=broken), OFFICE, read(data.encode()), columns(data),
                              source_ref="x")
    assert held(house, mia) == []


def test_the_index_knows_of_an_import(house: House, mia: Entry) -> None:
    while index.refresh(house.books):
        pass
    bring(house, f"{MOODLE}Mia;{mia.person.email};21.11.2026;1\n")
    assert index.waiting(house.books) == 1


@pytest.mark.parametrize("data", [
    b"", b" \n", b"nur eine spalte\nx\n", b"a;b;a\n1;2;3\n", b"PK\x03\x04zip", b"%PDF-1.7\n\x00\x01;;", b"a;\"b\n1;2",
    b"a;b\0c\n", bytes(range(256)), b"\xff\xfea", b"a;b\n" + b"\x81" * 9, b";" * 600 + b"\n", b"x" * 50_000_001])
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidError, match=r"\.$"):
        list(read(data).rows())


def test_a_quotation_mark_out_of_place_is_told_with_its_line() -> None:
    with pytest.raises(InvalidError, match="Zeile 3"):
        list(read(b'a;b\n1;2\n"1"x;2\n').rows())


def test_ragged_lines_are_told_one_by_one_but_empty_cells_of_spreadsheets_are_not(house: House) -> None:
    data = f"{MOODLE}a;b\na;m@x.example;21.11.2026;1;;;\na;b;c;d;e\n"
    found = completions.read(read(data.encode()), columns(data), house.clock.now())
    assert [p.line for p in found.problems] == [2, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_and_delimiter_gives_the_same_table(encoding: str, delimiter: str, end: str) -> None:
    text = end.join(delimiter.join(cells) for cells in (["Geändert", "Straße"], ["ä", '"a;b,c\td"'])) + end
    found = read(text.encode(encoding))
    assert found.headings == ("Geändert", "Straße")
    assert list(found.rows()) == [(2, ["ä", "a;b,c\td"])]


def test_the_line_with_which_excel_names_its_delimiter_is_no_heading() -> None:
    found = read(b"sep=;\r\na;b\r\n1;2\r\n")
    assert (found.headings, list(found.rows())) == (("a", "b"), [(3, ["1", "2"])])


@given(st.datetimes(datetime(1991, 1, 1), datetime(2150, 12, 31)))
def test_a_day_reads_the_same_in_every_way_of_writing_it(local: datetime) -> None:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    expected = day.replace(tzinfo=BERLIN).astimezone(UTC)
    months = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
              "Dezember"]
    serial = (day - datetime(1899, 12, 30)).days
    for text in (f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}", f"{day:%d.%m.%Y} 00:00", f"{day:%Y-%m-%d} 00:00:00",
                 f"Sonntag, {day.day}. {months[day.month - 1]} {day.year}, 00:00", str(serial)):
        assert moment(text) == expected, text


@given(st.text(max_size=40))
def test_no_text_at_all_makes_the_dates_stumble(text: str) -> None:
    found = moment(text)
    assert found is None or found.tzinfo is UTC


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=5))
def test_what_we_write_holds_no_formula_and_can_be_read_again(rows: list[list[str]]) -> None:
    text = "".join(table(["a", "b"], rows))
    for line in text.lstrip("\ufeff").split("\r\n"):
        for cell in line.split(";"):
            assert cell.lstrip('"')[:1] not in ("=", "+", "@")


def test_what_others_do_while_completions_are_laid_down_is_seen_when_they_are_entered(house: House, mia: Entry) -> None:
    left, quick = house.hire("Linus", steps=0), house.hire("Quirin", steps=0)

    def meanwhile(done: int, total: int) -> None:
        with house.books.writing() as connection:
            people.change(connection, [replace(left.person, disabled_at=house.clock.now())])
            proofs.record(connection, [(quick.person.id, Evidence("schulung", datetime(2026, 11, 21, 15, tzinfo=UTC)))],
                          source="selbst", recorded_by="test", now=house.clock.now())
    data = MOODLE + "".join(f"X;{one.person.email};21.11.2026;1\n" for one in (mia, left, quick))
    plan = completions.carry_out(house.books, OFFICE, read(data.encode()), columns(data), source_ref="x",
                                 tell=meanwhile)
    assert (len(plan.new), plan.entered) == (3, 1)
    assert [held(house, one) for one in (mia, left, quick)] == [["schulung"], [], ["schulung"]]
    assert _laid(house) == 0


def test_an_import_that_breaks_off_leaves_nothing_that_counts_or_lies_about(house: House, mia: Entry) -> None:
    def dies(done: int, total: int) -> None:
        raise KeyboardInterrupt
    data = f"{MOODLE}Mia;{mia.person.email};21.11.2026;1\n"
    with pytest.raises(KeyboardInterrupt):
        completions.carry_out(house.books, OFFICE, read(data.encode()), columns(data), source_ref="x", tell=dies)
    assert held(house, mia) == []
    assert _laid(house) == 0


def _laid(house: House) -> int:
    with house.books.reading() as connection:
        return connection.execute(select(func.count()).select_from(staged_evidence)).scalar_one()
