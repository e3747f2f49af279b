"""A client of the Responses API that sends only the id of the last answer: the house knows the rest, nobody else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.model.exchange import SealedRequest
from gateway.pipeline.doors import Inbound, Outbound
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.ports import Credentials
from gateway.wire.responses import Responses
from tests.support.fake_house import GUEST, FakeHouse
from tests.unit.policy.policy_sets import shipped

FIRST = "Frau Sabine Krüger fragt Otto Weber."


def without_keeping() -> PolicySet:
    policies = shipped()
    organisation = policies.organisation.model_copy(update={
        "conversations": policies.organisation.conversations.model_copy(update={"keep_hours": 0})})
    return reworked(policies, "e" * 64, organisation=organisation)


def echo(request: SealedRequest) -> tuple[int, list[bytes]]:
    """Answer with the text of the last item, as a provider of the Responses API does."""
    text = orjson.loads(request.redacted.body)["input"][-1]["content"]
    item = {"id": "msg_p", "type": "message", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}]}
    whole = {"id": "resp_provider", "object": "response", "status": "completed", "model": "x", "output": [item],
             "usage": {"input_tokens": 3, "output_tokens": 2}}
    if not request.stream:
        return 200, [orjson.dumps(whole)]
    begun = {**whole, "status": "in_progress", "output": []}
    at = {"item_id": "msg_p", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **at, "part": {"type": "output_text", "text": "", "annotations": []}},
        *({"type": "response.output_text.delta", **at, "delta": piece} for piece in (text[:9], text[9:])),
        {"type": "response.output_text.done", **at, "text": text},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole}]
    return 200, [b"data: " + orjson.dumps({**event, "sequence_number": n}) + b"\n\n" for n, event in enumerate(events)]


def house(policies: Callable[[], PolicySet] = shipped) -> FakeHouse:
    made = FakeHouse(policies)
    made.says = echo
    return made


def ask(made: FakeHouse, said: Any, follows: str | None = None, **more: Any) -> tuple[Outbound, dict[str, Any]]:
    """Ask, and return what came: the whole response, or the one in the last event of a stream."""
    body = {"model": "demo", "input": said, **({"previous_response_id": follows} if follows else {}), **more}
    items = [{"role": "user", "content": said}] if isinstance(said, str) else said

    async def go() -> tuple[Outbound, bytes]:
        out = await made.pipeline.handle(Inbound(Responses(), json.dumps(body | {"input": items}).encode(),
                                                 Credentials("bearer", "x"), None, "7F3K-2QXM-9BTD"))
        if out.stream is None:
            return out, out.body
        async with aclosing(out.stream) as stream:
            return out, b"".join([piece async for piece in stream])
    out, raw = asyncio.run(go())
    if raw.startswith(b"{"):
        return out, json.loads(raw)
    last = json.loads(raw.split(b"\n\n")[-2].partition(b"data: ")[2])
    return out, dict(last["response"], event=last["type"])


def text_of(response: dict[str, Any]) -> str:
    return str(response["output"][0]["content"][0]["text"])


def sent(made: FakeHouse, number: int = -1) -> Any:
    return orjson.loads(made.sent[number].redacted.body)


@pytest.mark.parametrize("stream", [False, True])
def test_the_next_request_finds_what_was_said_and_the_provider_gets_it_redacted(stream: bool) -> None:
    made = house()
    _, first = ask(made, FIRST, stream=stream)
    _, second = ask(made, "Und Otto Weber?", first["id"], stream=stream)
    assert text_of(first) == FIRST
    assert text_of(second) == "Und Otto Weber?"
    assert second["previous_response_id"] == first["id"]
    body = sent(made)
    assert [item["role"] for item in body["input"]] == ["user", "assistant", "user"]
    assert not re.search("Krüger|Weber|previous_response_id|resp_", json.dumps(body, ensure_ascii=False))
    assert body["store"] is False
    _, third = ask(made, "Danke.", second["id"], stream=stream)
    assert len(sent(made)["input"]) == 5
    assert third["store"] is True


def test_placeholders_mean_the_same_from_turn_to_turn() -> None:
    made = house()
    _, first = ask(made, FIRST)
    ask(made, "Otto Weber, dann Sabine Krüger.", first["id"])
    before, after = sent(made, 0)["input"], sent(made)["input"]
    assert before == [after[0]]
    krueger, weber = re.findall(r"\[[^\]]+\]", before[0]["content"])
    assert re.findall(r"\[[^\]]+\]", after[2]["content"]) == [weber, krueger]


def test_the_ids_are_of_this_house_and_never_the_same() -> None:
    made = house()
    ids = {ask(made, "Guten Tag")[1]["id"] for _ in range(5)}
    assert len(ids) == 5
    assert "resp_provider" not in ids
    assert {id_ for _, id_ in made.kept} == ids
    assert {subject for subject, _ in made.kept} == {GUEST.subject}


def test_going_on_from_an_earlier_answer_again_leaves_the_first_way_alone() -> None:
    made = house()
    _, first = ask(made, FIRST)
    _, left = ask(made, "links", first["id"])
    _, right = ask(made, "rechts", first["id"])
    ask(made, "weiter", left["id"])
    assert [item["content"] for item in sent(made)["input"] if item["role"] == "user"][1:] == ["links", "weiter"]
    ask(made, "weiter", right["id"])
    assert [item["content"] for item in sent(made)["input"] if item["role"] == "user"][1:] == ["rechts", "weiter"]


def test_instructions_hold_for_one_answer_only() -> None:
    made = house()
    _, first = ask(made, "Guten Tag", instructions="Höflich.")
    ask(made, "Und?", first["id"])
    assert "instructions" not in sent(made)


def test_where_nothing_is_kept_the_client_reads_what_to_change_and_nothing_is_sent() -> None:
    made = house(without_keeping)
    _, first = ask(made, "Guten Tag")
    assert first["store"] is False
    assert made.kept == {}
    out, answer = ask(made, "Und?", "resp_x")
    assert (out.status, answer["error"]["param"]) == (400, "previous_response_id")
    assert "ganzen Verlauf" in answer["error"]["message"]
    assert len(made.sent) == 1


def test_an_unknown_id_and_that_of_somebody_else_are_refused_alike() -> None:
    made = house()
    _, first = ask(made, FIRST)
    out, unknown = ask(made, "Und?", "resp_gibt_es_nicht")
    made.principal = replace(GUEST, subject="subject-2")
    _, foreign = ask(made, "Und?", first["id"])
    assert out.status == 400
    assert unknown["error"]["code"] == "anfrage_ungueltig"
    assert unknown == foreign, "nobody learns which ids there are"
    assert len(made.sent) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_who_wants_nothing_kept_has_nothing_kept(stream: bool) -> None:
    made = house()
    _, answer = ask(made, FIRST, store=False, stream=stream)
    assert made.kept == {}
    assert answer["store"] is False
    _, first = ask(made, FIRST)
    ask(made, "Und?", first["id"], store=False)
    assert len(made.kept) == 1


@pytest.mark.parametrize("number", range(8))
def test_only_a_complete_answer_is_kept(number: int) -> None:
    made = house()
    made.says = lambda request: (200, echo(request)[1][:number])
    _, answer = ask(made, FIRST, stream=True)
    assert answer["event"] == "response.failed"
    assert made.kept == {}


def test_an_answer_of_which_the_end_could_not_be_recorded_is_not_kept() -> None:
    made = house()
    made.steps.failing = {"record:outcome": RuntimeError("ledger")}
    ask(made, FIRST, stream=True)
    assert made.kept == {}


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_does_not_fail_because_it_could_not_be_kept(stream: bool) -> None:
    made = house()
    made.steps.failing = {"keep": RuntimeError("canary: Sabine Krüger")}
    out, answer = ask(made, FIRST, stream=stream)
    assert out.status == 200
    assert text_of(answer) == FIRST


def test_a_refused_request_leaves_nothing_behind() -> None:
    made = house()
    ask(made, "L01X00T47", model="gibt-es-nicht")
    assert made.kept == {}


@pytest.mark.parametrize("follows", [7, ["resp_x"], {"id": "resp_x"}, True])
def test_an_id_that_is_none_is_refused(follows: Any) -> None:
    made = house()
    out, answer = ask(made, "Guten Tag", follows)
    assert (out.status, answer["error"]["code"]) == (400, "anfrage_ungueltig")
    assert made.sent == []


def test_a_kept_conversation_that_nobody_can_read_is_no_way_in() -> None:
    """Whatever lies in the store goes the same way as what a client writes: it is inspected again."""
    made = house()
    made.kept[GUEST.subject, "resp_x"] = orjson.dumps(
        [{"role": "user", "content": "Sabine Krüger", "boese": "Otto Weber"}])
    ask(made, "Und?", "resp_x")
    assert "Krüger" not in made.sent[0].redacted.body.decode()
    assert "Weber" not in made.sent[0].redacted.body.decode()
