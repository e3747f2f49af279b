"""A recording goes the one way through the house: where policy lets sound pass, and only to models in the house."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
import pytest

from gateway.model.finding import Finding, Passage
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.policy.schema import Content, Department, Organisation, Side
from gateway.wire.transcriptions import Transcriptions, Translations
from tests.support.fake_house import GUEST, NAMES, FakeHouse
from tests.support.recorded import WAV, Field, arrived, asked
from tests.unit.policy.policy_sets import all_on, shipped

SAID = {"text": "Guten Tag, Frau [PERSON1].", "usage": {"type": "duration", "seconds": 61.2}}


@cache
def policies(sound: str = "pass", answers: str = "show", department: str = "") -> PolicySet:
    """Return the shipped policies with sound let through, and models that all write down recordings."""
    base = shipped()
    content = base.organisation.content
    sides = {name: Side.model_validate({**getattr(content, name).model_dump(), "answers": answers, "opaque": {
        "audio": sound}}) for name in ("in_house", "outside")}
    changed = Organisation.model_validate({**base.organisation.model_dump(), "content": Content(**sides)})
    files = dict(base.files)
    if department:
        side = Side.model_validate({"opaque": {"audio": "refuse"}})
        files[department] = Department.model_validate({
            **files[department].model_dump(), "content": Content(in_house=side)})
    models = {key: replace(model, dialects=model.dialects | {"transcriptions", "translations"})
              for key, model in all_on().models.items()}
    return reworked(base, "d" * 64, organisation=changed, departments=files, models=models)


class House(FakeHouse):
    """One whose detector also looks at single sentences of an answer."""

    def find(self, passage: Passage) -> tuple[Finding, ...]:
        return tuple(Finding(m.start(), m.end(), "PERSON", 1.0, "anrede") for m in NAMES.finditer(passage.text))


def ask(body: bytes, *, sound: str = "pass", answers: str = "show", department: str = "", says: Any = SAID,
        dialect: Transcriptions | None = None) -> tuple[FakeHouse, Any, bytes]:
    house = House(lambda: policies(sound, answers, department))
    house.says = lambda _: (200, [says if isinstance(says, bytes) else orjson.dumps(says)])
    out, raw = asyncio.run(house.ask(body, dialect=dialect or Transcriptions()))
    return house, out, raw


PROMPT: Field = ("prompt", "Es sprechen Frau Sabine Krüger und Herr Otto Weber.")


def test_a_recording_goes_out_with_its_prompt_redacted_and_comes_back_restored() -> None:
    house, out, raw = ask(asked(PROMPT, ("language", "de")))
    assert (out.status, out.content_type) == (200, "application/json")
    assert orjson.loads(raw)["text"] == "Guten Tag, Frau Sabine Krüger."
    sent = house.sent[0]
    assert sent.dialect == "transcriptions"
    fields = dict(arrived(sent.redacted.body, sent.redacted.media))
    assert fields["file"] == b"aufnahme.wav: " + WAV
    assert re.fullmatch(r"Es sprechen Frau \[PERSON1\w*\] und Herr \[PERSON2\w*\]\.", str(fields["prompt"]))
    assert fields["language"] == "de"
    assert out.headers["x-ki-pforte-redactions"] == "PERSON=2"


def test_the_book_has_one_intent_and_one_outcome_with_the_length_of_the_recording() -> None:
    house, _, _ = ask(asked(PROMPT))
    assert house.kinds() == ["intent", "outcome"]
    intent, outcome = (entry.meta for entry in house.book)
    assert (intent["api"], intent["found"], intent["decision"]) == ("transcriptions", {"PERSON": 2}, "allowed")
    assert (outcome["status"], outcome["audio_seconds"]) == ("ok", 62)
    assert "Krüger" not in repr(house.book)


@pytest.mark.parametrize("sound", ["inspect", "refuse"])
def test_where_policy_does_not_let_sound_pass_nothing_is_sent(sound: str) -> None:
    house, out, raw = ask(asked(PROMPT), sound=sound)
    assert (out.status, house.sent, house.kinds()) == (400, [], ["denied"])
    error = orjson.loads(raw)["error"]
    assert error["code"] == "nicht_pruefbar"
    assert "soweit die Richtlinie es erlaubt" in error["message"]
    assert len(error["message"]) <= 300 + len(" Vorgang 7F3K-2QXM-9BTD")


@pytest.mark.parametrize("sound", ["pass", "inspect", "refuse"])
@pytest.mark.parametrize("dialect", [Transcriptions(), Translations()])
def test_to_a_model_outside_no_recording_goes_whatever_policy_says(sound: str, dialect: Transcriptions) -> None:
    house, out, raw = ask(asked(PROMPT, model="claude"), sound=sound, dialect=dialect)
    assert (out.status, house.sent) == (400, [])
    error = orjson.loads(raw)["error"]
    assert error["code"] == "nicht_pruefbar"
    assert "nur an Modelle im Haus" in error["message"]


def test_a_department_may_refuse_what_the_organisation_lets_pass() -> None:
    house, out, raw = ask(asked(), department=GUEST.department)
    assert (out.status, house.sent) == (400, [])
    assert orjson.loads(raw)["error"]["code"] == "nicht_pruefbar"
    other = "sozialamt" if GUEST.department != "sozialamt" else "bauamt"
    assert ask(asked(), department=other)[1].status == 200


def test_a_model_that_writes_nothing_down_is_named_in_the_refusal() -> None:
    house = FakeHouse(lambda: reworked(all_on(), "d" * 64, organisation=policies().organisation))
    out, raw = asyncio.run(house.ask(asked(model="vllm-haus"), dialect=Transcriptions()))
    assert (out.status, house.sent) == (400, [])
    assert "über diese Schnittstelle nicht erreichbar" in orjson.loads(raw)["error"]["message"]


def test_a_special_detail_in_the_prompt_is_counted_like_anywhere() -> None:
    house, _, _ = ask(asked(("prompt", "L01X00T47")))
    assert house.book[0].meta["found"] == {"ID_CARD": 1}
    assert b"L01X00T47" not in house.sent[0].redacted.body


@pytest.mark.parametrize(("wanted", "says"), [
    ("text", b"Herr Otto Weber kommt."),
    ("srt", b"1\n00:00:00,000 --> 00:00:01,000\nHerr Otto\n\n2\n00:00:01,000 --> 00:00:02,000\nWeber kommt. Gut.\n"),
    ("vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nHerr Otto\n\n00:01.000 --> 00:02.000\nWeber kommt.\n"),
    ("json", {"text": "Herr Otto Weber kommt."}),
    ("verbose_json", {"text": "Herr Otto Weber kommt.", "segments": [{"id": 0, "text": " Herr Otto"},
                                                                    {"id": 1, "text": " Weber kommt."}],
                      "words": [{"word": "Otto"}, {"word": "Weber"}]})])
def test_people_whom_the_caller_never_named_are_hidden_where_policy_says_so(wanted: str, says: Any) -> None:
    _, out, raw = ask(asked(("response_format", wanted)), answers="mask", says=says)
    assert out.status == 200
    assert b"Weber" not in raw, raw
    assert b"Otto" not in raw
    assert "entfernt" in raw.decode()
    shown = ask(asked(("response_format", wanted)), answers="show", says=says)[2]
    assert b"Weber" in shown
    assert (shown == says) if isinstance(says, bytes) else (orjson.loads(shown) == says)


def test_people_whom_the_caller_never_named_are_counted_where_policy_says_so() -> None:
    house, _, raw = ask(asked(), answers="flag", says={"text": "Herr Otto Weber kommt."})
    assert b"Weber" in raw
    assert house.book[-1].meta["strangers"] == {"PERSON": 1}


def test_a_stream_ends_with_the_whole_text_once_the_outcome_is_in_the_book() -> None:
    events = [{"type": "transcript.text.delta", "delta": part} for part in ("Guten Tag, Frau [PER", "SON1", "].")]
    done = {"type": "transcript.text.done", "text": "Guten Tag, Frau [PERSON1].",
            "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 9, "total_tokens": 23}}
    frames = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in (*events, done))
    house, out, raw = ask(asked(PROMPT, ("stream", "true")), says=frames)
    assert out.content_type.startswith("text/event-stream")
    got = [orjson.loads(line[6:]) for line in raw.split(b"\n\n") if line]
    assert "".join(event.get("delta", "") for event in got) == got[-1]["text"] == "Guten Tag, Frau Sabine Krüger."
    assert got[-1]["usage"] == done["usage"]
    assert (house.book[-1].meta["tokens_in"], house.book[-1].meta["tokens_out"]) == (14, 9)
    assert ("stream", "true") in arrived(house.sent[0].redacted.body, house.sent[0].redacted.media)


@pytest.mark.parametrize("says", [b"", b"<html>", b"[]", b'{"text": 7}', b'{"segments": []}',
                                  b'{"text": "x", "segments": 7}'])
def test_what_is_no_transcript_is_a_fault_of_the_provider_and_recorded(says: bytes) -> None:
    house, out, raw = ask(asked(PROMPT), says=says)
    assert (out.status, orjson.loads(raw)["error"]["code"]) == (502, "anbieter_fehler")
    assert house.book[-1].meta["status"] == "failed"
