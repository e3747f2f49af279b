"""Every request is counted before anything that costs, and settled by what was really used, however it ends."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.limits.counting import Books
from gateway.limits.limiter import CountingLimiter
from gateway.limits.memory import MemoryCounts
from gateway.model.exchange import SealedRequest
from gateway.model.limits import Limit
from gateway.policy import PolicySet
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.completions import Completions
from gateway.wire.dialect import Dialect
from gateway.wire.embeddings import Embeddings
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.counted import Noted, with_limits
from tests.support.fake_house import NOW, FakeHouse, chat, echo
from tests.unit.policy.policy_sets import all_on, person, shipped

TITLE = "### Task:\nA title.\n<chat_history>\nUSER: Guten Tag\n</chat_history>"


def limited(**rules: dict[str, Any]) -> PolicySet:
    """The shipped policies with these limits, every model in service, and stand-ins."""
    models = {**all_on().models, "eu-cloud": replace(all_on().models["eu-cloud"], zone="EU")}
    routing = {"in_house": ["vllm-haus", "demo"], "fallback": {"eu-cloud": ["mistral-large", "vllm-haus"]}}
    return with_limits(all_on(), models, routing, **rules)


def counting(policies: PolicySet, **more: Any) -> tuple[FakeHouse, CountingLimiter]:
    """A house with a real limiter in memory."""
    clock: Any = type("Clock", (), {"now": lambda self: NOW})()
    noted: Any = Noted()
    limiter = CountingLimiter(MemoryCounts(), Books(b"s" * 32), clock, noted, lambda: "IT, Tel. 111")
    return FakeHouse(lambda: policies, more.pop("principal", person("bauamt")), limiter), limiter


def used(house: FakeHouse, limiter: CountingLimiter, limit: Limit) -> dict[str, int]:
    return {one.what: one.used for one in asyncio.run(limiter.own(house.principal, limit))}


def test_a_request_over_the_limit_is_neither_inspected_nor_sent_and_is_in_the_book() -> None:
    house, _ = counting(limited(person={"requests_per_day": 1}))
    assert asyncio.run(house.ask(chat()))[0].status == 200
    house.inspected.clear()
    out, raw = asyncio.run(house.ask(chat()))
    assert (out.status, json.loads(raw)["error"]["code"]) == (429, "limit_erreicht")
    assert (house.inspected, len(house.sent)) == ([], 1)
    assert house.kinds() == ["intent", "outcome", "denied"]
    assert house.book[-1].meta["code"] == "limit_erreicht"
    assert out.headers["retry-after"] == "39600"
    assert out.headers["x-should-retry"] == "false", "no library is to ask again before midnight"


@pytest.mark.parametrize(("rules", "code", "wait", "retry"), [
    ({"requests_per_minute": 1}, "limit_erreicht", "60", None),
    ({"requests_per_day": 1}, "limit_erreicht", "39600", "false"),
    ({"tokens_per_day": 1}, "budget_erschoepft", "39600", "false"),
    ({"tokens_per_month": 1}, "budget_erschoepft", str(8 * 86400 + 39600), "false"),
])
def test_headers_say_when_to_come_back(rules: dict[str, int], code: str, wait: str, retry: str | None) -> None:
    house, _ = counting(limited(person=rules))
    for _ in range(2):
        out, raw = asyncio.run(house.ask(chat()))
    assert (out.status, json.loads(raw)["error"]["code"]) == (429, code)
    assert (out.headers["retry-after"], out.headers.get("x-should-retry")) == (wait, retry)


DIALECTS: list[tuple[Dialect, dict[str, Any]]] = [
    (ChatCompletions(), chat()), (ChatCompletions(), chat(stream=True)),
    (Completions(), {"model": "demo", "prompt": "Guten Tag"}),
    (Responses(), {"model": "demo", "input": "Guten Tag"}),
    (Responses(), {"model": "demo", "input": "Guten Tag", "stream": True}),
    (Messages(), {"model": "demo", "max_tokens": 9, "messages": [{"role": "user", "content": "Guten Tag"}]}),
    (Embeddings(), {"model": "demo", "input": "Guten Tag"}),
]


@pytest.mark.parametrize(("dialect", "body"), DIALECTS)
def test_every_api_says_it_in_its_own_form_before_the_first_byte_of_a_stream(dialect: Dialect,
                                                                             body: dict[str, Any]) -> None:
    house, _ = counting(limited(person={"tokens_per_day": 1}))
    out, raw = asyncio.run(house.ask(body, dialect=dialect))
    error = json.loads(raw)["error"]
    assert (out.status, out.stream, error["code"], error["type"]) == (429, None, "budget_erschoepft",
                                                                      "rate_limit_error")
    assert "Am 23.11.2026 um 00:00 Uhr beginnt sie neu." in error["message"]
    assert "IT, Tel. 111. Vorgang 7F3K-2QXM-9BTD" in error["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_clients_that_show_no_errors_get_it_as_a_message(stream: bool) -> None:
    house, _ = counting(limited(person={"tokens_per_day": 1}),
                        principal=replace(person("bauamt"), block_style="message"))
    out, raw = asyncio.run(house.ask(chat(stream=stream)))
    assert out.status == 200
    assert "Ihre Grenze (1 Token je Tag)" in raw.decode()
    assert house.sent == []


@pytest.mark.parametrize("stream", [False, True])
def test_the_real_usage_is_counted_once_the_answer_is_there(stream: bool) -> None:
    limit = Limit(requests_per_day=9, tokens_per_day=9_999, concurrent=3)
    house, limiter = counting(limited(person={"requests_per_day": 9, "tokens_per_day": 9_999, "concurrent": 3}))

    async def run() -> None:
        out, _ = await house.ask(chat(stream=stream))
        assert out.status == 200
    asyncio.run(run())
    assert used(house, limiter, limit) == {"requests_per_day": 1, "tokens_per_day": 5, "concurrent": 0}


def test_a_stream_stands_among_the_requests_under_way_until_its_end_is_shown() -> None:
    house, _ = counting(limited(person={"concurrent": 1}))

    async def run() -> None:
        from tests.unit.pipeline.test_pipeline_steps import _inbound
        out = await house.pipeline.handle(_inbound(chat(stream=True)))
        assert out.stream is not None
        second, raw = await house.ask(chat())
        assert (second.status, json.loads(raw)["error"]["code"]) == (429, "limit_erreicht")
        assert second.headers["retry-after"] == "5"
        async for piece in out.stream:
            if b"[DONE]" in piece:
                assert (await house.ask(chat()))[0].status == 200, "who has read the end can ask again at once"
    asyncio.run(run())


def without_usage(request: SealedRequest) -> tuple[int, list[bytes]]:
    text = "Sehr geehrte Damen und Herren, " * 40
    if not request.stream:
        return 200, [orjson.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                                "finish_reason": "stop"}]})]
    frames = [{"choices": [{"index": 0, "delta": {"content": word + " "}, "finish_reason": None}]}
              for word in text.split()]
    frames.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return 200, [b"data: " + orjson.dumps(frame) + b"\n\n" for frame in frames] + [b"data: [DONE]\n\n"]


@pytest.mark.parametrize("stream", [False, True])
def test_where_the_provider_says_nothing_what_came_is_taken_for_it(stream: bool) -> None:
    house = FakeHouse(shipped)
    house.says = without_usage
    asyncio.run(house.ask(chat(stream=stream)))
    (ticket,) = house.tickets
    assert ticket.used is not None
    assert ticket.used[0] == ticket.expected
    assert 150 <= ticket.used[1] <= 600, "200 words"


def test_who_hangs_up_in_the_middle_pays_for_what_came() -> None:
    house = FakeHouse(shipped)
    house.says = without_usage
    assert asyncio.run(house.hang_up_at("chunk:100", chat(stream=True)))
    (ticket,) = house.tickets
    assert ticket.used is not None
    assert 90 <= ticket.used[1] <= 200


@pytest.mark.parametrize(("step", "used"), [("enter", False), ("inspect", False), ("record:intent", False),
                                            ("send", True), ("chunk:0", True)])
def test_who_hangs_up_before_the_answer_pays_for_the_question_if_it_was_sent(step: str, used: bool) -> None:
    house = FakeHouse(shipped)
    assert asyncio.run(house.hang_up_at(step, chat()))
    assert [ticket.used for ticket in house.tickets] == (
        [] if step == "enter" else [(house.tickets[0].expected, 0)] if used else [None])
    assert all(ticket.closed for ticket in house.tickets)


@pytest.mark.parametrize("failing", ["inspect", "record:intent", "send", "chunk:0"])
def test_a_request_that_fails_before_anything_came_costs_nothing(failing: str) -> None:
    house = FakeHouse(shipped)
    house.steps.failing[failing] = GatewayError("anbieter_fehler", "Text.")
    asyncio.run(house.ask(chat()))
    assert [(ticket.used, ticket.closed) for ticket in house.tickets] == [(None, True)]


def test_a_stream_that_breaks_off_costs_what_came() -> None:
    house = FakeHouse(shipped)
    house.steps.failing["chunk:1"] = GatewayError("anbieter_fehler", "Text.")
    asyncio.run(house.ask(chat(stream=True)))
    (ticket,) = house.tickets
    assert ticket.used is not None
    assert ticket.used[1] >= 1


def test_the_book_that_is_closed_at_the_end_does_not_make_an_answer_free() -> None:
    house = FakeHouse(shipped)
    house.steps.failing["record:outcome"] = GatewayError("protokoll_nicht_verfuegbar", "Text.")
    asyncio.run(house.ask(chat()))
    assert [ticket.used for ticket in house.tickets] == [(3, 2)]


def test_content_that_is_refused_does_not_count_for_the_day_but_for_the_minute() -> None:
    rules = {"requests_per_minute": 2, "requests_per_day": 9, "concurrent": 2}
    house, limiter = counting(limited(person=rules))
    for status in (400, 400, 429):
        out, _ = asyncio.run(house.ask({"model": "demo", "messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]}))
        assert out.status == status
    assert used(house, limiter, Limit(**rules)) == {"requests_per_minute": 2, "requests_per_day": 0, "concurrent": 0}


def test_a_model_that_stands_in_is_no_second_request() -> None:
    house, limiter = counting(limited(person={"requests_per_day": 1}))
    house.says = lambda request: (503, [b"{}"]) if request.model.id != "vllm-haus" else echo(request)
    out, _ = asyncio.run(house.ask(chat("Guten Tag", model="eu-cloud")))
    assert (out.status, [sent.model.id for sent in house.sent]) == (200, ["eu-cloud", "mistral-large", "vllm-haus"])
    assert used(house, limiter, Limit(requests_per_day=1)) == {"requests_per_day": 1}


def test_the_ticket_goes_along_to_the_model_that_answers() -> None:
    house = FakeHouse(lambda: limited(), person("bauamt"))
    house.says = lambda request: (503, [b"{}"]) if request.model.id == "eu-cloud" else echo(request)
    asyncio.run(house.ask(chat("Guten Tag", model="eu-cloud")))
    assert [(t.models, t.used) for t in house.tickets] == [(["eu-cloud", "mistral-large"], (3, 2))]


def test_a_second_try_of_the_library_after_a_failure_is_no_second_request() -> None:
    house, limiter = counting(limited(person={"requests_per_day": 1}))
    house.says = lambda _: (503, [b"{}"])
    assert asyncio.run(house.ask(chat()))[0].status == 502
    house.says = echo
    assert asyncio.run(house.ask(chat()))[0].status == 200
    assert asyncio.run(house.ask(chat()))[0].status == 429
    assert used(house, limiter, Limit(requests_per_day=1)) == {"requests_per_day": 1}


def test_calls_that_a_client_makes_of_its_own_accord_count_unless_the_house_answers_them() -> None:
    house, limiter = counting(limited(person={"requests_per_day": 5}))
    asyncio.run(house.ask(chat(TITLE)))
    assert house.kinds() == ["local"]
    assert used(house, limiter, Limit(requests_per_day=5)) == {"requests_per_day": 0}
    asyncio.run(house.ask(chat("Eine Frage.")))
    assert used(house, limiter, Limit(requests_per_day=5)) == {"requests_per_day": 1}


def test_the_notice_travels_with_the_answer_beside_the_others() -> None:
    house, _ = counting(limited(person={"requests_per_day": 1}))
    out, _ = asyncio.run(house.ask(chat()))
    told = out.headers["x-ki-pforte-hinweis"]
    assert "Mehr als 80 % Ihrer Grenze (1 Anfrage je Tag) sind verbraucht" in told
    assert "KI-System" in told
    assert told.isascii()


def test_nobody_pays_for_what_others_were_refused() -> None:
    house, limiter = counting(limited(person={"requests_per_day": 5}, organisation={"requests_per_day": 1}))
    asyncio.run(house.ask(chat()))
    house.principal = replace(person("bauamt"), subject="another")
    assert asyncio.run(house.ask(chat()))[0].status == 429
    assert used(house, limiter, Limit(requests_per_day=5)) == {"requests_per_day": 0}


def test_the_expected_answer_is_what_the_client_wants_at_most() -> None:
    from gateway.pipeline.turnstile import ANSWER, expected
    parsed = ChatCompletions().parse(orjson.dumps(chat("x" * 300, max_tokens=20)))
    assert expected(parsed) == (101, 20)
    assert expected(ChatCompletions().parse(orjson.dumps(chat("x" * 300, max_tokens=9_000)))) == (101, ANSWER)
