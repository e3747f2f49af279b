"""The Responses API through the OpenAI SDK, on a provider that speaks it and on one that speaks only chat."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask
from tests.support.planted import MAIL, found_in
from tests.support.wire_provider import WireProvider

TOOL: Any = {"type": "function", "name": "brief_suchen", "description": "Sucht einen Brief", "strict": False,
             "parameters": {"type": "object", "properties": {"wer": {"type": "string"}}, "required": ["wer"]}}
NAMED = 'Frau Sabine Krüger sagt "ja\\nein".'


def test_a_mail_full_of_personal_data_comes_back_whole_and_the_provider_saw_none_of_it(
        client: OpenAI, provider: WireProvider, model: str) -> None:
    answer = client.responses.create(model=model, input=MAIL, instructions="Antworten Sie Frau Sabine Krüger.")
    assert answer.output_text == MAIL
    assert answer.status == "completed"
    assert answer.model == model
    assert answer.instructions == "Antworten Sie Frau Sabine Krüger."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 18
    assert found_in(provider.last.body) == []
    assert provider.last.path == ("/v1/responses" if model == "schnellstart" else "/v1/chat/completions")


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 16, None])
def test_a_streamed_mail_comes_back_whole_wherever_the_provider_cuts_it(
        client: OpenAI, provider: WireProvider, model: str, cut: int | None) -> None:
    with provider.doing(cut=cut), client.responses.stream(model=model, input=MAIL) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == MAIL
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == MAIL
    assert [event.sequence_number for event in events] == list(range(len(events)))  # type: ignore[union-attr]
    assert [event.type for event in events if event.type in (
        "response.completed", "response.failed", "response.incomplete")] == ["response.completed"]
    assert found_in(provider.last.body) == []


class Letter(BaseModel):
    name: str
    pages: int


def test_a_structured_answer_is_parsed_into_the_callers_class(
        client: OpenAI, provider: WireProvider, model: str) -> None:
    with provider.doing(says='{"name": "Otto Weber", "pages": 3}'):
        answer = client.responses.parse(model=model, input="Lies den Brief.", text_format=Letter)
    assert answer.output_parsed == Letter(name="Otto Weber", pages=3)
    sent = provider.last.json
    schema = (sent["text"]["format"]["schema"] if model == "schnellstart"
              else sent["response_format"]["json_schema"]["schema"])
    assert set(schema["properties"]) == {"name", "pages"}


def test_a_conversation_goes_on_by_the_id_of_the_last_answer(
        client: OpenAI, gateway: GatewayProcess, provider: WireProvider, model: str) -> None:
    first = client.responses.create(model=model, input=f"{NAMED} Und Otto Weber?")
    second = client.responses.create(model=model, input="Otto Weber antwortet Sabine Krüger.",
                                     previous_response_id=first.id)
    assert second.output_text == "Otto Weber antwortet Sabine Krüger."
    assert second.previous_response_id == first.id
    sent = provider.last.body.decode()
    assert first.id not in sent
    assert found_in(sent, ("Krüger", "Weber", "Sabine")) == []
    turns = [turn for turn in provider.last.json["input" if model == "schnellstart" else "messages"]
             if turn["role"] in ("user", "assistant")]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    with client.responses.stream(model=model, input="Danke.", previous_response_id=second.id) as stream:
        assert stream.get_final_response().output_text == "Danke."
    with pytest.raises(openai.BadRequestError, match="nicht mehr da"):
        client.responses.create(model=model, input="Danke.", previous_response_id=first.id + "x")
    other = next(p for p in gateway.people if p.state == "gueltig" and p.key != client.api_key)
    with (OpenAI(base_url=client.base_url, api_key=other.key, max_retries=0) as elsewhere,
          pytest.raises(openai.BadRequestError, match="nicht mehr da")):
        elsewhere.responses.create(model="schnellstart", input="Danke.", previous_response_id=first.id)


@pytest.mark.parametrize("cut", [1, 4, None])
def test_a_tool_gets_the_values_and_its_result_is_redacted_in_the_next_turn(
        client: OpenAI, provider: WireProvider, model: str, cut: int | None) -> None:
    with provider.doing(tool=("brief_suchen", "wer"), cut=cut):
        whole: Any = client.responses.create(model=model, input=NAMED, tools=[TOOL])
        assert json.loads(whole.output[0].arguments) == {"wer": NAMED}
        with client.responses.stream(model=model, input=NAMED, tools=[TOOL]) as stream:
            pieces = "".join(event.delta for event in stream if event.type == "response.function_call_arguments.delta")
            call: Any = stream.get_final_response().output[0]
    assert json.loads(pieces) == json.loads(call.arguments) == {"wer": NAMED}
    assert found_in(provider.last.body, ("Krüger", "Sabine")) == []
    result = json.dumps({"brief": "Herr Otto Weber, IBAN DE89 3704 0044 0532 0130 00"})
    answer = client.responses.create(model=model, tools=[TOOL], input=[
        {"role": "user", "content": NAMED}, call.model_dump(exclude_unset=True),
        {"type": "function_call_output", "call_id": call.call_id, "output": result}])
    assert json.loads(answer.output_text) == json.loads(result)
    assert found_in(provider.last.body, ("Krüger", "Sabine", "Weber", "DE89")) == []
    # and by the id of the answer, as the SDK's agents do it
    with provider.doing(tool=("brief_suchen", "wer"), cut=cut):
        first: Any = client.responses.create(model=model, input=NAMED, tools=[TOOL])
        second = client.responses.create(model=model, tools=[TOOL], previous_response_id=first.id, input=[
            {"type": "function_call_output", "call_id": first.output[0].call_id, "output": result}])
    assert json.loads(second.output_text) == json.loads(result)
    assert found_in(provider.last.body, ("Krüger", "Sabine", "Weber", "DE89")) == []


@pytest.mark.parametrize("after", [1, 2, 3, 5, 9])
def test_a_provider_that_breaks_off_ends_the_stream_with_words(
        gateway: GatewayProcess, person: Person, provider: WireProvider, model: str, after: int) -> None:
    with provider.doing(cut=2, break_after=after):
        reply = ask("POST", gateway.url + "/v1/responses", person.key, {"model": model, "input": NAMED, "stream": True})
    events = [json.loads(part.partition(b"data: ")[2]) for part in reply.body.split(b"\n\n") if part]
    assert [event["type"] for event in events].count("response.failed") == 1
    assert events[-1]["type"] == "response.failed"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    error = events[-1]["response"]["error"]
    assert error["code"] == "anbieter_fehler"
    assert reply.headers["x-request-id"] in error["message"]
    end, = gateway.ends_of(reply.headers["x-request-id"])
    assert (end.meta["status"], end.meta["code"]) == ("failed", "anbieter_fehler")


def test_the_sdk_hands_on_why_a_stream_failed(client: OpenAI, provider: WireProvider, model: str) -> None:
    with provider.doing(cut=2, break_after=6):
        *_, last = client.responses.create(model=model, input=NAMED, stream=True)
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert "Anbieter" in last.response.error.message


@pytest.mark.parametrize(("status", "kind", "code"), [
    (400, openai.BadRequestError, "anfrage_ungueltig"), (401, openai.InternalServerError, "anbieter_fehler"),
    (429, openai.RateLimitError, "limit_erreicht"), (500, openai.InternalServerError, "anbieter_fehler")])
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_of_the_provider_is_shown_without_its_words(
        client: OpenAI, provider: WireProvider, model: str, status: int, kind: type[openai.APIStatusError], code: str,
        stream: bool) -> None:
    body = json.dumps({"error": {"message": "canary Sabine Krüger", "type": "t", "code": "c"}}).encode()
    with provider.doing(status=status, error=body), pytest.raises(kind) as caught:
        client.responses.create(model=model, input=NAMED, stream=stream)
    assert caught.value.code == code
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("state", "kind", "code"), [
    ("fehlt", openai.PermissionDeniedError, "ki_pass_fehlt"), ("", openai.AuthenticationError, "schluessel_ungueltig")])
def test_who_may_not_reads_why(gateway: GatewayProcess, provider: WireProvider, state: str,
                               kind: type[openai.APIStatusError], code: str) -> None:
    before = len(provider.received)
    key = gateway.holder(state).key if state else "kip_falsch"
    with (OpenAI(base_url=gateway.url + "/v1", api_key=key, max_retries=0) as sdk, pytest.raises(kind) as caught):
        sdk.responses.create(model="schnellstart", input="Guten Tag")
    assert caught.value.code == code
    assert len(provider.received) == before


@pytest.mark.parametrize("tool", [{"type": "web_search"}, {"type": "code_interpreter", "container": {"type": "auto"}},
                                  {"type": "mcp", "server_label": "x", "server_url": "https://x.example"}])
def test_a_tool_that_runs_at_the_provider_is_refused_with_the_reason(
        client: OpenAI, provider: WireProvider, tool: Any) -> None:
    before = len(provider.received)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="vllm-haus", input="Guten Tag", tools=[tool])
    assert "Werkzeug" in str(caught.value)
    assert len(provider.received) == before


def test_what_names_the_caller_and_what_the_provider_would_keep_does_not_leave(
        client: OpenAI, provider: WireProvider, model: str) -> None:
    answer = client.responses.create(
        model=model, input="Guten Tag", store=True, user="canary-user", metadata={"wer": "canary-metadata"},
        safety_identifier="canary-safe", prompt_cache_key="canary-cache", extra_body={"erfunden": "canary-field"},
        extra_headers={"X-OpenWebUI-User-Name": "canary-header"})
    assert answer.metadata == {"wer": "canary-metadata"}
    assert b"canary" not in provider.last.body
    assert "canary" not in str(provider.last.headers)
    assert provider.last.json.get("store", False) is False
