"""The report about AI literacy: numbers of groups, the same bytes for the same house, a hash in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.kipass import PassEvent
from gateway.model.literacy import STANDINGS, Line
from gateway.registry import index, literacy
from gateway.registry.books import COMMAND_LINE
from gateway.web.literacy import file_of
from tests.support.web_house import House, open_house

GOLDEN = Path(__file__).parents[2] / "golden" / "literacy"


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


@pytest.mark.parametrize("kind", ["html", "csv", "json"])
def test_the_report_is_what_it_was(house: House, kind: str) -> None:
    staffed(house)
    report, _ = literacy.make(house.books)
    data = file_of(report, kind).replace(report.policy.encode(), b"p" * 64).replace(
        report.policy[:16].encode(), b"p" * 16)
    golden = GOLDEN / f"bericht.{kind}"
    if not golden.exists():
        golden.write_bytes(data)
    assert data == golden.read_bytes()
    assert b"Geheimer" not in data
    assert b"http" not in data
    assert b"<script" not in data


def test_a_house_of_four_gets_no_numbers(house: House) -> None:
    for number in range(4):
        house.hire(f"P {number}")
    while index.refresh(house.books):
        pass
    report, _ = literacy.make(house.books)
    assert report.lines == ()
    assert all(not found for found in report.states.values())
    assert "weniger als fünf" in file_of(report, "html").decode()


def test_the_ledger_holds_the_hash_of_what_was_given_away(house: House, tmp_path: Path) -> None:
    staffed(house)
    report, _ = literacy.make(house.books)
    data = file_of(report, "json")
    assert json.loads(data)["kind"] == "literacy"
    digest = literacy.note(house.books, COMMAND_LINE, report, "json", data)
    assert digest == sha256(data).hexdigest()
    assert house.types()[-1] == "report"
    assert digest.encode() in b"".join(file.read_bytes() for file in tmp_path.glob("audit.sqlite*"))


def test_the_page_and_its_files_are_for_those_it_reports_to(house: House) -> None:
    staffed(house)
    lead = house.hire("Leo Leitung", "leitung")
    browser = house.browser(lead)
    page = browser.get("/office/report")
    assert page.status == 200
    assert "KI-Kompetenz" in page.text
    assert "Geheimer" not in page.text
    taken = browser.post("/office/report", {"form": "csv"}, page="/office/report")
    assert taken.status == 200
    assert "ki-kompetenz-" in str(taken.headers)
    assert house.types()[-1] == "report"
    assert house.browser(house.hire("Anna Amt")).get("/office/report").status == 403


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
