"""The figures of the recognition in the annex for the DPIA are those of the handbook."""

from __future__ import annotations

from pathlib import Path

from gateway.reports.dpia import measured

HANDBOOK = Path(__file__).parents[2] / "docs" / "erkennung.md"


def test_the_annex_names_the_figures_of_the_handbook() -> None:
    part = HANDBOOK.read_text(encoding="utf-8").partition("<!-- Anfang zurückgehaltene Sammlung -->")[2].partition(
        "<!-- Ende zurückgehaltene Sammlung -->")[0]
    lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in part.splitlines() if "|" in line]
    told = measured()
    for name, value, interval in told["rows"]:
        assert [name, value, interval][:3] in [[*line, ""][:3] for line in lines], name
    for name, value, interval in told["noticed"]:
        assert any(line[0] == name and line[-2:] == [value, interval] for line in lines), name
    number = next(line[1].split()[0] for line in lines if line[0].startswith("Dokumente (davon"))
    assert f"{number} Dokumente" in told["collection"]
