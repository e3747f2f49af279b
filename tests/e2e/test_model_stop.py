"""``model stop`` under load: two real servers on one database, of either kind, and one command beside them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.databases import address
from tests.support.echo_provider import PATIENCE, EchoProvider
from tests.support.gateway_process import GatewayProcess
from tests.support.http import ask, chat

CLIENTS = 2
"""For each server."""
IT = "dmitri.schaefer@musterstadt.example"


@dataclass
class Load:
    """Clients that ask without end; what each was answered last, and how often it was answered at all."""

    ends: threading.Event = field(default_factory=threading.Event)
    answers: dict[int, int] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)

    def client(self, number: int, port: int, key: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        while not self.ends.is_set():
            connection.request("POST", "/v1/chat/completions", json.dumps(chat(f"Frage {number}")),
                               {"Authorization": f"Bearer {key}"})
            answer = json.loads(connection.getresponse().read())
            self.codes[number] = answer.get("error", {}).get("code", "")
            self.answers[number] = self.answers.get(number, 0) + 1
        connection.close()

    def until_all(self, code: str) -> None:
        """Wait until every client has been answered so, by requests that began after this call."""
        before = dict(self.answers)
        give_up = time.monotonic() + PATIENCE
        while not all(self.answers.get(n, 0) > before.get(n, 0) + 1 and self.codes[n] == code for n in self.threads):
            assert time.monotonic() < give_up, f"answers are {self.codes}, not {code}"
            time.sleep(0.01)

    threads: dict[int, threading.Thread] = field(default_factory=dict)


@contextmanager
def load(gateways: list[GatewayProcess], key: str) -> Iterator[Load]:
    """Keep all gateways busy."""
    made = Load()
    ports = [gateway.port for gateway in gateways for _ in range(CLIENTS)]
    made.threads = {n: threading.Thread(target=made.client, args=(n, port, key)) for n, port in enumerate(ports)}
    for thread in made.threads.values():
        thread.start()
    try:
        yield made
    finally:
        made.ends.set()
        for thread in made.threads.values():
            thread.join(PATIENCE)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_after_a_stop_no_replica_sends_anything_and_answers_under_way_are_brought_to_their_end(
        kind: str, tmp_path: Path, policies: Path) -> None:
    settings = {"KI_PFORTE_DATABASE_URL": address(kind, tmp_path)}
    with EchoProvider() as provider, GatewayProcess(tmp_path / "home", policies, provider.url, **settings) as one, \
            GatewayProcess(tmp_path / "home", policies, provider.url, **settings) as other:
        key = one.init().holder("gueltig").key
        one.start()
        other.start()
        with provider.doing(cut=2, wait_after=2):
            stream = http.client.HTTPConnection("127.0.0.1", one.port, timeout=PATIENCE)
            stream.request("POST", "/v1/chat/completions", json.dumps(chat("Langsame Frage", stream=True)),
                           {"Authorization": f"Bearer {key}"})
            slow = stream.getresponse()
            assert provider.paused.wait(PATIENCE)
        with load([one, other], key) as busy:
            busy.until_all("")
            one.cli("model", "stop", "schnellstart", "--reason", "Vorfall 17", "--as", IT)
            busy.until_all("modell_gestoppt")
            sent = len(provider.received)
            busy.until_all("modell_gestoppt")
            assert len(provider.received) == sent, "somebody sent although all had been stopped"
            for gateway in (one, other):
                assert any("angehalten" in w for w in ask("GET", gateway.url + "/readyz").json["warnings"])
                metrics = ask("GET", gateway.url + "/metrics").body.decode()
                assert 'ki_pforte_model_stopped{model="schnellstart"} 1.0' in metrics
            provider.go_on()
            assert slow.read().rstrip().endswith(b"data: [DONE]")
            stream.close()
            one.cli("model", "start", "schnellstart", "--as", IT)
            busy.until_all("")
        changed = [e for e in one.records() if e.type.startswith("model.")]
        assert [(e.type, e.meta["name"], e.meta.get("reason", "")) for e in changed] == [
            ("model.stopped", "schnellstart", "Vorfall 17"), ("model.started", "schnellstart", "")]
