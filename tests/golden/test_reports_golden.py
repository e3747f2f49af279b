"""Reports are what they were: the whole content of each as JSON, one of them as a file for people, all of them as PDF.

To take a wanted change over, delete the file and run the test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.paper.forms import file_of, from_json
from gateway.paper.pdf import pdf
from gateway.paper.report import Report
from gateway.policy import PolicySet
from gateway.reports import annex, dpia, fria, leadership, literacy, processing, systems, transparency, works_council
from tests.support.papers import reader, text_of
from tests.support.situations import COUNTED, YEAR, in_force, situation
from tests.support.web_house import _policies

FOLDER = Path(__file__).parent / "reports"


def every(policies: PolicySet) -> dict[str, Report]:
    house = in_force(policies)
    return {"works-council": works_council.paper(situation(policies)), "leadership": leadership.paper(
        situation(policies)), "transparency": transparency.paper(situation(policies, YEAR)),
        "processing-record": processing.paper(house), "dpia": dpia.paper(house), "fria": fria.paper(house),
        "technical-annex": annex.paper(house), "model-register": systems.paper(house),
        "literacy": literacy.paper(house, COUNTED, 2)}


def same_as(name: str, data: bytes) -> None:
    golden = FOLDER / name
    if not golden.exists():
        golden.write_bytes(data)
    assert data == golden.read_bytes()


KINDS = ["works-council", "leadership", "transparency", "processing-record", "dpia", "fria", "technical-annex",
         "model-register", "literacy"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_says_what_it_said(kind: str) -> None:
    report = every(_policies())[kind]
    data = file_of(report, "json")
    assert report.kind == kind
    same_as(f"{kind}.json", data)
    assert from_json(data) == report
    assert from_json(data).digest == report.digest, "what was released is not changed the next moment"


@pytest.mark.parametrize("form", ["html", "csv"])
def test_a_file_is_what_it_was(form: str) -> None:
    report = every(_policies())["works-council"]
    same_as(f"works-council.{form}", file_of(report, "html" if form == "html" else "csv"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_is_an_accessible_pdf(kind: str) -> None:
    report = every(_policies())[kind]
    found = reader(data := pdf(report))
    assert found.metadata is not None
    assert found.metadata.title == report.title
    assert "/StructTreeRoot" in found.trailer["/Root"]
    text = text_of(data)
    assert all("".join(section.title.split()) in text for section in report.sections)


def test_the_register_for_programs_is_what_it_was() -> None:
    same_as("register.csv", systems.as_csv(in_force(_policies())).encode())
