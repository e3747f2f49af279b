"""Planted values go through every door of the house, open or shut, and leave no trace: not in a log (level debug), a
metric, a database, a write-ahead log or any other file of HOME."""

from __future__ import annotations

import json

import pytest

from gateway.telemetry.logs import FIELDS
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask, chat
from tests.support.planted import MAIL, PLANTED, found_in
from tests.support.syslog_server import SyslogServer, until

WORD = "Quittenmarmeladenglas7391"
"""No personal data, so that no detector finds it: content all the same."""
TEXT = f"{MAIL}\nBetreff: {WORD}"
CANARIES = (*PLANTED, WORD, "canary-user", "canary-purpose", "canary-model", "canary-path", "canary-query",
            "canary-header", "canary-tool", "canary-quotation", "canary-broken", "canary-key", "sk-of-the-provider")


def go_through_every_door(gateway: GatewayProcess, person: Person, provider: EchoProvider) -> set[int]:
    """Send the canaries in requests that succeed, are refused, fail upstream, are malformed; return the statuses."""
    url, key = gateway.url + "/v1/chat/completions", person.key
    tool = {"type": "function", "function": {"name": "canary-tool", "description": TEXT, "parameters": {
        "type": "object", "properties": {WORD: {"type": "string", "description": MAIL}}}}}
    replies = [
        ask("POST", url, key, chat(TEXT, user="canary-user", metadata={WORD: MAIL}), X_Canary="canary-header"),
        ask("POST", url, key, chat(TEXT, stream=True)),
        ask("POST", url, key, chat(TEXT, tools=[tool])),
        ask("POST", url, key, chat(TEXT, "demo")),
        ask("POST", url, key, chat(TEXT, "eu-cloud")),
        ask("POST", url, key, chat(f"VS-NfD {TEXT}", "eu-cloud")),
        ask("POST", url, key, chat(TEXT, "canary-model")),
        ask("POST", url, key, chat(TEXT), X_KI_Zweck="canary-purpose"),
        ask("POST", url, key, chat(TEXT, n=MAIL, temperature=TEXT)),
        ask("POST", url, key, (TEXT + '{"model":').encode()),
        ask("POST", url, key, {"model": MAIL, "messages": TEXT}),
        ask("POST", url, key, {"model": "schnellstart", "messages": [{"role": TEXT, WORD: MAIL}]}),
        ask("POST", url, "kip_canary-key_" + WORD, chat(TEXT)),
        ask("POST", url, gateway.holder("fehlt").key, chat(TEXT)),
        ask("GET", gateway.url + "/v1/canary-path?q=canary-query", key),
        ask("GET", gateway.url + "/v1/models/canary-model", key),
        ask("DELETE", url + "?q=canary-query", key),
    ]
    with provider.doing(status=500, error=f'{{"error": {{"message": "canary-quotation {WORD}"}}}}'.encode()):
        replies.append(ask("POST", url, key, chat(TEXT)))
    with provider.doing(error=b"canary-broken " + TEXT.encode()):
        replies.append(ask("POST", url, key, chat(TEXT)))
    with provider.doing(cut=3, break_after=20):
        replies.append(ask("POST", url, key, chat(TEXT, stream=True)))
    with provider.doing(says=f"{WORD} [PERSON99] canary-quotation", cut=1):
        replies.append(ask("POST", url, key, chat(TEXT, stream=True)))
    return {reply.status for reply in replies}


@pytest.fixture(scope="module")
def canaries(gateway: GatewayProcess, provider: EchoProvider) -> tuple[str, ...]:
    """Every value that nobody may find: what was planted, and the keys of all people."""
    statuses = go_through_every_door(gateway, gateway.holder("gueltig"), provider)
    assert statuses >= {200, 400, 401, 403, 404, 405, 502}
    return (*CANARIES, *(person.key.split("_", 2)[2] for person in gateway.people))


def test_no_log_holds_content(gateway: GatewayProcess, syslog: SyslogServer, canaries: tuple[str, ...]) -> None:
    reply = ask("POST", gateway.url + "/v1/chat/completions", gateway.holder("fehlt").key, chat(TEXT))
    number = reply.headers["x-request-id"]
    until(lambda: any(number.encode() in one for one in syslog.messages), "the syslog has the last line")
    assert found_in(gateway.logged(), canaries) == []
    assert found_in(b"\n".join(syslog.messages), canaries) == []


def test_the_number_that_a_person_was_given_leads_to_the_line(
        gateway: GatewayProcess, person: Person, provider: EchoProvider) -> None:
    url = gateway.url + "/v1/chat/completions"
    with provider.doing(status=500, error=b"{}"):
        failed = ask("POST", url, person.key, chat(TEXT))
    replies = [ask("POST", url, gateway.holder("fehlt").key, chat(TEXT)), failed,
               ask("POST", url, person.key, chat(TEXT))]
    assert [reply.status for reply in replies] == [403, 502, 200]
    until(lambda: all(reply.headers["x-request-id"] in gateway.logged() for reply in replies), "every line is there")
    lines = [json.loads(line) for line in gateway.logged().splitlines() if line.startswith("{")]
    assert {name for line in lines for name in line} <= set(FIELDS)
    for reply, decision, level in zip(replies, ("denied", "failed", "ok"), ("debug", "warning", "debug"), strict=True):
        own = [line for line in lines if line.get("request_id") == reply.headers["x-request-id"] and "decision" in line]
        assert [(line["decision"], line["level"], line["status"]) for line in own] == [
            (decision, level, reply.status)], own


def test_the_doctor_sees_that_the_house_is_open(gateway: GatewayProcess) -> None:
    found = json.loads(gateway.cli("doctor", "--json", code=1).stdout)["findings"]
    assert ("Port", "in Ordnung") in {(one["what"], one["state"]) for one in found}
    at_provider = {one["text"].partition(":")[0]: one["state"] for one in found if one["what"] == "Anbieter"}
    assert "Fehler" in at_provider.values(), "eu-cloud is where nobody listens"
    assert "Anbieter" not in {one["what"] for one in json.loads(
        gateway.cli("doctor", "--json", "--offline", code=1).stdout)["findings"]}


def test_no_metric_holds_content(gateway: GatewayProcess, canaries: tuple[str, ...]) -> None:
    metrics = ask("GET", gateway.url + "/metrics").body
    assert b"ki_pforte_requests_total" in metrics
    assert found_in(metrics, canaries) == []
    names = tuple(word for person in gateway.people for word in (person.email, person.name, person.department))
    assert found_in(metrics, tuple(n for n in names if "@" in n or " " in n)) == [], "no label names a person"
    assert b'department="buergerbuero"' not in metrics, "it has fewer than five people"


def test_no_file_of_home_holds_content(gateway: GatewayProcess, canaries: tuple[str, ...]) -> None:
    files = [path for path in gateway.home.rglob("*") if path.is_file()]
    assert {"pforte.db", "protokoll.db", "protokoll.db-wal"} <= {path.name for path in files}
    for path in files:
        assert found_in(path.read_bytes(), canaries) == [], path.name
        if path.parent.name != "presence":
            assert path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others"
