"""From counts to figures: rates, intervals, groups of origin, exact places, what was noticed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.evaluation import Document, as_json, as_markdown, figures, measure, misses
from gateway.evaluation.counting import FEW, GROUP, Figures
from gateway.evaluation.documents import parse
from gateway.evaluation.measuring import Find
from gateway.model.finding import Finding, Passage


def documents(*marked: str) -> list[Document]:
    return [Document(f"d{n}", "", *parse(text)) for n, text in enumerate(marked)]


def finder(*values: tuple[str, str], noted: bool = False) -> Find:
    """Return a detector that finds these values, and each but once."""
    def find(passage: Passage) -> Sequence[Finding]:
        return [Finding(at, at + len(value), entity, 1.0, "format", certain=False, noted=noted)
                for value, entity in values if (at := passage.text.find(value)) >= 0]
    return find


def run(find: Find, *marked: str, origins: dict[str, str] | None = None) -> Figures:
    return figures(measure(documents(*marked), find, runs=1), origins)


def test_the_leak_rate_counts_characters_over_all_kinds_but_special_ones() -> None:
    found = run(finder(("Ilse", "PERSON")), "[[PERSON|Ilse]] [[PHONE|0171]] [[HEALTH|Gicht]]", "nur [[PERSON|Bodo]]",
                "nichts")
    assert (found.leak.part, found.leak.whole) == (8, 12)
    assert (found.kinds["PERSON"].part, found.kinds["PERSON"].whole) == (4, 8)
    assert "HEALTH" not in found.kinds
    assert (found.documents, found.with_data, found.clean) == (3, 2, 0)


def test_a_document_is_clean_when_only_a_special_detail_is_readable() -> None:
    assert run(finder(("Ilse", "PERSON")), "[[PERSON|Ilse]] hat [[HEALTH|Gicht]]").clean == 1


def test_what_was_replaced_without_need_is_told_apart_by_documents_with_and_without_data() -> None:
    found = run(finder(("Antrag", "PERSON"), ("Ilse", "PERSON")), "Antrag von [[PERSON|Ilse]]", "Antrag eins zwei drei")
    assert (found.over_with.value, found.over_without.value) == (0.5, 0.25)


def test_an_interval_needs_some_documents_and_is_the_same_every_time() -> None:
    texts = [f"[[PERSON|Ilse]] und [[PERSON|Bodo{n}]]" for n in range(FEW)]
    find = finder(("Ilse", "PERSON"), ("Bodo1", "PERSON"), ("Bodo2", "PERSON"))
    few, some = run(find, *texts[1:]), run(find, *texts)
    assert few.leak.low is None
    assert some.leak.low is not None
    assert some.leak.low < some.leak.value < some.leak.high
    assert some.leak == run(find, *texts).leak


def test_groups_of_origin_are_compared_from_fifty_words_on() -> None:
    many = " ".join(["[[PERSON|Ilse Sand]]"] * (GROUP // 2))
    other = " ".join(f"[[PERSON|Bodo{n:03} Berg]]" for n in range(GROUP // 2))
    origins = {"Ilse Sand": "german"} | {f"Bodo{n:03} Berg": "turkish" for n in range(GROUP)}
    texts = (many, other, "[[PERSON|Unbekannt]]")

    def whole(passage: Passage) -> Sequence[Finding]:
        return [Finding(0, len(passage.text), "PERSON", 1.0, "format")] if "Ilse" in passage.text else []
    found = run(whole, *texts, origins=origins)
    assert (found.origins["german"].value, found.origins["turkish"].value) == (0.0, 1.0)
    assert found.origins["other"].whole == 1
    assert found.gap == 1.0
    assert run(whole, *texts[1:], origins=origins).gap is None, "one group is no comparison"
    assert run(whole, *texts).origins == {}


def test_leaks_of_numbers_with_a_check_digit_are_counted_apart() -> None:
    found = run(finder(), "[[IBAN|DE12]] [[PHONE|0171]]")
    assert (found.checked_leak, found.valid_leak) == (4, 4)


def test_a_mistyped_number_counts_as_a_leak_but_not_as_one_of_a_valid_number() -> None:
    text, gold = parse("[[IBAN|DE12]] [[IBAN|DE13]]")
    made = Document("d", "", text, gold, frozenset({"DE13"}))
    found = figures(measure([made], finder(("DE12", "IBAN")), runs=1))
    assert (found.checked_leak, found.valid_leak) == (4, 0)


def test_exact_places_count_kind_and_both_ends() -> None:
    found = run(finder(("Ilse Sand", "PERSON"), ("0171", "CASE_NUMBER"), ("Bodo", "PERSON")),
                "[[PERSON|Ilse Sand]] [[PHONE|0171]] [[PERSON|Bodo Berg]]")
    assert (found.person_spans.found, found.person_spans.gold, found.person_spans.both) == (2, 2, 1)
    assert found.person_spans.f1 == 0.5
    assert found.all_spans.f1 == pytest.approx(1 / 3)


def test_a_special_detail_counts_as_noticed_when_a_finding_touches_it() -> None:
    texts = ("hat [[HEALTH|akute Gicht]] und [[HEALTH|Husten]]", "ist [[RELIGION|ev.]]", "Gicht als Beispiel")
    found = run(finder(("Gicht", "HEALTH"), noted=True), *texts)
    assert (found.noticed["HEALTH"].part, found.noticed["HEALTH"].whole) == (1, 2)
    assert found.noticed["RELIGION"].part == 0
    assert found.noticed_without == 1


def test_what_a_detector_notes_stays_in_the_text() -> None:
    measured = measure(documents("hat [[HEALTH|Gicht]]"), finder(("Gicht", "HEALTH"), noted=True), runs=1)
    assert measured[0].explained.text == "hat Gicht"
    assert measured[0].round_trip


def test_a_text_with_something_like_a_placeholder_comes_back_unchanged() -> None:
    measured = measure(documents("[PERSON1] und [[PERSON|Ilse]]"), finder(("Ilse", "PERSON")), runs=1)
    assert measured[0].round_trip


def test_every_figure_is_shown_in_tables_markdown_and_json() -> None:
    measured = measure(documents("[[PERSON|Ilse]] hat [[HEALTH|Gicht]]", "Antrag"), finder(("Antrag", "PERSON")),
                       runs=1)
    found = figures(measured, {"Ilse": "german"})
    shown = as_markdown(found)
    assert "| Name | 4 | 1 | 4 | 100,0 % | – |" in shown
    assert "| deutsch | 1 | 1 | zu wenige |" in shown
    assert as_json(found)["leak_rate"] == {"rate": 1.0, "part": 4, "whole": 4, "interval": None}
    assert misses(measured) == [("d0", "Name lesbar", "ilse"), ("d0", "Gesundheitsangabe nicht bemerkt", "Gicht"),
                                ("d1", "ohne Not ersetzt", "antrag")]
