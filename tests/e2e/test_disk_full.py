"""A disk that is full: nothing goes out, nothing is lost, and nobody has to restart anything when there is room."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.echo_provider import EchoProvider
from tests.support.full_disk import filled, no_room, small_disk
from tests.support.gateway_process import PATIENCE, GatewayProcess
from tests.support.http import Reply, ask, chat


@contextlib.contextmanager
def full(gateway: GatewayProcess, disk: str) -> Iterator[None]:
    assert gateway.process is not None
    with filled(gateway.home.parent) if disk == "own disk" else no_room(gateway.process.pid):
        yield


@pytest.mark.parametrize("disk", ["own disk", "limit"])
def test_a_full_disk_lets_nothing_out_loses_nothing_and_needs_no_restart(
        disk: str, tmp_path: Path, policies: Path, settled: GatewayProcess) -> None:
    with contextlib.ExitStack() as stack:
        house = stack.enter_context(small_disk(tmp_path / "disk", 24)) if disk == "own disk" else tmp_path
        provider = stack.enter_context(EchoProvider())
        gateway = stack.enter_context(GatewayProcess(house / "home", policies, provider.url))
        gateway.log = tmp_path / "gateway.log"
        gateway.settle_like(settled).start()
        key = gateway.holder("gueltig").key

        def say() -> Reply:
            return ask("POST", gateway.url + "/v1/chat/completions", key, chat("Frau Sabine Krüger"))

        assert say().status == 200
        with full(gateway, disk):
            give_up = time.monotonic() + PATIENCE
            while say().status == 200:  # a little room is left in what the files already have
                assert time.monotonic() < give_up, "the disk never runs full"
            calls = len(provider.received)
            for _ in range(5):
                reply = say()
                assert (reply.status, reply.error["code"]) == (503, "protokoll_nicht_verfuegbar")
            if disk == "limit":  # on a real disk there may be room for the one page with which readiness tries
                ready = ask("GET", gateway.url + "/readyz")
                assert (ready.status, ready.json["checks"]["protokoll"]) == (503, False)
            assert len(provider.received) == calls
        give_up = time.monotonic() + PATIENCE
        while say().status != 200:
            assert time.monotonic() < give_up, "there is room, the gateway does not notice"
            time.sleep(0.05)
        gateway.until_ready()
        gateway.stop()
        records = gateway.records()
        ends = Counter(e.ref for e in records if e.type in ("outcome", "outcome.unknown"))
        intents = {e.id for e in records if e.type == "intent"}
        assert set(ends) == intents
        assert set(ends.values()) == {1}
        assert len(provider.received) == sum(e.type == "outcome" for e in records), "each call is known with its end"
        assert "unverändert" in gateway.cli("audit", "verify").stdout
