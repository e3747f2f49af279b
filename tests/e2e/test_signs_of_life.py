"""A gateway that shows signs of life, and pages in a browser: what stands on the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask, chat

PAGE = "https://chat.musterstadt.example"
SIGN = b": keep-alive\n"


@pytest.fixture(scope="module")
def gateway(provider: EchoProvider, policies: Path, settled: GatewayProcess,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("alive") / "home", policies, provider.url,
                        KI_PFORTE_KEEP_ALIVE_SECONDS="0.05", KI_PFORTE_CORS_ORIGINS=PAGE) as running:
        yield running.settle_like(settled).start()


def begin(gateway: GatewayProcess, key: str, text: str = "Guten Tag",
          model: str = "schnellstart") -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    connection.request("POST", "/v1/chat/completions", json.dumps(chat(text, model, stream=True)),
                       {"Authorization": f"Bearer {key}"})
    return connection, connection.getresponse()


def test_the_head_and_signs_come_before_a_silent_provider_and_the_answer_after(
        gateway: GatewayProcess, person: Person, provider: EchoProvider) -> None:
    with provider.doing(wait_after=0):
        connection, answer = begin(gateway, person.key, "Frau Sabine Krüger fragt.")
        assert answer.status == 200
        assert answer.headers["x-ki-pforte-decision"] == "allowed"
        assert [answer.readline(), answer.readline()] == [SIGN, b"\n"]
        provider.go_on()
        rest = answer.read()
        connection.close()
    events = [block for block in rest.decode().split("\n\n") if block]
    assert all(event.startswith(("data: ", ": keep-alive")) for event in events), "no event is torn"
    assert events[-1] == "data: [DONE]"
    assert "Sabine Krüger" in rest.decode()
    end, = gateway.ends_of(answer.headers["x-request-id"])
    assert (end.meta["status"], end.meta["http_status"]) == ("ok", 200)


def test_what_policy_refuses_keeps_its_status_however_short_the_patience(
        gateway: GatewayProcess, person: Person, provider: EchoProvider) -> None:
    before = len(provider.received)
    for key, text, model, status in ((gateway.holder("fehlt").key, "Guten Tag", "schnellstart", 403),
                                     (person.key, "VS-NUR FÜR DEN DIENSTGEBRAUCH", "eu-cloud", 400)):
        connection, answer = begin(gateway, key, text, model)
        assert answer.status == status
        assert json.loads(answer.read())["error"]["message"]
        connection.close()
    assert len(provider.received) == before


def test_a_provider_that_refuses_late_is_told_of_at_the_end(gateway: GatewayProcess, person: Person,
                                                            provider: EchoProvider) -> None:
    with provider.doing(wait_after=0, status=429, error=b'{"error":{"message":"canary"}}'):
        connection, answer = begin(gateway, person.key)
        assert answer.readline() == SIGN
        provider.go_on()
        rest = answer.read().decode()
        connection.close()
    *_, error, done, _ = rest.split("\n\n")
    assert done == "data: [DONE]"
    assert json.loads(error.strip().removeprefix("data: "))["error"]["code"] == "limit_erreicht"
    assert "canary" not in rest


def test_who_hangs_up_before_the_provider_speaks_takes_the_question_back(gateway: GatewayProcess, person: Person,
                                                                         provider: EchoProvider) -> None:
    with provider.doing(wait_after=0):
        connection, answer = begin(gateway, person.key)
        assert answer.readline() == SIGN
        answer.close()
        connection.close()
        assert provider.last.hung_up.wait(30)
    end, = gateway.ends_of(answer.headers["x-request-id"])
    assert end.meta["status"] == "aborted"


def test_a_named_page_asks_without_a_key_and_reads_answers_and_errors(gateway: GatewayProcess,
                                                                      person: Person) -> None:
    url = gateway.url + "/v1/chat/completions"
    asked = ask("OPTIONS", url, Origin=PAGE, Access_Control_Request_Method="POST",
                Access_Control_Request_Headers="authorization, content-type")
    assert (asked.status, asked.headers["access-control-allow-headers"]) == (204, "authorization, content-type")
    for key in (person.key, "kip_falsch"):
        assert ask("POST", url, key, chat("Guten Tag"), Origin=PAGE).headers["access-control-allow-origin"] == PAGE
    elsewhere = ask("POST", url, person.key, chat("Guten Tag"), Origin="https://elsewhere.example")
    assert elsewhere.status == 200
    assert "access-control-allow-origin" not in elsewhere.headers
    assert "access-control-allow-origin" not in ask("GET", gateway.url + "/", Origin=PAGE).headers


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/"), ("GET", "/v1/models"),
    ("GET", "/v1/nothing"), ("DELETE", "/v1/chat/completions"), ("OPTIONS", "/v1/models"), ("GET", "/static/nothing")])
def test_every_answer_has_a_number(gateway: GatewayProcess, method: str, path: str) -> None:
    assert ask(method, gateway.url + path).headers["x-request-id"]
