"""Forms of any content, cut by any boundary: what arrives is what was described, and nothing planted arrives.

A form comes through the door in network pieces of any size, goes through the whole house, and is read again by the
library of the language, as a provider would.
"""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.http.asgi import read_body
from gateway.wire.forms import read_form, write_form
from gateway.wire.recordings import Recording
from gateway.wire.transcriptions import LISTS, TRANSCRIPTION, Transcriptions
from tests.support.fake_house import FakeHouse
from tests.support.recorded import WAV, arrived, asked, form
from tests.unit.pipeline.test_recordings import policies

BOUNDARIES = st.from_regex(r"[0-9A-Za-z'()+_,./:=?-]{1,69}[0-9A-Za-z]", fullmatch=True)
VALUES = st.one_of(st.text(max_size=40), st.text("\r\n-ax", max_size=30))
SOUNDS = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from([b"\r", b"\n", b"--", b"a"])).map(b"".join))
PLANTED = ("Sabine Krüger", "Otto Weber")
NAMES = sorted({name for name in TRANSCRIPTION if name not in ("file", "model")} | {f"{name}[]" for name in LISTS})


@settings(max_examples=150, deadline=None)
@given(boundary=BOUNDARIES, prompt=VALUES, keywords=st.lists(VALUES, max_size=3), data=SOUNDS)
def test_a_form_is_read_as_it_was_written_whatever_cuts_it(boundary: str, prompt: str, keywords: list[str],
                                                          data: bytes) -> None:
    fields: Any = [("model", "demo"), ("prompt", prompt), *(("keywords[]", word) for word in keywords),
                   ("file", WAV + data, "Gespräch.wav")]
    body = form(fields, boundary)
    if any(f"\r\n--{boundary}".encode() in b"\r\n" + value for value in (prompt.encode(), WAV + data,
                                                                     *(word.encode() for word in keywords))):
        return  # no client chooses such a boundary
    expected = {"model": "demo", "prompt": prompt, "file": Recording(WAV + data, "wav", "audio/wav")}
    assert read_form(body, LISTS) == expected | ({"keywords": keywords} if keywords else {})
    written, media = write_form([("prompt", prompt), ("file", expected["file"])])
    assert arrived(written, media) == [("prompt", prompt), ("file", b"aufnahme.wav: " + WAV + data)]


@settings(max_examples=100, deadline=None)
@given(cuts=st.lists(st.integers(0, 700), max_size=12), end=st.integers(0, 700))
def test_a_form_that_comes_in_pieces_is_the_same_form_and_a_part_of_one_is_none(cuts: list[int], end: int) -> None:
    whole = asked(("prompt", "Guten Tag"), ("stream", "true"))
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in pairwise(edges)]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
    assert asyncio.run(read_body({}, receive, 1 << 20)) == whole
    with pytest.raises(GatewayError) as refused:
        read_form(whole[:min(end, len(whole) - 4)], LISTS)
    assert refused.value.code == "anfrage_ungueltig"


def bare(field: tuple[str, str]) -> str:
    return field[0].removesuffix("[]")


def planted(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, f"Frau {name}, bitte", json.dumps({"x": name}),
                            json.dumps([name], ensure_ascii=False), f" {name}\n", f"true {name}", f"de-{name}"])


@settings(max_examples=120, deadline=None)
@given(fields=st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.sampled_from(["x", "Sabine Krüger", "metadata"])),
                                 st.sampled_from(PLANTED).flatmap(planted)), max_size=6,
                       unique_by=bare),
       filename=st.sampled_from(["Sabine Krüger.wav", "../Otto Weber", "a.wav"]))
def test_nothing_planted_in_any_field_arrives(fields: list[tuple[str, str]], filename: str) -> None:
    house = FakeHouse(policies)
    house.says = lambda _: (200, [orjson.dumps({"text": "Guten Tag"})])
    out, raw = asyncio.run(house.ask(asked(*fields, name=filename), dialect=Transcriptions()))
    assert out.status in (200, 400), raw
    assert house.book[-1].meta.get("code", "") in ("", "anfrage_ungueltig"), raw
    for request in house.sent:
        content = request.redacted.body
        assert not [name for name in PLANTED if name.encode() in content]
        assert not [name for name in PLANTED if json.dumps(name)[1:-1].encode() in content]
        assert b"Kr" not in content.replace(WAV, b"")
