"""Recordings through the OpenAI SDK, against a server in the house that checks exactly what arrived."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from aiohttp import web
from openai import OpenAI

from tests.support.gateway_process import GatewayProcess, Person, example_policies
from tests.support.http import ask
from tests.support.planted import MAIL, found_in
from tests.support.recorded import WAV, arrived, form, sound

NAME = "Gespräch mit Sabine Krüger.wav"
PROMPT = "Es sprechen Frau Sabine Krüger und Herr Dr. Müller."
FORMS = {"srt": "1\n00:00:00,000 --> 00:00:01,000\n{}\n", "vtt": "WEBVTT\n\n00:00.000 --> 00:01.000\n{}\n",
         "text": "{}\n"}


class Whisper:
    """Writes down the prompt, whatever is said; of every request it keeps path, headers and fields."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], list[tuple[str, str | bytes]]]] = []
        self.bodies: list[bytes] = []
        self.broken = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Whisper:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    @property
    def fields(self) -> dict[str, Any]:
        return dict(self.received[-1][2])

    async def _open(self) -> str:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/audio/{what}", self._write_down)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _write_down(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.bodies.append(body)
        self.received.append((request.path, dict(request.headers), arrived(body, request.headers["Content-Type"])))
        text, wanted = self.fields.get("prompt", "Guten Tag."), self.fields.get("response_format", "json")
        usage = {"type": "duration", "seconds": 1}
        if wanted in FORMS:
            return web.Response(text=FORMS[wanted].format(text))
        if self.fields.get("stream") != "true":
            more = {} if wanted == "json" else {"language": "german", "duration": 1.0, "segments": [
                {"id": 0, "start": 0.0, "end": 1.0, "text": text, "tokens": [1]}]}
            return web.json_response({"text": text, "usage": usage, **more})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for at in range(0, len(text), 3):
            await self._say(response, {"type": "transcript.text.delta", "delta": text[at:at + 3]})
            if self.broken:
                assert request.transport is not None
                request.transport.abort()
                return response
        await self._say(response, {"type": "transcript.text.done", "text": text})
        return response

    async def _say(self, response: web.StreamResponse, event: dict[str, Any]) -> None:
        await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")


@pytest.fixture(scope="module")
def whisper() -> Iterator[Whisper]:
    with Whisper() as running:
        yield running


@pytest.fixture(scope="module")
def listening(whisper: Whisper, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway whose policy lets sound pass in the house; the Sozialamt refuses it."""
    folder: Path = tmp_path_factory.mktemp("recordings")
    policies = example_policies(folder / "policies", whisper.url)
    organisation, models = policies / "organisation.yaml", policies / "models.yaml"
    text = organisation.read_text(encoding="utf-8")
    organisation.write_text(text.replace("audio: refuse", "audio: pass", 1), encoding="utf-8")
    register = models.read_text(encoding="utf-8").replace("timeout_seconds: 1\n", "timeout_seconds: 30\n")
    head, name, rest = register.partition("  vllm-haus:\n")
    models.write_text(head + name + re.sub(r"dialects: \[.*\]", "dialects: [chat, transcriptions, translations]", rest,
                                           count=1), encoding="utf-8")
    office = policies / "departments" / "sozialamt.yaml"
    office.write_text(refusing(office.read_text(encoding="utf-8")), encoding="utf-8")
    with GatewayProcess(folder / "home", policies, whisper.url, KI_PFORTE_AUDIO_MB="2") as running:
        yield running.init().start()


def refusing(text: str) -> str:
    """Return a department's rules with sound refused."""
    from ruamel.yaml import YAML
    from ruamel.yaml.compat import StringIO

    yaml = YAML()
    rules = yaml.load(text)
    side = rules.setdefault("content", {}).setdefault("in_house", {})
    side["opaque"] = {**side.get("opaque", {}), "audio": "refuse"}
    out = StringIO()
    yaml.dump(rules, out)
    return str(out.getvalue())


@pytest.fixture
def clerk(listening: GatewayProcess) -> Person:
    return next(person for person in listening.people if person.state == "gueltig" and person.department != "sozialamt")


@pytest.fixture
def sdk(listening: GatewayProcess, clerk: Person) -> Iterator[OpenAI]:
    with OpenAI(base_url=listening.url + "/v1", api_key=clerk.key, max_retries=0) as client:
        yield client


def test_exactly_the_recording_and_the_redacted_prompt_arrive(sdk: OpenAI, whisper: Whisper, clerk: Person) -> None:
    answer = sdk.audio.transcriptions.create(
        model="vllm-haus", file=(NAME, WAV), prompt=PROMPT, language="de", temperature=0.2,
        extra_body={"user": "canary-user", "erfunden": "Sabine Krüger"}, extra_headers={"X-Note": "canary-header"})
    path, headers, fields = whisper.received[-1]
    assert path == "/v1/audio/transcriptions"
    assert [name for name, _ in fields] == ["model", "language", "prompt", "temperature", "file"]
    assert whisper.fields["model"].startswith("mistralai/")
    assert whisper.fields["file"] == b"aufnahme.wav: " + WAV
    assert (whisper.fields["language"], whisper.fields["temperature"]) == ("de", "0.2")
    assert "[PERSON" in whisper.fields["prompt"]
    assert found_in(whisper.bodies[-1]) == []
    sent = whisper.bodies[-1] + json.dumps(headers).encode()
    assert b"canary" not in sent
    assert clerk.key.encode() not in sent
    assert answer.text == PROMPT


@pytest.mark.parametrize("wanted", ["json", "verbose_json", "text", "srt", "vtt"])
def test_every_form_of_the_answer_comes_back_with_the_names(sdk: OpenAI, whisper: Whisper, wanted: Any) -> None:
    answer: Any = sdk.audio.transcriptions.create(model="vllm-haus", file=(NAME, WAV), prompt=PROMPT,
                                                  response_format=wanted)
    assert whisper.fields["response_format"] == wanted
    assert found_in(whisper.bodies[-1]) == []
    if wanted in FORMS:
        assert answer == FORMS[wanted].format(PROMPT)
    else:
        assert answer.text == PROMPT
        assert wanted == "json" or answer.segments[0].text == PROMPT


def test_a_stream_comes_back_whole(sdk: OpenAI, whisper: Whisper) -> None:
    text = " ".join(MAIL.split())
    events = list(sdk.audio.transcriptions.create(model="vllm-haus", file=(NAME, WAV), prompt=text, stream=True))
    deltas = "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == deltas == text
    assert found_in(whisper.bodies[-1]) == []


def test_a_stream_that_breaks_off_is_raised(sdk: OpenAI, whisper: Whisper) -> None:
    whisper.broken = True
    try:
        with pytest.raises(openai.APIError, match="Anbieter"):
            list(sdk.audio.transcriptions.create(model="vllm-haus", file=(NAME, WAV), prompt=PROMPT, stream=True))
    finally:
        whisper.broken = False


def test_a_translation_goes_its_own_path(sdk: OpenAI, whisper: Whisper) -> None:
    answer = sdk.audio.translations.create(model="vllm-haus", file=(NAME, WAV), prompt=PROMPT)
    assert whisper.received[-1][0] == "/v1/audio/translations"
    assert answer.text == PROMPT


def test_a_form_as_open_webui_writes_it_arrives_as_well(listening: GatewayProcess, clerk: Person,
                                                       whisper: Whisper) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(WAV), 7):
            yield WAV[at:at + 7]

    async def speak() -> Any:
        data = aiohttp.FormData()
        data.add_field("model", "vllm-haus")
        data.add_field("language", "de")
        data.add_field("file", chunks(), filename=NAME)
        async with aiohttp.ClientSession() as session, session.post(
                listening.url + "/v1/audio/transcriptions", data=data,
                headers={"Authorization": f"Bearer {clerk.key}"}) as answer:
            return answer.status, await answer.json()
    assert asyncio.run(speak()) == (200, {"text": "Guten Tag.", "usage": {"type": "duration", "seconds": 1}})
    assert whisper.received[-1][2] == [("model", whisper.fields["model"]), ("language", "de"),
                                       ("file", b"aufnahme.wav: " + WAV)]


def test_the_book_knows_the_length_and_no_word(listening: GatewayProcess, sdk: OpenAI) -> None:
    reply = sdk.audio.transcriptions.with_raw_response.create(model="vllm-haus", file=(NAME, WAV), prompt=PROMPT)
    assert reply.headers["x-ki-pforte-decision"] == "allowed"
    assert "PERSON=2" in reply.headers["x-ki-pforte-redactions"]
    outcome = listening.ends_of(reply.headers["x-request-id"])[0]
    assert (outcome.type, outcome.meta["api"], outcome.meta["audio_seconds"]) == ("outcome", "transcriptions", 1)
    for path in [*listening.home.rglob("*"), listening.log]:
        if path.is_file():
            assert found_in(path.read_bytes(), ("Gespräch mit", "Es sprechen")) == [], path


def test_the_demo_says_what_it_is(sdk: OpenAI) -> None:
    answer = sdk.audio.transcriptions.create(model="demo", file=(NAME, sound(seconds=7)), prompt=PROMPT)
    assert "keine Spracherkennung" in answer.text
    assert "7 Sekunden" in answer.text
    assert "Sabine Krüger" in answer.text


@pytest.mark.parametrize(("model", "code", "words"), [
    ("eu-cloud", "anfrage_ungueltig", "nicht erreichbar"), ("schnellstart", "anfrage_ungueltig", "nicht erreichbar"),
    ("nirgends", "modell_unbekannt", "")])
def test_no_other_model_gets_the_recording(sdk: OpenAI, whisper: Whisper, model: str, code: str, words: str) -> None:
    before = len(whisper.received)
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.audio.transcriptions.create(model=model, file=(NAME, WAV), prompt=PROMPT)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert len(whisper.received) == before


def test_a_department_that_refuses_sound_is_refused(listening: GatewayProcess, whisper: Whisper) -> None:
    before = len(whisper.received)
    person = next(p for p in listening.people if p.state == "gueltig" and p.department == "sozialamt")
    with OpenAI(base_url=listening.url + "/v1", api_key=person.key, max_retries=0) as client, \
            pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="vllm-haus", file=(NAME, WAV))
    assert caught.value.code == "nicht_pruefbar"
    assert "soweit die Richtlinie es erlaubt" in str(caught.value)
    assert len(whisper.received) == before


def test_under_the_shipped_policy_no_recording_passes(gateway: GatewayProcess, client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="demo", file=(NAME, WAV))
    assert caught.value.code == "nicht_pruefbar"


def test_a_recording_that_is_too_large_is_refused_before_it_is_read(sdk: OpenAI, whisper: Whisper) -> None:
    before = len(whisper.received)
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.audio.transcriptions.create(model="vllm-haus", file=(NAME, sound(seconds=3, rate=1 << 20)))
    assert (caught.value.status_code, caught.value.code) == (413, "zu_gross")
    assert "2 MB" in str(caught.value)
    assert len(whisper.received) == before


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/audio/transcriptions/", "/audio/transcriptions",
                                  "/audio/translations/", "/v1/audio/translations"])
def test_each_spelling_of_a_path_refuses_in_words(listening: GatewayProcess, clerk: Person, path: str) -> None:
    for body in (b"{}", form([("model", "vllm-haus")]), form([("model", "vllm-haus"), ("file", WAV, "a.wav")])[:-9]):
        reply = ask("POST", listening.url + path, clerk.key, body)
        assert (reply.status, reply.json["error"]["code"]) == (400, "anfrage_ungueltig")
    assert ask("POST", listening.url + path, "", b"{}").status == 401
    assert ask("GET", listening.url + path, clerk.key).status == 405


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/images/generations", "/v1/audio"])
def test_what_makes_sound_and_pictures_is_no_path_here(listening: GatewayProcess, clerk: Person, path: str) -> None:
    reply = ask("POST", listening.url + path, clerk.key, {"model": "demo", "input": "Guten Tag"})
    assert (reply.status, reply.json["error"]["code"]) == (404, "pfad_unbekannt")
