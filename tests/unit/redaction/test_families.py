"""People of one surname: a man, a woman, parents and children are told apart where the text lets them."""

from __future__ import annotations

import pytest

from gateway.redaction.given import GIVEN
from gateway.redaction.persons import forms, name


def _tokens(*mentions: tuple[str, str]) -> dict[str, tuple[int, str]]:
    return forms([(surface, name(surface), gender) for surface, gender in mentions])


@pytest.mark.parametrize(("addressed", "gender", "full"), [
    ("Albrecht", "M", "Anna Albrecht"), ("Albrecht", "W", "Bernd Albrecht"), ("Kaya", "M", "Zeynep Kaya"),
    ("Nowak", "W", "Nowak, Piotr"), ("Berg", "M", "Anna-Lena Berg"), ("Stein", "W", "Jürgen von Stein"),
    ("Albrechts", "M", "Anna Albrecht")])
@pytest.mark.parametrize("turned", [False, True])
def test_a_man_is_not_merged_with_a_woman_of_his_name_nor_a_woman_with_a_man(
        addressed: str, gender: str, full: str, turned: bool) -> None:
    mentions = [(addressed, gender), (full, "")]
    tokens = _tokens(*(reversed(mentions) if turned else mentions))
    assert tokens[addressed][0] != tokens[full][0]
    assert tokens[addressed][1] == gender
    assert tokens[full][1] == ""


@pytest.mark.parametrize(("full", "gender"), [
    ("Sabine Krüger", "W"), ("Otto Krüger", "M"), ("Kim Krüger", "W"), ("Kim Krüger", "M"), ("Andrea Krüger", "M"),
    ("S. Krüger", "M"), ("Tjorven Krüger", "W")])
def test_a_surname_is_merged_with_the_only_full_name_that_does_not_speak_against_it(full: str, gender: str) -> None:
    assert _tokens((full, ""), ("Krüger", gender)) == {full: (1, gender), "Krüger": (1, gender + "N")}
    assert _tokens(("Krüger", gender), (full, "")) == {"Krüger": (1, gender + "N"), full: (1, gender)}


def test_a_salutation_is_worth_more_than_the_list_of_given_names() -> None:
    assert _tokens(("Anna Rossi", "M"), ("Rossi", "M")) == {"Anna Rossi": (1, "M"), "Rossi": (1, "MN")}


@pytest.mark.parametrize(("gender", "meant"), [("W", "Anna Albers"), ("M", "Bernd Albers")])
def test_of_a_couple_the_one_who_is_addressed_is_meant(gender: str, meant: str) -> None:
    tokens = _tokens(("Anna Albers", ""), ("Bernd Albers", ""), ("Albers", gender))
    assert tokens["Albers"] == (tokens[meant][0], gender + "N")


@pytest.mark.parametrize(("first", "second"), [("Anna Albers", "Berta Albers"), ("Kim Albers", "Toni Albers")])
def test_a_surname_that_fits_two_has_a_number_of_its_own_and_keeps_the_gender(first: str, second: str) -> None:
    assert _tokens((first, ""), (second, ""), ("Albers", "W"))["Albers"] == (3, "W")


def test_a_surname_addressed_as_a_man_and_as_a_woman_is_nobodys() -> None:
    tokens = _tokens(("Albers", "W"), ("Albers", "M"), ("Anna Albers", ""), ("Bernd Albers", ""))
    assert tokens == {"Albers": (1, ""), "Anna Albers": (2, ""), "Bernd Albers": (3, "")}
    assert _tokens(("Albers", "W"), ("ALBERS", "M"), ("albers", "")) == {
        "Albers": (1, "W"), "ALBERS": (2, "M"), "albers": (3, "")}


def test_a_bare_surname_belongs_to_neither_the_man_who_is_addressed_nor_the_woman_who_is_named() -> None:
    assert _tokens(("Albrecht", "M"), ("Anna Albrecht", ""), ("ALBRECHT", ""), ("Anna", "")) == {
        "Albrecht": (1, "M"), "Anna Albrecht": (2, ""), "ALBRECHT": (3, ""), "Anna": (2, "V")}


@pytest.mark.parametrize(("elder", "younger"), [
    ("Hans Alt sen.", "Hans Alt jun."), ("Hans Alt, sen.", "Hans Alt, jun."), ("Hans Alt senior", "Hans Alt junior"),
    ("Hans Alt sr.", "Hans Alt jr."), ("Alt sen.", "Alt jun.")])
def test_father_and_son_of_one_name_are_two_where_the_text_says_which(elder: str, younger: str) -> None:
    tokens = _tokens((elder, "M"), (younger, "M"), ("Alt", "M"))
    assert [number for number, _ in tokens.values()] == [1, 2, 3]


def test_two_spellings_of_the_elder_are_one_person() -> None:
    tokens = _tokens(("Hans Alt sen.", ""), ("Hans Alt senior", ""), ("Hans Alt, sen.", ""), ("Alt", ""))
    assert {number for number, _ in tokens.values()} == {1}


def test_nobody_in_the_list_is_both_a_man_and_a_woman() -> None:
    assert set(GIVEN.values()) == {"W", "M"}
    assert not {"andrea", "kim", "toni", "deniz", "sascha", "luca", "nikita", "simone", "jean", "robin"} & set(GIVEN)


def test_no_given_name_is_listed_for_both() -> None:
    from gateway.redaction import given
    assert not set(given._W.split()) & set(given._M.split())
