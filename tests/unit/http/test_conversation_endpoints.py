"""``/v1/conversations``: who may ask models may keep conversations, in the form of the SDKs, and nobody sees another's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from openai.types.conversations import Conversation as SdkConversation
from starlette.routing import Router

from gateway.errors import GatewayError
from gateway.http.conversations import ConversationEndpoints
from gateway.model.principal import PassStatus, Principal
from gateway.policy import PolicySet
from gateway.ports import Credentials
from tests.support.fake_house import GUEST, NOW, FakeHouse
from tests.unit.pipeline.test_kept_conversations import without_keeping
from tests.unit.policy.policy_sets import shipped

HELLO = {"role": "user", "content": "Frau Sabine Krüger"}


class House(FakeHouse):
    """The fakes of the pipeline, with a key that can be wrong and rules that can change."""

    def __init__(self, policies: Callable[[], PolicySet] = shipped) -> None:
        super().__init__(policies)
        self.policies = policies
        self.router = Router(ConversationEndpoints(self, lambda: self.policies(), self, self, 100_000).routes())

    async def authenticate(self, credentials: Credentials) -> Principal:
        if credentials.secret != "kip_x":
            raise GatewayError("schluessel_ungueltig", "Der Schlüssel ist nicht gültig.")
        return self.principal

    def now(self) -> datetime:
        return NOW


def ask(house: House, method: str, path: str, body: Any = None, key: str = "kip_x",
        ) -> tuple[int, dict[str, Any], dict[str, str]]:
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)
    where, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": where, "query_string": query.encode(),
             "headers": [(b"x-api-key", key.encode())]}
    asyncio.run(house.router(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], json.loads(sent[1]["body"]), headers


def begun(house: House, **body: Any) -> str:
    status, made, _ = ask(house, "POST", "/v1/conversations", body)
    assert status == 200, made
    return str(made["id"])


@pytest.mark.parametrize("prefix", ["/v1/conversations", "/conversations"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_one_life_of_a_conversation(prefix: str, slash: str) -> None:
    house = House()
    _, made, headers = ask(house, "POST", prefix + slash, {"metadata": {"akte": "7"}, "items": [HELLO]})
    assert SdkConversation.model_validate(made).metadata == {"akte": "7"}
    assert (headers["cache-control"], bool(headers["x-request-id"])) == ("no-store", True)
    here = f"{prefix}/{made['id']}"
    assert ask(house, "GET", here + slash)[1] == made
    assert ask(house, "POST", here + slash, {"metadata": {"akte": "8"}})[1]["metadata"] == {"akte": "8"}
    added = ask(house, "POST", f"{here}/items{slash}", {"items": [{"role": "assistant", "content": "Ja?"}]})[1]
    first, second = ask(house, "GET", f"{here}/items{slash}?order=asc")[1]["data"]
    assert [second] == added["data"]
    assert first["content"] == [{"type": "input_text", "text": HELLO["content"]}]
    assert ask(house, "GET", f"{here}/items/{first['id']}{slash}")[1] == first
    assert ask(house, "DELETE", f"{here}/items/{first['id']}{slash}")[1]["id"] == made["id"]
    assert ask(house, "GET", f"{here}/items/{first['id']}")[0] == 404
    assert [item["id"] for item in ask(house, "GET", f"{here}/items")[1]["data"]] == [second["id"]]
    assert ask(house, "DELETE", here + slash)[1] == {"id": made["id"], "object": "conversation.deleted",
                                                     "deleted": True}
    assert house.conversations == {}
    assert ask(house, "GET", here)[0] == ask(house, "DELETE", here)[0] == 404
    assert house.sent == []


def test_nothing_need_be_said_to_begin() -> None:
    house = House()
    for body in (None, {}, {"items": None, "metadata": None}, {"items": []}):
        assert ask(house, "POST", "/v1/conversations", body)[0] == 200
    assert len(house.conversations) == 4


CALLS = [("POST", ""), ("GET", "/{c}"), ("POST", "/{c}"), ("DELETE", "/{c}"), ("GET", "/{c}/items"),
         ("POST", "/{c}/items"), ("GET", "/{c}/items/{i}"), ("DELETE", "/{c}/items/{i}")]
BODY = {"items": [HELLO], "metadata": {}}


def call(house: House, id_: str, method: str, path: str, key: str = "kip_x") -> tuple[int, dict[str, Any]]:
    item = orjson.loads(house.conversations[GUEST.subject, id_])["items"][0]["id"]
    where = "/v1/conversations" + path.format(c=id_, i=item)
    status, said, headers = ask(house, method, where, BODY if method == "POST" else None, key)
    if status >= 400:
        assert headers["x-request-id"] in said["error"]["message"]
    return status, said


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_stranger_gets_nowhere(method: str, path: str) -> None:
    house = House()
    id_ = begun(house, items=[HELLO])
    before = dict(house.conversations)
    status, said = call(house, id_, method, path, "kip_falsch")
    assert (status, said["error"]["code"]) == (401, "schluessel_ungueltig")
    assert house.conversations == before


@pytest.mark.parametrize(("method", "path"), CALLS[1:])
def test_to_everybody_else_it_is_not_there(method: str, path: str) -> None:
    house = House()
    id_ = begun(house, items=[HELLO])
    before = dict(house.conversations)
    house.principal = replace(GUEST, subject="subject-2")
    status, said = call(house, id_, method, path)
    assert (status, said["error"]["code"]) == (404, "gespraech_unbekannt")
    assert house.conversations == before


@pytest.mark.parametrize("state", ["fehlt", "abgelaufen", "dv_neu", "gesperrt"])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_a_valid_pass_one_may_only_delete(method: str, path: str, state: Any) -> None:
    house = House()
    id_ = begun(house, items=[HELLO])
    house.principal = replace(GUEST, passes={"basis": PassStatus(state)})
    status, said = call(house, id_, method, path)
    if (method, path) == ("DELETE", "/{c}"):
        assert (status, house.conversations) == (200, {})
    else:
        assert (status, said["error"]["code"]) == (403, f"ki_pass_{state}")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_department_that_nobody_wrote_rules_for_may_only_delete(method: str, path: str) -> None:
    house = House()
    id_ = begun(house, items=[HELLO])
    house.principal = replace(GUEST, department="gibt-es-nicht")
    assert call(house, id_, method, path)[0] == (200 if (method, path) == ("DELETE", "/{c}") else 403)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_where_nothing_is_kept_one_reads_what_to_change_and_may_delete_what_was(method: str, path: str) -> None:
    house = House()
    id_ = begun(house, items=[HELLO])
    house.policies = without_keeping
    status, said = call(house, id_, method, path)
    if (method, path) == ("DELETE", "/{c}"):
        assert (status, house.conversations) == (200, {})
        assert "0 Stunden" not in call_again(house, id_)
    else:
        assert (status, said["error"]["param"]) == (400, "conversation")
        assert "nicht aufbewahrt" in said["error"]["message"]


def call_again(house: House, id_: str) -> str:
    return str(ask(house, "DELETE", f"/v1/conversations/{id_}")[1]["error"]["message"])


@pytest.mark.parametrize("query", ["order=auf", "limit=0", "limit=101", "limit=-1", "limit=zwei", "limit=1000000",
                                   "limit=", "limit=\u00b2"])
def test_a_list_that_cannot_be_is_refused(query: str) -> None:
    house = House()
    id_ = begun(house, items=[HELLO])
    status, said, _ = ask(house, "GET", f"/v1/conversations/{id_}/items?{query}")
    assert (status, said["error"]["code"]) == (400, "anfrage_ungueltig")


@pytest.mark.parametrize(("body", "status"), [
    (b"{", 400), (b"[]", 400), ({"items": "x"}, 400), ({"items": [7]}, 400), ({"metadata": 7}, 400),
    (b"x" * 100_001, 413), ({"items": [{"type": "item_reference", "id": "x"}]}, 400)])
def test_what_cannot_be_kept_is_refused_and_nothing_is(body: Any, status: int) -> None:
    house = House()
    got, said, _ = ask(house, "POST", "/v1/conversations", body)
    assert (got, house.conversations) == (status, {})
    assert "error" in said


def test_a_fault_of_ours_says_nothing_of_what_was_to_be_kept(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.steps.failing = {"keep": RuntimeError("canary: Sabine Krüger")}
    status, said, _ = ask(house, "POST", "/v1/conversations", {"items": [HELLO]})
    assert (status, said["error"]["code"]) == (500, "intern")
    assert "canary" not in json.dumps(said)


def test_a_wrong_method_names_all_that_are_right() -> None:
    router = House().router

    async def refused(path: str) -> set[str]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)
        await router({"type": "http", "method": "PATCH", "path": path, "headers": []}, None, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == 405
        return set(dict(sent[0]["headers"])[b"allow"].decode().split(", "))
    assert asyncio.run(refused("/v1/conversations")) == {"POST"}
    assert asyncio.run(refused("/v1/conversations/conv_1")) == {"GET", "HEAD", "POST", "DELETE"}


def test_each_change_gives_it_another_life_as_long_as_policy_says() -> None:
    house = House()
    ends: list[timedelta] = []
    change = house.change

    async def watched(subject: str, id_: str, work: Any, now: datetime, until: datetime) -> bool:
        ends.append(until - now)
        return await change(subject, id_, work, now, until)
    house.change = watched  # type: ignore[method-assign]
    id_ = begun(house)
    ask(house, "POST", f"/v1/conversations/{id_}", {"metadata": {}})
    ask(house, "POST", f"/v1/conversations/{id_}/items", {"items": [HELLO]})
    assert ends == [timedelta(hours=24)] * 2
