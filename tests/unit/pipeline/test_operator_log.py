"""A person is told to name a Vorgangsnummer to the IT: so the log of the server knows it and what is behind it."""

from __future__ import annotations

import asyncio
import logging

import pytest

from gateway.errors import GatewayError
from gateway.telemetry.logs import facts_of
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import shipped

HINT = "provider status 401, code -"


def logged(caplog: pytest.LogCaptureFixture, step: str, error: GatewayError, *, stream: bool = False,
           asked: int = 1) -> list[tuple[str, str, dict[str, object]]]:
    """Return level, words and facts (but not how long it took) of what the log says when this step fails."""
    house = FakeHouse(shipped)
    house.steps.failing = {step: error}

    async def run() -> None:
        for _ in range(asked):
            await house.ask(chat(stream=stream))
    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    return [(record.levelname, record.getMessage(), facts_of(record) | {"ms": 0}) for record in caplog.records
            if record.name.startswith("gateway")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("step", ["send", "chunk:1"])
def test_what_is_behind_a_failure_stands_in_the_log_once_with_the_number_that_the_person_has(
        caplog: pytest.LogCaptureFixture, step: str, stream: bool) -> None:
    error = GatewayError("anbieter_fehler", "Frau Sabine Krüger", hint=HINT)
    assert logged(caplog, step, error, stream=stream) == [
        ("WARNING", "request failed", {
            "request_id": "7F3K-2QXM-9BTD", "api": "chat", "model": "demo", "decision": "failed",
            "code": "anbieter_fehler", "status": 502, "hint": HINT, "ms": 0})]


def test_a_key_that_is_refused_says_why_without_alarm(caplog: pytest.LogCaptureFixture) -> None:
    error = GatewayError("schluessel_ungueltig", "Nein.", hint="credentials refused: widerrufen")
    assert logged(caplog, "authenticate", error) == [
        ("INFO", "request refused", {
            "request_id": "7F3K-2QXM-9BTD", "api": "chat", "model": "unbekannt", "decision": "denied",
            "code": "schluessel_ungueltig", "status": 401, "hint": "credentials refused: widerrufen", "ms": 0})]


def test_strangers_cannot_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    error = GatewayError("schluessel_ungueltig", "Nein.", hint="credentials refused: unbekannt")
    assert len(logged(caplog, "authenticate", error, asked=100)) == 60


def test_a_decision_of_the_policy_is_in_the_book_and_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, "inspect", GatewayError("inhalt_gesperrt", "Nein.")) == []
