"""Tokens, hashes and the lexicon of the recogniser."""

import numpy as np
import pytest

from gateway.detection.ner.features import LEXICON_SALT
from gateway.detection.ner.hashing import Hasher, mix
from gateway.detection.ner.lexicon import FIRST, HELD, NOUN, SURNAME, Lexicon
from gateway.detection.ner.tokens import LINE, PARAGRAPH, TAB, tokenize


def words(text: str) -> list[str]:
    t = tokenize(text)
    return [text[a:b] for a, b in zip(t.start, t.end, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller-Lüdenscheidt", ["Müller", "-", "Lüdenscheidt"]),
        ("A.Meier, 12.3.", ["A", ".", "Meier", ",", "12", ".", "3", "."]),
        ("Antrag_Yıldız2024.pdf", ["Antrag", "_", "Yıldız", "2024", ".", "pdf"]),
        ('a;"b"|c<d>', ["a", ";", '"', "b", '"', "|", "c", "<", "d", ">"]),
        ("____", ["____"]),
        ("Nguye\u0302\u0303n", ["Nguye\u0302\u0303n"]),
        ("😀 Ay\u015fe", ["😀", "Ayşe"]),
    ],
)
def test_words_come_apart_where_names_begin_and_end(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_line_breaks_tabs_and_paragraphs_are_tokens_of_their_own() -> None:
    t = tokenize("a\r\nb\tc\n \n\nd")
    assert [int(k) for k in t.kind if k >= LINE] == [LINE, TAB, PARAGRAPH]


def test_a_substring_hashes_as_the_word_alone() -> None:
    whole, part = tokenize("Frau Müllers Hund"), tokenize("müller")
    inside = Hasher(whole.folded).spans(np.array([5]), np.array([11]))
    alone = Hasher(part.folded).spans(np.array([0]), np.array([6]))
    assert inside == alone


def test_long_texts_hash_like_short_ones() -> None:
    text = "x " * 20_000 + "Wiedervorlage"
    long, short = tokenize(text), tokenize("Wiedervorlage")
    assert Hasher(long.folded).spans(long.start[-1:], long.end[-1:]) == Hasher(short.folded).spans(
        short.start, short.end
    )


def test_the_lexicon_tells_flags_and_hides_names_held_out() -> None:
    t = tokenize("anna haus berg")
    keys = mix(Hasher(t.folded).spans(t.start, t.end), LEXICON_SALT)
    order = np.argsort(keys)
    flags = np.array([FIRST | HELD, NOUN, SURNAME | NOUN], np.uint8)
    assert list(Lexicon(keys[order], flags[order]).flags(keys)) == [FIRST, NOUN, SURNAME | NOUN]
    assert list(Lexicon(keys[order], flags[order], hide_held=True).flags(keys)) == [0, NOUN, SURNAME | NOUN]
    assert Lexicon(keys[order], flags[order]).flags(np.array([1], np.uint32))[0] == 0
