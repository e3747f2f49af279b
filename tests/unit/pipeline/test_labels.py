"""Labels on their way through the house: at the end of what a person reads, and nowhere else."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Dialect
from gateway.wire.embeddings import Embeddings
from gateway.wire.labels import in_italics, is_structured, labelled, without_labels
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.fake_house import FakeHouse, chat, echo
from tests.unit.pipeline.test_kept_conversations import echo as responses_echo
from tests.unit.policy.policy_sets import all_on

DRAFT = "Entwurf, von einem Menschen zu prüfen."
MADE_BY = "Von einer KI geschrieben."
MARK = in_italics(DRAFT)
TURN = "Frau Sabine Krüger fragt."


@cache
def policies(department: str | None = None, organisation: str | None = None) -> PolicySet:
    """Return policies with a label for one purpose, and perhaps one for a department or everybody."""
    base = all_on()
    allow = {**base.organisation.purposes.allow}
    allow["bescheidentwurf"] = allow["bescheidentwurf"].model_copy(update={"label": DRAFT})
    above = base.organisation.model_copy(update={
        "purposes": base.organisation.purposes.model_copy(update={"allow": allow}), "label": organisation})
    files = {**base.files, "bauamt": base.files["bauamt"].model_copy(update={"label": department})}
    return reworked(base, base.digest, organisation=above, departments=files)


def ask(body: dict[str, Any], purpose: str | None = "bescheidentwurf", *, given: PolicySet | None = None,
        says: Any = echo, dialect: Dialect | None = None) -> tuple[FakeHouse, bytes]:
    house = FakeHouse(lambda: given or policies())
    house.says = says
    return house, asyncio.run(house.ask(body, purpose, dialect))[1]


def text_of(raw: bytes) -> str:
    """Return the text of a chat completion, streamed or not."""
    if raw.startswith(b"{"):
        return str(json.loads(raw)["choices"][0]["message"]["content"])
    events = [json.loads(part[6:]) for part in raw.split(b"\n\n") if part.startswith(b"data: {")]
    return "".join(c["delta"].get("content", "") for e in events for c in e.get("choices", ()))


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_for_a_purpose_with_a_label_ends_with_it(stream: bool) -> None:
    house, raw = ask(chat(stream=stream))
    assert text_of(raw) == TURN + MARK
    meta = house.book[-1].meta
    assert (meta["status"], meta["tokens_in"], meta["tokens_out"]) == ("ok", 3, 2)
    assert not meta.get("leaked")
    assert text_of(ask(chat(stream=stream), None)[1]) == TURN, "for another purpose there is none"


def test_the_labels_of_organisation_department_and_purpose_add_up() -> None:
    both = policies(department=MADE_BY, organisation="Stadt Musterstadt")
    assert text_of(ask(chat(), given=both)[1]) == f"{TURN}\n\n*Stadt Musterstadt*\n*{MADE_BY}*\n*{DRAFT}*"
    assert text_of(ask(chat(), None, given=both)[1]) == f"{TURN}\n\n*Stadt Musterstadt*\n*{MADE_BY}*"
    assert text_of(ask(chat(), given=policies(department=DRAFT))[1]) == TURN + MARK, "the same is said once"


def test_a_label_that_comes_back_is_neither_inspected_nor_sent() -> None:
    both = policies(department=MADE_BY)
    said = text_of(ask(chat(), given=both)[1])
    history = [{"role": "user", "content": TURN}, {"role": "assistant", "content": said},
               {"role": "assistant", "content": [{"type": "text", "text": said + "\n"}]},
               {"role": "user", "content": "Bitte kürzer." + MARK}]
    house, _ = ask({"model": "demo", "messages": history}, given=both)
    assert house.inspected == [[TURN, TURN, TURN, "Bitte kürzer." + MARK]], "what a person writes stays as it is"
    sent = orjson.loads(house.sent[0].redacted.body)["messages"]
    assert [m["content"] for m in sent if m["role"] == "assistant"] == [
        "Frau [PERSON1W] fragt.", [{"type": "text", "text": "Frau [PERSON1W] fragt."}]]


@pytest.mark.parametrize("text", [MARK.strip(), f"Der Vermerk *{DRAFT}*", f"Text{MARK} und mehr", "Fett: *", "\n\n**"])
def test_what_is_no_label_behind_a_text_stays(text: str) -> None:
    parsed = ChatCompletions().parse(orjson.dumps({"model": "m", "messages": [{"role": "assistant", "content": text}]}))
    without_labels(parsed.document, [DRAFT])
    assert [slot.text for slot in parsed.document.slots] == [text]
    assert parsed.document.root["messages"][0]["content"] == text


def test_a_conversation_that_the_house_keeps_holds_no_label() -> None:
    first = {"model": "demo", "input": [{"role": "user", "content": TURN}]}
    house, raw = ask(first, says=responses_echo, dialect=Responses())
    answer = json.loads(raw)
    assert answer["output"][0]["content"][0]["text"] == TURN + MARK
    assert len(house.kept) == 1
    assert all(DRAFT not in kept.decode() for kept in house.kept.values())


@pytest.mark.parametrize(("dialect", "wanted"), [
    (ChatCompletions(), {"response_format": {"type": "json_object"}}),
    (ChatCompletions(), {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}),
    (Responses(), {"text": {"format": {"type": "json_object"}}}),
    (Messages(), {"output_config": {"format": {"type": "json_schema", "schema": {}}}}),
])
def test_an_answer_that_programs_read_is_not_labelled(dialect: Dialect, wanted: dict[str, Any]) -> None:
    said = [{"role": "user", "content": "x"}]
    request = dialect.parse(orjson.dumps({"model": "m", "max_tokens": 9, "messages": said, "input": said, **wanted}))
    assert is_structured(request.document.root)
    plain = dialect.parse(orjson.dumps({"model": "m", "max_tokens": 9, "messages": said, "input": said,
                                        "text": {"verbosity": "low"}, "response_format": {"type": "text"}}))
    assert not is_structured(plain.document.root)


def test_structured_answers_and_embeddings_pass_without_a_label() -> None:
    def says(request: SealedRequest) -> tuple[int, list[bytes]]:
        return 200, [b'{"object":"list","data":[{"embedding":[0.5],"index":0}],"model":"x"}']
    assert text_of(ask(chat(response_format={"type": "json_object"}))[1]) == TURN
    _, raw = ask({"model": "demo", "input": "Hallo"}, says=says, dialect=Embeddings())
    assert DRAFT not in raw.decode()
    answer: Any = object()
    assert labelled("transcriptions", answer, DRAFT, {}) is answer


def test_what_a_chat_client_asks_of_its_own_accord_has_no_label() -> None:
    title = ('### Task:\nGenerate a title. JSON format: { "title": "your title" }\n<chat_history>\n'
             "USER: Guten Tag\nASSISTANT: Gern.\n</chat_history>")
    base = policies(organisation=DRAFT)
    same = base.organisation.model_copy(update={
        "background": base.organisation.background.model_copy(update={"answer": "same"})})
    given = reworked(base, base.digest, organisation=same)
    house, raw = ask(chat(title), given=given)
    assert len(house.sent) == 1
    assert text_of(raw) == title


def test_an_answer_that_breaks_off_ends_with_the_error_and_no_label() -> None:
    house = FakeHouse(policies)
    house.steps.failing["chunk:1"] = GatewayError("anbieter_fehler", "Abgebrochen.")
    raw = asyncio.run(house.ask(chat(stream=True), "bescheidentwurf"))[1]
    assert b'"error"' in raw
    assert DRAFT not in raw.decode()


def test_an_answer_with_a_label_still_has_its_probabilities_and_marks_of_the_provider() -> None:
    extra = {"system_fingerprint": "fp_1", "provenance": {"c2pa": "urn:c2pa:1", "claims": [1, 2.5]}}
    probable = {"content": [{"token": "Ja.", "logprob": -0.25, "bytes": [74], "top_logprobs": []}]}
    choice = {"index": 0, "message": {"role": "assistant", "content": "Ja."}, "finish_reason": "stop",
              "logprobs": probable}
    _, raw = ask(chat("Hallo"), says=lambda _: (200, [orjson.dumps({"model": "x", "choices": [choice], **extra})]))
    answer = json.loads(raw)
    assert {key: answer[key] for key in extra} == extra
    assert answer["choices"][0]["logprobs"] == probable
    assert answer["choices"][0]["message"]["content"] == "Ja." + MARK


def test_policies_know_every_label_that_they_may_add() -> None:
    assert policies(department=MADE_BY, organisation="Stadt").labels >= {DRAFT, MADE_BY, "Stadt"}
    assert all_on().labels >= {p.label for p in all_on().organisation.purposes.allow.values() if p.label}
