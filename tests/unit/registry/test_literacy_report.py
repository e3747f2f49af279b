"""The report about AI literacy: numbers of groups, the same bytes for the same house, a hash in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.kipass import PassEvent
from gateway.model.literacy import STANDINGS, Line
from gateway.paper.forms import file_of
from gateway.registry import index, literacy
from tests.support.web_house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as house:
        yield house


def staffed(house: House) -> None:
    for department, people, done in (("bauamt", 12, 9), ("sozialamt", 7, 2), ("standesamt", 3, 3), ("it", 1, 0)):
        for number in range(people):
            blocked = department == "bauamt" and number == 0
            events = (PassEvent("gesperrt", house.clock.now()),) if blocked else ()
            house.hire(f"Geheimer Name {number}", department=department, steps=None if number < done else 1,
                       events=events)
    while index.refresh(house.books):
        pass


def test_departments_under_five_are_told_together_and_so_is_whoever_keeps_them_company(house: House) -> None:
    staffed(house)
    report, waiting = literacy.make(house.books)
    assert waiting == 0
    assert [(line.department, line.people) for line in report.lines] == [
        (house.policies.departments["bauamt"].name, 12), ("", 11)]
    assert report.people == 23
    for line in report.lines:
        for told in line.told.values():
            assert all(n is None or n == 0 or n >= 5 for n in told.values())


def test_a_house_of_four_gets_no_numbers(house: House) -> None:
    for number in range(4):
        house.hire(f"P {number}")
    while index.refresh(house.books):
        pass
    report, _ = literacy.make(house.books)
    assert report.lines == ()
    assert all(not found for found in report.states.values())
    assert "weniger als fünf" in file_of(house.context.reports.make("literacy", ""), "html").decode()


@pytest.mark.parametrize("form", ["html", "pdf", "csv", "json"])
def test_the_page_and_its_files_are_for_those_it_reports_to(house: House, form: str) -> None:
    staffed(house)
    for role in ("ki-pass-stelle", "leitung", "dpo", "personalrat"):
        browser = house.browser(house.hire("Geheimer Name", role))
        page = browser.get("/review/berichte/literacy")
        assert page.status == 200
        assert "KI-Kompetenz" in page.text
        assert "Geheimer" not in page.text.partition("<main")[2]
        assert "/review/berichte/literacy" in browser.get("/review/berichte").text
    taken = browser.post("/review/berichte/literacy", {"form": form}, page="/review/berichte/literacy")
    assert taken.status == 200
    assert f"literacy-2026-11-22.{form}" in str(taken.headers)
    house.ledger.sequence()
    [view] = [house.ledger.reader.get(row.id) for row in house.ledger.reader.tail(-1, 1000) if row.type == "export"]
    assert view is not None
    assert view.meta["sha256"] == sha256(taken.body).hexdigest()
    assert b"Geheimer" not in taken.body
    assert house.browser(house.hire("Anna Amt")).get("/review/berichte/literacy").status == 403


def test_the_pass_office_sees_no_other_report(house: House) -> None:
    browser = house.browser(house.hire("Eleni", "ki-pass-stelle"))
    assert browser.get("/review/berichte/works-council").status == 404
    assert "Bericht für die Leitung" not in browser.get("/review/berichte").text


def test_no_sum_of_the_table_tells_how_many_are_in_a_rare_state(house: House) -> None:
    """Three people in grace among many who hold the pass: the column says 23, so the states must not say 20."""
    for number in range(23):
        house.hire(f"P{number}", department="bauamt", steps=None)
    for number in range(8):
        house.hire(f"Q{number}", department="bauamt", steps=1)
    for number in range(3):
        house.hire(f"R{number}", department="bauamt", events=(PassEvent("gesperrt", house.clock.now()),))
    while index.refresh(house.books):
        pass
    report, _ = literacy.make(house.books)
    found, (line,) = report.states["basis"], report.lines
    assert line.told["basis"] == {"gilt": 23, "galt": 0, "offen": 11}
    assert found == {"gueltig": 23, "fehlt+gesperrt": 11}


@given(st.dictionaries(st.sampled_from(["gueltig", "kulanz", "abgelaufen", "dv_neu", "fehlt", "gesperrt"]),
                       st.integers(0, 12)), st.sets(st.sampled_from(STANDINGS)))
def test_what_columns_and_states_say_together_never_stands_for_fewer_than_five(
        found: dict[str, int], hidden: set[str]) -> None:
    column = {s: sum(n for state, n in found.items() if literacy._STANDS.get(state, "offen") == s) for s in STANDINGS}
    silent = {s for s in STANDINGS if s in hidden or 0 < column[s] < 5}
    line = Line("a", sum(column.values()), {"basis": {s: None if s in silent else column[s] for s in STANDINGS}})
    told = literacy._states(found, "basis", (line,))
    assert all(number >= 5 for number in told.values())
    for standing in STANDINGS:
        own = [key for key in told if {literacy._STANDS.get(s, "offen") for s in key.split("+")} == {standing}]
        left = column[standing] - sum(told[key] for key in own)
        assert left == 0 or (standing in silent and not own)
