"""The normalised view: what it makes equal, and the way back."""

from __future__ import annotations

import pytest

from gateway.redaction.normalise import normalise


@pytest.mark.parametrize(("text", "view"), [
    ("Grüße an Frau Krüger – „Akte“ …", "Grüße an Frau Krüger – „Akte“ …"),
    ("DE89\u00a03704\u202f0044", "DE89 3704 0044"),
    ("Te\u00adle\u200bfon", "Telefon"),
    ("Kru\u0308ger", "Krüger"),
    ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
    ("０１７１\uff0d２３", "0171-23"),
    ("٠١٢", "012"),
    ("D\u0415 89, 0171\u201123", "D\u0415 89, 0171-23".replace("\u0415", "E")),
    ("Иванов", "Иванов"),
    ("ﬁnden", "finden"),
    ("Schmidt\x1eOtt, Schön\x1febeck, K\x00r\x00o\x00n", "Schmidt-Ott, Schönebeck, Kron"),
    ("Kr\U000e0041on\U000e0100, K\u3164ro\uffa0n", "Kron, Kron"),
    ("anna\\_alt@web\\.example, 03\\.05\\.1971", "anna_alt@web.example, 03.05.1971"),
    ("C:\\Daten\\Krüger, \\[PERSON1\\], \\\\_", "C:\\Daten\\Krüger, \\[PERSON1\\], \\\\_"),
    ("\x1b[1;31mKrüger\x1b[0m", "Krüger"),
])
def test_the_view_is_plain(text: str, view: str) -> None:
    assert normalise(text).text == view


def test_clean_text_is_not_copied() -> None:
    text = "Sehr geehrte Frau Öztürk, schöne Grüße"
    assert normalise(text).text is text


def test_a_span_maps_to_the_smallest_stretch_of_the_original() -> None:
    text = "\u200bKru\u0308ger\u200b\u00a0x\r\ny"
    view = normalise(text)
    start = view.text.index("Krüger")
    a, b = view.original(start, start + 6)
    assert text[a:b] == "Kru\u0308ger"
    assert view.original(len(view.text) - 1, len(view.text)) == (len(text) - 1, len(text))
