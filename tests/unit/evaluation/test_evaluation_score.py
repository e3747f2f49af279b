"""The rules of counting. They are those by which the project is judged: each case here pins one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluation.documents import Document, parse
from gateway.evaluation.score import score, telling
from gateway.redaction.placeholder import token


def document(marked: str) -> Document:
    text, gold = parse(marked)
    return Document("d", "", text, gold)


@pytest.mark.parametrize(("word", "tells"), [
    ("Li", False), ("Ute", True), ("von", False), ("Von", False), ("Straße", False), ("7", False), ("07", True),
    ("4a", False), ("117a", True), ("geb", False), ("und", False)])
def test_a_word_tells_from_three_letters_on_and_a_number_from_two_digits_on(word: str, tells: bool) -> None:
    assert telling(word) is tells


def test_leaked_characters_are_those_of_the_words_that_can_still_be_read() -> None:
    counted = score(document("Frau [[PERSON|Ilse von Thadden]], [[PHONE|0171 39]]"),
                    "Frau Ilse von [PERSON1], [TELEFON1]")
    assert counted.gold == {"PERSON": 11, "PHONE": 6}
    assert counted.leaked == {"PERSON": 4, "PHONE": 0}
    assert counted.words == {"PERSON": ("ilse",)}


def test_a_word_that_also_stands_outside_has_leaked_only_beyond_those_times() -> None:
    marked = "kurz gefragt: Herr [[PERSON|Kurz]] und Frau [[PERSON|Kurz]]"
    assert score(document(marked), "kurz gefragt: Herr [PERSON1] und Frau [PERSON2]").leaked == {"PERSON": 0}
    assert score(document(marked), "kurz gefragt: Herr Kurz und Frau [PERSON1]").leaked == {"PERSON": 4}
    assert score(document(marked), "kurz gefragt: Herr Kurz und Frau KURZ").leaked == {"PERSON": 8}


def test_a_word_replaced_outside_is_taken_from_the_ones_inside_first() -> None:
    counted = score(document("kurz: Herr [[PERSON|Kurz]]"), "[PERSON1]: Herr Kurz")
    assert counted.leaked == {"PERSON": 0}
    assert counted.over == 0, "the count goes by words, not by places"


def test_a_leak_is_counted_once_even_when_two_kinds_hold_the_word() -> None:
    counted = score(document("[[PERSON|Berlin]] wohnt [[ADDRESS|10115 Berlin]]"), "[PERSON1] wohnt [ADRESSE1] Berlin")
    assert sum(counted.leaked.values()) == 6


def test_a_word_outside_that_is_gone_counts_as_replaced_without_need() -> None:
    counted = score(document("Der Antrag von [[PERSON|Ilse]] ging ein. Der Antrag fehlt."),
                    "Der [PERSON2] von [PERSON1] ging ein. Der Antrag fehlt.")
    assert (counted.outside, counted.over, counted.over_words) == (8, 1, ("antrag",))


@pytest.mark.parametrize("suffix", ["", "12", "W", "WN12", "N"])
def test_the_number_of_a_placeholder_is_not_taken_for_a_leak(suffix: str) -> None:
    issued = token("PERSON", 12, suffix)
    counted = score(document("am [[BIRTHDATE|12.]] mit [[PERSON|Ilse]]"), f"am [GEBURTSDATUM1] mit {issued}")
    assert counted.leaked == {"BIRTHDATE": 0, "PERSON": 0}


def test_underscores_and_signs_part_words_so_that_file_names_are_read() -> None:
    counted = score(document("Antrag_[[PERSON|Ilse]]_neu.pdf"), "Antrag_Ilse_neu.pdf")
    assert counted.leaked == {"PERSON": 4}


@given(st.lists(st.sampled_from(["[[PERSON|Ilse Sand]]", "[[PHONE|0171 39]]", "Sand", "ist", "39"]), max_size=12))
def test_sending_the_text_as_it_is_leaks_all_and_replaces_nothing(parts: list[str]) -> None:
    made = document(" ".join(parts))
    counted = score(made, made.text)
    assert counted.leaked == counted.gold
    assert counted.over == 0
    assert score(made, "").over == counted.outside
    assert not any(score(made, "").leaked.values())
