"""The shipped nginx configuration in a real nginx before a running KI-Pforte: nothing is gathered, nothing lost."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.echo_provider import PATIENCE, EchoProvider
from tests.support.gateway_process import GatewayProcess
from tests.support.http import chat
from tests.support.nginx import MISSING, NAME, Https, Nginx, key_of

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
TEXT = "Frau Sabine Krüger wohnt in der Lindenstraße 5, 12345 Musterstadt."


@pytest.fixture(scope="module")
def inside(provider: EchoProvider, policies: Path, settled: GatewayProcess,
           tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A server that believes the nginx on this machine."""
    home = tmp_path_factory.mktemp("inside") / "home"
    with GatewayProcess(home, policies, provider.url, KI_PFORTE_TRUSTED_PROXIES="127.0.0.1") as running:
        yield running.settle_like(settled).start()


@pytest.fixture(scope="module")
def front(inside: GatewayProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx"), inside.port) as running:
        yield running


def test_nginx_itself_understands_the_configuration(tmp_path: Path) -> None:
    assert Nginx(tmp_path, 8080).check() == ""


def test_what_the_provider_has_said_is_there_before_it_goes_on(
        inside: GatewayProcess, front: Nginx, provider: EchoProvider) -> None:
    """The provider waits in mid-stream until we hang up: whatever is gathered on the way never arrives."""
    connection = Https(front)
    with provider.doing(cut=9, wait_after=6):
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(TEXT, stream=True)).encode(),
                           {"Host": NAME, **key_of(inside.holder("gueltig"))})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("content-encoding") is None
        assert provider.paused.wait(PATIENCE)
        shown = b""
        while b"Frau" not in shown:
            shown += answer.read1(65_536)
        assert b"[DONE]" not in shown
        vorgang = answer.getheader("x-request-id") or ""
        connection.close()
        answer.close()
        assert provider.last.hung_up.wait(PATIENCE), "who hangs up at nginx stops the provider"
    end, = inside.ends_of(vorgang)
    assert end.meta["status"] == "aborted"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_comes_through_whole(inside: GatewayProcess, front: Nginx, stream: bool) -> None:
    reply = Https(front).ask("POST", "/v1/chat/completions", json.dumps(chat(TEXT, stream=stream)).encode(),
                             **key_of(inside.holder("gueltig")))
    assert reply.status == 200
    assert "Sabine Krüger" in reply.body.decode()
    assert reply.body.endswith(b"data: [DONE]\n\n") == stream


def test_a_large_request_comes_through_and_one_too_large_is_refused_in_words(
        inside: GatewayProcess, front: Nginx) -> None:
    headers = key_of(inside.holder("gueltig"))
    ours = Https(front).ask("POST", "/v1/chat/completions", b" " * (21 << 20), **headers)
    assert (ours.status, ours.error["code"]) == (413, "zu_gross")
    assert ours.headers["x-request-id"] in ours.error["message"]
    assert Https(front).ask("POST", "/v1/chat/completions", b" " * (2 << 20), **headers).status == 400, "it was read"
    connection = Https(front)
    connection.putrequest("POST", "/v1/chat/completions")
    connection.putheader("Content-Length", str(31 << 20))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "zu_gross")
    connection.close()


def test_sessions_are_for_https_only_because_nginx_is_believed(
        inside: GatewayProcess, front: Nginx, gateway: GatewayProcess) -> None:
    assert "Secure" in Https(front).ask("GET", "/anmelden").headers["set-cookie"]
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    connection.request("GET", "/anmelden", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert "Secure" not in (answer.getheader("set-cookie") or ""), "without the setting nobody is believed"


def test_the_figures_are_not_for_the_net_and_http_leads_to_https(front: Nginx) -> None:
    assert Https(front).ask("GET", "/metrics").status == 404
    connection = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=PATIENCE)
    connection.request("GET", "/pass?a=1", headers={"Host": NAME})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.status, answer.getheader("location")) == (308, f"https://{NAME}/pass?a=1")


def test_the_access_log_names_nobody_and_no_path(front: Nginx) -> None:
    Https(front).ask("GET", "/anmelden?weiter=/pass")
    lines = (front.folder / "ki-pforte.log").read_text().splitlines()
    assert lines
    for line in lines:
        assert len(line.split()) == 4
        assert "127.0.0.1" not in line
        assert "/" not in line


def test_a_house_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with Nginx(tmp_path, 1) as alone:
        reply = Https(alone).ask("POST", "/v1/chat/completions", b"{}")
    assert (reply.status, reply.error["code"]) == (503, "intern")
    assert "nicht erreichbar" in reply.error["message"]
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
