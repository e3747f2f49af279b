"""The demo recognises no speech and says so, in every form in which a transcript can be asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from gateway.upstream.demo import DemoProvider
from tests.support.recorded import asked, form, sound

HEAD = {"Content-Type": "multipart/form-data; boundary=----WebKitFormBoundaryx7MA4YWxkTrZu0gW"}


def said(body: bytes, path: str = "transcriptions") -> tuple[int, str, bytes]:
    async def run() -> tuple[int, str, bytes]:
        provider = DemoProvider()
        url = await provider.start()
        try:
            async with aiohttp.ClientSession() as session, session.post(
                    f"{url}/audio/{path}", data=body, headers=HEAD) as answer:
                return answer.status, answer.content_type, await answer.read()
        finally:
            await provider.close()
    return asyncio.run(run())


@pytest.mark.parametrize("path", ["transcriptions", "translations"])
def test_it_says_how_long_the_recording_is_and_that_it_heard_nothing(path: str) -> None:
    status, kind, body = said(asked(recording=sound(seconds=12)), path)
    assert (status, kind) == (200, "application/json")
    answer = orjson.loads(body)
    assert "12 Sekunden" in answer["text"]
    assert "keine Spracherkennung" in answer["text"]
    assert answer["usage"] == {"type": "duration", "seconds": 12}


def test_it_repeats_the_prompt_as_a_provider_would_have_seen_it() -> None:
    text = orjson.loads(said(asked(("prompt", "Frau [PERSON1] spricht.")))[2])["text"]
    assert "Frau ‹PERSON·1› spricht." in text
    assert text.endswith("[PERSON1].")


@pytest.mark.parametrize(("wanted", "holds"), [
    ("text", b"Dies ist die eingebaute Demo"), ("srt", b"1\n00:00:00,000 --> 00:00:01,000\n"),
    ("vtt", b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n"), ("verbose_json", b'"segments"'),
    ("diarized_json", b'"speaker"')])
def test_it_knows_every_form(wanted: str, holds: bytes) -> None:
    status, kind, body = said(asked(("response_format", wanted)))
    assert (status, kind) == (200, "application/json" if "json" in wanted else "text/plain")
    assert holds in body


def test_it_speaks_in_a_stream() -> None:
    _, kind, body = said(asked(("stream", "true")))
    assert kind == "text/event-stream"
    events: list[dict[str, Any]] = [orjson.loads(part[6:]) for part in body.split(b"\n\n") if part]
    assert "".join(event.get("delta", "") for event in events) == events[-1]["text"]
    assert events[-1]["type"] == "transcript.text.done"


@pytest.mark.parametrize("recording", [b"OggS" + b"\0" * 9000, sound()[:30]])
def test_of_what_it_cannot_measure_it_says_the_size(recording: bytes) -> None:
    text = orjson.loads(said(asked(recording=recording))[2])["text"]
    assert "Sekunden" not in text
    assert "kB" in text


@pytest.mark.parametrize("body", [b"{}", form([("model", "demo")]), asked(recording=b"Guten Tag")])
def test_what_is_no_recording_is_refused(body: bytes) -> None:
    assert said(body)[0] == 400
