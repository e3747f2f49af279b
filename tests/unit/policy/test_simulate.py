"""The log answers what other policies would have said: no false difference, no guess, nobody singled out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.model.principal import PassStatus
from gateway.model.small_groups import OTHERS, merging
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.policy.simulate import WHY_NOT, Simulation, simulate
from gateway.wire.bridges import spoken
from tests.support.fake_house import NOW, FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person, shipped
from tests.unit.policy.test_diff import append, edited, replaced

REQUESTS: list[tuple[dict[str, Any], str | None]] = [
    (chat(), None), (chat("Guten Tag"), "textentwurf"), (chat(model="eu-cloud"), None),
    (chat(model="nie-gehört"), None), (chat(), "social_scoring"), (chat(), "bescheidentwurf"),
    (chat("L01X00T47", model="eu-cloud"), None), (chat(model="mistral-large"), "nirgends"),
    (chat("### Task:\nA title.\n<chat_history>\nUSER: Guten Tag\n</chat_history>"), None),
    ({"model": "demo", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]}, None)]



def log_of(policies: PolicySet, *departments: str) -> list[tuple[str, datetime, Mapping[str, Any]]]:
    """Let people of these departments ask everything; return what the book says."""
    found: list[tuple[str, datetime, Mapping[str, Any]]] = []
    for department in departments or ("bauamt",):
        for passes in ({}, {"basis": PassStatus("fehlt")}, {"personenbezogen": PassStatus("abgelaufen")}):
            house = FakeHouse(lambda: policies, person(department, **passes))
            for body, purpose in REQUESTS:
                asyncio.run(house.ask(orjson.dumps(body), purpose))
            found += [(e.kind, NOW, e.meta) for e in house.book]
    return found


def replayed(policies: PolicySet, log: list[tuple[str, datetime, Mapping[str, Any]]]) -> Simulation:
    requests = [entry for entry in log if entry[0] != "outcome"]
    return simulate(policies, requests, spoken, lambda key: key)


@pytest.mark.parametrize("policies", [shipped(), all_on()], ids=["shipped", "all models on"])
def test_the_policies_in_force_differ_in_nothing_from_what_they_said(policies: PolicySet) -> None:
    result = replayed(policies, log_of(policies, *policies.departments))
    assert result.groups == []
    assert result.compared > 200
    assert set(result.skipped) <= {"unknown", "unread"}, "an image is read only where Tesseract is"


def test_a_purpose_that_goes_away_shows_under_its_department_and_rule(tmp_path: Path) -> None:
    new = edited(tmp_path, append("departments/bauamt.yaml", ""), replaced(
        "departments/bauamt.yaml", r"\Z", "hours: {begin: \"06:00\", end: \"06:01\"}\n"))
    result = replayed(new, log_of(shipped(), "bauamt", "buergerbuero"))
    assert {g.department for g in result.groups} == {"bauamt"}
    assert {g.rule for g in result.groups} == {"departments/bauamt:hours"}
    assert result.different == sum(g.count for g in result.groups) > 0
    assert {g.before.split()[0] for g in result.groups} <= {"allowed", "denied", "local"}


def test_another_treatment_is_named_by_its_kind(tmp_path: Path) -> None:
    new = edited(tmp_path, replaced("organisation.yaml", r"^      PERSON: placeholder .*$", "      PERSON: mask"))
    result = replayed(new, log_of(shipped()))
    assert [(g.difference, g.after) for g in result.groups] == [("treatment", "PERSON: placeholder > mask")]


def test_what_nobody_looked_at_is_no_difference_but_counted() -> None:
    old = all_on()
    closed = reworked(old, "c" * 64, models={k: replace(m, enabled=k != "eu-cloud") for k, m in old.models.items()})
    result = replayed(old, log_of(closed))
    assert result.skipped["unread"] > 0
    assert all("eu-cloud" not in g.after for g in result.groups)


@pytest.mark.parametrize(("meta", "kind", "why"), [
    ({}, "denied", "not_policy"), ({"asked": ""}, "intent", "unknown"), ({"purpose": "unbekannt"}, "intent", "unknown"),
    ({"instead_of": "demo"}, "intent", "stand_in"), ({"code": "modell_gestoppt"}, "denied", "stopped"),
    ({"code": "limit_erreicht"}, "denied", "not_policy"),
    ({"rules": ["groups/springer:models.deny"]}, "intent", "group"),
    ({"rules": []}, "intent", "ki_pass")])
def test_what_cannot_be_replayed_is_counted_under_its_reason(meta: dict[str, Any], kind: str, why: str) -> None:
    [(_, at, whole), *_] = log_of(shipped())
    result = simulate(shipped(), [(kind, at, {**whole, **meta})], spoken, lambda key: key)
    assert dict(result.skipped) == {why: 1}
    assert why in WHY_NOT
    assert result.compared == 0


def test_entries_of_an_older_version_are_counted_as_such() -> None:
    [(kind, at, whole), *_] = log_of(shipped())
    old = {k: v for k, v in whole.items() if k != "asked"}
    assert dict(simulate(shipped(), [(kind, at, old)], spoken, lambda key: key).skipped) == {"old": 1}


def test_small_departments_stand_together_and_never_alone() -> None:
    name = merging({"a": 7, "b": 2, "c": 9, "d": 3})
    assert [name(k) for k in "abcd"] == ["a", OTHERS, "c", OTHERS]
    lone = merging({"a": 7, "b": 2, "c": 9})
    assert [lone(k) for k in "abc"] == [OTHERS, OTHERS, "c"], "two people would be told apart"
    assert merging({"a": 7})("never heard of") == OTHERS


def test_the_record_holds_nothing_that_a_client_wrote() -> None:
    secret = "Frau Krüger persönlich"
    house = FakeHouse(shipped)
    asyncio.run(house.ask(chat(model=secret), secret))
    assert secret not in orjson.dumps([e.meta for e in house.book]).decode()
