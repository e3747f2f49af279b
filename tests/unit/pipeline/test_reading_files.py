"""Files on their way through the house: read after admission, inspected as text, never sent as they are."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.model.attachment import Attached
from gateway.pipeline.reading import MOST_FILES, read_files
from gateway.policy import PolicySet
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.responses import Responses
from tests.support.awaited import awaited
from tests.support.fake_house import FakeHouse
from tests.unit.policy.policy_sets import shipped

LETTER = "Frau Sabine Krüger zieht um."


def file(text: str = LETTER, name: str = "Otto_Weber.txt") -> dict[str, Any]:
    return {"type": "file", "file": {"filename": name, "file_data": base64.b64encode(text.encode()).decode()}}


def asking(*parts: dict[str, Any], model: str = "demo") -> dict[str, Any]:
    return {"model": model, "user": "canary", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "Was steht da, Otto Weber?"}, *parts]}]}


def without_reading() -> PolicySet:
    policies = shipped()
    key = "bauamt"
    rules = policies.departments[key]
    models = {id_: dataclasses.replace(r, read_opaque=frozenset()) for id_, r in rules.models.items()}
    return dataclasses.replace(policies, departments={**policies.departments,
                                                      key: dataclasses.replace(rules, models=models)})


@awaited
async def test_the_text_of_a_file_leaves_as_redacted_text_and_the_file_does_not() -> None:
    house = FakeHouse(shipped)
    out, _ = await house.ask(asking(file()))
    assert out.status == 200
    body = house.sent[0].redacted.body
    content = orjson.loads(body)["messages"][-1]["content"]
    assert [part["type"] for part in content] == ["text", "text"]
    assert content[1]["text"].startswith("Datei „[PERSON1].txt“:\n\nFrau [PERSON")
    assert content[0]["text"] == "Was steht da, [PERSON1]?"
    for secret in (b"Sabine", b"Otto", b"canary", base64.b64encode(LETTER.encode())):
        assert secret not in body


@awaited
async def test_what_was_read_stands_in_the_book_as_a_number() -> None:
    house = FakeHouse(shipped)
    await house.ask(asking(file(), file("noch eine")))
    intent = next(entry for entry in house.book if entry.kind == "intent")
    assert intent.meta["read"] == {"file": 2}
    assert "Otto" not in str(intent.meta)
    assert intent.meta["dropped_fields"] == 1
    assert ("stage", "read") in [call[:2] for call in house.measured]


@awaited
async def test_nothing_is_read_before_admission_and_nothing_inspected_before_reading() -> None:
    house = FakeHouse(shipped)
    await house.ask(asking(file(), model="gpt-unknown"))
    assert "read" not in house.steps.trace
    await house.ask(asking(file()))
    assert house.steps.trace.index("read") < house.steps.trace.index("inspect")


@pytest.mark.parametrize("error", [GatewayError("nicht_pruefbar", "Bitte anders."), RuntimeError("canary Krüger")])
@awaited
async def test_a_file_that_cannot_be_read_stops_the_request(error: Exception) -> None:
    house = FakeHouse(shipped)
    house.steps.failing = {"read": error}
    out, raw = await house.ask(asking(file()))
    assert out.status in (400, 500)
    assert b"Kr" not in raw
    assert not house.sent
    assert house.kinds() == ["denied"]


@awaited
async def test_where_policy_refuses_files_none_is_opened() -> None:
    house = FakeHouse(without_reading)
    out, raw = await house.ask(asking(file()))
    assert out.status == 400
    assert orjson.loads(raw)["error"]["code"] == "nicht_pruefbar"
    assert "read" not in house.steps.trace
    assert not house.sent


@awaited
async def test_a_kind_that_nobody_can_read_here_is_refused_as_before() -> None:
    house = FakeHouse(shipped)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGFsbG8="}}
    out, raw = await house.ask(asking(file(), picture))
    assert (out.status, orjson.loads(raw)["error"]["code"]) == (400, "nicht_pruefbar")
    assert "ein Bild" in orjson.loads(raw)["error"]["message"]
    assert not house.sent


@awaited
async def test_too_many_files_and_too_much_text_are_refused_in_words() -> None:
    house = FakeHouse(shipped)
    out, raw = await house.ask(asking(*[file()] * (MOST_FILES + 1)))
    assert (out.status, orjson.loads(raw)["error"]["code"]) == (413, "zu_gross")
    assert "read" not in house.steps.trace
    out, raw = await house.ask(asking(*[file("x" * 600_000)] * 2))
    assert (out.status, orjson.loads(raw)["error"]["code"]) == (413, "zu_gross")
    assert not house.sent


class _Same:
    kinds = frozenset({"file"})

    async def read(self, attached: Attached) -> str:
        return attached.data.decode()


@awaited
async def test_a_conversation_that_is_kept_holds_the_text_and_not_the_file() -> None:
    dialect = Responses()
    part = {"type": "input_file", "filename": "a.txt", "file_data": base64.b64encode(LETTER.encode()).decode()}
    body = orjson.dumps({"model": "m", "previous_response_id": "resp_1", "metadata": {"a": "b"},
                         "input": [{"role": "user", "content": [part]}]})
    parsed = dialect.parse(body)
    assert parsed.thread is not None
    parsed.thread.identity = "resp_2"
    again, read = await read_files(_Same(), frozenset({"file"}), parsed, dialect, body)
    assert read == {"file": 1}
    assert again.thread is not None
    assert (again.thread.identity, again.thread.follows) == ("resp_2", "resp_1")
    assert again.thread.asked is not None
    assert LETTER in again.thread.asked.decode()
    assert part["file_data"] not in again.thread.asked.decode()
    assert again.echo["metadata"] == {"a": "b"}


@awaited
async def test_a_request_without_files_is_the_same_afterwards() -> None:
    dialect, body = ChatCompletions(), orjson.dumps(asking())
    parsed = dialect.parse(body)
    again, read = await read_files(_Same(), frozenset({"file"}), parsed, dialect, body)
    assert again is parsed
    assert not read
