"""One server for the tests of the wire APIs: ``schnellstart`` speaks them all itself, ``vllm-haus`` only chat, so that
Responses and Messages are bridged to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.gateway_process import GatewayProcess, Person, example_policies
from tests.support.wire_provider import WireProvider


@pytest.fixture(scope="package")
def provider() -> Iterator[WireProvider]:
    with WireProvider() as running:
        yield running


@pytest.fixture(scope="package")
def gateway(provider: WireProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("apis")
    policies = example_policies(folder / "policies", provider.url)
    with GatewayProcess(folder / "home", policies, provider.url,
                        KI_PFORTE_OPENAI_DIALECTS="chat,completions,embeddings,responses,messages") as running:
        yield running.init().start()


@pytest.fixture
def person(gateway: GatewayProcess) -> Person:
    return gateway.holder("gueltig")


@pytest.fixture
def client(gateway: GatewayProcess, person: Person) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.url + "/v1", api_key=person.key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def claude(gateway: GatewayProcess, person: Person) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key=person.key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture(params=["schnellstart", "vllm-haus"])
def model(request: pytest.FixtureRequest) -> str:
    """A model whose provider speaks every API, and one whose provider speaks only chat completions."""
    return str(request.param)
