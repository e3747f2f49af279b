"""What the set-up writes for each provider works: the policies let it in, and a request reaches it in its own form."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.founding import founding
from gateway.founding.files import OFFICE
from gateway.model.decision import ReleaseDecision
from gateway.model.exchange import Receipt, RedactedBody, SealedRequest
from gateway.model.first_questions import PROVIDERS
from gateway.model.first_setup import ABROAD, OUTSIDE
from gateway.model.register import RegisteredModel
from gateway.policy import PolicySet, load_policies
from gateway.policy.decide import visible_models
from gateway.settings import load
from gateway.upstream.routing import UpstreamRouter
from tests.support.scripted_provider import Exchange, ScriptedProvider
from tests.unit.founding.test_founding import ANSWERS, MORE

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
OPENAI = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": USAGE, "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Guten Tag"}}]}
ANTHROPIC = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
             "content": [{"type": "text", "text": "Guten Tag"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
OLLAMA = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": "Guten Tag"},
          "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1}


@dataclass(frozen=True)
class Wire:
    """How a provider is asked, and what it answers."""

    path: str
    model: str
    answer: dict[str, Any]
    header: str = "authorization"
    key: str = "Bearer geheim-4711"
    base: str = ""


WIRES = {
    "ollama-lokal": Wire("/api/chat", "llama3.1:8b", OLLAMA, key=""),
    "vllm-haus": Wire("/v1/chat/completions", "llama3.1:8b", OPENAI, base="/v1"),
    "eu-cloud": Wire("/v1/chat/completions", "llama3.1:8b", OPENAI, base="/v1"),
    "mistral-large": Wire("/v1/chat/completions", "mistral-large-latest", OPENAI, base="/v1"),
    "gpt-azure-eu": Wire("/openai/deployments/llama3.1:8b/chat/completions", "llama3.1:8b", OPENAI, "api-key",
                         "geheim-4711"),
    "gpt-openai": Wire("/v1/chat/completions", "gpt-4.1", OPENAI, base="/v1"),
    "claude": Wire("/v1/messages", "claude-sonnet-4-5", ANTHROPIC, "x-api-key", "geheim-4711"),
}


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> PolicySet:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    founding.found({**ANSWERS, **MORE, "model": model}, load())
    return load_policies(tmp_path / "policies")


def asked(home: Path, model: RegisteredModel, wire: Wire) -> tuple[dict[str, Any], list[Exchange]]:
    """Ask a small server in the provider's place; return the answer and what arrived there."""
    async def script(exchange: Exchange) -> bool:
        return await exchange.whole(json.dumps(wire.answer).encode())

    async def run() -> tuple[dict[str, Any], list[Exchange]]:
        async with ScriptedProvider(script) as provider:
            near = replace(model, base_url=provider.url + wire.base)
            router = UpstreamRouter(home, environment={})
            await router.start([near])
            try:
                body = {"model": near.target, "messages": [{"role": "user", "content": "Guten Tag [PERSON1]"}]}
                response = await router.send(SealedRequest(
                    "chat", ReleaseDecision("", near), RedactedBody(json.dumps(body).encode(), {}), False,
                    Receipt("receipt"), "request"))
                answer = json.loads(b"".join([piece async for piece in response.chunks()]))
                await response.close()
                return answer, provider.exchanges
            finally:
                await router.close()

    return asyncio.run(run())


def test_every_provider_that_is_offered_is_tried_here() -> None:
    assert set(WIRES) == set(PROVIDERS) - {"demo"}


@pytest.mark.parametrize("model", list(WIRES))
def test_what_is_written_reaches_the_provider_in_its_own_form_with_its_key(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    policies, wire = made(tmp_path, monkeypatch, model), WIRES[model]
    answer, arrived = asked(tmp_path / "home", policies.models[model], wire)
    assert answer["choices"][0]["message"]["content"] == "Guten Tag"
    [request] = arrived
    assert request.path.partition("?")[0] == wire.path
    assert json.loads(request.body)["model"] == wire.model
    assert request.headers.get(wire.header, "") == wire.key


@pytest.mark.parametrize("model", list(WIRES))
def test_the_written_policies_let_everybody_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    policies = made(tmp_path, monkeypatch, model)
    for department in (OFFICE[0], "bauamt", "buergerbuero"):
        assert [one.id for one in visible_models(policies, department)] == [model]


@pytest.mark.parametrize("model", OUTSIDE)
def test_outside_the_house_only_what_is_cleared_goes_and_abroad_only_what_is_public(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    policies = made(tmp_path, monkeypatch, model)
    register = policies.models[model]
    assert register.avv is not None
    assert (register.zone == "drittland") == (model in ABROAD)
    assert register.data_classes == ({"public"} if model in ABROAD else {"public", "internal"})
    rules = policies.departments["bauamt"].models[model]
    assert {rules.findings[kind].action for kind in ("PERSON", "ADDRESS", "IBAN")} == {"placeholder"}
    assert {rules.findings[kind].action for kind in ("HEALTH", "RELIGION", "CRIME")} == {"in_house"}
