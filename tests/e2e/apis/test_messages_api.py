"""The Messages API through the Anthropic SDK, on a provider that speaks it and on one that speaks only chat."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask
from tests.support.planted import MAIL, found_in
from tests.support.wire_provider import WireProvider

TOOL: Any = {"name": "brief_suchen", "description": "Sucht einen Brief", "input_schema": {
    "type": "object", "properties": {"wer": {"type": "string"}}, "required": ["wer"]}}
NAMED = 'Frau Sabine Krüger sagt "ja\\nein".'


def asking(text: str, **more: Any) -> Any:
    return {"max_tokens": 500, "messages": [{"role": "user", "content": text}], **more}


def test_a_mail_full_of_personal_data_comes_back_whole_and_the_provider_saw_none_of_it(
        claude: Anthropic, provider: WireProvider, model: str) -> None:
    answer = claude.messages.create(model=model, system="Sie helfen Frau Sabine Krüger.",
                                    metadata={"user_id": "canary"}, **asking(MAIL))
    block = answer.content[0]
    assert block.type == "text"
    assert block.text == MAIL
    assert (answer.model, answer.stop_reason) == (model, "end_turn")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    assert found_in(provider.last.body, ("Krüger", "canary", "DE89", "Wächter")) == []
    assert found_in(provider.last.body) == []
    assert provider.last.path == ("/v1/messages" if model == "schnellstart" else "/v1/chat/completions")


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 16, None])
def test_a_streamed_mail_comes_back_whole_wherever_the_provider_cuts_it(
        claude: Anthropic, provider: WireProvider, model: str, cut: int | None) -> None:
    with provider.doing(cut=cut), claude.messages.stream(model=model, **asking(MAIL)) as stream:
        assert "".join(stream.text_stream) == MAIL
        final = stream.get_final_message()
    assert final.content[0].text == MAIL  # type: ignore[union-attr]
    assert final.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (11, 7)
    assert found_in(provider.last.body) == []


@pytest.mark.parametrize("cut", [1, 4, None])
def test_a_tool_gets_the_values_and_its_result_is_redacted_in_the_next_turn(
        claude: Anthropic, provider: WireProvider, model: str, cut: int | None) -> None:
    with provider.doing(tool=("brief_suchen", "wer"), cut=cut):
        whole = claude.messages.create(model=model, tools=[TOOL], **asking(NAMED))
        with claude.messages.stream(model=model, tools=[TOOL], **asking(NAMED)) as stream:
            final = stream.get_final_message()
    for answer in (whole, final):
        assert answer.stop_reason == "tool_use"
        assert answer.content[0].input == {"wer": NAMED}  # type: ignore[union-attr]
    assert found_in(provider.last.body, ("Krüger", "Sabine")) == []
    result = "Herr Otto Weber, IBAN DE89 3704 0044 0532 0130 00"
    again = claude.messages.create(model=model, max_tokens=500, tools=[TOOL], messages=[
        {"role": "user", "content": NAMED},
        {"role": "assistant", "content": final.content},  # type: ignore[typeddict-item]
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": final.content[0].id,  # type: ignore[union-attr]
                                      "content": [{"type": "text", "text": result}]}]}])
    assert again.content[0].text == result  # type: ignore[union-attr]
    assert found_in(provider.last.body, ("Krüger", "Sabine", "Weber", "DE89")) == []


@pytest.mark.parametrize("after", [1, 2, 4, 8])
def test_a_provider_that_breaks_off_is_an_error_event_and_the_sdk_raises(
        gateway: GatewayProcess, person: Person, claude: Anthropic, provider: WireProvider, model: str,
        after: int) -> None:
    with provider.doing(cut=2, break_after=after):
        reply = ask("POST", gateway.url + "/v1/messages", person.key, {"model": model, "stream": True, **asking(NAMED)})
        with pytest.raises(anthropic.APIStatusError) as caught, claude.messages.stream(model=model,
                                                                                       **asking(NAMED)) as stream:
            stream.until_done()
    assert "Anbieter" in str(caught.value)
    last = reply.body.split(b"\n\n")[-2]
    assert last.startswith(b"event: error\ndata: ")
    error = json.loads(last.partition(b"data: ")[2])["error"]
    assert (error["type"], error["code"]) == ("api_error", "anbieter_fehler")
    assert reply.headers["x-request-id"] in error["message"]
    assert b"message_stop" not in reply.body
    end, = gateway.ends_of(reply.headers["x-request-id"])
    assert (end.meta["status"], end.meta["code"]) == ("failed", "anbieter_fehler")


@pytest.mark.parametrize(("status", "kind", "code"), [
    (400, anthropic.BadRequestError, "anfrage_ungueltig"), (401, anthropic.InternalServerError, "anbieter_fehler"),
    (429, anthropic.RateLimitError, "limit_erreicht"), (529, anthropic.InternalServerError, "anbieter_fehler")])
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_of_the_provider_is_shown_without_its_words(
        claude: Anthropic, provider: WireProvider, model: str, status: int, kind: type[anthropic.APIStatusError],
        code: str, stream: bool) -> None:
    body = json.dumps({"type": "error", "error": {"message": "canary Sabine Krüger", "type": "t"}}).encode()
    with provider.doing(status=status, error=body), pytest.raises(kind) as caught:
        claude.messages.create(model=model, stream=stream, **asking(NAMED))
    assert caught.value.body["error"]["code"] == code  # type: ignore[index]
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("state", "kind", "form"), [
    ("fehlt", anthropic.PermissionDeniedError, "permission_error"),
    ("abgelaufen", anthropic.PermissionDeniedError, "permission_error"),
    ("", anthropic.AuthenticationError, "authentication_error")])
def test_who_may_not_reads_why_in_the_form_of_the_sdk(
        gateway: GatewayProcess, provider: WireProvider, state: str, kind: type[anthropic.APIStatusError],
        form: str) -> None:
    before = len(provider.received)
    key = gateway.holder(state).key if state else "kip_falsch"
    with Anthropic(base_url=gateway.url, api_key=key, max_retries=0) as sdk:
        with pytest.raises(kind) as caught:
            sdk.messages.create(model="schnellstart", **asking("Guten Tag"))
        with pytest.raises(kind):
            sdk.messages.count_tokens(model="schnellstart", messages=[{"role": "user", "content": "Guten Tag"}])
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"]) == ("error", form)
    assert caught.value.response.headers["x-request-id"] in body["error"]["message"]
    assert len(provider.received) == before


def test_a_malformed_request_and_an_unknown_model_are_told_apart(claude: Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        claude.messages.create(model="schnellstart", max_tokens=9, messages=[])
    with pytest.raises(anthropic.NotFoundError, match="Modell"):
        claude.messages.create(model="gibt-es-nicht", **asking("Guten Tag"))


def test_tokens_are_counted_without_a_call_to_the_provider(claude: Anthropic, provider: WireProvider,
                                                         model: str) -> None:
    before = len(provider.received)
    short = claude.messages.count_tokens(model=model, messages=[{"role": "user", "content": "Guten Tag"}])
    long = claude.messages.count_tokens(model=model, messages=[{"role": "user", "content": MAIL}], system="Kurz.",
                                        tools=[TOOL])
    assert 3 <= short.input_tokens <= 12
    assert long.input_tokens > 150
    assert len(provider.received) == before
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.count_tokens(model="gibt-es-nicht", messages=[{"role": "user", "content": "Guten Tag"}])


def test_a_tool_that_runs_at_the_provider_is_refused_with_the_reason(claude: Anthropic, provider: WireProvider) -> None:
    before = len(provider.received)
    with pytest.raises(anthropic.BadRequestError, match="Werkzeug"):
        claude.messages.create(model="vllm-haus", **asking("Guten Tag"), tools=[
            {"type": "web_search_20250305", "name": "web_search"}])
    assert len(provider.received) == before
