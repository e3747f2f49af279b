"""``/v1/messages/count_tokens``: who may use a model learns how long a request would be, and nobody else is asked."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.http.count_tokens import TokenCountEndpoint
from gateway.model.principal import Principal
from gateway.ports import Credentials
from gateway.upstream.token_count import EXACTLY, TokenCounter
from tests.support.fake_house import GUEST, NOW
from tests.unit.policy.policy_sets import shipped

ASKED: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "Guten Tag, Frau Krüger."}]}


class House:
    """Authenticator, clock and counter; ``asked`` holds what was to be counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: Exception | None = None
        self.stopped: frozenset[str] = frozenset()
        self.principal = GUEST

    def stops(self) -> frozenset[str]:
        return self.stopped

    async def authenticate(self, credentials: Credentials) -> Principal:
        if credentials.secret != "kip_x":
            raise GatewayError("schluessel_ungueltig", "Der Schlüssel ist nicht gültig.")
        return self.principal

    def now(self) -> datetime:
        return NOW

    async def count(self, texts: Sequence[str]) -> int:
        if self.failing:
            raise self.failing
        self.asked += texts
        return sum(map(len, texts))


def ask(house: House, body: Any, key: str = "kip_x", limit: int = 10_000) -> tuple[int, dict[str, str], dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)
    scope = {"type": "http", "headers": [(b"x-api-key", key.encode())]}
    asyncio.run(TokenCountEndpoint(house, shipped, house.stops, house, house.count, limit)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, json.loads(sent[1]["body"])


def test_the_answer_is_one_number_and_has_a_vorgangsnummer() -> None:
    status, headers, answer = ask(House(), ASKED)
    assert (status, answer) == (200, {"input_tokens": len("Guten Tag, Frau Krüger.") + 4})
    assert headers["x-request-id"]


def test_all_that_a_model_would_read_is_counted_once() -> None:
    house = House()
    tool = {"name": "suche", "description": "Sucht Akten", "input_schema": {"type": "object"}}
    ask(house, {**ASKED, "system": [{"type": "text", "text": "Höflich."}], "tools": [tool], "messages": [
        {"role": "user", "content": "A"}, {"role": "assistant", "content": [
            {"type": "tool_use", "id": "t", "name": "suche", "input": {"wer": "B"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "C"}]}]})
    joined = "\n".join(house.asked)
    for text in ("Höflich.", "A", "wer", "B", "C", "Sucht Akten", "input_schema"):
        assert text in joined
    assert joined.count("Sucht Akten") == 1


@pytest.mark.parametrize(("body", "key", "status", "kind", "code"), [
    (ASKED, "falsch", 401, "authentication_error", "schluessel_ungueltig"),
    (b"kein JSON", "kip_x", 400, "invalid_request_error", "anfrage_ungueltig"),
    ({"model": "demo"}, "kip_x", 400, "invalid_request_error", "anfrage_ungueltig"),
    ({**ASKED, "messages": ["x"]}, "kip_x", 400, "invalid_request_error", "anfrage_ungueltig"),
    ({**ASKED, "model": "gibt-es-nicht"}, "kip_x", 404, "not_found_error", "modell_unbekannt"),
    ({**ASKED, "x": "x" * 10_000}, "kip_x", 413, "request_too_large", "zu_gross")])
def test_a_refusal_has_the_form_that_anthropics_clients_show(body: Any, key: str, status: int, kind: str,
                                                            code: str) -> None:
    house = House()
    got, headers, answer = ask(house, body, key)
    assert got == status
    assert (answer["type"], answer["error"]["type"], answer["error"]["code"]) == ("error", kind, code)
    assert headers["x-request-id"] in answer["error"]["message"]
    assert house.asked == []


def test_a_fault_of_ours_is_an_answer_without_its_words() -> None:
    house = House()
    house.failing = RuntimeError("canary")
    status, _, answer = ask(house, ASKED)
    assert (status, answer["error"]["code"]) == (500, "intern")
    assert "canary" not in json.dumps(answer)


def test_a_stopped_model_counts_nothing_and_neither_does_one_without_its_pass() -> None:
    house = House()
    house.stopped = frozenset({"demo"})
    assert ask(house, ASKED)[2]["error"]["code"] == "modell_gestoppt"
    house.stopped, house.principal = frozenset(), replace(GUEST, passes={})
    assert ask(house, ASKED)[2]["error"]["code"] == "ki_pass_fehlt"
    assert house.asked == []


def count(*texts: str) -> int:
    return asyncio.run(TokenCounter().count(texts))


def test_words_are_counted_as_the_encoding_cuts_them() -> None:
    assert count("hello world") == 2
    assert count("hello", " world") == 2
    assert count() == count("") == 0
    assert count("\ud800") > 0


def test_a_text_longer_than_what_is_counted_has_its_share() -> None:
    word = "Rathaus "
    some = count(word * (EXACTLY // len(word)))
    assert count(word * (EXACTLY // len(word)) * 4) == pytest.approx(4 * some, rel=0.01)


def test_where_nothing_can_be_loaded_an_estimate_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise OSError
    monkeypatch.setattr("gateway.upstream.token_count._encoding", missing)
    assert count("x" * 300, "y") == 101


def test_counting_loads_no_litellm_and_asks_no_network() -> None:
    """In a process of its own, in which every connection to a network is an error."""
    program = """
import asyncio, socket, sys
def refuse(*_arguments, **_options):
    raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
from gateway.upstream.token_count import TokenCounter
assert "tiktoken" not in sys.modules
assert asyncio.run(TokenCounter().count(["hello world"])) == 2
assert "litellm" not in sys.modules
import os, tiktoken
os.environ["TIKTOKEN_CACHE_DIR"] = os.devnull + "/nowhere"
try:
    tiktoken.get_encoding("o200k_base")
except OSError as error:
    assert "refused" in str(error), error
else:
    raise AssertionError("loaded from where?")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
