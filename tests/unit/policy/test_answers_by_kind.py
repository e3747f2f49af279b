"""What an answer may show, kind by kind: one word for all, a word for each, and the strictest of all layers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from gateway.model.decision import Answers
from gateway.model.entities import ENTITIES, TOPICS
from gateway.model.finding import Finding, Passage
from gateway.pipeline.afterthought import UNCHECKED, AnswerCheck
from gateway.policy.compile import reworked
from gateway.policy.policyset import PolicySet
from gateway.policy.schema import Content, Side
from tests.unit.policy.policy_sets import all_on

NAMED = frozenset(ENTITIES) - TOPICS
WORDS = {"Weber": "PERSON", "Nowak": "PERSON", "Diabetes": "HEALTH", "12-345": "PHONE"}


def saying(organisation: Any, department: Any = None) -> PolicySet:
    def content(answers: Any) -> Content:
        return Content(outside=Side.model_validate({"answers": answers} if answers is not None else {}))
    base = all_on()
    above = base.organisation.model_copy(update={"content": content(organisation)})
    files = {"bauamt": base.files["bauamt"].model_copy(update={"content": content(department)})}
    return reworked(base, base.digest, organisation=above, departments=files)


@pytest.mark.parametrize(("organisation", "department", "expected"), [
    (None, None, {}),
    ("show", None, {}),
    ("flag", None, dict.fromkeys(NAMED, "flag")),
    ("flag", "mask", dict.fromkeys(NAMED, "mask")),
    ("mask", "show", dict.fromkeys(NAMED, "mask")),
    ({"default": "flag", "HEALTH": "mask", "PERSON": "show"}, None,
     {**dict.fromkeys(NAMED - {"PERSON"}, "flag"), "HEALTH": "mask"}),
    ({"HEALTH": "flag"}, {"HEALTH": "mask", "PERSON": "mask"}, {"HEALTH": "mask", "PERSON": "mask"}),
    ({"HEALTH": "mask", "PERSON": "mask"}, {"default": "flag", "HEALTH": "show"},
     {**dict.fromkeys(NAMED, "flag"), "HEALTH": "mask", "PERSON": "mask"}),
])
def test_the_strictest_word_of_each_kind_holds(
        organisation: Any, department: Any, expected: dict[str, Answers]) -> None:
    assert saying(organisation, department).departments["bauamt"].models["eu-cloud"].answers == expected


class Detector:
    """Finds a few words (implements `gateway.ports.Detector`)."""

    fails = False

    def find(self, passage: Passage) -> list[Finding]:
        text = passage.text
        return sorted((Finding(text.index(word), text.index(word) + len(word), kind, 1.0, "modell",
                               noted=kind in TOPICS) for word, kind in WORDS.items() if word in text),
                      key=lambda f: f.start)

    async def inspect(self, passages: list[Passage]) -> list[tuple[Finding, ...]]:
        return [tuple(self.find(passage)) for passage in passages]


@pytest.mark.parametrize(("answers", "shown", "counted"), [
    ({}, "Weber, 12-345, Diabetes.", {}),
    ({"PERSON": "flag"}, "Weber, 12-345, Diabetes.", {"PERSON": 1}),
    ({"PERSON": "flag", "HEALTH": "mask"}, "Weber, 12-345, [Gesundheitsangabe entfernt].", {"PERSON": 1, "HEALTH": 1}),
    ({"PERSON": "mask", "PHONE": "flag", "HEALTH": "flag"}, "[Name entfernt], 12-345, Diabetes.",
     {"PERSON": 1, "PHONE": 1, "HEALTH": 1}),
])
def test_kinds_are_shown_counted_or_hidden_each_by_its_word(
        answers: dict[str, Answers], shown: str, counted: dict[str, int]) -> None:
    check = AnswerCheck(answers, {}, ["Frau Nowak fragt."], (), Detector())  # type: ignore[arg-type]
    assert check.needed == bool(answers)
    channel = check.channel(False)
    assert channel.feed("Nowak, ") + channel.feed("Weber, 12-345, Diabetes.") + channel.close() == "Nowak, " + shown
    found = asyncio.run(check.strangers([channel.raw]))
    assert found == Counter(counted)
    assert UNCHECKED not in found
