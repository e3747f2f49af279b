"""One echoing provider and one real server for the whole session: a start costs seconds, a request milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person, example_policies
from tests.support.syslog_server import SyslogServer


@pytest.fixture(scope="session")
def provider() -> Iterator[EchoProvider]:
    with EchoProvider() as running:
        yield running


@pytest.fixture(scope="session")
def policies(provider: EchoProvider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_policies(tmp_path_factory.mktemp("policies") / "policies", provider.url)


@pytest.fixture(scope="session")
def settled(provider: EchoProvider, policies: Path, tmp_path_factory: pytest.TempPathFactory) -> GatewayProcess:
    """A HOME with the example people that no server has used yet: others begin with a copy of it."""
    return GatewayProcess(tmp_path_factory.mktemp("settled") / "home", policies, provider.url).init()


@pytest.fixture(scope="session")
def syslog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyslogServer]:
    """Where the lines of `gateway` go as well."""
    with SyslogServer("unix", tmp_path_factory.mktemp("syslog")) as running:
        yield running


@pytest.fixture(scope="session")
def gateway(provider: EchoProvider, policies: Path, settled: GatewayProcess, syslog: SyslogServer,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("gateway") / "home", policies, provider.url,
                        KI_PFORTE_LOG_SYSLOG=syslog.address) as running:
        yield running.settle_like(settled).start()


@pytest.fixture
def person(gateway: GatewayProcess) -> Person:
    return gateway.holder("gueltig")


@pytest.fixture
def client(gateway: GatewayProcess, person: Person) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.url + "/v1", api_key=person.key, max_retries=0) as sdk:
        yield sdk
