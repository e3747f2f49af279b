"""Papers as PDF: tagged, in German, the same bytes everywhere, and no value that is more than what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.paper.glyphs import STAND_IN, printable
from gateway.paper.pdf import pdf
from gateway.paper.report import Column, Section, Table
from tests.support.papers import example, reader, tags, text_of

HOSTILE = ["#sys.inputs.data", "#read(\"paper.typ\")", "$x$ *fett* _kursiv_ `code` @marke <marke>", "= Überschrift",
           "#panic(1)", "https://musterstadt.example/a_b#c", "\\u{41}", "\"};", "</script>", "- - -", "~", "#"]


def test_a_paper_is_pdf_ua_with_title_language_and_tags() -> None:
    found = reader(pdf(example()))
    root = found.trailer["/Root"]
    assert root["/Lang"] == "de-DE"
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert found.metadata is not None
    assert found.metadata.title == "Bericht für die Probe"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()


def test_headings_tables_and_lists_are_tagged_as_what_they_are() -> None:
    found = tags(pdf(example()))
    assert [tag for tag in found if tag in ("H1", "H2", "H3")] == ["H1", "H2", "H3", "H2", "H2"]
    assert found.count("Table") == 1
    assert (found.count("TH"), found.count("Caption")) == (4, 1)
    assert found.count("L") >= 2


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert pdf(example()) == pdf(example())


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_that_a_value_says_is_read_as_a_command(value: str) -> None:
    found = text_of(pdf(example(value, value)))
    assert found.count("".join(value.split())) >= 6


@settings(max_examples=15, deadline=None)
@given(st.text(st.sampled_from("#$*_`@<>=-~[]{}()\\\"'/;:,.ab1 \n\tÄß"), max_size=40), st.text(max_size=20))
def test_every_text_stands_in_the_paper_as_it_is(signs: str, any_text: str) -> None:
    said = "".join(printable(f"{signs}|{any_text}").split())
    assert said in text_of(pdf(example(f"{signs}|{any_text}")))


def test_a_letter_that_the_typeface_lacks_stands_as_a_box() -> None:
    assert printable("Nguye\u0302\u0303n \u202e日\u0000b\n") == f"Nguyễn {STAND_IN}b "
    assert STAND_IN * 2 in text_of(pdf(example("日本", "日本")))


def test_umlauts_quotes_and_dashes_are_known() -> None:
    text = "ÄÖÜäöüßẞ „Anführung“ ‚einfach‘ – … § € · × ½ ł ő ș ı Ж Ω"
    assert printable(text) == text


def test_a_long_table_goes_on_with_its_head_on_the_next_page() -> None:
    rows = tuple((f"Amt {n}", n) for n in range(120))
    table = Table("lang", "Lange Tabelle", (Column("Amt"), Column("Anfragen", "bar")), rows)
    found = reader(pdf(example(sections=(Section("Lang", (table,)),), sources=())))
    assert len(found.pages) > 2
    assert all("Anfragen" in page.extract_text() for page in found.pages)


def test_the_typeface_comes_with_its_licence() -> None:
    from gateway.paper import glyphs
    assert "SIL OPEN FONT LICENSE" in (Path(glyphs.FOLDER) / "OFL.txt").read_text(encoding="utf-8").upper()


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="as many cells"):
        Table("x", "X", (Column("A"),), (("a", "b"),))
