"""Surnames that differ by an "s" only: a genitive, or two people."""

from __future__ import annotations

import pytest

from gateway.redaction.persons import forms, name


def _numbers(*mentions: tuple[str, str]) -> list[tuple[int, str]]:
    return list(forms([(surface, name(surface), gender) for surface, gender in mentions]).values())


@pytest.mark.parametrize(("first", "second"), [("Peter", "Peters"), ("Heinrich", "Heinrichs"), ("Behren", "Behrens")])
def test_a_man_and_a_woman_never_share_a_number_for_the_sake_of_an_s(first: str, second: str) -> None:
    assert _numbers((first, "M"), (second, "W")) == [(1, "M"), (2, "W")]


def test_the_genitive_of_a_surname_is_the_same_person() -> None:
    assert _numbers(("Krause", "W"), ("Krauses", "W")) == [(1, "W"), (1, "W2")]
    assert _numbers(("Krause", "W"), ("Krauses", "")) == [(1, "W"), (1, "W2")]
