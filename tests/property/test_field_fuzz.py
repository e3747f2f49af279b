"""Requests of every API in which anything may stand anywhere: nothing planted arrives, and nobody sees a fault of ours.

A request begins as pieces of the published schemas. Then fields nobody has heard of are added at every level, values
get another type, and names are written into texts, keys, ids, roles and enums, bare, in sentences, in JSON within JSON.
It goes through the whole house, whose detector finds exactly what was planted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.exchange import SealedRequest
from gateway.ports import Kept
from tests.golden.test_dialect_golden import DIALECTS
from tests.support.fake_house import FakeHouse
from tests.support.field_matrix import REQUESTS
from tests.support.published import CANARY, LEAST, leaves
from tests.unit.pipeline.test_provider_tools import policies

PLANTED = ("Sabine Krüger", "Otto Weber")
assert PLANTED[0] in CANARY
ANSWERS: dict[str, Any] = {"chat": {"choices": []}, "completions": {"choices": []}, "embeddings": {"data": []},
                           "responses": {"output": [], "status": "completed"}, "messages": {"content": []}}
SAID = [{"role": "user", "content": f"Frau {PLANTED[0]}", "id": PLANTED[1], PLANTED[1]: {"x": PLANTED[0]}}]
KEPT = {"answer": orjson.dumps(SAID), "conversation": orjson.dumps({"created_at": 1, "metadata": {}, "items": SAID})}
"""Whatever id a request names, this was said before."""


@cache
def pieces(api: str) -> list[dict[str, Any]]:
    return [leaf.request for leaf in leaves(api)]


def planted(random: Random) -> Any:
    """Return a value that holds a name."""
    name = random.choice(PLANTED)
    ways: list[Any] = [
        name, f"Frau {name}, bitte", {name: 1}, [name], {"a": {"b": [name]}}, [[{"type": name}]],
        json.dumps({"x": name}), json.dumps([{name: json.dumps({"y": f"an {name}"})}]),
        json.dumps({"x": name}, ensure_ascii=False), {"type": "text", "text": name},
        {"type": "function", "function": {"name": name, "arguments": json.dumps({"q": name})}},
        {"type": name, "role": name, "id": name, "content": name}, f" \t{name}\n"]
    return random.choice(ways)


def something(random: Random) -> Any:
    return random.choice([None, True, 0, -1.5, 10**15, "", " ", "x", [], {}, [[]], [None], {"": ""}, [{}, 1, "x"],
                          "[", '{"a":', '"x"', "data:text/plain;base64,QUJD", {"type": []}, {"type": {}}])


def changed(value: Any, random: Random, depth: int = 0) -> Any:
    """Return `value` with something else in some of its places."""
    lot = random.random()
    if depth and lot < 0.06:
        return planted(random)
    if depth and lot < 0.09:
        return something(random)
    if isinstance(value, dict):
        out = {}
        for key, child in value.items():
            name = random.choice(PLANTED) if random.random() < 0.03 else key
            out[name] = changed(child, random, depth + 1)
        if random.random() < 0.3:
            out[random.choice(["erfunden", "input", "type", "id", "name", "content", "tools", *PLANTED])] = (
                planted(random))
        return out
    if isinstance(value, list):
        return [changed(child, random, depth + 1) for child in value] + (
            [planted(random)] if random.random() < 0.1 else [])
    return value


def texts(value: Any) -> Iterator[str]:
    """Yield every string and key in `value`, also of JSON within JSON."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from texts(key)
            yield from texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from texts(child)
    elif isinstance(value, str):
        yield value
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return
        if isinstance(inner, (dict, list, str)):
            yield from texts(inner)


@pytest.mark.parametrize("rule", ["refuse", "strip", "pass"])
@pytest.mark.parametrize("api", REQUESTS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_planted_arrives_and_no_fault_is_shown(api: str, rule: str, seed: int) -> None:
    random = Random(seed)
    request: dict[str, Any] = {}
    for piece in random.sample(pieces(api), min(4, len(pieces(api)))):
        request |= piece
    request = {**LEAST[api], **changed(request, random), "model": "demo"}
    if not isinstance(request.get("stream"), bool):
        request.pop("stream", None)
    house = FakeHouse(lambda: policies(rule))

    def answer(sealed: SealedRequest) -> tuple[int, list[bytes]]:
        return 200, [orjson.dumps(ANSWERS[api])]

    async def recall(subject: str, id_: str, now: datetime, kind: Kept = "answer") -> bytes:
        return KEPT[kind]

    house.says, house.recall = answer, recall  # type: ignore[method-assign]
    out, raw = asyncio.run(house.ask(request, dialect=DIALECTS[api]))
    if house.sent:
        sent = house.sent[0].redacted.body
        assert not [text for text in texts(orjson.loads(sent)) if any(name in text for name in PLANTED)]
    assert house.book
    assert house.book[-1].meta.get("code", "") not in ("intern", "pruefung_nicht_verfuegbar"), raw
    assert out.status in (200, 400, 413)
