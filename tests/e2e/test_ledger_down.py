"""No book, no passage: when the ledger cannot be written, nothing reaches a provider."""

from __future__ import annotations

import contextlib
import sqlite3
import time

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, GatewayProcess, Person
from tests.support.http import Reply, ask, chat


def ask_for(gateway: GatewayProcess, person: Person) -> Reply:
    return ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Frau Sabine Krüger"))


def test_a_ledger_that_cannot_be_written_lets_nothing_out_and_recovers(
        gateway: GatewayProcess, person: Person, provider: EchoProvider) -> None:
    assert ask_for(gateway, person).status == 200
    before = len(provider.received)
    with contextlib.closing(sqlite3.connect(gateway.home / "protokoll.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        give_up = time.monotonic() + PATIENCE
        while (ready := ask("GET", gateway.url + "/readyz")).status == 200:
            reply = ask_for(gateway, person)
            assert (reply.status, reply.error["code"]) == (503, "protokoll_nicht_verfuegbar")
            assert "nicht gesendet" in reply.error["message"]
            assert reply.headers["retry-after"] == "30"
            assert time.monotonic() < give_up, "readiness never notices"
        assert ready.json["checks"]["protokoll"] is False
        assert "Protokoll" in ready.json["reasons"]["protokoll"]
        assert ask_for(gateway, person).status == 503
        other.execute("ROLLBACK")
    assert len(provider.received) == before
    give_up = time.monotonic() + PATIENCE
    while ask_for(gateway, person).status != 200:
        assert time.monotonic() < give_up, "the ledger is back, the gateway is not"
        time.sleep(0.1)
    gateway.until_ready()


def test_readiness_notices_a_ledger_that_cannot_be_written_although_nobody_writes(gateway: GatewayProcess) -> None:
    with contextlib.closing(sqlite3.connect(gateway.home / "protokoll.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1.1)  # who asked before may be told the same for a second
        ready = ask("GET", gateway.url + "/readyz")
        other.execute("ROLLBACK")
    assert ready.status == 503
    assert ready.json["checks"] == {**ready.json["checks"], "protokoll": False, "pruefung": True, "datenbank": True}
    gateway.until_ready()
