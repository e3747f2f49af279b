"""The 28 tools of Open WebUI: what the model writes into them comes back to the person's own program as it was.

Over three APIs, streamed in small pieces and whole: the provider sees placeholders, the client gets valid JSON with the
names; what the tools then found goes out with placeholders again. Of a tool that policy lists, that the client never
declared, or that runs at the provider, the placeholders stay.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.model.exchange import SealedRequest
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Dialect
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.fake_house import GUEST, FakeHouse
from tests.support.open_webui_tools import TOOLS, arguments, parameters
from tests.unit.policy.policy_sets import all_on, shipped

NAME = "Sabine Krüger"
SAID = f'Vermerk zu "{NAME}":\n\\ bitte prüfen ✓'
Calls = list[tuple[str, str]]
"""Name and arguments of each call."""


def asked(dialect: Dialect, stream: bool) -> dict[str, Any]:
    """Return a question about a person, with all tools."""
    body: dict[str, Any] = {"model": "demo", "stream": stream}
    question = [{"role": "user", "content": f"Lege zu Frau {NAME} Notiz, Termin und Aufgabe an."}]
    described = [(name, f"Werkzeug {name}", parameters(name)) for name in TOOLS]
    if dialect.name == "chat":
        body |= {"messages": question, "tools": [{"type": "function", "function": {
            "name": n, "description": d, "parameters": p}} for n, d, p in described]}
    elif dialect.name == "responses":
        body |= {"input": question, "tools": [{"type": "function", "name": n, "description": d, "parameters": p,
                                               "strict": False} for n, d, p in described]}
    else:
        body |= {"messages": question, "max_tokens": 99, "tools": [
            {"name": n, "description": d, "input_schema": p} for n, d, p in described]}
    return body


def frames(events: list[dict[str, Any]]) -> list[bytes]:
    named = [(f"event: {e['type']}\n".encode() if "type" in e else b"") + b"data: " + json.dumps(e).encode() + b"\n\n"
             for e in events]
    raw = b"".join(named)
    return [raw[i:i + 97] for i in range(0, len(raw), 97)]


def pieces(text: str) -> list[str]:
    return [text[i:i + 4] for i in range(0, len(text), 4)]


def chat_says(calls: Calls, stream: bool) -> list[bytes]:
    if not stream:
        message = {"role": "assistant", "content": None, "tool_calls": [
            {"id": f"c{i}", "type": "function", "function": {"name": n, "arguments": a}}
            for i, (n, a) in enumerate(calls)]}
        return [json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode()]
    deltas = []
    for i, (n, a) in enumerate(calls):
        deltas.append({"index": i, "id": f"c{i}", "type": "function", "function": {"name": n, "arguments": ""}})
        deltas += [{"index": i, "function": {"arguments": piece}} for piece in pieces(a)]
    events: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"tool_calls": [delta]}, "finish_reason": None}]}
                                    for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    return [*frames(events), b"data: [DONE]\n\n"]


def responses_says(calls: Calls, stream: bool) -> list[bytes]:
    items = [{"type": "function_call", "id": f"i{i}", "call_id": f"c{i}", "name": n, "arguments": a,
              "status": "completed"} for i, (n, a) in enumerate(calls)]
    whole = {"id": "r", "object": "response", "status": "completed", "output": items}
    if not stream:
        return [json.dumps(whole).encode()]
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {**whole, "output": []}}]
    for i, item in enumerate(items):
        at = {"output_index": i, "item_id": item["id"]}
        events.append({"type": "response.output_item.added", "output_index": i, "item": {**item, "arguments": ""}})
        events += [{"type": "response.function_call_arguments.delta", **at, "delta": p} for p in pieces(calls[i][1])]
        events.append({"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]})
        events.append({"type": "response.output_item.done", "output_index": i, "item": item})
    events.append({"type": "response.completed", "response": whole})
    return frames([{**event, "sequence_number": number} for number, event in enumerate(events)])


def messages_says(calls: Calls, stream: bool) -> list[bytes]:
    blocks = [{"type": "tool_use", "id": f"c{i}", "name": n, "input": json.loads(a)} for i, (n, a) in enumerate(calls)]
    whole = {"id": "m", "type": "message", "role": "assistant", "content": blocks, "stop_reason": "tool_use"}
    if not stream:
        return [json.dumps(whole).encode()]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {**whole, "content": []}}]
    for i, block in enumerate(blocks):
        events.append({"type": "content_block_start", "index": i, "content_block": {**block, "input": {}}})
        events += [{"type": "content_block_delta", "index": i, "delta": {"type": "input_json_delta", "partial_json": p}}
                   for p in pieces(calls[i][1])]
        events.append({"type": "content_block_stop", "index": i})
    return frames([*events, {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}])


def events_of(raw: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in raw.split(b"\n") if line.startswith(b"data: {")]
    return [json.loads(line) for line in lines]


def chat_got(raw: bytes, stream: bool) -> Calls:
    if not stream:
        calls = json.loads(raw)["choices"][0]["message"]["tool_calls"]
        return [(c["function"]["name"], c["function"]["arguments"]) for c in calls]
    found: dict[int, list[str]] = {}
    for event in events_of(raw):
        for call in event["choices"][0]["delta"].get("tool_calls", ()):
            one = found.setdefault(call["index"], ["", ""])
            one[0] += call["function"].get("name", "")
            one[1] += call["function"].get("arguments", "")
    return [(name, text) for name, text in found.values()]


def responses_got(raw: bytes, stream: bool) -> Calls:
    if not stream:
        return [(item["name"], item["arguments"]) for item in json.loads(raw)["output"]]
    events, streamed = events_of(raw), dict[int, str]()
    for event in events:
        if event["type"] == "response.function_call_arguments.delta":
            streamed[event["output_index"]] = streamed.get(event["output_index"], "") + event["delta"]
    whole = [(item["name"], item["arguments"]) for item in events[-1]["response"]["output"]]
    repeated = [e["arguments"] for e in events if e["type"] == "response.function_call_arguments.done"]
    assert [streamed.get(i, "") for i in range(len(whole))] == [text for _, text in whole] == repeated
    return whole


def messages_got(raw: bytes, stream: bool) -> Calls:
    if not stream:
        return [(block["name"], json.dumps(block["input"])) for block in json.loads(raw)["content"]]
    found: dict[int, list[str]] = {}
    for event in events_of(raw):
        if event["type"] == "content_block_start":
            found[event["index"]] = [event["content_block"]["name"], ""]
        elif event["type"] == "content_block_delta":
            found[event["index"]][1] += event["delta"]["partial_json"]
    return [(name, text) for name, text in found.values()]


Says, Got = Callable[[Calls, bool], list[bytes]], Callable[[bytes, bool], Calls]
APIS: list[tuple[Dialect, Says, Got]] = [(ChatCompletions(), chat_says, chat_got),
                                         (Responses(), responses_says, responses_got),
                                         (Messages(), messages_says, messages_got)]


def exchange(api: tuple[Dialect, Says, Got], stream: bool, *, department: str = "bauamt",
             call: list[str] | None = None, body: dict[str, Any] | None = None) -> tuple[FakeHouse, Calls]:
    """Ask with all tools; the model calls each of them (or `call`) about the person it was asked about."""
    dialect, says, got = api
    house = FakeHouse(shipped, replace(GUEST, department=department))

    def answer(request: SealedRequest) -> tuple[int, list[bytes]]:
        placeholder = re.search(rb"\[PERSON\w*\]", request.redacted.body)
        assert placeholder is not None
        said = SAID.replace(NAME, placeholder[0].decode())
        return 200, says([(name, json.dumps(arguments(name, said) if name in TOOLS else {"query": said}))
                          for name in call or TOOLS], stream)

    house.says = answer
    out, raw = asyncio.run(house.ask(body or asked(dialect, stream), dialect=dialect))
    assert out.status == 200, raw
    return house, got(raw, stream)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", APIS, ids=lambda api: api[0].name)
def test_all_28_tools_get_what_the_model_wrote_with_the_names_in_it(api: tuple[Dialect, Says, Got],
                                                                    stream: bool) -> None:
    assert len(TOOLS) == 28
    house, calls = exchange(api, stream)
    assert [(name, json.loads(text or "{}")) for name, text in calls] == [(n, arguments(n, SAID)) for n in TOOLS]
    sent = house.sent[0].redacted.body.decode()
    assert "Krüger" not in sent
    tools = json.loads(sent)["tools"]
    assert len(tools) == 28
    for name, tool in zip(TOOLS, tools, strict=True):  # definitions arrive as they are: no placeholder in a schema
        schema = tool["function"]["parameters"] if api[0].name == "chat" else (
            tool["parameters"] if api[0].name == "responses" else tool["input_schema"])
        assert schema == parameters(name)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", APIS, ids=lambda api: api[0].name)
def test_what_the_tools_found_goes_out_with_placeholders_again(api: tuple[Dialect, Says, Got], stream: bool) -> None:
    dialect = api[0]
    _, calls = exchange(api, stream)
    found = json.dumps({"notes": [{"title": f"Gespräch mit {NAME}", "Otto Weber": 4711}]})  # with \u escapes
    body = asked(dialect, stream)
    if dialect.name == "chat":
        body["messages"] += [{"role": "assistant", "content": "", "tool_calls": [
            {"id": f"c{i}", "type": "function", "function": {"name": n, "arguments": a}}
            for i, (n, a) in enumerate(calls)]}]
        body["messages"] += [{"role": "tool", "tool_call_id": f"c{i}", "content": found} for i in range(len(calls))]
    elif dialect.name == "responses":
        body["input"] += [{"type": "function_call", "call_id": f"c{i}", "name": n, "arguments": a}
                          for i, (n, a) in enumerate(calls)]
        body["input"] += [{"type": "function_call_output", "call_id": f"c{i}", "output": found}
                          for i in range(len(calls))]
    else:
        body["messages"] += [
            {"role": "assistant", "content": [{"type": "tool_use", "id": f"c{i}", "name": n,
                                               "input": json.loads(a or "{}")} for i, (n, a) in enumerate(calls)]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"c{i}", "content": found}
                                         for i in range(len(calls))]}]
    house, again = exchange(api, stream, body=body)
    assert again == calls
    sent = house.sent[0].redacted.body.decode()
    assert not any(word in sent for word in ("Krüger", "Kr\\u", "Weber", "Sabine"))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", APIS, ids=lambda api: api[0].name)
def test_a_tool_that_the_client_never_declared_gets_placeholders(api: tuple[Dialect, Says, Got], stream: bool) -> None:
    _, calls = exchange(api, stream, call=["write_note", "somebody_else", "view_note"])
    by_name = dict(calls)
    assert json.loads(by_name["write_note"])["title"] == SAID
    assert NAME not in json.loads(by_name["somebody_else"])["query"]
    assert "[PERSON" in by_name["somebody_else"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", APIS, ids=lambda api: api[0].name)
def test_a_tool_that_a_department_lists_gets_placeholders(api: tuple[Dialect, Says, Got], stream: bool) -> None:
    body = asked(api[0], stream)
    body["tools"] = json.loads(json.dumps(body["tools"][:2]).replace("get_current_timestamp", "search_web"))
    for department, trusted in (("bauamt", True), ("sozialamt", False)):
        _, calls = exchange(api, stream, department=department, call=["search_web"], body=body)
        assert (NAME in json.loads(calls[0][1])["query"]) is trusted


def test_calls_that_the_provider_ran_itself_show_what_it_was_told() -> None:
    """A connector's tool may even go by the name of one of the client's."""
    item = {"type": "mcp_call", "id": "i", "name": "write_note", "server_label": "x", "output": "fertig"}
    house = FakeHouse(all_on)

    def answer(request: SealedRequest) -> tuple[int, list[bytes]]:
        placeholder = re.search(rb"\[PERSON\w*\]", request.redacted.body)
        assert placeholder is not None
        told = json.dumps({"title": placeholder[0].decode()})
        whole = {"status": "completed", "output": [{**item, "arguments": told}, {
            "type": "function_call", "call_id": "c", "name": "write_note", "arguments": told}]}
        return 200, [json.dumps(whole).encode()]

    house.says = answer
    _, raw = asyncio.run(house.ask(asked(Responses(), False), dialect=Responses()))
    theirs, ours = (json.loads(item["arguments"])["title"] for item in json.loads(raw)["output"])
    assert theirs.startswith("[PERSON")
    assert ours == NAME
