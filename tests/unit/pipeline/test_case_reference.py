"""A case reference is found by who knows it, read by nobody, and leaves the house never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.pipeline.reference import mark_of, read_mark

KEY = b"k" * 32


@given(st.text(max_size=100))
def test_a_mark_tells_nothing_and_spelling_does_not_matter(text: str) -> None:
    mark = mark_of(KEY, text)
    assert len(mark) == 28
    assert mark == mark_of(KEY, f"  {text}\t")
    assert mark != mark_of(b"x" * 32, text)


def test_what_a_program_sends_as_utf_8_is_what_somebody_types() -> None:
    assert read_mark(KEY, "Az. Müller".encode().decode("latin-1")) == mark_of(KEY, "AZ.MÜLLER")
    assert read_mark(KEY, "Az. Müller") == mark_of(KEY, "AZ.MÜLLER")
    assert read_mark(KEY, None) == read_mark(KEY, "  ") == ""
    with pytest.raises(GatewayError) as refused:
        read_mark(KEY, "x" * 201)
    assert "Aktenzeichen" in refused.value.message
