"""One echoing provider and one real server for the whole session: a start costs seconds, a request milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person, example_policies


@pytest.fixture(scope="session")
def provider() -> Iterator[EchoProvider]:
    with EchoProvider() as running:
        yield running


@pytest.fixture(scope="session")
def gateway(provider: EchoProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("gateway")
    policies = example_policies(folder / "policies", provider.url)
    with GatewayProcess(folder / "home", policies, provider.url) as running:
        yield running.start()


@pytest.fixture
def person(gateway: GatewayProcess) -> Person:
    return gateway.holder("gueltig")


@pytest.fixture
def client(gateway: GatewayProcess, person: Person) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.url + "/v1", api_key=person.key, max_retries=0) as sdk:
        yield sdk
