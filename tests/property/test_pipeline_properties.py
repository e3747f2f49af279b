"""Property 11: every exchange ends in exactly one outcome, whichever step fails or is cancelled. And what is remembered
about texts changes nothing about what is done with them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person, shipped

STEPS = ["authenticate", "enter", "inspect", "record:intent", "send", *(f"chunk:{n}" for n in range(5)), "chunk:end",
         "record:outcome", "record:denied", "record:local"]
TITLE = "### Task:\nA title.\n<chat_history>\nUSER: Frau Sabine Krüger\n</chat_history>"
ERRORS = [RuntimeError("x"), GatewayError("anbieter_fehler", "Text."), GatewayError("protokoll_nicht_verfuegbar", "T."),
          GatewayError("schluessel_ungueltig", "Text.")]


def check_the_book(made: FakeHouse, *, lost: frozenset[str] = frozenset()) -> None:
    """Each intent has one end that refers to it; nothing was sent without one; every answer was closed."""
    intents = [entry.id for entry in made.book if entry.kind == "intent"]
    ended = [entry.ref for entry in made.book if entry.kind == "outcome"]
    denied = [entry for entry in made.book if entry.kind == "denied"]
    if "record:outcome" not in lost:
        assert ended == intents
    local = [entry for entry in made.book if entry.kind == "local"]
    assert len(intents) + len(denied) + len(local) <= 1
    assert len(made.sent) <= len(intents)
    assert all(request.receipt.record_id in intents for request in made.sent)
    assert all(answer.closed for answer in made.answers)
    assert all(ticket.closed for ticket in made.tickets), "what was granted is settled or given back"
    assert len(made.tickets) <= 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_client_that_hangs_up_at_any_step_leaves_no_open_intent(step: str, stream: bool) -> None:
    async def run() -> FakeHouse:
        made = FakeHouse(shipped)
        if step == "record:denied":
            made.steps.failing["inspect"] = GatewayError("pruefung_nicht_verfuegbar", "Text.")
        asked = (TITLE,) if step == "record:local" else ()
        came = await made.hang_up_at(step, chat(*asked, stream=stream))
        # A stream is over with [DONE]; a whole answer has two pieces.
        assert came or (step in ("chunk:2", "chunk:3", "chunk:4") and not stream)
        return made
    made = asyncio.run(run())
    check_the_book(made)
    if step == "send" or step.startswith("chunk:0"):
        assert made.book[-1].meta["status"] == "aborted"


@given(failing=st.dictionaries(st.sampled_from(STEPS), st.sampled_from(ERRORS), max_size=3),
       hang_up=st.sampled_from(["", *STEPS]), stream=st.booleans(), title=st.booleans())
def test_every_exchange_ends_in_exactly_one_outcome(failing: dict[str, Exception], hang_up: str, stream: bool,
                                                    title: bool) -> None:
    async def run() -> FakeHouse:
        made = FakeHouse(shipped)
        made.steps.failing = dict(failing)
        body = chat(*(TITLE,) * title, stream=stream)
        if hang_up:
            await made.hang_up_at(hang_up, body)
        else:
            out, raw = await made.ask(body)
            assert raw
            if not failing:
                assert out.status == 200
        return made
    check_the_book(asyncio.run(run()), lost=frozenset(failing))


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_nobody_begins_to_read_is_ended_as_well(stream: bool) -> None:
    async def run() -> FakeHouse:
        made = FakeHouse(shipped)
        from tests.unit.pipeline.test_pipeline_steps import _inbound
        out = await made.pipeline.handle(_inbound(chat(stream=stream)))
        if out.stream is not None:
            await out.stream.aclose()
        return made
    made = asyncio.run(run())
    check_the_book(made)
    assert made.book[-1].meta["status"] == ("aborted" if stream else "ok")


TEXTS = st.lists(st.sampled_from(["Guten Tag", "Frau Sabine Krüger", "Otto Weber und Sabine Krüger", "L01X00T47",
                                  "[PERSON1]", "krüger fehlt"]), min_size=1, max_size=4)
TURNS = st.lists(st.tuples(TEXTS, st.sampled_from(["demo", "eu-cloud"]), st.sampled_from(["bauamt", "buergerbuero"]),
                           st.booleans()), min_size=1, max_size=5)


@given(TURNS)
def test_what_is_remembered_changes_nothing(turns: list[tuple[list[str], str, str, bool]]) -> None:
    async def run() -> None:
        remembering = FakeHouse(all_on)
        for texts, model, department, stream in turns:
            body: dict[str, Any] = {"model": model, "stream": stream,
                                    "messages": [{"role": "user", "content": text} for text in texts]}
            fresh = FakeHouse(all_on)
            remembering.principal = fresh.principal = person(department)
            (one, first), (two, second) = await remembering.ask(body), await fresh.ask(body)
            assert (one.status, one.headers, first) == (two.status, two.headers, second)
            assert remembering.sent[-1].redacted == fresh.sent[-1].redacted
            assert remembering.book[-2].meta["replaced"] == fresh.book[-2].meta["replaced"]
        different = {tuple(texts) for texts, *_ in turns}
        # Outside the house each answer is looked at as well.
        answers = sum(model == "eu-cloud" for _, model, *_ in turns)
        assert len(remembering.inspected) - answers == len(different), "what was seen is not inspected again"
    asyncio.run(run())
