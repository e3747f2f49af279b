"""What the pass office and the IT take away while the server runs is gone at the next request or the one after."""

from __future__ import annotations

import time

from tests.support.gateway_process import PATIENCE, GatewayProcess, Person
from tests.support.http import Reply, ask, chat


def until_refused(gateway: GatewayProcess, person: Person) -> Reply:
    give_up = time.monotonic() + PATIENCE
    while True:
        reply = ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Guten Tag"))
        if reply.status != 200:
            return reply
        assert time.monotonic() < give_up, "the server never takes notice"
        time.sleep(0.1)


def test_a_pass_that_is_blocked_on_the_command_line_stops_the_running_server(gateway: GatewayProcess) -> None:
    person = gateway.holder("gueltig", "bauamt")
    assert ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Guten Tag")).status == 200
    gateway.cli("pass", "block", person.email, "--reason", "Missbrauch gemeldet")
    error = until_refused(gateway, person).error
    assert error["code"] == "ki_pass_gesperrt"
    assert "Missbrauch" not in error["message"], "the reason is for the person, not for a chat window"
    gateway.cli("pass", "unblock", person.email)
    give_up = time.monotonic() + PATIENCE
    while ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Guten Tag")).status != 200:
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_key_that_is_revoked_stops_working(gateway: GatewayProcess) -> None:
    person = gateway.holder("gueltig", "kaemmerei")
    assert ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Guten Tag")).status == 200
    gateway.cli("key", "revoke", person.key.split("_")[1])
    assert until_refused(gateway, person).error["code"] == "schluessel_ungueltig"
