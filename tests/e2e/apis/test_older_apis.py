"""Legacy completions and embeddings through the OpenAI SDK."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask
from tests.support.planted import MAIL, found_in
from tests.support.wire_provider import VECTOR, WireProvider


def test_a_text_to_be_continued_comes_back_whole(client: OpenAI, provider: WireProvider, model: str) -> None:
    answer = client.completions.create(model=model, prompt=MAIL, user="canary-user", suffix="Frau Sabine Krüger")
    assert answer.choices[0].text == MAIL
    assert answer.model == model
    assert answer.usage is not None
    assert answer.usage.total_tokens == 18
    assert found_in(provider.last.body) == []
    assert b"canary" not in provider.last.body


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 16, None])
def test_a_streamed_text_comes_back_whole_wherever_the_provider_cuts_it(
        client: OpenAI, provider: WireProvider, model: str, cut: int | None) -> None:
    with provider.doing(cut=cut):
        chunks = list(client.completions.create(model=model, prompt=MAIL, stream=True))
        counted = list(client.completions.create(model=model, prompt="A", stream=True,
                                                 stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].text for chunk in chunks) == MAIL
    assert counted[-1].usage is not None
    assert counted[-1].choices == []


def test_a_completion_that_breaks_off_is_raised(client: OpenAI, provider: WireProvider, model: str) -> None:
    with provider.doing(cut=2, break_after=4), pytest.raises(openai.APIError, match="Anbieter"):
        list(client.completions.create(model=model, prompt=MAIL, stream=True))


@pytest.mark.parametrize("form", ["float", "base64", None])
def test_vectors_come_in_the_form_that_was_asked_for(client: OpenAI, provider: WireProvider, model: str,
                                                   form: Any) -> None:
    more = {"encoding_format": form} if form else {}
    answer = client.embeddings.create(model=model, input=[MAIL, "Guten Tag"], **more)
    assert len(answer.data) == 2
    got: Any = answer.data[0].embedding
    if form == "base64":
        assert isinstance(got, str)
    else:
        assert list(got) == VECTOR
    assert answer.model == model
    assert answer.usage.prompt_tokens == 11
    assert found_in(provider.last.body) == []
    assert provider.last.json["encoding_format"] == (form or "base64"), "the SDK asks for base64 of its own accord"


@pytest.mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]]])
def test_token_ids_are_refused_with_the_setting_that_helps(client: OpenAI, provider: WireProvider, tokens: Any) -> None:
    before = len(provider.received)
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="schnellstart", input=tokens)
    assert caught.value.code == "nicht_pruefbar"
    assert "check_embedding_ctx_length=False" in str(caught.value)
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model="schnellstart", prompt=tokens)
    assert caught.value.code == "nicht_pruefbar"
    assert len(provider.received) == before


@pytest.mark.parametrize("path", ["/v1/completions", "/completions/", "/v1/embeddings/", "/embeddings", "/responses",
                                  "/v1/responses/", "/messages", "/v1/messages/", "/v1/messages/count_tokens",
                                  "/messages/count_tokens/"])
def test_each_spelling_of_a_path_refuses_in_its_own_form(gateway: GatewayProcess, person: Person, path: str) -> None:
    reply = ask("POST", gateway.url + path, person.key, b"{")
    assert reply.status == 400
    body = json.loads(reply.body)
    assert body["error"]["code"] == "anfrage_ungueltig"
    assert (body.get("type") == "error") is ("messages" in path)
    assert ask("GET", gateway.url + path, person.key).status == 405
    assert ask("POST", gateway.url + path, "", b"{").status == 401
