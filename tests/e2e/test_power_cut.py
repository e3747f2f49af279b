"""``kill -9`` in the middle of streams: the book stays whole, and nothing went out that it does not know of."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from pathlib import Path

from tests.support.echo_provider import PATIENCE, EchoProvider
from tests.support.gateway_process import GatewayProcess
from tests.support.http import ask, chat

STREAMS = 3


def test_after_a_power_cut_in_mid_stream_the_ledger_verifies_and_knows_every_call(
        tmp_path: Path, policies: Path, settled: GatewayProcess) -> None:
    with EchoProvider() as provider, GatewayProcess(tmp_path / "home", policies, provider.url) as gateway:
        gateway.settle_like(settled).start()
        key = gateway.holder("gueltig").key
        assert ask("POST", gateway.url + "/v1/chat/completions", key, chat("Guten Tag")).status == 200
        connections = []
        with provider.doing(cut=2, wait_after=4):
            for number in range(STREAMS):
                connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
                connection.request("POST", "/v1/chat/completions", json.dumps(chat(f"Akte {number}", stream=True)),
                                   {"Authorization": f"Bearer {key}"})
                connections.append(connection)
                assert b"data: " in connection.getresponse().readline()
            gateway.kill()
        for connection in connections:
            connection.close()
        calls = len(provider.received)
        assert calls == 1 + STREAMS
        assert len([e for e in gateway.records() if e.type == "intent"]) == calls, "no call lacks its intent"

        gateway.start()
        assert ask("POST", gateway.url + "/v1/chat/completions", key, chat("Guten Tag")).status == 200
        gateway.stop()
        assert "unverändert" in gateway.cli("audit", "verify").stdout.lower()
        records = gateway.records()
        intents = {e.id for e in records if e.type == "intent"}
        ends = Counter(e.ref for e in records if e.type in ("outcome", "outcome.unknown"))
        assert set(ends) == intents
        assert set(ends.values()) == {1}
        assert len([e for e in records if e.type == "outcome.unknown"]) == STREAMS
        assert len(provider.received) == len(intents)
