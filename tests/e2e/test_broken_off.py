"""Streams that do not reach their end: the provider breaks off, or the client hangs up. Never a silent cut."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import openai
import pytest
from openai import OpenAI

from tests.support.echo_provider import PATIENCE, EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask, chat

TEXT = "Frau Sabine Krüger wohnt in der Lindenstraße 5, 12345 Musterstadt."


@pytest.mark.parametrize("after", [1, 2, 5, 9, 15])
def test_a_provider_that_breaks_off_is_reported_in_the_stream(
        gateway: GatewayProcess, person: Person, provider: EchoProvider, after: int) -> None:
    with provider.doing(cut=2, break_after=after):
        reply = ask("POST", gateway.url + "/v1/chat/completions", person.key, chat(TEXT, stream=True))
    events = reply.body.decode().split("\n\n")
    assert reply.status == 200
    assert events[-2:] == ["data: [DONE]", ""]
    error = json.loads(events[-3].removeprefix("data: "))["error"]
    assert error["code"] == "anbieter_fehler"
    assert reply.headers["x-request-id"] in error["message"]
    shown = "".join(json.loads(event[6:])["choices"][0]["delta"].get("content", "") for event in events[:-3])
    assert TEXT.startswith(shown.partition("[")[0])
    end, = gateway.ends_of(reply.headers["x-request-id"])
    assert (end.meta["status"], end.meta["code"]) == ("failed", "anbieter_fehler")


def test_the_sdk_raises_when_the_provider_breaks_off(client: OpenAI, provider: EchoProvider) -> None:
    with provider.doing(cut=2, break_after=6), pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(model="schnellstart", stream=True,
                                            messages=[{"role": "user", "content": TEXT}]))
    assert "Anbieter" in str(caught.value)


def test_a_client_that_hangs_up_in_mid_stream_stops_the_provider(
        client: OpenAI, gateway: GatewayProcess, provider: EchoProvider) -> None:
    with provider.doing(cut=3, wait_after=6):
        stream = client.chat.completions.create(model="schnellstart", stream=True,
                                                messages=[{"role": "user", "content": TEXT}])
        next(iter(stream))
        vorgang = stream.response.headers["x-request-id"]
        assert provider.paused.wait(PATIENCE)
        stream.close()
        assert provider.last.hung_up.wait(PATIENCE), "the provider went on for nobody"
    end, = gateway.ends_of(vorgang)
    assert (end.type, end.meta["status"]) == ("outcome", "aborted")


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_before_the_answer_begins_stops_the_provider(
        gateway: GatewayProcess, person: Person, provider: EchoProvider, stream: bool) -> None:
    known = {e.id for e in gateway.records()}
    with provider.doing(wait_after=0):
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(gateway.url).port, timeout=PATIENCE)
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(TEXT, stream=stream)),
                           {"Authorization": f"Bearer {person.key}"})
        assert provider.paused.wait(PATIENCE)
        connection.close()
        assert provider.last.hung_up.wait(PATIENCE)
    intent = next(e for e in gateway.records() if e.type == "intent" and e.id not in known)
    end, = gateway.ends_of(intent.meta["vorgang"])
    assert (end.ref, end.meta["status"]) == (intent.id, "aborted")
