"""Turns through a conversation and the same turns sent whole: to the provider there is no difference.

And a conversation as a state machine beside a list: whatever is added, deleted and noted, in whatever order, by whom it
belongs to and by somebody else, it holds what the list holds.
"""

from __future__ import annotations

import asyncio
import json
import string
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Router

from gateway.http.conversations import ConversationEndpoints
from gateway.wire.responses import Responses
from tests.support.fake_house import GUEST, FakeHouse
from tests.unit.pipeline.test_kept_conversations import echo, house
from tests.unit.policy.policy_sets import shipped

NAMED = st.sampled_from(["Sabine Krüger", "Otto Weber", "Guten Tag", "[PERSON1]", "Ä \\ \" 🙂", "Danke."])
TEXT = st.lists(NAMED, min_size=1, max_size=3).map(" und ".join)
MESSAGE = st.one_of(
    TEXT.map(lambda text: [{"role": "user", "content": text}]),
    TEXT.map(lambda text: [{"role": "user", "content": [{"type": "input_text", "text": text}]}]),
    TEXT.map(lambda text: [{"type": "function_call", "call_id": "c", "name": "suchen",
                            "arguments": json.dumps({"wer": text})},
                           {"type": "function_call_output", "call_id": "c", "output": text}]))
TURN = st.tuples(st.sampled_from(["ask", "ask", "stream", "add", "break off", "keep nothing"]), MESSAGE)


def spoken(request: Any) -> tuple[int, list[bytes]]:
    """Answer what the last item says, whatever it is."""
    body = orjson.loads(request.redacted.body)
    last = body["input"][-1]
    said = last.get("content", last.get("output"))
    text = said if isinstance(said, str) else said[0]["text"]
    body["input"].append({"content": text})
    return echo(replace(request, redacted=replace(request.redacted, body=orjson.dumps(body))))


def talk(made: FakeHouse, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask, and return the items of the answer as a client sends them again; none when it broke off."""
    _, raw = asyncio.run(made.ask({"model": "demo", **body}, dialect=Responses()))
    whole = json.loads(raw if raw.startswith(b"{") else raw.split(b"\n\n")[-2].partition(b"data: ")[2])
    whole = whole.get("response", whole)
    return [{key: value for key, value in item.items() if key not in ("id", "status")} for item in whole["output"]]


def call(made: FakeHouse, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": orjson.dumps(body), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)
    where, _, query = path.partition("?")
    router = Router(ConversationEndpoints(made, shipped, made, made, 1 << 20).routes())
    asyncio.run(router({"type": "http", "method": method, "path": f"/v1/conversations{where}", "headers": [],
                        "query_string": query.encode()}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@settings(deadline=None, max_examples=60)
@given(st.lists(TURN, min_size=1, max_size=6))
def test_turns_through_a_conversation_reach_the_provider_as_if_they_were_sent_whole(
        turns: list[tuple[str, list[dict[str, Any]]]]) -> None:
    named, whole, history = house(), house(), list[dict[str, Any]]()
    named.says = whole.says = spoken
    id_ = call(named, "POST", "", {})[1]["id"]
    for how, items in turns:
        if how == "add":
            assert call(named, "POST", f"/{id_}/items", {"items": items})[0] == 200
            history += items
            continue
        named.says = (lambda request: (200, spoken(request)[1][:5])) if how == "break off" else spoken
        more: dict[str, Any] = {"stream": how in ("stream", "break off")}
        got = talk(named, {"input": items, "conversation": id_, **more, **(
            {"store": False} if how == "keep nothing" else {})})
        expected = talk(whole, {"input": [*history, *items], **more})
        assert orjson.loads(named.sent[-1].redacted.body) == orjson.loads(whole.sent[-1].redacted.body)
        if how != "break off":
            assert got == expected
        if how in ("ask", "stream"):
            history += [*items, *got]
    shown = call(named, "GET", f"/{id_}/items?order=asc&limit=100")[1]["data"]
    assert len(shown) == len(history)
    assert "Krüger" not in b"".join(request.redacted.body for request in named.sent).decode()


NOTE = st.dictionaries(st.text(string.ascii_lowercase, min_size=1, max_size=3), st.just("x"), max_size=3)
STEP = st.one_of(st.tuples(st.just("add"), MESSAGE), st.tuples(st.just("remove"), st.integers(0, 9)),
                 st.tuples(st.just("note"), NOTE), st.tuples(st.just("stranger"), st.sampled_from(
                     ["GET", "POST", "DELETE"])), st.tuples(st.just("delete"), st.none()))


@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, max_size=10))
def test_a_conversation_holds_what_a_list_would_hold(steps: list[tuple[str, Any]]) -> None:
    made = house()
    id_ = call(made, "POST", "", {})[1]["id"]
    ids, noted, there = list[str](), dict[str, str](), True
    for what, value in steps:
        if what == "stranger":
            made.principal = replace(GUEST, subject="subject-2")
            assert call(made, value, f"/{id_}", {"metadata": {"a": "b"}})[0] == 404
            made.principal = GUEST
        elif what == "delete":
            assert call(made, "DELETE", f"/{id_}")[0] == (200 if there else 404)
            there = False
        elif what == "add":
            status, page = call(made, "POST", f"/{id_}/items", {"items": value})
            assert status == (200 if there else 404)
            ids += [item["id"] for item in page["data"]] if there else []
        elif what == "note":
            assert call(made, "POST", f"/{id_}", {"metadata": value})[0] == (200 if there else 404)
            noted = value
        elif ids:
            gone = ids[value % len(ids)]
            assert call(made, "DELETE", f"/{id_}/items/{gone}")[0] == (200 if there else 404)
            ids = [one for one in ids if one != gone or not there]
    status, whole = call(made, "GET", f"/{id_}")
    assert (status, bool(made.conversations)) == ((200, True) if there else (404, False))
    if there:
        assert whole["metadata"] == noted
        assert [item["id"] for item in call(made, "GET", f"/{id_}/items?order=asc&limit=100")[1]["data"]] == ids
