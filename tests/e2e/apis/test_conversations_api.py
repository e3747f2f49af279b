"""Conversations with an id through the OpenAI SDK: kept by KI-Pforte, by nobody else, gone when they are deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask
from tests.support.planted import found_in
from tests.support.wire_provider import WireProvider

TOOL: Any = {"type": "function", "name": "brief_suchen", "description": "Sucht einen Brief", "strict": False,
             "parameters": {"type": "object", "properties": {"wer": {"type": "string"}}, "required": ["wer"]}}
NAMED = "Frau Sabine Krüger schreibt Otto Weber."
WORDS = ("Krüger", "Sabine", "Weber")


@pytest.fixture
def id_(client: OpenAI) -> Iterator[str]:
    made = client.conversations.create()
    yield made.id
    client.conversations.delete(made.id)


def texts(client: OpenAI, id_: str) -> list[tuple[str, str]]:
    items: list[Any] = list(client.conversations.items.list(id_, order="asc", limit=3))
    return [(item.role, item.content[0].text) for item in items]


def test_each_turn_finds_what_was_said_and_the_provider_learns_neither_names_nor_ids(
        client: OpenAI, provider: WireProvider, model: str, id_: str) -> None:
    first = client.responses.create(model=model, input=NAMED, conversation=id_)
    with client.responses.stream(model=model, input="Otto Weber antwortet.", conversation={"id": id_}) as stream:
        events = list(stream)
        second = stream.get_final_response()
    assert [answer.output_text for answer in (first, second)] == [NAMED, "Otto Weber antwortet."]
    echoed = [event.response.conversation for event in events if hasattr(event, "response")]
    assert {said.id for said in (first.conversation, second.conversation, *echoed) if said is not None} == {id_}
    assert None not in echoed
    sent = provider.last.body.decode()
    assert found_in(sent, (*WORDS, id_, "conv_")) == []
    turns = provider.last.json["input" if model == "schnellstart" else "messages"]
    assert [turn["role"] for turn in turns if turn["role"] in ("user", "assistant")] == ["user", "assistant", "user"]
    assert texts(client, id_) == [("user", NAMED), ("assistant", NAMED), ("user", "Otto Weber antwortet."),
                                  ("assistant", "Otto Weber antwortet.")]


def test_a_tool_gets_the_values_and_its_result_goes_into_the_conversation(
        client: OpenAI, provider: WireProvider, model: str, id_: str) -> None:
    with provider.doing(tool=("brief_suchen", "wer")):
        first: Any = client.responses.create(model=model, input=NAMED, tools=[TOOL], conversation=id_)
        assert json.loads(first.output[0].arguments) == {"wer": NAMED}
        second = client.responses.create(model=model, tools=[TOOL], conversation=id_, input=[
            {"type": "function_call_output", "call_id": first.output[0].call_id, "output": "Brief an Otto Weber"}])
    assert second.output_text == "Brief an Otto Weber"
    assert found_in(provider.last.body, WORDS) == []
    kinds = [item.type for item in client.conversations.items.list(id_, order="asc")]
    assert kinds == ["message", "function_call", "function_call_output", "message"]


def test_everything_that_the_sdk_can_do_with_a_conversation(client: OpenAI, provider: WireProvider) -> None:
    before = len(provider.received)
    made = client.conversations.create(metadata={"akte": "7"}, items=[{"role": "user", "content": NAMED}])
    assert (made.object, made.metadata) == ("conversation", {"akte": "7"})
    assert client.conversations.retrieve(made.id) == made
    assert client.conversations.update(made.id, metadata={"akte": "8"}).metadata == {"akte": "8"}
    added = client.conversations.items.create(made.id, items=[
        {"role": "assistant", "content": f"Antwort {number}"} for number in range(5)])
    assert len(added.data) == 5
    listed: list[Any] = list(client.conversations.items.list(made.id, limit=2))
    assert [item.id for item in reversed(listed)][1:] == [item.id for item in added.data]
    assert listed[-1].content[0].text == NAMED
    one: Any = client.conversations.items.retrieve(str(listed[0].id), conversation_id=made.id)
    assert one.content[0].text == "Antwort 4"
    assert client.conversations.items.delete(one.id, conversation_id=made.id).id == made.id
    with pytest.raises(openai.NotFoundError):
        client.conversations.items.retrieve(one.id, conversation_id=made.id)
    assert client.conversations.delete(made.id).deleted
    for work in (client.conversations.retrieve, client.conversations.delete, client.conversations.items.list):
        with pytest.raises(openai.NotFoundError, match="Gespräch"):
            work(made.id)
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model="schnellstart", input="Und?", conversation=made.id)
    assert caught.value.code == "gespraech_unbekannt"
    assert len(provider.received) == before, "nothing of it went to a provider"


def test_what_was_noted_beforehand_is_answered_without_further_input(
        client: OpenAI, provider: WireProvider, model: str) -> None:
    made = client.conversations.create(items=[{"role": "user", "content": NAMED}])
    assert client.responses.create(model=model, conversation=made.id).output_text == NAMED
    assert found_in(provider.last.body, WORDS) == []
    client.conversations.delete(made.id)


def test_to_other_people_it_is_not_there(client: OpenAI, gateway: GatewayProcess, id_: str) -> None:
    other = next(p for p in gateway.people if p.state == "gueltig" and p.key != client.api_key)
    without = gateway.holder("fehlt")
    with OpenAI(base_url=client.base_url, api_key=other.key, max_retries=0) as elsewhere:
        for work in (elsewhere.conversations.retrieve, elsewhere.conversations.items.list,
                     elsewhere.conversations.delete):
            with pytest.raises(openai.NotFoundError):
                work(id_)
        with pytest.raises(openai.NotFoundError):
            elsewhere.responses.create(model="schnellstart", input="Und?", conversation=id_)
    with (OpenAI(base_url=client.base_url, api_key=without.key, max_retries=0) as nobody,
          pytest.raises(openai.PermissionDeniedError) as caught):
        nobody.conversations.create()
    assert caught.value.code == "ki_pass_fehlt"
    assert client.conversations.retrieve(id_).id == id_


def test_a_conversation_and_the_last_answer_together_are_refused(client: OpenAI, provider: WireProvider, id_: str,
                                                                 ) -> None:
    first = client.responses.create(model="schnellstart", input="Guten Tag")
    before = len(provider.received)
    with pytest.raises(openai.BadRequestError, match="nicht beides"):
        client.responses.create(model="schnellstart", input="Und?", conversation=id_, previous_response_id=first.id)
    with pytest.raises(openai.BadRequestError, match="Hintergrund"):
        client.responses.create(model="schnellstart", input="Und?", background=True)
    with pytest.raises(openai.BadRequestError, match="nur mit einer Adresse oder Kennung"):
        client.responses.create(model="schnellstart", input=[
            {"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}])
    assert len(provider.received) == before


@pytest.mark.parametrize("after", [1, 3, 6])
def test_of_an_answer_that_broke_off_nothing_is_added(client: OpenAI, provider: WireProvider, model: str, id_: str,
                                                      after: int) -> None:
    client.responses.create(model=model, input="Guten Tag", conversation=id_)
    with provider.doing(cut=2, break_after=after):
        *_, last = client.responses.create(model=model, input=NAMED, conversation=id_, stream=True)
    assert last.type == "response.failed"
    assert last.response.conversation is None or last.response.conversation.id == id_
    assert texts(client, id_) == [("user", "Guten Tag"), ("assistant", "Guten Tag")]


def test_turns_at_the_same_time_all_get_in_and_none_mixes_with_another(client: OpenAI, model: str, id_: str) -> None:
    said = [f"Frage {number} an Frau Sabine Krüger" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: client.responses.create(model=model, input=text, conversation=id_), said))
    assert [answer.output_text for answer in answers] == said
    found = texts(client, id_)
    assert sorted(found[::2]) == [("user", text) for text in said]
    assert [(role, text) for role, text in found[1::2]] == [("assistant", text) for _, text in found[::2]]


def test_no_word_and_no_id_of_it_stands_in_any_file_of_the_house(client: OpenAI, gateway: GatewayProcess,
                                                                 person: Person) -> None:
    made = client.conversations.create(metadata={"wer": "Kanarienvogel-Notiz"}, items=[
        {"role": "user", "content": "Kanarienvogel Sabine Krüger"}])
    client.responses.create(model="schnellstart", input="Kanarienvogel Otto Weber", conversation=made.id)
    files = [path for path in gateway.home.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files)
    for secret in ("Kanarienvogel", made.id, made.id.removeprefix("conv_")):
        assert secret.encode() not in written
    assert person.email.encode() in written, "the check looks at the right files"
    client.conversations.delete(made.id)


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_with_and_without_the_version_in_the_path_and_with_curl(gateway: GatewayProcess, person: Person, prefix: str,
                                                                ) -> None:
    reply = ask("POST", f"{gateway.url}{prefix}/conversations/", person.key, {})
    assert reply.status == 200
    here = f"{gateway.url}{prefix}/conversations/{reply.json['id']}"
    assert ask("GET", here + "/items", person.key).json["data"] == []
    assert ask("DELETE", here, person.key).json["deleted"] is True
    gone = ask("GET", here, person.key)
    assert (gone.status, gone.json["error"]["code"]) == (404, "gespraech_unbekannt")
    assert gone.headers["x-request-id"] in gone.json["error"]["message"]
