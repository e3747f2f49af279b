"""What a chat client asks of its own accord: answered in the house, sent to another model, or like a question."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.policy.compile import reworked
from gateway.policy.policyset import PolicySet
from gateway.policy.schema import Background
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person, shipped

TITLE = ('### Task:\nGenerate a title. JSON format: { "title": "your title" }\n<chat_history>\n'
         "USER: Wohngeld für Sabine Krüger\nASSISTANT: Gern.\n</chat_history>")


def with_background(answer: str, model: str | None = None, department: Background | None = None) -> PolicySet:
    base = all_on()
    organisation = base.organisation.model_copy(update={"background": Background(answer=answer, model=model)})  # type: ignore[arg-type]
    files = {key: written.model_copy(update={"background": department}) for key, written in base.files.items()}
    return reworked(base, base.digest, organisation=organisation, departments=files)


def ask(policies: PolicySet, **more: Any) -> tuple[FakeHouse, dict[str, Any]]:
    house = FakeHouse(lambda: policies)
    _, raw = asyncio.run(house.ask(chat(TITLE, **more)))
    return house, json.loads(raw)


def test_in_the_shipped_policies_nothing_of_a_title_leaves_the_house() -> None:
    house, answer = ask(shipped())
    assert house.kinds() == ["local"]
    assert (house.sent, house.inspected) == ([], [])
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"title": "Wohngeld für Sabine Krüger"}
    assert [call[-1] for call in house.measured if call[0] == "exchange"] == ["local"]


def test_an_answer_of_the_house_is_one_record_without_content_and_without_a_provider() -> None:
    policies = with_background("local")
    house, _ = ask(policies, model="eu-cloud")
    (entry,) = house.book
    assert (entry.kind, entry.ref, entry.subject) == ("local", None, house.principal.subject)
    assert (entry.meta["decision"], entry.meta["task"], entry.meta["department"]) == ("local", "title", "bauamt")
    assert entry.meta["vorgang"]
    assert entry.meta["policy"] == policies.digest
    assert entry.meta["rules"]
    assert not {"model", "provider", "region", "found", "replaced"} & entry.meta.keys(), "it went nowhere"
    assert "Krüger" not in str(entry.meta)
    assert "Wohngeld" not in str(entry.meta)


@pytest.mark.parametrize("stream", [False, True])
def test_without_the_book_the_house_does_not_answer_either(stream: bool) -> None:
    async def run() -> None:
        house = FakeHouse(shipped)
        house.steps.failing["record:local"] = GatewayError("protokoll_nicht_verfuegbar", "Text.", retry_after=30)
        out, raw = await house.ask(chat(TITLE, stream=stream))
        assert (out.status, out.headers["x-ki-pforte-decision"]) == (503, "failed")
        assert json.loads(raw)["error"]["code"] == "protokoll_nicht_verfuegbar"
        assert "Wohngeld" not in raw.decode()
        assert (house.sent, house.book) == ([], [])
        assert [call[-1] for call in house.measured if call[0] == "exchange"] == ["failed"]
    asyncio.run(run())


def test_a_client_that_hangs_up_meanwhile_leaves_one_record() -> None:
    async def run() -> None:
        house = FakeHouse(shipped)
        assert await house.hang_up_at("record:local", chat(TITLE))
        assert house.kinds() == ["local"]
    asyncio.run(run())


def test_who_may_not_use_the_model_gets_no_title_either() -> None:
    house, answer = ask(shipped(), model="nope")
    assert answer["error"]["code"] == "modell_unbekannt"
    assert house.kinds() == ["denied"]


def test_sent_like_a_question_it_is_marked_in_the_book() -> None:
    house, _ = ask(with_background("same"))
    assert house.book[0].meta["task"] == "title"
    assert "Krüger" not in house.sent[0].redacted.body.decode()


def test_another_model_may_be_named_for_it() -> None:
    house, _ = ask(with_background("model", "vllm-haus"))
    assert house.sent[0].model.id == "vllm-haus"


def test_a_model_that_the_department_may_not_use_sees_nothing_of_it() -> None:
    policies = with_background("model", "gpt-azure-eu")
    house = FakeHouse(lambda: policies, person("sozialamt"))
    _, raw = asyncio.run(house.ask(chat(TITLE)))
    assert json.loads(raw)["choices"]
    assert house.sent == []


@pytest.mark.parametrize(("above", "own", "answer"), [
    ("local", "same", "local"), ("same", "local", "local"), ("model", "same", "model"), ("local", "model", "local")])
def test_a_department_never_sends_more_than_the_organisation_allows(above: str, own: str, answer: str) -> None:
    def rule(name: str) -> tuple[str, str | None]:
        return name, "vllm-haus" if name == "model" else None
    policies = with_background(*rule(above), department=Background(answer=rule(own)[0], model=rule(own)[1]))  # type: ignore[arg-type]
    assert {rules.background.answer for rules in policies.departments.values()} == {answer}
