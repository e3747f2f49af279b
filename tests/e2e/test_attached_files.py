"""A clerk attaches a letter, a list, a form: the provider reads redacted text, and never a byte of the file."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support import office
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import ask
from tests.support.planted import MAIL, PLANTED, found_in

DATA = Path(__file__).parents[1] / "unit/files/data"
LETTER = ("Krüger", "Sabine", "Lindenweg 3", "Weber", "Yilmaz", "12.03.2015", "01.02.1985", "0532 0130", "4711",
          "Geheim", "Autorin", "Kommentator")
"""What the provider may not see of the letter in ``data``: persons, numbers, and who wrote it. (The town hall's own
telephone number is nobody's personal data.)"""
LIST = ("Krüger", "Weber", "Lindenweg 3", "01.02.1985", "06.05.1970", "1985-02-01", "1970-05-06", "Çelik", "GEHEIM")
QUESTION = {"type": "text", "text": "Bitte fasse zusammen."}


def part(name: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "file": {"filename": name, "file_data": "data:application/octet-stream;base64,"
                                     + base64.b64encode(data).decode()}}


def answered(client: OpenAI, *parts: dict[str, Any], model: str = "schnellstart", stream: bool = False) -> str:
    content: Any = [QUESTION, *parts]
    asked: Any = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}],
                                                stream=stream)
    if stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in asked if chunk.choices)
    return str(asked.choices[0].message.content)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "secrets"), [("brief.docx", LETTER), ("brief.odt", LETTER), ("brief.pdf", LETTER),
                                               ("liste.xlsx", LIST), ("liste.ods", LIST)])
def test_a_file_from_the_office_is_read_redacted_and_comes_back_in_clear(
        client: OpenAI, provider: EchoProvider, name: str, secrets: tuple[str, ...], stream: bool) -> None:
    data = (DATA / name).read_bytes()
    said = answered(client, part(f"Sabine_Krüger_{name}", data), stream=stream)
    assert found_in(provider.last.body, secrets) == []
    assert base64.b64encode(data)[:200] not in provider.last.body
    seen = provider.last.text
    assert re.search(r"Datei „\[PERSON\w+\].*" + re.escape(name[-5:]), seen)
    assert "[PERSON" in seen
    assert "Sabine Krüger" in said
    assert "Geheim" not in said


@pytest.mark.parametrize(("name", "data"), [
    ("mail.docx", office.letter(*MAIL.splitlines())), ("mail.txt", MAIL.encode("utf-16")),
    ("mail.html", f"<html><meta charset=utf-8><pre>{MAIL}</pre></html>".encode()),
    ("mail.eml", f"Subject: Post\nContent-Type: text/plain; charset=utf-8\n\n{MAIL}".encode()),
    ("mail.pdf", office.pdf(*MAIL.replace("🙂", "").split("\n\n"))),
    ("mail.odt", office.odf("text", "".join(f"<text:p>{line.replace('<', '&lt;')}</text:p>"
                                            for line in MAIL.replace("&", "&amp;").splitlines())))])
def test_planted_values_in_a_file_never_arrive(client: OpenAI, provider: EchoProvider, name: str, data: bytes) -> None:
    said = answered(client, part(name, data))
    assert found_in(provider.last.body) == []
    assert "Sabine Krüger" in said
    assert set(PLANTED) - set(found_in(said)) <= {"Krueger", "krueger"}


def test_the_responses_api_reads_files_and_keeps_the_conversation_without_them(
        client: OpenAI, provider: EchoProvider) -> None:
    data = (DATA / "brief.docx").read_bytes()
    content: Any = [{"type": "input_text", "text": "Bitte fasse zusammen."},
                    {"type": "input_file", "filename": "Brief.docx",
                     "file_data": "data:;base64," + base64.b64encode(data).decode()}]
    first = client.responses.create(model="schnellstart", input=[{"role": "user", "content": content}])
    assert found_in(provider.last.body, LETTER) == []
    assert "Sabine Krüger" in first.output_text
    second = client.responses.create(model="schnellstart", previous_response_id=first.id, input="Und wer war das?")
    assert found_in(provider.last.body, LETTER) == []
    assert "Wohngeld" in str(provider.last.json["messages"])
    assert "Und wer war das?" in second.output_text


def test_a_document_of_the_messages_api_is_read(gateway: GatewayProcess, person: Person,
                                               provider: EchoProvider) -> None:
    data = base64.b64encode((DATA / "brief.pdf").read_bytes()).decode()
    reply = ask("POST", gateway.url + "/v1/messages", person.key, {
        "model": "schnellstart", "max_tokens": 900, "messages": [{"role": "user", "content": [
            QUESTION, {"type": "document", "title": "Bescheid Sabine Krüger.pdf",
                       "source": {"type": "base64", "media_type": "application/pdf", "data": data}}]}]})
    assert reply.status == 200, reply.body
    assert found_in(provider.last.body, LETTER) == []
    assert "Sabine Krüger" in reply.json["content"][0]["text"]


@pytest.mark.parametrize(("name", "data", "code", "words"), [
    ("a.zip", office.packed({"a.txt": "x"}), "nicht_pruefbar", "Art von Datei"),
    ("a.pdf", office.pdf("", ""), "nicht_pruefbar", "eingescannten Seiten"),
    ("a.doc", b"\xd0\xcf\x11\xe0" + b"x" * 99, "nicht_pruefbar", "altes Format"),
    ("a.docx", office.docx("<w:tc>" * 1000), "nicht_pruefbar", "zur Sicherheit nicht gelesen"),
    ("a.pdf", office.pdf(*["x"] * 301), "zu_gross", "mehr als 300 Seiten"),
    ("a.txt", b"wort " * 90_000, "zu_gross", "mehr als 400.000 Zeichen")])
def test_what_cannot_be_read_is_refused_in_words_and_nothing_is_sent(
        client: OpenAI, provider: EchoProvider, name: str, data: bytes, code: str, words: str) -> None:
    before = len(provider.received)
    with pytest.raises(openai.APIStatusError) as caught:
        answered(client, part(name, data))
    assert caught.value.code == code
    assert words in str(caught.value)
    assert len(provider.received) == before


def test_a_file_by_its_address_is_not_fetched(client: OpenAI, provider: EchoProvider) -> None:
    before = len(provider.received)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="schnellstart", input=[{"role": "user", "content": [
            {"type": "input_file", "file_url": provider.url + "/brief.pdf"}]}])
    assert caught.value.code == "nicht_pruefbar"
    assert len(provider.received) == before


def test_of_a_file_nothing_stays_in_the_house(gateway: GatewayProcess, client: OpenAI) -> None:
    word = "Quittenmarmeladenglas4711"
    answered(client, part(f"{word}.docx", office.letter(f"{word} von Sabine Krüger")))
    for path in [*gateway.home.rglob("*"), gateway.log]:
        if path.is_file():
            assert found_in(path.read_bytes(), (word,)) == [], path


@pytest.mark.skipif(shutil.which("tesseract") is None or shutil.which("pdftoppm") is None,
                    reason="tesseract oder pdftoppm fehlt")
def test_a_picture_is_sent_as_the_text_in_it_where_recognition_is_installed(
        provider: EchoProvider, policies: Path, settled: GatewayProcess, tmp_path: Path) -> None:
    data = base64.b64encode((DATA / "brief.png").read_bytes()).decode()
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    own = GatewayProcess(tmp_path / "home", policies, provider.url, KI_PFORTE_OCR="auto").settle_like(settled)
    with own, OpenAI(base_url=own.start().url + "/v1", api_key=own.holder("gueltig").key, max_retries=0) as client:
        said = answered(client, picture)
    assert found_in(provider.last.body, ("Krüger", "Lindenweg 3", "12.03.2015", "0532 0130")) == []
    assert data[:100].encode() not in provider.last.body
    assert "Text aus einem Bild:" in provider.last.text
    assert "Sabine Krüger" in said
