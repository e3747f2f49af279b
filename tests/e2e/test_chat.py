"""A person with a valid KI-Pass works through the official OpenAI SDK; the provider is an echo on real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionToolParam

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask, chat
from tests.support.planted import MAIL, PLANTED, found_in

TOOL: ChatCompletionToolParam = {"type": "function", "function": {
    "name": "brief_suchen", "description": "Sucht einen Brief",
    "parameters": {"type": "object", "properties": {"wer": {"type": "string"}}, "required": ["wer"]}}}
QUOTED = 'Frau Sabine Krüger sagt "ja\\nein"\nund geht.'


def said(client: OpenAI, text: str, **more: Any) -> str:
    stream = client.chat.completions.create(model="schnellstart", messages=[{"role": "user", "content": text}],
                                            stream=True, **more)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_a_mail_full_of_personal_data_comes_back_whole_and_the_provider_saw_none_of_it(
        client: OpenAI, provider: EchoProvider) -> None:
    answer = client.chat.completions.create(model="schnellstart", messages=[{"role": "user", "content": MAIL}])
    assert answer.choices[0].message.content == MAIL
    assert found_in(provider.last.body) == []
    assert answer.model == "schnellstart"
    assert provider.last.json["model"] == "echo-1"


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 7, 11, 16, 40, None])
def test_a_streamed_mail_comes_back_whole_wherever_the_provider_cuts_it(
        client: OpenAI, provider: EchoProvider, cut: int | None) -> None:
    with provider.doing(cut=cut):
        assert said(client, MAIL) == MAIL
    assert found_in(provider.last.body) == []


async def ask_asynchronously(url: str, key: str) -> tuple[str | None, str]:
    async with AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as sdk:
        messages: Any = [{"role": "user", "content": MAIL}]
        whole = await sdk.chat.completions.create(model="schnellstart", messages=messages)
        stream = await sdk.chat.completions.create(model="schnellstart", messages=messages, stream=True)
        return whole.choices[0].message.content, "".join([c.choices[0].delta.content or "" async for c in stream])


def test_the_asynchronous_client_gets_the_same(gateway: GatewayProcess, person: Person) -> None:
    import asyncio
    assert asyncio.run(ask_asynchronously(gateway.url + "/v1", person.key)) == (MAIL, MAIL)


def test_usage_comes_in_a_stream_only_when_it_was_asked_for(client: OpenAI, provider: EchoProvider) -> None:
    for asked in (True, False):
        more: Any = {"stream_options": {"include_usage": True}} if asked else {}
        chunks = list(client.chat.completions.create(
            model="schnellstart", messages=[{"role": "user", "content": "Guten Tag"}], stream=True, **more))
        assert [c.usage.total_tokens for c in chunks if c.usage] == ([18] if asked else [])
        assert all(chunk.choices for chunk in chunks) is not asked
        assert provider.last.json["stream_options"] == {"include_usage": True}, "the book wants to know in any case"


def test_every_one_of_several_choices_is_restored(client: OpenAI, provider: EchoProvider) -> None:
    answer = client.chat.completions.create(model="schnellstart", n=2, messages=[{"role": "user", "content": MAIL}])
    assert [choice.message.content for choice in answer.choices] == [MAIL, f"1: {MAIL}"]
    with provider.doing(cut=3):
        stream = client.chat.completions.create(model="schnellstart", n=2, stream=True,
                                                messages=[{"role": "user", "content": MAIL}])
        texts = ["", ""]
        for chunk in stream:
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
    assert texts == [MAIL, f"1: {MAIL}"]


@pytest.mark.parametrize("cut", [1, 4, None])
def test_arguments_of_a_tool_arrive_as_valid_json_with_the_values_in_them(
        client: OpenAI, provider: EchoProvider, cut: int | None) -> None:
    text = f"{QUOTED} Frau \"Sabine\\Krüger\""
    with provider.doing(tool=("brief_suchen", "wer"), cut=cut):
        whole = client.chat.completions.create(model="schnellstart", tools=[TOOL],
                                               messages=[{"role": "user", "content": text}])
        calls: Any = whole.choices[0].message.tool_calls
        assert json.loads(calls[0].function.arguments) == {"wer": text}
        stream = client.chat.completions.create(model="schnellstart", tools=[TOOL], stream=True,
                                                messages=[{"role": "user", "content": text}])
        arguments = "".join(chunk.choices[0].delta.tool_calls[0].function.arguments or ""  # type: ignore[union-attr]
                            for chunk in stream if chunk.choices[0].delta.tool_calls)
    assert json.loads(arguments) == {"wer": text}
    assert found_in(provider.last.body, ("Krüger", "Sabine")) == []


def test_the_result_of_a_tool_is_redacted_in_the_next_turn_and_comes_back(
        client: OpenAI, provider: EchoProvider) -> None:
    result = json.dumps({"name": "Sabine Krüger", "iban": "DE89370400440532013000", "betrag": 12.50})
    assert "\\u00fc" in result, "as most programs write it"
    messages: Any = [
        {"role": "user", "content": "Suche den Brief von Frau Sabine Krüger"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_0", "type": "function",
             "function": {"name": "brief_suchen", "arguments": '{"wer": "Sabine Kr\\u00fcger"}'}}]},
        {"role": "tool", "tool_call_id": "call_0", "content": result}]
    answer = client.chat.completions.create(model="schnellstart", tools=[TOOL], messages=messages)
    assert json.loads(answer.choices[0].message.content or "") == json.loads(result)
    assert found_in(provider.last.body, ("Krüger", "Kr\\u00fcger", "DE89370400440532013000")) == []
    assert b"12.5" in provider.last.body


def test_a_tool_that_the_client_did_not_declare_gets_no_value_back(client: OpenAI, provider: EchoProvider) -> None:
    model = "vllm-haus"  # the quick start trusts every tool
    for name, said in (("web_search", "Frau [PERSON1W]"), ("brief_suchen", "Frau Sabine Krüger")):
        for cut in (2, None):
            with provider.doing(tool=(name, "query"), cut=cut):
                stream = client.chat.completions.create(
                    model=model, tools=[TOOL], stream=True,
                    messages=[{"role": "user", "content": "Frau Sabine Krüger"}])
                arguments = "".join(chunk.choices[0].delta.tool_calls[0].function.arguments or ""  # type: ignore[union-attr]
                                    for chunk in stream if chunk.choices[0].delta.tool_calls)
            assert json.loads(arguments) == {"query": said}


def test_nothing_of_the_callers_headers_and_names_reaches_the_provider(
        gateway: GatewayProcess, person: Person, provider: EchoProvider) -> None:
    body = chat("Guten Tag", user="canary-user", metadata={"wer": "canary-metadata"}, safety_identifier="canary-safe",
                prompt_cache_key="canary-cache", store=True, erfunden="canary-field")
    reply = ask("POST", gateway.url + "/v1/chat/completions", person.key, body, X_OpenWebUI_User_Name="canary-header",
                X_OpenWebUI_User_Email="canary@example.org", Cookie="canary=1", User_Agent="canary-agent",
                X_KI_Zweck="textentwurf", OpenAI_Organization="canary-org")
    assert reply.status == 200
    got = provider.last
    assert set(got.headers) == {"Host", "Content-Type", "Accept", "Accept-Encoding", "User-Agent", "Authorization",
                                "Content-Length"}
    assert got.headers["Authorization"] == "Bearer sk-of-the-provider"
    assert set(got.json) == {"model", "messages"}
    assert b"canary" not in got.body + str(got.headers).encode()
    assert person.key.encode() not in got.body


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions", "/v1/chat/completions/",
                                  "/chat/completions/"])
def test_the_api_answers_with_and_without_v1_and_a_slash(gateway: GatewayProcess, person: Person, path: str) -> None:
    reply = ask("POST", gateway.url + path, person.key, chat("Frau Sabine Krüger"))
    assert reply.json["choices"][0]["message"]["content"] == "Frau Sabine Krüger"
    assert reply.headers["x-ki-pforte-decision"] == "allowed"
    assert reply.headers["x-ki-pforte-model"] == "schnellstart"
    assert reply.headers["x-ki-pforte-redactions"] == "PERSON=1"
    assert len(reply.headers["x-ki-pforte-policy"]) == 64
    assert "KI-System" in reply.headers["x-ki-pforte-hinweis"]


@pytest.mark.parametrize("scheme", ["Authorization", "x-api-key", "api-key", "basic"])
def test_a_key_is_accepted_wherever_clients_put_it(gateway: GatewayProcess, person: Person, scheme: str) -> None:
    import base64
    basic = base64.b64encode(f"egal:{person.key}".encode()).decode()
    headers = {"Authorization": f"Bearer {person.key}"} if scheme == "Authorization" else (
        {"Authorization": f"Basic {basic}"} if scheme == "basic" else {scheme: person.key})
    assert ask("GET", gateway.url + "/v1/models", **headers).status == 200


def test_a_declared_purpose_is_written_into_the_book(gateway: GatewayProcess, person: Person) -> None:
    reply = ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Guten Tag"), X_KI_Zweck="uebersetzung")
    vorgang = reply.headers["x-request-id"]
    intent = next(e for e in gateway.records() if e.type == "intent" and e.meta["vorgang"] == vorgang)
    assert intent.meta["purpose"] == "uebersetzung"
    assert intent.meta["department"] == person.department


def test_the_list_shows_what_the_department_may_use(client: OpenAI, gateway: GatewayProcess) -> None:
    assert {model.id for model in client.models.list()} == {"demo", "vllm-haus", "eu-cloud", "schnellstart"}
    staff_office = gateway.holder("gueltig", "personalamt")
    reply = ask("GET", gateway.url + "/models/", staff_office.key)
    assert {model["id"] for model in reply.json["data"]} == {"demo", "vllm-haus", "schnellstart"}
    assert client.models.retrieve("demo").id == "demo"
    assert "pipeline" not in str(reply.json), "Open WebUI would begin to send names"
    assert {"object": "model", "type": "model"}.items() <= reply.json["data"][0].items(), "for OpenAI and for Anthropic"
    assert reply.json["data"][0]["display_name"] == reply.json["data"][0]["name"]


def test_the_grace_period_lets_pass_and_says_so(gateway: GatewayProcess) -> None:
    reply = ask("POST", gateway.url + "/v1/chat/completions", gateway.holder("kulanz").key, chat("Guten Tag"))
    assert reply.status == 200
    assert "neue Dienstvereinbarung" in reply.headers["x-ki-pforte-hinweis"]


def test_the_demo_quotes_what_a_provider_would_have_seen(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="demo", messages=[{"role": "user", "content": MAIL}])
    text = answer.choices[0].message.content or ""
    quoted = "\n".join(line for line in text.splitlines() if line.startswith(">"))
    assert "Sabine Krüger" in text, "put back in the words of the answer"
    assert "‹PERSON·" in quoted
    assert found_in(quoted, PLANTED) == []
