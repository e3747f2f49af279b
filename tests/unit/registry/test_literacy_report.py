"""The report about AI literacy: numbers of groups, the same bytes for the same house, a hash in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.model.kipass import PassEvent
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
