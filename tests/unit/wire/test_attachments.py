"""Files in requests of every wire API: found where they stand, never fetched, and their text in their place."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.wire.attachments import Attachment, attachments
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Dialect, ParsedRequest
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses

PACKED = base64.b64encode(b"content of the file?>").decode()
URL = f"data:application/pdf;base64,{PACKED}"
KINDS = frozenset({"file", "image"})


def chat(part: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "davor"}, part,
                                                                    {"type": "text", "text": "danach"}]}]}


def responses(part: Any) -> dict[str, Any]:
    return {"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "davor"}, part,
                                                                 {"type": "input_text", "text": "danach"}]}]}


def messages(part: Any) -> dict[str, Any]:
    return {**chat(part), "max_tokens": 9}


FORMS: list[tuple[Dialect, dict[str, Any], str]] = [
    (ChatCompletions(), chat({"type": "file", "file": {"filename": "a_b.pdf", "file_data": URL}}), "file"),
    (ChatCompletions(), chat({"type": "file", "file": {"filename": "a_b.pdf", "file_data": PACKED}}), "file"),
    (ChatCompletions(), chat({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PACKED}"}}), "image"),
    (ChatCompletions(), chat({"type": "image_url", "image_url": f"data:image/png;base64,{PACKED}"}), "image"),
    (ChatCompletions(), chat({"type": "input_file", "filename": "a_b.pdf", "file_data": URL}), "file"),
    (Responses(), responses({"type": "input_file", "filename": "a_b.pdf", "file_data": URL}), "file"),
    (Responses(), responses({"type": "input_image", "image_url": f"data:image/png;base64,{PACKED}"}), "image"),
    (Responses(), {"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": [
        {"type": "input_text", "text": "davor"}, {"type": "input_file", "filename": "a_b.pdf", "file_data": URL},
        {"type": "input_text", "text": "danach"}]}]}, "file"),
    (Messages(), messages({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PACKED},
                           "cache_control": {"type": "ephemeral"}}), "image"),
    (Messages(), messages({"type": "document", "title": "a_b.pdf", "source": {
        "type": "base64", "media_type": "application/pdf", "data": PACKED}}), "file"),
]
READABLE = [pytest.param(*form, id=f"{form[0].name}-{at}") for at, form in enumerate(FORMS)]


def parsed(dialect: Dialect, body: dict[str, Any]) -> ParsedRequest:
    return dialect.parse(orjson.dumps(body))


def only(request: ParsedRequest) -> Attachment:
    [attachment] = attachments(request.document, KINDS)
    return attachment


@pytest.mark.parametrize(("dialect", "body", "kind"), READABLE)
def test_a_file_is_found_with_its_bytes(dialect: Dialect, body: dict[str, Any], kind: str) -> None:
    attachment = only(parsed(dialect, body))
    content = attachment.content()
    assert (attachment.kind, content.kind, content.data) == (kind, kind, b"content of the file?>")
    assert content.name == ("a_b.pdf" if kind == "file" else "")
    assert content.media in ("application/pdf", "image/png", "")
    assert PACKED not in repr(attachment)
    assert "content of" not in repr(content)


@pytest.mark.parametrize(("dialect", "body", "kind"), READABLE)
def test_its_text_is_inspected_in_its_place_and_no_byte_of_it_is_left(
        dialect: Dialect, body: dict[str, Any], kind: str) -> None:
    request = parsed(dialect, body)
    only(request).say("Frau Krüger wohnt hier.")
    again = dialect.parse(request.document.to_bytes())
    assert not again.document.opaque
    said = [slot.text for slot in again.document.slots]
    inside = next(text for text in said if "Frau Krüger" in text)
    assert said.index(inside) > said.index("davor")
    assert said.index(inside) < said.index("danach")
    assert PACKED.encode() not in again.document.to_bytes()
    if kind == "image":
        assert inside == "Text aus einem Bild:\n\nFrau Krüger wohnt hier."
    elif dialect.name != "messages":
        assert inside == "Datei „a b.pdf“:\n\nFrau Krüger wohnt hier."


def test_marks_for_caching_survive() -> None:
    request = parsed(*FORMS[8][:2])
    only(request).say("x")
    assert request.document.root["messages"][0]["content"][1]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(("dialect", "body"), [
    (ChatCompletions(), chat({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}})),
    (ChatCompletions(), chat({"type": "file", "file": {"file_id": "file-1"}})),
    (Responses(), responses({"type": "input_file", "file_url": "https://example.org/a.pdf"})),
    (Responses(), responses({"type": "input_file", "file_id": "file-1"})),
    (Responses(), responses({"type": "input_image", "image_url": "file:///etc/passwd"})),
    (Messages(), messages({"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}})),
    (Messages(), messages({"type": "image", "source": {"type": "file", "file_id": "file-1"}}))])
def test_what_only_has_an_address_or_an_id_is_not_fetched(dialect: Dialect, body: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as caught:
        only(parsed(dialect, body)).content()
    assert caught.value.code == "nicht_pruefbar"
    assert "hängen Sie die Datei selbst an" in caught.value.message


@pytest.mark.parametrize("data", ["???", "data:application/pdf;base64,", "data:;base64,ä", "Krüger"])
def test_what_is_no_base64_is_refused_without_repeating_it(data: str) -> None:
    with pytest.raises(GatewayError) as caught:
        only(parsed(ChatCompletions(), chat({"type": "file", "file": {"file_data": data}}))).content()
    assert caught.value.code == "nicht_pruefbar"
    assert data[-3:] not in caught.value.message.replace("Base64", "") or data.endswith(",")


@pytest.mark.parametrize(("data", "media", "content"), [
    ("Y29u\ndGVudA", "", b"content"), ("-_-_", "", b"\xfb\xff\xbf"),
    ("DATA:text/CSV;charset=utf-8;name=x;BASE64,Y29udGVudA==", "text/csv", b"content"),
    ("data:,Gr%C3%BC%C3%9Fe", "", "Grüße".encode()), ("data:text/html,%3Cp%3E", "text/html", b"<p>")])
def test_base64_of_every_spelling_is_read(data: str, media: str, content: bytes) -> None:
    found = only(parsed(ChatCompletions(), chat({"type": "file", "file": {"file_data": data}}))).content()
    assert (found.media, found.data) == (media, content)


@pytest.mark.parametrize(("name", "said"), [
    ("Bescheid_Krüger_2024.pdf", "Datei „Bescheid Krüger 2024.pdf“:"), ("", "Angehängte Datei:"),
    ("C:\\Akten\\Krüger.pdf", "Datei „Krüger.pdf“:"), ("../../x\n\"„y.pdf", "Datei „x y.pdf“:"),
    ("n" * 300, f"Datei „{'n' * 120}“:")])
def test_the_name_of_a_file_is_one_line_in_words(name: str, said: str) -> None:
    request = parsed(ChatCompletions(), chat({"type": "file", "file": {"filename": name, "file_data": PACKED}}))
    only(request).say("x")
    assert request.document.root["messages"][0]["content"][1]["text"] == f"{said}\n\nx"


@pytest.mark.parametrize("body", [
    {"model": "m", "messages": [{"role": "user", "content": "x", "image_url": URL}]},
    {"model": "m", "messages": [{"role": "user", "content": URL}]},
    {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "x", "file": {
        "file_data": PACKED}}]}]},
    chat({"type": "input_audio", "input_audio": {"data": PACKED, "format": "wav"}})])
def test_a_file_where_no_text_could_stand_stays_opaque(body: dict[str, Any]) -> None:
    request = parsed(ChatCompletions(), body)
    assert request.document.opaque
    assert attachments(request.document, KINDS) == []
