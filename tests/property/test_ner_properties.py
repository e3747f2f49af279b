"""What holds of the recogniser for every text."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.ner import NameRecognizer
from gateway.detection.ner.lexicon import Index
from gateway.detection.ner.tokens import tokenize

ANY = st.text(st.characters(exclude_categories=()), max_size=300)
LIKELY = st.lists(
    st.sampled_from(
        [
            "Frau ",
            "Herr ",
            "Ayşe",
            "Özdemir",
            "M.",
            " ",
            "\n",
            "\t",
            ", ",
            "-",
            "|",
            ";",
            "KOWALSKI",
            "der",
            "Antrag ",
            "😀",
            "\u0301",
            "İ",
            "ß",
            "123",
            "_",
            "'",
            "s ",
        ]
    ),
    max_size=60,
).map("".join)


@cache
def recognizer() -> NameRecognizer:
    return NameRecognizer.load()


@given(ANY | LIKELY)
def test_tokens_lie_in_the_text_one_after_the_other(text: str) -> None:
    t = tokenize(text)
    end = 0
    for a, b in zip(t.start.tolist(), t.end.tolist(), strict=True):
        assert end <= a < b <= len(text)
        assert not text[end:a].strip()
        end = b


@given(ANY | LIKELY)
def test_spans_lie_in_the_text_and_hold_a_word(text: str) -> None:
    end = 0
    for span in recognizer().find(text):
        assert end <= span.start < span.end <= len(text)
        assert 0 < span.score <= 1
        assert any(c.isalpha() or not c.isascii() for c in text[span.start : span.end])
        assert not text[span.start].isspace()
        assert not text[span.end - 1].isspace()
        end = span.end


@given(LIKELY)
def test_the_same_text_is_judged_the_same_every_time(text: str) -> None:
    assert recognizer().find(text) == recognizer().find(text)


@given(st.lists(ANY | LIKELY | st.just("Frau Kurz kommt. "), max_size=8))
def test_several_texts_are_judged_as_each_alone(texts: list[str]) -> None:
    together = recognizer().find_many(texts)
    alone = [recognizer().find(text) for text in texts]
    assert [[(s.start, s.end) for s in spans] for spans in together] == [
        [(s.start, s.end) for s in spans] for spans in alone
    ]
    for one, other in zip(together, alone, strict=True):
        assert [s.score for s in one] == pytest.approx([s.score for s in other], abs=1e-5)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60), st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_the_index_finds_what_is_there_and_nothing_else(there: list[int], others: list[int]) -> None:
    keys = np.unique(np.array(there, np.uint32))
    asked = np.array([*there, *others, 0, 2**32 - 1], np.uint32)
    known, at = Index(keys).find(asked)
    assert known.tolist() == [i for i, key in enumerate(asked.tolist()) if key in set(there)]
    assert keys[at].tolist() == asked[known].tolist()
