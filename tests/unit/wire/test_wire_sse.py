"""Events out of bytes: what the network cut, what providers write differently, what is no event."""

from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.wire import sse
from gateway.wire.sse import SseReader, data_of


def events(raw: bytes) -> list[bytes | None]:
    reader = SseReader()
    return [data_of(event) for event in [*reader.feed(raw), *reader.close()]]


def test_every_kind_of_line_end_ends_a_line() -> None:
    assert events(b"data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d\r\n\n") == [b"a", b"b", b"c", b"d"]


def test_a_byte_order_mark_is_not_part_of_the_first_event() -> None:
    assert events(b"\xef\xbb\xbfdata: a\n\n") == [b"a"]


def test_comments_and_other_fields_carry_no_data() -> None:
    assert events(b": ping\n\nevent: x\nid: 7\n\nevent: y\ndata: a\n\n") == [None, None, b"a"]


def test_several_data_lines_are_one_text() -> None:
    assert events(b"data: a\ndata:b\ndata:\n\n") == [b"a\nb\n"]


def test_more_than_one_blank_line_is_no_event() -> None:
    assert events(b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n\n") == [b"a", b"b"]


def test_the_last_event_needs_no_blank_line() -> None:
    assert events(b"data: a\n\ndata: b") == [b"a", b"b"]


def test_an_event_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    reader = SseReader()
    for _ in range(9):
        assert reader.feed(b"data: " + b"a" * 100) == []
    with pytest.raises(GatewayError) as caught:
        reader.feed(b"data: " + b"a" * 100)
    assert caught.value.code == "anbieter_fehler"
