"""Three replicas are replaced by the next version, one after the other and under load: nobody notices.

The next version differs in code and in both databases. Its ``migrate`` runs while the old one serves, both serve side
by side, one old process starts once more although the databases are newer, and one new goes back to the old.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import __version__
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import ROOT, GatewayProcess, example_policies
from tests.support.http import Reply, ask, chat
from tests.support.next_version import NEXT, next_version
from tests.support.replicas import LONG, NEEDS, REPLICAS, SLOW, Load, Streams, Town, running_town

pytestmark = NEEDS
STREAMS = 2 * REPLICAS
DRAIN = 5
"""What the shipped configuration of nginx counts on."""


@pytest.fixture(scope="module")
def provider() -> Iterator[EchoProvider]:
    with EchoProvider() as running:
        yield running


@pytest.fixture(scope="module")
def town(provider: EchoProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("rolling")
    policies = example_policies(folder / "policies", provider.url)
    with running_town(folder, policies, provider.url, KI_PFORTE_DRAIN_SECONDS=str(DRAIN),
                      KI_PFORTE_GRACE_SECONDS="300") as running:
        yield running
        for gateway in running.gateways:
            gateway.kill()  # all is said; nobody waits for them to leave


def keys(town: Town) -> list[str]:
    return [person.key for person in town.gateways[0].people if person.state == "gueltig"]


def version(gateway: GatewayProcess) -> str:
    shown = ask("GET", gateway.url + "/metrics").body.decode()
    return shown.split('ki_pforte_build_info{version="')[1].split('"')[0]


def serves(town: Town, gateway: GatewayProcess) -> None:
    """Wait until nginx, which asked the others for a while, lets requests come to it."""
    town.until(lambda: town.metric(gateway, "ki_pforte_requests_total") > 0, "requests for the one that is back")


def replace(town: Town, gateway: GatewayProcess, tree: Path, provider: EchoProvider) -> list[Reply]:
    """End one as an orchestrator does, and start another version in its place; return the long streams meanwhile."""
    with provider.doing(cut=4, wait_after=9, only=SLOW):
        streams = Streams(town, [keys(town)[0]] * STREAMS)
        town.until(lambda: sum(town.metric(g, "ki_pforte_streams") for g in town.gateways) >= STREAMS, "streams")
        assert town.metric(gateway, "ki_pforte_streams") > 0
        process = gateway.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        town.until(lambda: ask("GET", gateway.url + "/readyz").status == 503, "ready no more")
        still = ask("POST", gateway.url + "/v1/chat/completions", keys(town)[1], chat("Guten Tag"))
        assert (still.status, still.headers["connection"]) == (200, "close"), "served, and asked not to come back"
        provider.go_on()
        read = streams.read()
    process.wait(LONG)
    gateway.tree = tree
    gateway.start(LONG)
    assert all(whole for _, whole in read)
    return [still, *(reply for reply, _ in read)]


def test_no_request_is_refused_while_each_replica_is_replaced_by_the_next_version_and_one_goes_back(
        town: Town, provider: EchoProvider, tmp_path: Path) -> None:
    old, new = ROOT, next_version(tmp_path / "next")
    replies: list[Reply] = []
    with Load(town, keys(town)[:4]) as load:
        load.goes_on()
        behind = GatewayProcess(town.gateways[0].home, town.gateways[0].home, provider.url)
        behind.environment, behind.tree = town.gateways[0].environment, new
        assert json.loads(behind.cli("migrate", "--json", timeout=LONG).stdout) == {"changed": True}
        load.goes_on()
        assert {town.readiness(gateway)["status"] for gateway in town.gateways} == {"ok"}, "the old ones go on"
        for gateway in town.gateways:
            replies += replace(town, gateway, new, provider)
            assert version(gateway) == NEXT
            serves(town, gateway)
        replies += replace(town, town.gateways[1], old, provider)
        assert version(town.gateways[1]) == __version__, "the databases are newer, and carry it"
        serves(town, town.gateways[1])
        assert "may still work with it" in town.gateways[1].logged()
    assert load.broken == []
    replies += load.replies
    assert [reply.body for reply in replies if reply.status != 200] == []
    for reply in replies:
        if reply.headers["content-type"].startswith("text/event-stream"):
            assert reply.body.endswith(b"data: [DONE]\n\n")
            assert b'"error"' not in reply.body
    asked = {reply.headers["x-request-id"] for reply in replies}
    assert len(asked) == len(replies)
    ends = town.until_ended(asked)
    assert {vorgang: kinds for vorgang, kinds in ends.items() if kinds != ["outcome"]} == {}
    assert set(ends) == asked, "and nothing else was asked"
    town.gateways[0].cli("audit", "verify", timeout=LONG)
    town.gateways[1].cli("audit", "verify", timeout=LONG)
