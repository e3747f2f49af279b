"""Tools that run at the provider are refused, taken out and told about, or pass in the house; strict mode."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from gateway.policy import PolicySet
from gateway.policy.compile import reworked, work_out
from gateway.policy.schema import Content, Department, Organisation, Side
from gateway.wire.dialect import Dialect
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, shipped

SECRET = "geheim-4711-abc"
FUNCTION = {"type": "function", "function": {"name": "akte", "parameters": {"type": "object", "properties": {}}}}
RESPONSES_FUNCTION = {"type": "function", "name": "akte", "parameters": {"type": "object", "properties": {}}}
ANTHROPIC_TOOL = {"name": "akte", "input_schema": {"type": "object", "properties": {}}}
MCP = {"type": "mcp", "server_label": "x", "server_url": "https://mcp.example/", "authorization": SECRET,
       "headers": {"X-Key": SECRET}, "server_description": "Akten von Sabine Krüger"}


@cache
def policies(let: str, **organisation: Any) -> PolicySet:
    """Return the shipped policies with another rule for tools at the provider, and models that speak every API."""
    base = shipped()
    content = base.organisation.content
    sides = {name: Side.model_validate({**getattr(content, name).model_dump(), "opaque": {"provider_tool": let}})
             for name in ("in_house", "outside")}
    changed = Organisation.model_validate({**base.organisation.model_dump(), **organisation,
                                           "content": Content(**sides)})
    models = {key: replace(model, dialects=frozenset({"chat", "completions", "responses", "embeddings", "messages"}))
              for key, model in all_on().models.items()}
    return reworked(base, "d" * 64, organisation=changed, models=models)


def ask(let: str, body: dict[str, Any], dialect: Dialect | None = None,
        **organisation: Any) -> tuple[FakeHouse, int, dict[str, str], dict[str, Any]]:
    house = FakeHouse(lambda: policies(let, **organisation))
    if dialect is not None:
        house.says = lambda _: (200, [json.dumps(
            {"output": [], "status": "completed"} if dialect.name == "responses" else {"content": []}).encode()])
    out, raw = asyncio.run(house.ask(body, dialect=dialect))
    sent = json.loads(house.sent[0].redacted.body) if house.sent else {}
    return house, out.status, {**out.headers, "body": raw.decode()}, sent


def responses(**more: Any) -> dict[str, Any]:
    return {"model": "demo", "input": "Frau Sabine Krüger fragt.", **more}


def messages(**more: Any) -> dict[str, Any]:
    return {"model": "demo", "max_tokens": 9, "messages": [{"role": "user", "content": "Guten Tag"}], **more}


REQUESTS: list[tuple[Dialect | None, dict[str, Any]]] = [
    (None, chat(tools=[FUNCTION, {"type": "web_search"}], tool_choice={"type": "web_search"})),
    (None, chat(web_search_options={"user_location": {"type": "approximate", "approximate": {"city": "Musterstadt"}}})),
    (Responses(), responses(tools=[RESPONSES_FUNCTION, MCP], tool_choice={"type": "mcp", "server_label": "x"})),
    (Responses(), responses(tools=[{"type": "code_interpreter", "container": {"type": "auto"}}],
                            tool_choice="required", parallel_tool_calls=True)),
    (Responses(), responses(tools=[{"type": "namespace", "name": "n", "tools": [{"type": "web_search"}]}])),
    (Responses(), responses(input=[{"role": "user", "content": "Guten Tag"},
                                   {"type": "mcp_call", "id": "x", "name": "n", "arguments": "{}"}])),
    (Messages(), messages(tools=[ANTHROPIC_TOOL, {"type": "web_search_20250305", "name": "web_search"}],
                          tool_choice={"type": "tool", "name": "web_search"})),
    (Messages(), messages(mcp_servers=[{"type": "url", "name": "x", "url": "https://mcp.example/",
                                        "authorization_token": SECRET}])),
    (Messages(), messages(messages=[
        {"role": "user", "content": "Suche"},
        {"role": "assistant", "content": [{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}]},
        {"role": "user", "content": "Und?"}])),
]


@pytest.mark.parametrize(("dialect", "body"), REQUESTS)
def test_as_shipped_nothing_with_such_a_tool_is_sent_and_the_reason_is_said(dialect: Dialect | None,
                                                                            body: dict[str, Any]) -> None:
    house, status, said, _ = ask("refuse", body, dialect)
    assert (status, house.sent) == (400, [])
    assert "Werkzeug" in said["body"]
    assert house.book[-1].meta["code"] == "nicht_pruefbar"
    assert shipped().departments["bauamt"].models["demo"].stripped_opaque == frozenset()


@pytest.mark.parametrize(("dialect", "body"), REQUESTS)
def test_a_tool_is_taken_out_counted_and_told(dialect: Dialect | None, body: dict[str, Any]) -> None:
    house, status, said, sent = ask("strip", body, dialect)
    assert status == 200, said["body"]
    text = json.dumps(sent)
    assert not any(word in text for word in ("web_search", "mcp", "code_interpreter", "server_tool_use", SECRET))
    assert "herausgenommen" in said["x-ki-pforte-hinweis"]
    assert said["x-ki-pforte-hinweis"].isascii()
    assert house.book[0].kind == "intent"
    assert house.book[0].meta["stripped_tools"] == 1
    assert "organisation:content.in_house.opaque.provider_tool" in house.book[0].meta["rules"]
    assert ("stripped_tools", (dialect.name if dialect else "chat"), 1) in house.measured
    assert "tool_choice" not in sent
    if "akte" in json.dumps(body):
        assert len(sent["tools"]) == 1
    else:
        assert "tools" not in sent
        assert "parallel_tool_calls" not in sent


def test_what_is_chosen_among_the_tools_that_are_left_stays_chosen() -> None:
    tools = [RESPONSES_FUNCTION, {"type": "web_search"}, {"type": "apply_patch"}]
    for chosen in ({"type": "function", "name": "akte"}, {"type": "apply_patch"}, "auto"):
        assert ask("strip", responses(tools=tools, tool_choice=chosen), Responses())[3]["tool_choice"] == chosen
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "akte"},
                                                                  {"type": "web_search"}]}
    left = ask("strip", responses(tools=tools, tool_choice=allowed), Responses())[3]["tool_choice"]
    assert left == {**allowed, "tools": [{"type": "function", "name": "akte"}]}


def test_a_request_of_which_nothing_is_left_is_refused() -> None:
    house, status, said, _ = ask("strip", responses(input=[{"type": "mcp_approval_response", "approve": True,
                                                            "approval_request_id": "x"}]), Responses())
    assert (status, house.sent) == (400, [])
    assert "nichts übrig" in said["body"]


def test_in_the_house_a_tool_may_pass_with_placeholders_and_without_secrets() -> None:
    _, status, said, sent = ask("pass", responses(tools=[MCP]), Responses())
    assert status == 200, said["body"]
    assert sent["tools"][0]["server_url"] == "https://mcp.example/"
    assert "[PERSON" in sent["tools"][0]["server_description"]
    assert SECRET not in json.dumps(sent)
    assert "Krüger" not in json.dumps(sent, ensure_ascii=False)


@pytest.mark.parametrize("more", [
    {"server_url": f"https://u:{SECRET}@mcp.example/"}, {"server_url": f"https://mcp.example/?k={SECRET}#{SECRET}"},
    {"X-Api-Key": SECRET}, {"server": {"Authorization": SECRET, "HEADERS": {"a": SECRET}, "n": [{"token": SECRET}]}}])
def test_secrets_pass_in_no_spelling(more: dict[str, Any]) -> None:
    _, status, said, sent = ask("pass", responses(tools=[{**MCP, **more}]), Responses())
    assert status == 200, said["body"]
    assert sent["tools"][0]["server_url"] == "https://mcp.example/"
    assert SECRET not in json.dumps(sent)


def test_outside_the_house_no_rule_lets_a_tool_pass() -> None:
    rules = policies("pass").departments["bauamt"].models
    assert "provider_tool" in rules["demo"].passed_opaque
    assert "provider_tool" not in rules["eu-cloud"].passed_opaque | rules["eu-cloud"].stripped_opaque


@pytest.mark.parametrize("let", ["refuse", "strip", "pass"])
@pytest.mark.parametrize(("dialect", "body"), [
    (Responses(), responses(prompt={"id": "pmpt_1"})),
    (Responses(), responses(input=[{"role": "user", "content": [{"type": "input_text", "file_id": "file_1"}]}])),
    (Responses(), responses(input=[{"type": "item_reference", "id": "x"}])),
    (Messages(), messages(container="c")), (Messages(), messages(thread={"type": "create"}))])
def test_what_lies_at_the_provider_never_passes(let: str, dialect: Dialect, body: dict[str, Any]) -> None:
    house, status, said, _ = ask(let, body, dialect)
    assert (status, house.sent) == (400, [])
    assert "beim Anbieter liegen" in said["body"]


def test_secrets_beside_a_tool_of_the_client_are_not_passed_on() -> None:
    tool = {**FUNCTION, "headers": {"Authorization": f"Bearer {SECRET}"}, "api_key": SECRET}
    house, _, _, sent = ask("refuse", chat(tools=[tool]))
    assert sent["tools"] == [FUNCTION]
    assert house.book[0].meta["dropped_fields"] == 2


@pytest.mark.parametrize("tool", [
    {"type": "function", "googleSearch": {}}, {"type": "function", "name": "akte", "web_search": {}}, {}, "web_search",
    {"googleSearch": {}}, {"type": "custom"}, {"type": ["function"]}, {"type": "FUNCTION", "function": {"name": "x"}}])
def test_what_only_looks_like_a_tool_of_the_client_is_none(tool: Any) -> None:
    house, status, said, _ = ask("refuse", chat(tools=[tool]))
    assert (status, house.sent) == (400, [])
    assert "Werkzeug" in said["body"]


@pytest.mark.parametrize(("dialect", "tool", "body"), [
    (None, FUNCTION, chat), (Responses(), RESPONSES_FUNCTION, responses), (Messages(), ANTHROPIC_TOOL, messages)])
def test_a_word_beside_a_tool_of_the_client_switches_nothing_on(dialect: Dialect | None, tool: dict[str, Any],
                                                                body: Any) -> None:
    _, status, said, sent = ask("refuse", body(tools=[{**tool, "googleSearch": {}, "connector_id": "x"}]), dialect)
    assert status == 200, said["body"]
    assert sent["tools"] == [tool]


@pytest.mark.parametrize("tools", [{"type": "web_search"}, "web_search", 1, True])
def test_tools_that_are_no_list_are_refused(tools: Any) -> None:
    for dialect, body in ((None, chat), (Responses(), responses), (Messages(), messages)):
        house, status, said, _ = ask("pass", body(tools=tools), dialect)
        assert (status, house.sent) == (400, []), said
        assert json.loads(said["body"])["error"]


STRICT = {"unknown_fields": "refuse"}


def test_unknown_fields_are_left_out_and_counted_or_refused() -> None:
    body = chat(erfunden=1, user="Sabine Krüger", store=True)
    house, status, _, sent = ask("refuse", body)
    assert status == 200
    assert set(sent) == {"model", "messages"}
    assert house.book[0].meta["dropped_fields"] == 3
    house, status, said, _ = ask("refuse", body, **STRICT)
    assert (status, house.sent) == (400, [])
    error = json.loads(said["body"])["error"]
    assert (error["code"], error["param"]) == ("anfrage_ungueltig", "erfunden")
    assert "„erfunden“" in error["message"]


@pytest.mark.parametrize("name", ["Sabine Krüger", "SabineKrueger", "x" * 50, "a b", "", "4711"])
def test_what_does_not_look_like_the_name_of_a_field_is_not_repeated(name: str) -> None:
    _, status, said, _ = ask("refuse", chat(**{name: 1}), **STRICT)
    error = json.loads(said["body"])["error"]
    assert (status, error["param"]) == (400, None)
    assert not name or name not in said["body"]


def test_fields_of_the_api_that_no_provider_gets_are_no_reason_to_refuse() -> None:
    known = {"user": "x", "metadata": {"a": "b"}, "store": True, "prompt_cache_key": "k", "safety_identifier": "s"}
    assert ask("refuse", chat(**known), **STRICT)[1] == 200
    assert ask("refuse", responses(**known), Responses(), **STRICT)[1] == 200


def test_a_department_may_be_stricter_about_unknown_fields_and_not_looser() -> None:
    base = shipped()
    strict = Organisation.model_validate({**base.organisation.model_dump(), **STRICT})
    for organisation, written, refuses in ((base.organisation, "refuse", True), (strict, "drop", True),
                                           (base.organisation, None, False)):
        department = Department.model_validate({**base.files["bauamt"].model_dump(), "unknown_fields": written})
        worked = work_out("d", organisation, {"bauamt": department}, base.models, base.kipass)
        assert worked.departments["bauamt"].refuses_unknown_fields is refuses
