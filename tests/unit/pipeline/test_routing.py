"""Findings decide where a request goes, a conversation stays there, and who stands in for a provider that fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.model.register import RegisteredModel
from gateway.policy import PolicySet, visible_models
from gateway.policy.compile import reworked
from gateway.policy.policyset import ModelAlias
from gateway.policy.schema import Organisation
from tests.support.fake_house import FakeHouse, chat, echo
from tests.unit.policy.policy_sets import all_on, person, shipped

NAME = "Sabine Krüger"  # the detector of the fake house calls it a PERSON


@cache
def policies(person_outside: str = "in_house") -> PolicySet:
    """Names stay in the house; ``eu-cloud`` has stand-ins in the Union and in the house, ``claude`` is far away."""
    written = shipped().organisation.model_dump()
    written["content"]["outside"]["findings"]["PERSON"] = person_outside
    written["routing"] = {"in_house": ["vllm-haus", "demo"], "fallback": {
        "eu-cloud": ["mistral-large", "vllm-haus"], "claude": ["gpt-azure-eu"]}}
    written["untrusted_tools"] = []
    models = {**all_on().models, "eu-cloud": replace(all_on().models["eu-cloud"], zone="EU")}
    return reworked(shipped(), "d" * 64, organisation=Organisation.model_validate(written), models=models,
                    aliases={"brief": ModelAlias("brief", "Für Briefe", ("eu-cloud", "demo"), "textentwurf")})


def house(made: PolicySet | None = None) -> FakeHouse:
    return FakeHouse(lambda: made or policies(), person("bauamt"))


def ask(of: FakeHouse, *said: str, model: str = "eu-cloud", **more: Any) -> tuple[int, dict[str, str], bytes]:
    body = chat() | {"model": model, "messages": [
        {"role": "user" if i % 2 == 0 else "assistant", "content": text} for i, text in enumerate(said)], **more}
    out, raw = asyncio.run(of.ask(body))
    return out.status, dict(out.headers), raw


def went_to(of: FakeHouse) -> list[str]:
    return [sent.model.id for sent in of.sent]


def test_what_was_found_sends_a_request_into_the_house_and_the_book_says_why() -> None:
    of = house()
    status, headers, _ = ask(of, f"Bitte schreiben Sie {NAME}.")
    assert (status, went_to(of), headers["x-ki-pforte-model"]) == (200, ["vllm-haus"], "vllm-haus")
    assert of.book[0].meta["model"] == "vllm-haus"
    assert "organisation:routing.in_house" in of.book[0].meta["rules"]
    harmless = house()
    assert (ask(harmless, "Guten Tag")[0], went_to(harmless)) == (200, ["eu-cloud"])


def test_a_conversation_stays_where_it_was_sent_although_the_client_cuts_it() -> None:
    of = house()
    ask(of, f"Bitte schreiben Sie {NAME}.", "Gern.", "Und kürzer?")
    assert went_to(of) == ["vllm-haus"]
    ask(of, "Gern.", "Und kürzer?", "So?", "Noch etwas kürzer bitte.")
    assert went_to(of) == ["vllm-haus"] * 2
    ask(of, "So?", "Noch etwas kürzer bitte.", "Fertig.", "Danke.")  # known by what the second one had
    assert went_to(of) == ["vllm-haus"] * 3
    ask(of, "Wie wird das Wetter?", "Gut.", "Danke.")
    assert went_to(of)[-1] == "eu-cloud"


def test_what_one_person_wrote_holds_nobody_else_and_a_short_message_alone_holds_nothing() -> None:
    of = house()
    ask(of, f"{NAME}?", "Gern.", "Kürzer.")
    of.principal = replace(person("bauamt"), subject="another")
    ask(of, "Gern.", "Kürzer.")
    of.principal = person("bauamt")
    ask(of, "Kürzer.")
    assert went_to(of) == ["vllm-haus", "eu-cloud", "eu-cloud"]


def test_when_nobody_can_tell_what_a_conversation_held_nothing_is_sent() -> None:
    of = house()
    of.steps.failing["pins"] = GatewayError("intern", "x")
    assert (ask(of, "Guten Tag", "Ja", "Bitte")[0], of.sent, of.kinds()) == (500, [], ["denied"])


def told(headers: dict[str, str]) -> str:
    return headers["x-ki-pforte-hinweis"]


def test_who_is_answered_by_another_model_is_told_which_and_why() -> None:
    of = house(policies("placeholder"))
    assert "antwortet '" not in told(ask(of, "Guten Tag")[1])
    assert "antwortet '" not in told(ask(of, "Guten Tag", model="brief")[1]), "a name that stands for models is kept"
    moved, name = house(), policies().models["vllm-haus"].name
    assert f"Wegen der Angaben in diesem Gespraech antwortet '{name}'." in told(ask(moved, f"An {NAME}.")[1])
    of.says = failing("eu-cloud", "mistral-large")
    said = told(ask(of, "Guten Tag")[1])
    assert f"gerade gestoert; es antwortet '{name}'." in said
    assert said.isascii()
    assert said.count("antwortet") == 1


def failing(*models: str) -> Any:
    def says(request: SealedRequest) -> tuple[int, list[bytes]]:
        return (503, [b"{}"]) if request.model.id in models else echo(request)
    return says


def test_a_stand_in_answers_and_each_attempt_has_its_intent_and_its_end() -> None:
    of = house(policies("placeholder"))
    of.says = failing("eu-cloud", "mistral-large")
    status, headers, raw = ask(of, f"Bitte schreiben Sie {NAME}.")
    assert (status, went_to(of)) == (200, ["eu-cloud", "mistral-large", "vllm-haus"])
    assert headers["x-ki-pforte-model"] == "vllm-haus"
    assert NAME.encode() in raw
    assert all(NAME.encode() not in sent.redacted.body for sent in of.sent)
    assert of.kinds() == ["intent", "outcome"] * 3
    assert [e.meta.get("instead_of") for e in of.book if e.kind == "intent"] == [None, "eu-cloud", "mistral-large"]
    assert [e.meta["status"] for e in of.book if e.kind == "outcome"] == ["failed", "failed", "ok"]
    assert len({e.meta["vorgang"] for e in of.book}) == 1


def test_when_all_fail_the_person_reads_it_once() -> None:
    of = house(policies("placeholder"))
    of.says = failing("eu-cloud", "mistral-large", "vllm-haus")
    status, _, raw = ask(of, "Guten Tag")
    assert (status, b"anbieter_fehler" in raw, went_to(of)) == (502, True, ["eu-cloud", "mistral-large", "vllm-haus"])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_a_provider_refuses_for_what_it_was_sent_goes_to_nobody_else(status: int) -> None:
    of = house(policies("placeholder"))
    of.says = lambda _: (status, [b"{}"])
    assert (ask(of, "Guten Tag")[0], went_to(of)) == (400, ["eu-cloud"])


def test_a_stand_in_that_may_not_have_what_was_found_is_left_out() -> None:
    base = policies("placeholder")
    models = dict(base.models) | {"mistral-large": replace(base.models["mistral-large"], data_classes=frozenset())}
    written = base.organisation.model_dump()
    written["content"]["outside"]["findings"]["PERSON"] = "note"
    models["eu-cloud"] = replace(models["eu-cloud"], data_classes=models["eu-cloud"].data_classes | {"personal"})
    made = reworked(base, "d", organisation=Organisation.model_validate(written), models=models)
    of = house(made)
    of.says = failing("eu-cloud")
    assert ask(of, f"Bitte schreiben Sie {NAME}.")[0] == 200
    assert went_to(of) == ["eu-cloud", "vllm-haus"]


def test_a_provider_in_the_union_never_becomes_one_far_away() -> None:
    written = shipped().organisation.model_dump()
    written["routing"] = {"fallback": {"eu-cloud": ["claude", "demo"]}}  # the loader refuses it, too
    made = reworked(all_on(), "d", organisation=Organisation.model_validate(written))
    of = house(made)
    of.says = failing("eu-cloud")
    ask(of, "Guten Tag")
    assert went_to(of) == ["eu-cloud", "demo"]


def test_a_book_that_closes_between_two_attempts_ends_them() -> None:
    of = house(policies("placeholder"))
    of.says = failing("eu-cloud")
    of.steps.failing["record:outcome"] = GatewayError("protokoll_nicht_verfuegbar", "x")
    assert (ask(of, "Guten Tag")[0], went_to(of)) == (502, ["eu-cloud"])


def test_a_model_that_is_stopped_is_passed_over_and_named_to_nobody_who_asks_for_it() -> None:
    of = house(policies("placeholder"))
    of.stopped = frozenset({"eu-cloud"})
    status, _, raw = ask(of, "Guten Tag")
    assert (status, b"modell_gestoppt" in raw, of.sent) == (403, True, [])
    assert (ask(of, "Guten Tag", model="brief")[0], went_to(of)) == (200, ["demo"])


def test_an_alias_is_the_first_model_that_may_have_it_and_declares_the_purpose() -> None:
    of = house(policies("refuse"))
    ask(of, "Guten Tag", model="brief")
    ask(of, f"Bitte schreiben Sie {NAME}.", model="brief")
    assert went_to(of) == ["eu-cloud", "demo"]
    assert {e.meta["purpose"] for e in of.book if e.kind == "intent"} == {"textentwurf"}
    shown: tuple[RegisteredModel, ...] = visible_models(policies("refuse"), "bauamt")
    assert (shown[0].id, shown[0].name, shown[0].context_length) == ("brief", "Für Briefe", 131072)


def test_a_streamed_request_moves_on_too_and_nothing_of_the_failed_attempt_is_shown() -> None:
    of = house(policies("placeholder"))
    of.says = failing("eu-cloud")
    status, _, raw = ask(of, "Guten Tag", stream=True)
    assert (status, went_to(of)) == (200, ["eu-cloud", "mistral-large"])
    assert b"error" not in raw
