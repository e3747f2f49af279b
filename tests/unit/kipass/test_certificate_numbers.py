"""Numbers of certificates: read as people write them, and a slip is noticed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.kipass.number import ALPHABET, RANDOM_BITS, in_groups, new_number, number_of, read_number

NUMBERS = st.integers(0, 2**RANDOM_BITS - 1).map(number_of)


def test_a_number_has_at_least_eighty_random_bits_and_all_of_them_count() -> None:
    assert RANDOM_BITS >= 80
    assert len({number_of(1 << bit) for bit in range(RANDOM_BITS)}) == RANDOM_BITS


def test_two_numbers_are_never_the_same() -> None:
    assert len({new_number() for _ in range(2000)}) == 2000


def test_a_known_number_stays_what_it_is() -> None:
    assert number_of(0) == "00000000000000000000"
    assert number_of(0x23456789ABCDEF01234567) == "138NKRKAYDXW0J6HB7E6"
    assert in_groups("138NKRKAYDXW0J6HB7E6") == "138N-KRKA-YDXW-0J6H-B7E6"


@given(NUMBERS)
def test_a_number_is_read_as_it_is_shown_in_small_letters_and_with_look_alikes(number: str) -> None:
    shown = in_groups(number)
    for typed in (number, shown, shown.lower(), f"  {shown} \n", shown.replace("-", " "), shown.replace("0", "O"),
                  shown.replace("0", "o"), shown.replace("1", "I"), shown.replace("1", "l"), shown.replace("-", "–")):
        assert read_number(typed) == number


@given(NUMBERS, st.integers(0, 19), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_noticed(number: str, at: int, letter: str) -> None:
    wrong = number[:at] + letter + number[at + 1:]
    assert (read_number(wrong) is None) == (wrong != number)


@given(NUMBERS, st.integers(0, 18))
def test_two_neighbours_that_changed_places_are_noticed(number: str, at: int) -> None:
    wrong = number[:at] + number[at + 1] + number[at] + number[at + 2:]
    assert (read_number(wrong) is None) == (wrong != number)


@given(st.text(max_size=80))
def test_whatever_else_somebody_types_is_no_number(text: str) -> None:
    found = read_number(text)
    assert found is None or read_number(found) == found


def test_what_is_too_short_too_long_or_has_foreign_letters_is_no_number() -> None:
    number = new_number()
    for typed in ("", number[:-1], number + "0", number * 50, number[:-1] + "Ä", number[:-1] + "U"):
        assert read_number(typed) is None
