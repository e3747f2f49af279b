"""The shipped Caddy configuration in a real Caddy before a running KI-Pforte: nothing is gathered, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.caddy import MISSING, Caddy
from tests.support.echo_provider import PATIENCE, EchoProvider
from tests.support.gateway_process import GatewayProcess
from tests.support.http import chat
from tests.support.nginx import NAME, Https, key_of

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
TEXT = "Frau Sabine Krüger wohnt in der Lindenstraße 5, 12345 Musterstadt."


@pytest.fixture(scope="module")
def front(gateway: GatewayProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caddy]:
    with Caddy(tmp_path_factory.mktemp("caddy"), gateway.port) as running:
        yield running


def test_what_the_provider_has_said_is_there_before_it_goes_on(
        gateway: GatewayProcess, front: Caddy, provider: EchoProvider) -> None:
    """The provider waits in mid-stream until we hang up: whatever is gathered on the way never arrives."""
    connection = Https(front)
    with provider.doing(cut=9, wait_after=6):
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(TEXT, stream=True)).encode(),
                           {"Host": NAME, **key_of(gateway.holder("gueltig"))})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("content-encoding") is None
        assert provider.paused.wait(PATIENCE)
        shown = b""
        while b"Frau" not in shown:
            shown += answer.read1(65_536)
        assert b"[DONE]" not in shown
        connection.close()
        answer.close()
        assert provider.last.hung_up.wait(PATIENCE), "who hangs up at Caddy stops the provider"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_comes_through_whole(gateway: GatewayProcess, front: Caddy, stream: bool) -> None:
    reply = Https(front).ask("POST", "/v1/chat/completions", json.dumps(chat(TEXT, stream=stream)).encode(),
                             **key_of(gateway.holder("gueltig")))
    assert reply.status == 200
    assert "Sabine Krüger" in reply.body.decode()
    assert reply.body.endswith(b"data: [DONE]\n\n") == stream


def test_the_figures_are_not_for_the_net(front: Caddy) -> None:
    assert Https(front).ask("GET", "/metrics").status == 404


def test_a_house_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with Caddy(tmp_path, 1) as alone:
        reply = Https(alone).ask("POST", "/v1/chat/completions", b"{}")
    assert (reply.status, reply.error["code"]) == (503, "intern")
    assert "nicht erreichbar" in reply.error["message"]
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
