"""A client that names a conversation: each turn is added once it is complete, whole, and to nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.pipeline.finishing import all_finished
from gateway.pipeline.pipeline import Inbound
from gateway.ports import Credentials
from gateway.wire.conversation import Conversation
from gateway.wire.responses import Responses
from tests.support.fake_house import GUEST, FakeHouse
from tests.unit.pipeline.test_kept_conversations import FIRST, ask, echo, house, sent, text_of, without_keeping

ID = "conv_" + "b2" * 24


def begin(made: FakeHouse, items: Sequence[dict[str, Any]] = (), id_: str = ID, subject: str = GUEST.subject) -> None:
    conversation = Conversation(1, {}, [])
    conversation.add(items)
    made.conversations[subject, id_] = conversation.to_bytes()


def kept(made: FakeHouse, id_: str = ID) -> list[dict[str, Any]]:
    return Conversation.of(made.conversations[GUEST.subject, id_]).items


def said(items: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["role"], item["content"] if isinstance(item["content"], str) else item["content"][0]["text"])
            for item in items]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("named", [ID, {"id": ID}])
def test_each_turn_finds_what_was_said_and_the_provider_gets_it_redacted(stream: bool, named: Any) -> None:
    made = house()
    begin(made)
    _, first = ask(made, FIRST, conversation=named, stream=stream)
    _, second = ask(made, "Und Otto Weber?", conversation=named, stream=stream)
    assert [text_of(first), text_of(second)] == [FIRST, "Und Otto Weber?"]
    assert first["conversation"] == second["conversation"] == {"id": ID}
    assert said(kept(made)) == [("user", FIRST), ("assistant", FIRST), ("user", "Und Otto Weber?"),
                                ("assistant", "Und Otto Weber?")]
    body = json.dumps(sent(made), ensure_ascii=False)
    assert [item["role"] for item in sent(made)["input"]] == ["user", "assistant", "user"]
    assert not any(word in body for word in ("Krüger", "Weber", "conv", "msg_", "resp_"))
    assert made.kept == {}, "nothing is kept twice: deleting the conversation deletes all of it"


def test_every_event_that_shows_the_response_names_the_conversation() -> None:
    made = house()
    begin(made)
    body = {"model": "demo", "input": [{"role": "user", "content": FIRST}], "conversation": ID, "stream": True}
    _, raw = asyncio.run(made.ask(body, dialect=Responses()))
    events = [json.loads(part.partition(b"data: ")[2]) for part in raw.split(b"\n\n") if part]
    assert [event["response"]["conversation"] for event in events if "response" in event] == [{"id": ID}] * 2
    made.says = lambda request: (200, echo(request)[1][:4])
    _, raw = asyncio.run(made.ask(body, dialect=Responses()))
    failed = json.loads(raw.split(b"\n\n")[-2].partition(b"data: ")[2])
    assert failed["type"] == "response.failed"
    assert failed["response"]["conversation"] == {"id": ID}


def test_the_items_of_an_answer_keep_the_ids_that_the_client_saw_and_no_two_have_one() -> None:
    made = house()
    begin(made)
    answers = [ask(made, text, conversation=ID)[1] for text in ("eins", "zwei")]
    ids = [item["id"] for item in kept(made)]
    assert ids[1] == answers[0]["output"][0]["id"] == "msg_p"
    assert len(set(ids)) == 4, "the provider gave both answers one id"


def test_a_conversation_that_holds_the_question_needs_no_input() -> None:
    made = house()
    begin(made, [{"role": "user", "content": FIRST}])
    body: dict[str, Any] = {"model": "demo", "conversation": ID}
    for more in ({}, {"input": None}, {"input": []}, {"input": ""}):
        begin(made, [{"role": "user", "content": FIRST}])
        out, raw = asyncio.run(made.ask({**body, **more}, dialect=Responses()))
        assert (out.status, text_of(json.loads(raw))) == (200, FIRST)
        assert said(kept(made)) == [("user", FIRST), ("assistant", FIRST)]
    begin(made)
    out, raw = asyncio.run(made.ask(body, dialect=Responses()))
    assert (out.status, json.loads(raw)["error"]["param"]) == (400, "input")


@pytest.mark.parametrize("more", [{"previous_response_id": "resp_x"}, {"conversation": 7}, {"conversation": {}},
                                  {"conversation": [ID]}, {"conversation": ""}, {"conversation": {"id": ""}},
                                  {"input": ["Frau Krüger"]}])
def test_what_makes_no_sense_with_a_conversation_is_refused(more: dict[str, Any]) -> None:
    made = house()
    begin(made)
    made.kept[GUEST.subject, "resp_x"] = b"[]"
    out, answer = ask(made, more.pop("input", FIRST), **{"conversation": ID, **more})
    assert (out.status, answer["error"]["code"]) == (400, "anfrage_ungueltig")
    assert made.sent == []
    assert kept(made) == []


def test_an_unknown_conversation_and_that_of_somebody_else_are_refused_alike() -> None:
    made = house()
    begin(made)
    made.principal = replace(GUEST, subject="subject-2")
    out, foreign = ask(made, FIRST, conversation=ID)
    _, unknown = ask(made, FIRST, conversation="conv_gibt_es_nicht")
    assert (out.status, foreign["error"]["code"]) == (404, "gespraech_unbekannt")
    assert foreign == unknown
    assert made.sent == []


def test_an_answer_is_no_conversation_and_a_conversation_no_answer() -> None:
    made = house()
    begin(made)
    _, first = ask(made, FIRST)
    assert ask(made, "Und?", conversation=first["id"])[0].status == 404
    assert ask(made, "Und?", ID)[0].status == 400
    assert len(made.sent) == 1


def test_where_nothing_is_kept_the_client_reads_what_to_change() -> None:
    made = house(without_keeping)
    begin(made)
    out, answer = ask(made, FIRST, conversation=ID)
    assert (out.status, answer["error"]["param"]) == (400, "conversation")
    assert "nicht aufbewahrt" in answer["error"]["message"]
    assert made.sent == []


@pytest.mark.parametrize("stream", [False, True])
def test_who_wants_nothing_kept_reads_the_conversation_and_adds_nothing(stream: bool) -> None:
    made = house()
    begin(made, [{"role": "user", "content": FIRST}])
    before = kept(made)
    _, answer = ask(made, "Und?", conversation=ID, store=False, stream=stream)
    assert len(sent(made)["input"]) == 2
    assert kept(made) == before
    assert (answer["store"], answer["conversation"]) == (False, {"id": ID})


@pytest.mark.parametrize("number", range(8))
def test_of_an_answer_that_broke_off_nothing_is_added(number: int) -> None:
    made = house()
    begin(made)
    made.says = lambda request: (200, echo(request)[1][:number])
    _, answer = ask(made, FIRST, conversation=ID, stream=True)
    assert answer["event"] == "response.failed"
    assert kept(made) == []


@pytest.mark.parametrize("step", ["recall", "inspect", "record:intent", "send", "chunk:0", "chunk:end"])
def test_of_an_answer_that_was_given_up_nothing_is_added(step: str) -> None:
    made = house()
    begin(made)
    made.steps.failing = {step: asyncio.CancelledError()}  # type: ignore[dict-item]
    with pytest.raises(asyncio.CancelledError):
        ask(made, FIRST, conversation=ID)
    assert kept(made) == []


@pytest.mark.parametrize("pieces", range(1, 6))
def test_of_a_stream_that_nobody_read_to_its_end_nothing_is_added(pieces: int) -> None:
    made = house()
    begin(made)

    async def go() -> None:
        out = await made.pipeline.handle(Inbound(Responses(), orjson.dumps({
            "model": "demo", "input": [{"role": "user", "content": FIRST}], "stream": True, "conversation": ID}),
            Credentials("bearer", "x"), None, "7F3K-2QXM-9BTD"))
        assert out.stream is not None
        for _ in range(pieces):
            await anext(out.stream)
        await out.stream.aclose()
        await all_finished()
    asyncio.run(go())
    assert kept(made) == []
    assert made.kinds() == ["intent", "outcome"]
    assert made.book[-1].meta["status"] == "aborted"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("text", "more", "status"), [
    (FIRST, {"model": "gibt-es-nicht"}, 404), (FIRST, {"background": True}, 400),
    (FIRST, {"tools": [{"type": "web_search"}]}, 400)])
def test_of_a_refused_question_nothing_is_added(stream: bool, text: str, more: dict[str, Any], status: int) -> None:
    made = house()
    begin(made)
    out, _ = ask(made, text, conversation=ID, stream=stream, **more)
    assert out.status == status
    assert kept(made) == []
    assert made.sent == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fault", "code"), [
    (RuntimeError("canary: Sabine Krüger"), "intern"), (GatewayError("zu_gross", "Zu lang."), "zu_gross")])
def test_an_answer_that_cannot_be_added_fails_because_nobody_would_notice_the_gap(
        stream: bool, fault: Exception, code: str, caplog: pytest.LogCaptureFixture) -> None:
    made = house()
    begin(made)
    made.steps.failing = {"keep": fault}
    _, answer = ask(made, FIRST, conversation=ID, stream=stream)
    assert answer["error"]["code"] == code
    assert "canary" not in json.dumps(answer) + caplog.text
    assert kept(made) == []
    assert made.kinds() == ["intent", "outcome"]
    assert [entry.meta["status"] for entry in made.book if entry.kind == "outcome"] == ["ok"]
    assert len([call for call in made.measured if call[0] == "tokens"]) == 1


def test_a_conversation_that_was_deleted_meanwhile_is_not_made_anew() -> None:
    made = house()
    begin(made)

    def deleting(request: SealedRequest) -> tuple[int, list[bytes]]:
        made.conversations.clear()
        return echo(request)
    made.says = deleting
    out, answer = ask(made, FIRST, conversation=ID)
    assert (out.status, text_of(answer)) == (200, FIRST)
    assert made.conversations == {}


def test_turns_at_the_same_time_all_get_in_whole_in_the_order_in_which_they_are_complete() -> None:
    made = house()
    begin(made)

    async def both() -> None:
        made.steps.held = "chunk:end"
        slow = asyncio.create_task(made.ask({"model": "demo", "input": [{"role": "user", "content": "langsam"}],
                                             "conversation": ID}, dialect=Responses()))
        await made.steps.reached.wait()
        made.steps.held = ""
        await made.ask({"model": "demo", "input": [{"role": "user", "content": "schnell"}], "conversation": ID},
                       dialect=Responses())
        made.steps.go_on.set()
        await slow
    asyncio.run(both())
    assert said(kept(made)) == [("user", "schnell"), ("assistant", "schnell"), ("user", "langsam"),
                                ("assistant", "langsam")]
    assert [len(orjson.loads(request.redacted.body)["input"]) for request in made.sent] == [1, 1]


def test_what_is_kept_is_the_text_of_a_file_and_not_the_file() -> None:
    made = house()
    begin(made, [{"role": "user", "content": "Guten Tag"}])
    part = {"type": "input_file", "filename": "brief.txt", "file_data": "data:text/plain;base64,"
            "RnJhdSBTYWJpbmUgS3LDvGdlciBzY2hyZWlidC4="}
    out, answer = ask(made, [{"role": "user", "content": [part]}, {"role": "user", "content": "Was steht da?"}],
                      conversation=ID)
    assert out.status == 200, answer
    written = json.dumps(kept(made), ensure_ascii=False)
    assert "Frau Sabine Krüger schreibt." in written
    assert "base64" not in written
    assert [item["role"] for item in kept(made)] == ["user", "user", "user", "assistant"]


def test_what_is_kept_goes_the_same_way_as_what_a_client_writes() -> None:
    made = house()
    begin(made, [{"role": "user", "content": "Sabine Krüger", "boese": "Otto Weber", "id": "Otto Weber"}])
    ask(made, "Und?", conversation=ID)
    body = made.sent[0].redacted.body.decode()
    assert "Krüger" not in body
    assert "Weber" not in body
