"""The grace period of the KI-Pass is said in a header, and not one byte of any answer says it: every API, every form.

The answers are those of the golden cases: streams, whole answers, tool calls, errors in the middle.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.model.exchange import SealedRequest
from gateway.model.principal import PassStatus, Principal
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from tests.golden.test_dialect_golden import ANSWERS, CASES, _frame, dialect_of
from tests.support.fake_house import GUEST, FakeHouse
from tests.unit.policy.policy_sets import all_on
from tests.unit.policy.test_passes_demanded import CLERK

SAID = "KI-Pass: Es gilt eine neue Dienstvereinbarung. Bitte bis 14.06.2026 lesen: https://ki.example/pass"
IN_GRACE = replace(GUEST, passes={scope: PassStatus("kulanz", notice=SAID) for scope in GUEST.passes})
ASKED: dict[str, dict[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": "Guten Tag"}]}, "completions": {"prompt": "Guten Tag"},
    "responses": {"input": "Guten Tag", "store": False}, "embeddings": {"input": "Guten Tag"},
    "messages": {"messages": [{"role": "user", "content": "Guten Tag"}], "max_tokens": 9}}


def spoken(policies: PolicySet) -> PolicySet:
    """Return the policies with one model that speaks everything, so that no bridge stands between."""
    return reworked(policies, "e" * 64, models={
        key: replace(m, dialects=frozenset(ASKED)) if key == "demo" else m for key, m in policies.models.items()})


def answered(name: str, principal: Principal) -> tuple[str, bytes]:
    """Return the notice and the body that the client gets."""
    provider, dialect = CASES[name]["provider"], dialect_of(name)
    stream = isinstance(provider, list)

    def says(request: SealedRequest) -> tuple[int, list[bytes]]:
        return 200, [_frame(event) for event in provider] if isinstance(provider, list) else [orjson.dumps(provider)]
    house = FakeHouse(lambda: spoken(all_on()), principal)
    house.says = says
    out, body = asyncio.run(house.ask(
        {**ASKED[dialect.name], "model": "demo", **({"stream": True} if stream else {})}, dialect=dialect))
    assert len(house.sent) == 1
    return out.headers.get("x-ki-pforte-hinweis", ""), re.sub(rb'"created_at":\d+', b"", body)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_grace_stands_in_the_header_and_in_no_byte_of_the_answer(name: str) -> None:
    notice, body = answered(name, IN_GRACE)
    plain, same = answered(name, GUEST)
    assert SAID in notice
    assert SAID not in plain
    assert body == same
    assert b"Dienstvereinbarung" not in body


def test_every_api_is_tried_whole_and_streamed() -> None:
    tried = {(dialect_of(name).name, isinstance(CASES[name]["provider"], list)) for name in ANSWERS}
    assert tried == {(name, stream) for name in ASKED for stream in (True, False)} - {("embeddings", True)}


@pytest.mark.parametrize("name", sorted(ASKED))
@pytest.mark.parametrize("stream", [True, False])
def test_who_lacks_a_pass_reads_the_same_words_in_the_form_of_every_api(name: str, stream: bool) -> None:
    policies = reworked(all_on(), "e" * 64, models={
        key: replace(m, pass_scopes=("personenbezogen",)) if key == "demo" else m
        for key, m in all_on().models.items()})
    house = FakeHouse(lambda: policies, CLERK)
    out, body = asyncio.run(house.ask({**ASKED[name], "model": "demo", "stream": stream and name != "embeddings"},
                                      dialect=dialect_of(f"{name}/x")))
    error = json.loads(body)["error"]
    assert (out.status, error["code"], house.sent) == (403, "ki_pass_fehlt", [])
    assert "„Personenbezogenes“" in error["message"]
    assert policies.kipass.link in error["message"]
