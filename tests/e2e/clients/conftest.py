"""A gateway that shows a sign of life at every pause, and the programs of others that speak to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client_stacks import Driver, missing
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess

PROGRAMS = {"langchain": ("langchain", "langchain_driver.py"), "pydantic-ai": ("pydantic-ai", "pydantic_ai_driver.py"),
            "llm": ("llm", "llm_driver.py"), "openai-node": ("node", "openai_node.mjs"),
            "vercel-ai": ("node", "vercel_ai.mjs"), "anthropic-node": ("node", "anthropic_node.mjs")}
MOMENT = "0.05"


@pytest.fixture(scope="session")
def gateway(provider: EchoProvider, policies: Path, settled: GatewayProcess,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("clients") / "home", policies, provider.url,
                        KI_PFORTE_KEEP_ALIVE_SECONDS=MOMENT) as running:
        yield running.settle_like(settled).start()


@pytest.fixture(scope="session")
def chunky(provider: EchoProvider, policies: Path, settled: GatewayProcess,
           tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The same, with empty chunks for signs."""
    with GatewayProcess(tmp_path_factory.mktemp("chunky") / "home", policies, provider.url,
                        KI_PFORTE_KEEP_ALIVE_SECONDS=MOMENT, KI_PFORTE_KEEP_ALIVE="chunk") as running:
        yield running.settle_like(settled).start()


@pytest.fixture(scope="session", params=PROGRAMS)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Driver]]:
    """A client under way, with its name. Of the session: where it is missing, no gateway is started in vain."""
    stack, script = PROGRAMS[request.param]
    reason = missing(stack)
    if reason:
        pytest.skip(reason)
    driver = Driver(stack, script, LLM_USER_PATH=str(tmp_path_factory.mktemp("llm")))
    yield request.param, driver
    driver.close()
