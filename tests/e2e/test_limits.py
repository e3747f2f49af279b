"""What a person with the OpenAI library sees when a limit is reached, after a restart too, and when Redis goes away."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI, RateLimitError
from ruamel.yaml import YAML

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, GatewayProcess, example_policies
from tests.support.redis_server import RedisServer, running_redis


def limited_policies(folder: Path, provider: EchoProvider, limits: dict[str, Any]) -> Path:
    """The example policies with these limits."""
    policies = example_policies(folder, provider.url)
    path = policies / "organisation.yaml"
    written = YAML(typ="safe", pure=True).load(path)
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump({**written, "limits": limits}, file)
    return policies


def client(gateway: GatewayProcess, which: int = 0) -> OpenAI:
    """The library as people set it up: with its retries."""
    people = [person for person in gateway.people if person.state == "gueltig"]
    return OpenAI(base_url=gateway.url + "/v1", api_key=people[which].key)


def ask(sdk: OpenAI, **more: Any) -> Any:
    return sdk.chat.completions.with_raw_response.create(
        model="vllm-haus", messages=[{"role": "user", "content": "Guten Tag"}], **more)


def metric(gateway: GatewayProcess, name: str) -> float:
    with urllib.request.urlopen(gateway.url + "/metrics", timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def warnings(gateway: GatewayProcess) -> str:
    with urllib.request.urlopen(gateway.url + "/readyz", timeout=PATIENCE) as answer:
        return " ".join(json.load(answer)["warnings"])


def until(what: Any) -> None:
    give_up = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < give_up
        time.sleep(0.1)


@pytest.fixture
def gateway(provider: EchoProvider, settled: GatewayProcess, tmp_path: Path) -> Iterator[GatewayProcess]:
    policies = limited_policies(tmp_path / "policies", provider, {
        "person": {"requests_per_day": 3, "euro_per_month": 5}, "department": {"tokens_per_month": 1_000_000}})
    with GatewayProcess(tmp_path / "home", policies, provider.url) as running:
        yield running.settle_like(settled).start()


def test_a_person_reads_once_what_is_reached_and_when_it_begins_anew_also_after_a_restart(
        gateway: GatewayProcess) -> None:
    with client(gateway) as sdk:
        told = [ask(sdk).headers.get("x-ki-pforte-hinweis", "") for _ in range(3)]
        assert ["Mehr als 80 %" in notice for notice in told] == [False, False, True]
        with pytest.raises(RateLimitError) as caught:
            ask(sdk)
        said = str(caught.value.body)
        assert re.search(r"Ihre Grenze \(3 Anfragen je Tag\) ist erreicht\. Am \d\d\.\d\d\.\d{4} um 00:00 Uhr", said)
        assert caught.value.code == "limit_erreicht"
        assert 0 < int(caught.value.response.headers["retry-after"]) <= 25 * 3600
        assert metric(gateway, "ki_pforte_limit_refusals_total{") == 1, "the library did not try again"
        with pytest.raises(RateLimitError):
            ask(sdk, stream=True)
    with client(gateway, 1) as another:
        assert ask(another).status_code == 200
    gateway.stop()
    gateway.start()
    with client(gateway) as sdk, pytest.raises(RateLimitError):
        ask(sdk)
    assert metric(gateway, "ki_pforte_limit_refusals_total{") == 1


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


def test_the_house_goes_on_without_its_redis_says_so_and_hands_in_what_it_missed(
        provider: EchoProvider, settled: GatewayProcess, redis: RedisServer, tmp_path: Path) -> None:
    policies = limited_policies(tmp_path / "policies", provider, {"person": {"requests_per_day": 4}})
    with GatewayProcess(tmp_path / "home", policies, provider.url, KI_PFORTE_REDIS_URL=redis.url) as gateway:
        gateway.settle_like(settled).start()
        with client(gateway) as sdk:
            for _ in range(2):
                ask(sdk)
            assert "Redis" not in warnings(gateway)
            redis.stop()
            ask(sdk)
            until(lambda: "Redis oder Valkey antwortet nicht" in warnings(gateway))
            ask(sdk)
            with pytest.raises(RateLimitError, match="4 Anfragen je Tag"):
                ask(sdk)
            redis.start()
            until(lambda: "Redis" not in warnings(gateway))
            assert not redis.say("DBSIZE").startswith((b":0", b":1\r")), "more than the mark of the secret"
        assert "the counters of limits are away" in gateway.logged()
