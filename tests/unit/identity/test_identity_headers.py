"""Values of identity headers: what is read, and what is refused because it can be read in two ways."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.identity.headers import TWICE, address, clean, groups_in, value_of


def read(raw: str) -> str:
    """Return the value, or the reason of the refusal in brackets."""
    try:
        return value_of({"x-a": raw}, "x-a")
    except GatewayError as error:
        caught = error
    assert caught.code == "schluessel_ungueltig"
    assert raw not in caught.message + caught.hint + repr(caught) or len(raw) < 3
    return f"<{caught.hint.rpartition(' ')[2]}>"


@pytest.mark.parametrize(("raw", "value"), [
    ("a@x.example", "a@x.example"), ("a%40x.example", "a@x.example"), ("%C3%84nne Pr%C3%BCferin", "Änne Prüferin"),
    ("\xc3\x84nne", "Änne"), ("\xc4nne", "Änne"), (" a ", "a"), ("a+b@x", "a+b@x"), ("", ""), ("100%", "100%"),
    ("A%CC%88nne", "Änne"),
    ("b64:TWFyacSH", "Marić"), ("b64:xb5pZ2FAeC5leGFtcGxl", "žiga@x.example")])
def test_a_value_is_decoded_once_whatever_the_front_end_wrote(raw: str, value: str) -> None:
    assert read(raw) == value


@pytest.mark.parametrize(("raw", "reason"), [
    ("a%0Ab", "<unlesbar>"), ("a%00b", "<unlesbar>"), ("a%1Bb", "<unlesbar>"), ("a\tb", "<unlesbar>"),
    ("a%E2%80%AEb", "<unlesbar>"), ("a%E2%80%8Bb", "<unlesbar>"), ("a%C2%A0b", "<unlesbar>"), ("%FF", "<unlesbar>"),
    ("%E2%84%AA@x", "<unlesbar>"), ("%EF%BC%A0x", "<unlesbar>"), ("%EF%AC%81@x", "<unlesbar>"),
    ("%CD%BEx", "<unlesbar>"), ("a" * 1025, "<unlesbar>"), ("%41" * 400, "<unlesbar>"),
    ("{{LIBRECHAT_USER_EMAIL}}", "<platzhalter>"), ("%7B%7BUSER_EMAIL%7D%7D", "<platzhalter>"),
    ("b64:", ""), ("b64:TWFy*", "<unlesbar>"), ("b64:TWFyacS", "<unlesbar>"), ("b64:/w==", "<unlesbar>"),
    ("b64:e3tYfX0=", "<platzhalter>"), ("b64:YQBi", "<unlesbar>"), ("b64:YjY0OllR", "b64:YQ"),
    (f"a@x{TWICE}b@x", "<doppelt>"), ("a%250Ab", "a%0Ab")])
def test_what_can_be_read_in_two_ways_is_refused(raw: str, reason: str) -> None:
    assert read(raw) == reason


@given(st.text(max_size=200))
def test_reading_is_total_and_what_comes_out_is_plain(text: str) -> None:
    value = read(quote(text))
    if not value.startswith("<"):
        assert value.isprintable()
        assert "{{" not in value
        assert clean(value) == value, "one spelling"


@given(st.text(max_size=50).filter(lambda t: not t.isascii()))
def test_no_letter_beyond_ascii_becomes_a_plain_one(text: str) -> None:
    try:
        value = clean(text)
    except GatewayError:
        return
    plain = [c for c in address(value) if c.isascii()]
    assert len(plain) <= sum(c.isascii() for c in text) + value.count("İ"), "an address of somebody else can be built"


def test_the_kelvin_sign_is_no_k() -> None:
    with pytest.raises(GatewayError):
        clean("\u212aarl@x.example")
    assert address(clean("İnan@x.example")) != "inan@x.example"


def test_groups_are_read_from_a_list() -> None:
    assert groups_in("Sozialamt, /Bauamt;JUGENDAMT,,") == {"sozialamt", "bauamt", "jugendamt"}
