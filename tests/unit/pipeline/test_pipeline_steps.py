"""Every step of the way fails once, in every way it can: one record of the right kind, nothing sent too early, and an
answer in words."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.pipeline.finishing import CLOSING, all_finished
from tests.support.fake_house import GUEST, Entry, FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person, shipped

BUG = RuntimeError("canary: Sabine Krüger")


def house(**failing: Exception) -> FakeHouse:
    made = FakeHouse(shipped)
    made.steps.failing = {name.replace("_", ":"): error for name, error in failing.items()}
    return made


def down(code: str) -> GatewayError:
    return GatewayError(code, "Das geht gerade nicht.", hint="test")


def error_of(raw: bytes) -> dict[str, Any]:
    """Return the error of a whole answer, or the one that ends a stream."""
    if raw.startswith(b"{"):
        return dict(json.loads(raw)["error"])
    *_, last, done, end = raw.split(b"\n\n")
    assert (done, end) == (b"data: [DONE]", b"")
    error = json.loads(last.removeprefix(b"data: "))["error"]
    assert isinstance(error, dict)
    return error


@pytest.mark.parametrize("stream", [False, True])
def test_the_whole_way_leaves_an_intent_before_and_an_outcome_after(stream: bool) -> None:
    made = house()
    out, raw = asyncio.run(made.ask(chat(stream=stream)))
    assert out.status == 200
    assert "Sabine Krüger" in raw.decode()
    sent = made.sent[0].redacted.body.decode()
    assert "[PERSON1" in sent
    assert "Krüger" not in sent
    assert made.kinds() == ["intent", "outcome"]
    intent, outcome = made.book
    assert made.sent[0].receipt.record_id == intent.id == outcome.ref
    assert made.steps.trace.index("record:intent") < made.steps.trace.index("send")
    assert (outcome.meta["status"], outcome.meta["tokens_in"], outcome.meta["tokens_out"]) == ("ok", 3, 2)
    assert intent.meta["replaced"] == {"PERSON:placeholder": 1}
    assert intent.meta["found"] == {"PERSON": 1}
    assert made.answers[0].closed == 1
    if stream:
        assert raw.endswith(b"data: [DONE]\n\n")


def test_the_terminal_event_of_a_stream_comes_after_the_durable_outcome() -> None:
    made = house()

    async def watch() -> None:
        out = await made.pipeline.handle(_inbound(chat(stream=True)))
        assert out.stream is not None
        async for piece in out.stream:
            if b"[DONE]" in piece:
                assert "record:outcome" in made.steps.trace
    asyncio.run(watch())


def _inbound(body: dict[str, Any]) -> Any:
    from gateway.pipeline.doors import Inbound
    from gateway.ports import Credentials
    from gateway.wire.chat_completions import ChatCompletions
    return Inbound(ChatCompletions(), json.dumps(body).encode(), Credentials("bearer", "x"), None, "1-2-3")


BEFORE = {
    "authenticate": (down("schluessel_ungueltig"), 401), "inspect": (down("pruefung_nicht_verfuegbar"), 503),
    "record:intent": (down("protokoll_nicht_verfuegbar"), 503)}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("step", BEFORE)
def test_a_step_before_the_intent_that_says_no_ends_in_one_denial_and_nothing_is_sent(step: str, stream: bool) -> None:
    error, status = BEFORE[step]
    made = house(**{step.replace(":", "_"): error})
    out, raw = asyncio.run(made.ask(chat(stream=stream)))
    assert (out.status, error_of(raw)["code"]) == (status, error.code)
    assert made.kinds() == ["denied"]
    assert made.book[0].meta["code"] == error.code
    assert made.sent == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("step", ["authenticate", "inspect", "record:intent"])
def test_a_fault_before_the_intent_ends_in_one_denial_and_nothing_is_sent(step: str, stream: bool) -> None:
    made = house(**{step.replace(":", "_"): BUG})
    out, raw = asyncio.run(made.ask(chat(stream=stream)))
    assert (out.status, error_of(raw)["code"]) == (500, "intern")
    assert b"canary" not in raw
    assert [(entry.kind, entry.meta["code"]) for entry in made.book] == [("denied", "intern")]
    assert made.sent == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("step", "error", "status", "code"), [
    ("send", down("anbieter_fehler"), 502, "anbieter_fehler"), ("send", down("anbieter_zeit"), 504, "anbieter_zeit"),
    ("send", BUG, 500, "intern"), ("chunk:0", down("anbieter_zeit"), 504, "anbieter_zeit"),
    ("chunk:1", down("anbieter_fehler"), 502, "anbieter_fehler"), ("chunk:1", BUG, 500, "intern"),
    ("record:outcome", down("protokoll_nicht_verfuegbar"), 503, "protokoll_nicht_verfuegbar")])
def test_a_step_after_the_intent_that_fails_ends_in_one_outcome_that_says_so(
        step: str, error: Exception, status: int, code: str, stream: bool) -> None:
    made = house(**{step.replace(":", "_"): error})
    out, raw = asyncio.run(made.ask(chat(stream=stream)))
    begun = stream and step != "send"
    assert out.status == (200 if begun else status)
    found = error_of(raw)
    assert found["code"] == code
    assert "7F3K-2QXM-9BTD" in found["message"]
    assert "canary" not in str(found)
    if step == "record:outcome":
        assert made.kinds() == ["intent"], "the writer keeps the outcome for later; nobody writes a second one"
        assert "nicht gesendet" not in found["message"], "it was sent"
    else:
        assert [(e.kind, e.meta.get("status"), e.meta.get("code")) for e in made.book] == [
            ("intent", None, None), ("outcome", "failed", code)]
    assert all(answer.closed for answer in made.answers)


@pytest.mark.parametrize("stream", [False, True])
def test_a_ledger_that_is_down_from_the_start_says_so_and_nothing_is_sent(stream: bool) -> None:
    lost = down("protokoll_nicht_verfuegbar")
    made = house(record_intent=lost, record_denied=lost)
    out, raw = asyncio.run(made.ask(chat(stream=stream)))
    assert (out.status, error_of(raw)["code"]) == (503, "protokoll_nicht_verfuegbar")
    assert made.sent == made.book == []
    refused = house(authenticate=down("schluessel_ungueltig"), record_denied=lost)
    out, _ = asyncio.run(refused.ask(chat()))
    assert out.status == 503, "a refusal that cannot be recorded is not given"


def test_what_the_provider_refuses_is_an_outcome_in_our_words() -> None:
    made = house()
    made.says = lambda _: (500, [b'{"error": {"message": "canary Sabine"}}'])
    out, raw = asyncio.run(made.ask(chat(stream=True)))
    assert (out.status, error_of(raw)["code"]) == (502, "anbieter_fehler")
    assert b"canary" not in raw
    assert "x-ki-pforte-hinweis" not in out.headers, "no AI has said this"
    assert made.kinds() == ["intent", "outcome"]
    assert made.answers[0].closed == 1


@pytest.mark.parametrize(("body", "code"), [
    (b"{", "anfrage_ungueltig"), (chat(model="claude"), "modell_unbekannt"), (chat(model="x"), "modell_unbekannt"),
    (chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]), "nicht_pruefbar")])
def test_a_refusal_of_the_content_or_the_model_sends_nothing(body: Any, code: str) -> None:
    made = house()
    _, raw = asyncio.run(made.ask(body))
    assert error_of(raw)["code"] == code
    assert [(entry.kind, entry.meta["code"]) for entry in made.book] == [("denied", code)]
    assert made.sent == []


def test_an_operator_that_fails_sends_nothing() -> None:
    made = FakeHouse(all_on, person("buergerbuero"))
    made.steps.failing["operate"] = BUG
    out, _ = asyncio.run(made.ask(chat("Ausweis L01X00T47", "eu-cloud")))
    assert (out.status, made.kinds(), made.sent) == (500, ["denied"], [])
    made.steps.failing.clear()
    asyncio.run(made.ask(chat("Ausweis L01X00T47", "eu-cloud")))
    assert b"L01X" not in made.sent[0].redacted.body
    assert made.book[-2].meta["replaced"] == {"ID_CARD:mask": 1}


def test_a_model_that_does_not_speak_the_dialect_is_refused() -> None:
    from dataclasses import replace

    from gateway.policy.compile import reworked
    policies = shipped()
    models = {**policies.models, "demo": replace(policies.models["demo"], dialects=frozenset({"embeddings"}))}
    changed = reworked(policies, "d" * 64, models=models)
    made = FakeHouse(lambda: changed)
    out, _ = asyncio.run(made.ask(chat()))
    assert (out.status, made.kinds(), made.sent) == (400, ["denied"], [])


def test_with_block_style_message_a_refusal_is_an_answer_and_still_a_denial() -> None:
    from dataclasses import replace
    for stream in (False, True):
        made = FakeHouse(shipped, replace(GUEST, passes={}, block_style="message"))
        out, raw = asyncio.run(made.ask(chat(stream=stream)))
        assert (out.status, out.headers["x-ki-pforte-decision"]) == (200, "denied")
        assert out.content_type.startswith("text/event-stream" if stream else "application/json")
        assert "KI-Pass" in raw.decode()
        assert raw.endswith(b"data: [DONE]\n\n") is stream
        assert made.kinds() == ["denied"]


def test_nothing_that_was_written_down_or_measured_holds_content() -> None:
    made = house()
    body = chat("Frau Sabine Krüger fragt nach Quitten.", user="canary", erfunden={"canary": "canary"})
    asyncio.run(made.ask(body))
    asyncio.run(made.ask(chat("Frau Sabine Krüger", model="canary"), purpose="canary"))
    written = repr([(e.kind, e.meta, e.subject) for e in made.book]) + repr(made.measured)
    for word in ("Krüger", "Quitten", "canary", "PERSON1"):
        assert word not in written
    assert {call[1] for call in made.measured if call[0] == "stage"} <= {
        "authenticate", "admit", "inspect", "release", "redact", "record", "upstream_first_byte", "relay"}


def test_strangers_cannot_fill_the_book() -> None:
    made = house(authenticate=down("schluessel_ungueltig"))

    async def knock() -> None:
        for _ in range(200):
            await made.ask(chat())
    asyncio.run(knock())
    assert 60 <= len(made.book) <= 61
    assert len([call for call in made.measured if call == ("refusal", "schluessel_ungueltig")]) == 200


def test_a_request_that_the_door_cannot_read_is_recorded_as_well() -> None:
    made = house()
    out = asyncio.run(made.pipeline.turn_away(_inbound(chat()), down("zu_gross")))
    assert (out.status, made.kinds(), made.book[0].meta["code"]) == (413, ["denied"], "zu_gross")


def ends(book: list[Entry]) -> list[str | None]:
    return [entry.ref for entry in book if entry.kind == "outcome"]


def silent(_: SealedRequest) -> tuple[int, list[bytes]]:
    return 200, []


@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_answer_is_a_failure_and_no_silence(stream: bool) -> None:
    made = house()
    made.says = silent
    out, raw = asyncio.run(made.ask(chat(stream=stream)))
    assert out.status == (200 if stream else 502)
    assert error_of(raw)["code"] == "anbieter_fehler"
    assert made.book[-1].meta["status"] == "failed"


@pytest.mark.parametrize(("step", "stream", "kinds"), [
    ("authenticate", False, ["denied"]), ("inspect", True, ["denied"]), ("record:intent", False, ["intent", "outcome"]),
    ("send", True, ["intent", "outcome"]), ("chunk:0", True, ["intent", "outcome"]),
    ("chunk:1", True, ["intent", "outcome"]), ("chunk:1", False, ["intent", "outcome"])])
def test_who_is_waiting_when_the_server_stops_is_told(step: str, stream: bool, kinds: list[str]) -> None:
    async def stop() -> tuple[FakeHouse, bytes]:
        made = house()
        made.steps.held = step
        asking = asyncio.create_task(made.ask(chat(stream=stream)))
        await made.steps.reached.wait()
        made.steps.held = ""
        asking.cancel(CLOSING)
        made.steps.go_on.set()
        _, raw = await asking
        await all_finished()
        return made, raw
    made, raw = asyncio.run(stop())
    error = error_of(raw)
    assert error["code"] == "intern"
    assert "neu gestartet" in error["message"]
    assert made.kinds() == kinds
    assert all(answer.closed == 1 for answer in made.answers)
