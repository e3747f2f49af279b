"""What a request may hold where nobody looks: identifiers that are account numbers, pictures without a type, letters
that a program spelled out."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes
from hashlib import sha256, sha512
from typing import Any

import pytest

from gateway.model.entities import ENTITIES
from gateway.redaction.normalise import normalise
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.document import Document
from gateway.wire.messages import Messages

IBAN, TAX = "DE89370400440532013000", "12345678995"
PICTURE = {"url": "data:image/png;base64,iVBORw0KGgo"}


def parsed(**fields: Any) -> Document:
    body = {"model": "haus", "messages": [{"role": "user", "content": "hallo"}], **fields}
    return ChatCompletions().parse(json.dumps(body).encode()).document


def tool(**function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": "f", **function}}]}


@pytest.mark.parametrize(("fields", "text"), [
    ({"messages": [{"role": "tool", "content": "", "tool_call_id": IBAN}]}, IBAN),
    ({"messages": [{"role": "assistant", "tool_calls": [{"id": TAX, "type": "function"}]}]}, TAX),
    ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": "Sabine-Krueger"}]}]}, "Sabine-Krueger"),
    (tool(name=IBAN), IBAN),
    (tool(parameters={"properties": {IBAN: {"type": "string"}}}), IBAN),
    (tool(parameters={"properties": {"a": {"default": {"type": "Sabine-Krueger"}}}}), "Sabine-Krueger"),
    (tool(parameters={"properties": {"a": {"examples": [{"required": ["Krueger"]}]}}}), "Krueger"),
    ({"messages": [{"role": "tool", "content": "", "tool_call_id": "DE89-3704-0044-0532-0130-00"}]},
     "DE89-3704-0044-0532-0130-00"),
    (tool(name="+49.151.23456789"), "+49.151.23456789"),
    (tool(parameters={"properties": {"a": {"default": 1512345678}}}), "1512345678"),
    (tool(parameters={"properties": {"a": {"const": 1512345678}}}), "1512345678"),
    ({"logit_bias": {TAX: 1}}, TAX),
    ({"tool_choice": "Sabine.Krueger"}, "Sabine.Krueger"),
    ({"tool_choice": {"type": "Sabine.Krueger"}}, "Sabine.Krueger"),
    ({"response_format": {"type": "Sabine.Krueger"}}, "Sabine.Krueger"),
    ({"temperature": 0.12345678995}, "0.12345678995"),
])
def test_what_only_looks_like_an_identifier_is_inspected(fields: dict[str, Any], text: str) -> None:
    assert text in [slot.text for slot in parsed(**fields).slots]


@pytest.mark.parametrize("fields", [
    {"messages": [{"role": "tool", "content": "", "tool_call_id": "call_9f3K20481234567890"}]},
    {"logit_bias": {"50256": -100}, "temperature": 0.7, "seed": 1_700_000_000},
    {"messages": [{"role": "tool", "content": "", "tool_call_id": "550e8400-e29b-41d4-a716-446655440000"}]},
    {"tool_choice": "auto", "response_format": {"type": "json_object"}},
    tool(parameters={"properties": {"a": {"minimum": 1_000_000, "maxLength": 200}}}, name="akte-2024-01-01.v2"),
    {"tool_choice": {"type": "function", "function": {"name": "such_akte"}}},
])
def test_what_programs_send_stays_as_it_is(fields: dict[str, Any]) -> None:
    assert [slot.text for slot in parsed(**fields).slots if slot.text != "hallo"] == []


@pytest.mark.parametrize("content", [
    [{"image_url": PICTURE}], [{"type": "Image_Url", "image_url": PICTURE}], [{"type": "hologram", "bild": PICTURE}],
    [{"type": "text", "text": "hallo", "image_url": PICTURE}], {"type": "image_url", "image_url": PICTURE},
    [PICTURE["url"]], PICTURE["url"],
])
def test_a_picture_is_a_picture_whatever_it_is_called(content: Any) -> None:
    assert parsed(messages=[{"role": "user", "content": content}]).opaque == {"image": 1}


def said(text: str) -> Document:
    return parsed(messages=[{"role": "user", "content": text}])


MAIL = "Sehr geehrte Frau Krüger, die IBAN ist DE89370400440532013000."


@pytest.mark.parametrize(("text", "kind"), [
    (b64encode(MAIL.encode()).decode(), "file"), (b64encode(MAIL.encode("latin-1")).decode(), "file"),
    ("Content-Transfer-Encoding: base64\n\n" + encodebytes(MAIL.encode()).decode(), "file"),
    (" data:text/plain;base64," + b64encode(MAIL.encode()).decode(), "file"),
    ("![](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ)", "image"),
    ("Anlage: JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3Ro", "file"),
    ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6Ikpv.abc", "file"),
])
def test_what_is_packed_in_the_middle_of_a_text_does_not_pass_unread(text: str, kind: str) -> None:
    assert said(text).opaque == {kind: 1}
    assert said(json.dumps({"inhalt": text})).opaque == {kind: 1}


@pytest.mark.parametrize("text", [
    sha256(b"x").hexdigest(), b64encode(sha512(b"x").digest()).decode(), "call_550e8400-e29b-41d4-a716-446655440000",
    "gateway/wire/bridges/responses_over_chat/eine_lange_kennung", "Rindfleischetikettierungsueberwachungsgesetz",
    "https://web.example/?d=" + b64encode(MAIL.encode()).decode(), "-" * 80, "a" * 80, "Was heißt ;base64, hier?",
])
def test_what_only_looks_packed_is_text(text: str) -> None:
    assert said(text).opaque == {}
    assert [slot.text for slot in said(text).slots] == [text]


def test_json_in_json_in_json_is_read_and_written_back() -> None:
    inner = json.dumps({"antragsteller": "Krüger"})
    arguments = json.dumps({"p": json.dumps({"x": inner})})
    document = parsed(messages=[{"role": "assistant", "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}]}])
    texts = [slot.text for slot in document.slots]
    assert "Krüger" in texts
    document.rewrite([text.replace("Krüger", "[PERSON1]").replace("antragsteller", "[TEXT1]") for text in texts])
    written = document.root["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(json.loads(json.loads(written)["p"])["x"]) == {"[TEXT1]": "[PERSON1]"}


def test_a_key_that_is_renamed_keeps_the_json_below_it() -> None:
    arguments = json.dumps({"Krüger": json.dumps({"a": "Krüger"})})
    document = parsed(messages=[{"role": "assistant", "function_call": {"name": "f", "arguments": arguments}}])
    document.rewrite([slot.text.replace("Krüger", "[PERSON1]") for slot in document.slots])
    assert "Kr" not in json.dumps(document.root)


@pytest.mark.parametrize("spelled", [
    "Kr\\u00fcger", "Kr\\\\u00FCger", "Kr\\u{fc}ger", "Kr\\xfcger", "Kr\\xc3\\xbcger", "Kr&uuml;ger", "Kr&#252;ger",
    "Kr&#xfc;ger", "Kr&#x0000fc;ger", "Kr&amp;uuml;ger", "Kr%C3%BCger", "Kr%fcger", "Kr%25C3%25BCger", "Kr=C3=BCger",
    "Kr=FCger"])
def test_letters_that_a_program_spelled_out_are_read(spelled: str) -> None:
    view = normalise(f"Frau {spelled}.")
    assert view.text == "Frau Krüger."
    assert view.original(5, 11) == (5, 5 + len(spelled))


@pytest.mark.parametrize(("written", "read"), [
    ("An: =?UTF-8?B?U2FiaW5lIEtyw7xnZXI=?=", "An: Sabine Krüger"), ("=?iso-8859-1?Q?Kr=FCger?=", "Krüger"),
    ("=?foreign?B?!!!?=", "=?foreign?B?!!!?="), ("IBAN%20DE89%203704%2C", "IBAN DE89 3704,"),
    ("anna&commat;web&period;example", "anna@web.example"), ("Frau&#10;Weber&thinsp;&shy;", "Frau\nWeber "),
    ("\\ud83d 100% &foo; a=b x=C3 C:\\xampp", "\\ud83d 100% &foo; a=b x=C3 C:\\xampp"),
    ("https://web.example/?q=Kr%C3%BCger%20", "https://web.example/?q=Kr%C3%BCger%20"),
])
def test_what_else_programs_write_is_read_and_the_rest_left_alone(written: str, read: str) -> None:
    assert normalise(written).text == read


@pytest.mark.parametrize(("sealed", "slots"), [("DE89-3704-0044-0532-0130-00", 1), ("EqQBCkYICBgCKkDq8x+4Zm3", 1),
                                               ("EqQBCkYICBgCKkDq8x+4Zm3Q/w==", 0)])
def test_what_a_provider_sealed_passes_and_a_number_in_its_place_does_not(sealed: str, slots: int) -> None:
    blocks = [{"type": "redacted_thinking", "data": sealed}]
    body = {"model": "haus", "max_tokens": 9, "messages": [{"role": "assistant", "content": blocks}]}
    assert len(Messages().parse(json.dumps(body).encode()).document.slots) == slots


def test_every_label_can_be_told_apart_at_every_cut() -> None:
    assert all(entity.label.isascii() and entity.label.isalpha() and entity.label.isupper()
               for entity in ENTITIES.values())
