"""Of all places in which the published schemas of the five APIs allow a string, none lets a name through."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.wire.withheld import KIND, SECRETS, take_out
from tests.golden.test_dialect_golden import DIALECTS, MODEL
from tests.support.field_matrix import REQUESTS
from tests.support.published import CANARY, Leaf, fields, leaves

LEAVES = {api: list(leaves(api)) for api in REQUESTS}
SECRETS_OF_A_PATH = frozenset(SECRETS) - {"token"}  # tokens of a text are none
AT_LEAST = {"chat": 120, "completions": 8, "responses": 800, "embeddings": 4, "messages": 600}
"""A walk that finds fewer has lost its way."""


def fate(leaf: Leaf) -> str:
    """Say what happens to a name at this place; ``through`` is what must not be."""
    dialect = DIALECTS[leaf.api]
    try:
        parsed = dialect.parse(orjson.dumps(leaf.request))
    except GatewayError:
        return "refused"
    document = parsed.document
    seen = [slot for slot in document.slots if CANARY in slot.text]
    document.rewrite([slot.text.replace(CANARY, "[PERSON1]") for slot in document.slots])
    dialect.prepare(parsed, MODEL)
    if CANARY not in document.to_bytes().decode():
        return "inspected" if seen else "dropped"
    unread = document.opaque.keys() - {KIND}  # what a tool says is inspected, whatever policy does with the tool
    return f"opaque: {','.join(sorted(unread))}" if unread else "through"


@pytest.mark.parametrize("api", REQUESTS)
def test_no_string_of_a_published_schema_lets_a_name_through(api: str) -> None:
    fates = {leaf.path: fate(leaf) for leaf in LEAVES[api]}
    assert not [path for path, what in fates.items() if what == "through"]
    assert not [path for path, what in fates.items() if what == "refused"], "nothing but its form refuses a request"
    assert len(fates) >= AT_LEAST[api], Counter(fates.values())


@pytest.mark.parametrize("api", REQUESTS)
def test_every_published_field_is_described(api: str) -> None:
    assert fields(api).keys() <= REQUESTS[api].keys()


@pytest.mark.parametrize("api", REQUESTS)
def test_what_third_parties_gave_the_client_leaves_with_no_tool(api: str) -> None:
    where = [leaf for leaf in LEAVES[api] if "logprobs" not in leaf.path
             and not SECRETS_OF_A_PATH.isdisjoint(re.split(r"[^a-z_]+", leaf.path))]
    assert len(where) >= {"responses": 4, "messages": 1}.get(api, 0)
    for leaf in where:
        document = DIALECTS[leaf.api].parse(orjson.dumps(leaf.request)).document
        assert CANARY not in document.to_bytes().decode(), leaf.path
        assert not any(CANARY in slot.text for slot in document.slots)


@pytest.mark.parametrize("api", REQUESTS)
def test_without_the_provider_s_tools_a_request_is_still_one(api: str) -> None:
    for leaf in LEAVES[api]:
        with suppress(GatewayError):  # of some nothing is left, or they had the wrong form
            document = DIALECTS[leaf.api].parse(orjson.dumps(leaf.request)).document
            document.rewrite([slot.text for slot in document.slots])
            assert take_out(document) == document.opaque[KIND], leaf.path
            again = DIALECTS[leaf.api].parse(document.to_bytes()).document
            assert KIND not in again.opaque, leaf.path
            assert "tools" not in again.root or again.root["tools"], leaf.path
