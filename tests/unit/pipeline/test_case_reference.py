"""A case reference is found by who knows it, read by nobody, and leaves the house never."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.pipeline.doors import Inbound
from gateway.pipeline.reference import HEADER, mark_of, read_mark
from gateway.ports import Credentials
from gateway.wire.chat_completions import ChatCompletions
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person

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


def through(headers: dict[str, str]) -> tuple[FakeHouse, int]:
    """Send a request with these headers through the house."""
    house = FakeHouse(all_on, person("bauamt"))
    body = orjson.dumps(chat())
    out = asyncio.run(house.pipeline.handle(Inbound(ChatCompletions(), body, Credentials("bearer", "kip_x", headers),
                                                    None, "7F3K-2QXM-9BTD")))
    return house, out.status


def test_the_book_has_the_mark_of_a_reference_and_the_provider_nothing() -> None:
    reference = "50-1 Krüger/2026"
    house, status = through({HEADER: reference.encode().decode("latin-1")})
    assert status == 200
    mark = mark_of(house.rooms.secret, reference)
    [intent] = [entry for entry in house.book if entry.kind == "intent"]
    assert intent.meta["reference"] == mark
    assert reference not in repr([entry.meta for entry in house.book])
    [sent] = house.sent
    for secret in (reference, mark):
        assert secret.encode() not in sent.redacted.body
        assert secret not in repr(sent)


def test_a_refusal_is_found_under_the_reference_as_well() -> None:
    house = FakeHouse(all_on, person("bauamt"))
    body = orjson.dumps(chat(model="gibt-es-nicht"))
    asyncio.run(house.pipeline.handle(Inbound(ChatCompletions(), body, Credentials("bearer", "kip_x", {HEADER: "A-1"}),
                                              None, "7F3K-2QXM-9BTD")))
    assert [(entry.kind, entry.meta["reference"]) for entry in house.book] == [
        ("denied", mark_of(house.rooms.secret, "a-1"))]


def test_without_a_reference_the_book_has_none_and_a_novel_is_refused() -> None:
    house, _ = through({})
    assert all("reference" not in entry.meta for entry in house.book)
    house, status = through({HEADER: "x" * 201})
    assert (status, house.sent) == (400, [])
