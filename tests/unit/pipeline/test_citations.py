"""Citations of the Messages API against the document that the person sent, through the whole house."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.model.exchange import SealedRequest
from gateway.policy.policyset import PolicySet
from gateway.wire.messages import Messages
from tests.support.fake_house import FakeHouse
from tests.unit.policy.policy_sets import shipped

TEXT = "Antrag von Sabine Krüger. Ausweis L01X00T47. Genehmigt am 3. Mai."
WANTED = "Genehmigt am 3. Mai."


def document(text: str) -> dict[str, Any]:
    return {"type": "document", "title": "Akte", "citations": {"enabled": True},
            "source": {"type": "text", "media_type": "text/plain", "data": text}}


def scan(text: str) -> dict[str, Any]:
    return {"type": "document", "title": "Akte", "citations": {"enabled": True},
            "source": {"type": "base64", "media_type": "application/pdf",
                       "data": base64.b64encode(text.encode()).decode()}}


def cite(request: SealedRequest) -> tuple[int, list[bytes]]:
    """Answer as a provider does that cites the last sentence of the last document it got."""
    body = json.loads(request.redacted.body)
    documents = [block for turn in body["messages"] for block in turn["content"] if block["type"] == "document"]
    text = documents[-1]["source"]["data"]
    at = text.index(WANTED)
    citation = {"type": "char_location", "cited_text": WANTED, "document_index": len(documents) - 1,
                "document_title": "Akte", "start_char_index": at, "end_char_index": at + len(WANTED)}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "x", "stop_reason": "end_turn",
            "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    block = {"type": "text", "text": "Ja.", "citations": [citation]}
    if not request.stream:
        return 200, [json.dumps({**head, "content": [block]}).encode()]
    events = [{"type": "message_start", "message": {**head, "content": []}},
              {"type": "content_block_start", "index": 0, "content_block": {**block, "text": "", "citations": []}},
              {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ja."}},
              {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": citation}},
              {"type": "content_block_stop", "index": 0},
              {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {}},
              {"type": "message_stop"}]
    return 200, [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def ask(*documents: dict[str, Any], stream: bool, policies: PolicySet | None = None,
        model: str = "demo") -> tuple[FakeHouse, list[dict[str, Any]]]:
    """Return the house, and the citations that the person gets."""
    house = FakeHouse(lambda: policies or shipped())
    house.says = cite
    request = {"model": model, "max_tokens": 9, "stream": stream, "messages": [
        {"role": "user", "content": [*documents, {"type": "text", "text": "Wann?"}]}]}
    out, raw = asyncio.run(house.ask(request, dialect=Messages()))
    assert out.status == 200, raw
    if not stream:
        return house, json.loads(raw)["content"][0]["citations"]
    events = [json.loads(line[6:]) for line in raw.decode().splitlines() if line.startswith("data: ")]
    assert events[-1] == {"type": "message_stop"}
    return house, [e["delta"]["citation"] for e in events if e.get("delta", {}).get("type") == "citations_delta"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", [TEXT, "Ohne Angaben. " + WANTED, "Nur der Ausweis L01X00T47. " + WANTED])
def test_a_citation_fits_the_document_that_the_person_sent(text: str, stream: bool) -> None:
    _, (cited,) = ask(document("Frau Sabine Krüger."), document(text), stream=stream)
    assert text[cited["start_char_index"]:cited["end_char_index"]] == cited["cited_text"] == WANTED
    assert (cited["document_index"], cited["type"]) == (1, "char_location")


@pytest.mark.parametrize("stream", [False, True])
def test_places_move_as_well_where_nothing_can_be_put_back(stream: bool) -> None:
    text = "Ausweis L01X00T47, zweimal: L01X00T47. " + WANTED
    house, (cited,) = ask(document(text), stream=stream, policies=masking())
    assert "[" not in house.sent[0].redacted.body.decode().partition("Ausweis")[2][:40]
    assert text[cited["start_char_index"]:cited["end_char_index"]] == WANTED


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", [TEXT, "Ohne Angaben. " + WANTED])
def test_places_in_the_text_of_a_file_are_not_given_as_places_in_the_file(text: str, stream: bool) -> None:
    house, cited = ask(scan(text), stream=stream)
    assert WANTED in house.sent[0].redacted.body.decode()
    assert cited == []


def masking() -> PolicySet:
    """The example policies, with numbers of identity cards masked for good."""
    base = shipped()
    departments = {key: replace(rules, models={
        name: replace(model, actions={**model.actions, "ID_CARD": "mask"}) for name, model in rules.models.items()})
        for key, rules in base.departments.items()}
    return replace(base, departments=departments)
