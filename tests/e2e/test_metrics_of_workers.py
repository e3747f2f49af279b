"""Two serving processes behind one port: one scrape has the numbers of both, on a port of its own too."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, ROOT, GatewayProcess, free_port
from tests.support.http import ask, chat

ASKED = 24


@pytest.fixture(scope="module")
def pair(provider: EchoProvider, policies: Path, settled: GatewayProcess,
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    port = free_port()
    with GatewayProcess(tmp_path_factory.mktemp("pair") / "home", policies, provider.url, KI_PFORTE_WORKERS="2",
                        KI_PFORTE_METRICS_PORT=str(port)) as running:
        yield running.settle_like(settled).start()


def scrape(pair: GatewayProcess) -> dict[tuple[str, str], float]:
    """Sums per name of a sample and number of a process."""
    reply = ask("GET", f"http://127.0.0.1:{pair.environment['KI_PFORTE_METRICS_PORT']}/metrics")
    assert reply.status == 200
    sums: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(reply.body.decode()):
        for sample in family.samples:
            key = (sample.name, sample.labels["worker"])
            sums[key] = sums.get(key, 0) + sample.value
    return sums


def test_one_scrape_counts_every_request_of_both_processes_once(pair: GatewayProcess) -> None:
    key = pair.holder("gueltig").key
    for _ in range(ASKED):
        assert ask("POST", pair.url + "/v1/chat/completions", key, chat("Guten Tag")).status == 200
    give_up = time.monotonic() + PATIENCE
    while True:
        found = scrape(pair)
        requests = {worker: value for (name, worker), value in found.items() if name == "ki_pforte_requests_total"}
        builds = {worker for name, worker in found if name == "ki_pforte_build_info"}
        seen = found.get(("ki_pforte_ledger_records", "0"), 0) > 0
        if sum(requests.values()) == ASKED and builds == {"0", "1"} and seen:
            break
        assert time.monotonic() < give_up, (found, pair.logged()[-2000:])
        time.sleep(0.2)
    assert ask("GET", pair.url + "/metrics").status == 404, "they have a port of their own"


def test_a_scrape_has_every_metric_that_a_dashboard_or_an_alarm_asks_for(pair: GatewayProcess) -> None:
    reply = ask("GET", f"http://127.0.0.1:{pair.environment['KI_PFORTE_METRICS_PORT']}/metrics")
    there = set(re.findall(r"^# TYPE (\S+)", reply.body.decode(), re.M))
    asked = set()
    for path in [*(ROOT / "deploy/grafana").glob("*.json"), ROOT / "deploy/prometheus/ki-pforte.rules.yml"]:
        asked |= set(re.findall(r"\bki_pforte_[a-z0-9_]+\b", path.read_text(encoding="utf-8")))
    assert {name.removesuffix("_bucket") for name in asked} <= there
