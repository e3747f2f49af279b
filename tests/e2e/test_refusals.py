"""What a person reads when a request does not go through: status, code, what to do, the Vorgangsnummer; and nothing
has left the house."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import Reply, ask, chat

HELLO: Any = [{"role": "user", "content": "Guten Tag"}]


def check(reply: Reply, status: int, code: str, *words: str) -> dict[str, Any]:
    """Check the form of a refusal and return its error."""
    error = reply.error
    assert (reply.status, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "code", "param"}
    message = error["message"]
    assert reply.headers["x-request-id"] in message, "a person reads the Vorgangsnummer out on the telephone"
    assert reply.headers["content-type"] == "application/json"
    assert len(message) <= 340, message
    assert "!" not in message
    for word in words:
        assert word in message
    return error


def refused(gateway: GatewayProcess, key: str, body: bytes | dict[str, Any], **headers: str) -> Reply:
    return ask("POST", gateway.url + "/v1/chat/completions", key, body, **headers)


def sent(provider: EchoProvider) -> int:
    return len(provider.received)


@pytest.mark.parametrize(("state", "words"), [
    ("fehlt", ["KI-Pass", "Offen: "]), ("abgelaufen", ["abgelaufen", "Zu erneuern: "]),
    ("dv_neu", ["neue Dienstvereinbarung", "Offen: "]), ("gesperrt", ["gesperrt", "KI-Pass-Stelle"])])
def test_without_a_valid_ki_pass_the_sdk_shows_what_is_missing_and_where_to_go(
        gateway: GatewayProcess, provider: EchoProvider, state: str, words: list[str]) -> None:
    before = sent(provider)
    with (OpenAI(base_url=gateway.url + "/v1", api_key=gateway.holder(state).key, max_retries=0) as sdk,
          pytest.raises(openai.PermissionDeniedError) as caught):
        sdk.chat.completions.create(model="schnellstart", messages=HELLO, stream=True)
    assert caught.value.code == f"ki_pass_{state}"
    for word in [*words, f"{gateway.url}/pass"]:
        assert word in str(caught.value)
    vorgang = caught.value.response.headers["x-request-id"]
    assert vorgang in str(caught.value)
    end, = gateway.ends_of(vorgang)
    assert (end.type, end.meta["code"]) == ("denied", f"ki_pass_{state}")
    assert sent(provider) == before


@pytest.mark.parametrize("key", ["", "kip_falsch", "sk-1234", f"kip_{'a' * 8}_{'b' * 43}"])
def test_without_a_valid_key_nobody_passes(gateway: GatewayProcess, provider: EchoProvider, key: str) -> None:
    before = sent(provider)
    reply = refused(gateway, key, chat("Guten Tag"))
    check(reply, 401, "schluessel_ungueltig")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert ask("GET", gateway.url + "/v1/models", key).status == 401
    assert sent(provider) == before


def test_the_sdk_knows_a_bad_key(gateway: GatewayProcess) -> None:
    with (OpenAI(base_url=gateway.url + "/v1", api_key="kip_falsch", max_retries=0) as sdk,
          pytest.raises(openai.AuthenticationError) as caught):
        sdk.chat.completions.create(model="schnellstart", messages=HELLO)
    assert caught.value.code == "schluessel_ungueltig"


def test_a_model_of_another_department_a_model_out_of_service_and_no_model_at_all(
        gateway: GatewayProcess, client: OpenAI, provider: EchoProvider) -> None:
    before = sent(provider)
    reply = refused(gateway, gateway.holder("gueltig", "personalamt").key, chat("Guten Tag", "eu-cloud"))
    check(reply, 403, "modell_nicht_erlaubt", "Wählen Sie")
    for name in ("claude", "gibt-es-nicht"):
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model=name, messages=HELLO)
        assert caught.value.code == "modell_unbekannt"
        assert name not in str(caught.value), "what a client sent is not repeated"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("claude")
    assert sent(provider) == before


def test_a_purpose_that_is_forbidden_or_unknown(gateway: GatewayProcess, person: Person,
                                                provider: EchoProvider) -> None:
    before = sent(provider)
    for purpose in ("leistungskontrolle", "erfunden"):
        reply = refused(gateway, person.key, chat("Guten Tag"), X_KI_Zweck=purpose)
        check(reply, 403, "zweck_nicht_erlaubt")
    assert sent(provider) == before


def test_content_that_may_not_go_outside_is_refused_and_stays_possible_in_the_house(
        gateway: GatewayProcess, client: OpenAI, person: Person, provider: EchoProvider) -> None:
    before = sent(provider)
    text = "VS-NUR FÜR DEN DIENSTGEBRAUCH\nBitte fasse den Vermerk zusammen."
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="eu-cloud", messages=[{"role": "user", "content": text}])
    assert caught.value.code == "inhalt_gesperrt"
    check(refused(gateway, person.key, chat(text, "eu-cloud")), 400, "inhalt_gesperrt", "Verschlusssachen", "demo")
    assert sent(provider) == before
    assert refused(gateway, person.key, chat(text)).status == 200


def test_a_picture_is_refused_because_nobody_can_look_into_it(
        client: OpenAI, gateway: GatewayProcess, person: Person, provider: EchoProvider) -> None:
    before = sent(provider)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    content: Any = [{"type": "text", "text": "Was ist das?"}, picture]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="demo", messages=[{"role": "user", "content": content}])
    assert caught.value.code == "nicht_pruefbar"
    assert "ein Bild" in str(caught.value)
    body = {"model": "eu-cloud", "messages": [{"role": "user", "content": content}]}
    check(refused(gateway, person.key, body), 400, "nicht_pruefbar", "als Text")
    assert sent(provider) == before


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"model": "schnellstart"}', b'{"messages": []}',
    b'{"model": "schnellstart", "messages": ["Text"]}', b'{"model": "schnellstart", "messages": {"role": "user"}}',
    b'{"model": 7, "messages": [{"role": "user", "content": "x"}]}',
    b'{"model": "schnellstart", "stream": "ja", "messages": [{"role": "user", "content": "x"}]}',
    b'{"model": "schnellstart", "messages": [{"role": "user", "content": ' + b"[" * 600 + b"]" * 600 + b"}]}",
    b'{"model": "schnellstart", "messages": [{"role": "user", "content": ' + b"[" * 5000 + b"]" * 5000 + b"}]}",
    b'{"model": "schnellstart", "messages": [{"role": "user", "content": "\\ud800"}]}',
], ids=repr)
def test_what_is_no_request_is_refused(gateway: GatewayProcess, person: Person, provider: EchoProvider,
                                       body: bytes) -> None:
    before = sent(provider)
    check(refused(gateway, person.key, body), 400, "anfrage_ungueltig")
    assert sent(provider) == before


def test_a_packed_request_is_refused(gateway: GatewayProcess, person: Person) -> None:
    check(refused(gateway, person.key, b"\x1f\x8b", Content_Encoding="gzip"), 400, "anfrage_ungueltig")


def test_a_request_that_is_too_large_is_refused_and_recorded(gateway: GatewayProcess, person: Person,
                                                             provider: EchoProvider) -> None:
    before = sent(provider)
    reply = refused(gateway, person.key, json.dumps(chat("a" * (21 << 20))).encode())
    check(reply, 413, "zu_gross", "20 MB")
    assert gateway.ends_of(reply.headers["x-request-id"])[0].meta["code"] == "zu_gross"
    assert sent(provider) == before


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/conversations/x/y", "/v1/files", "/v1/responses/resp_1",
                                  "/v1/images/generations", "/v1/chat", "/v1/chat/completions/x", "/nichts"])
def test_every_other_path_is_a_json_404(gateway: GatewayProcess, person: Person, path: str) -> None:
    for method in ("GET", "POST"):
        check(ask(method, gateway.url + path, person.key, Accept="text/html" if path.startswith("/v1") else "*/*"),
              404, "pfad_unbekannt")


def test_a_wrong_method_is_a_json_405_that_says_what_is_allowed(gateway: GatewayProcess, person: Person) -> None:
    reply = ask("GET", gateway.url + "/v1/chat/completions", person.key)
    check(reply, 405, "methode_unbekannt")
    assert reply.headers["allow"] == "POST"
    check(ask("GET", gateway.url + "/v1/conversations", person.key), 405, "methode_unbekannt")
    check(ask("DELETE", gateway.url + "/v1/models/demo", person.key), 405, "methode_unbekannt")


SECRET_OF_THE_PROVIDER = b'{"error": {"message": "Sabine Kr\\u00fcger canary-quotation", "code": "canary quotation"}}'


@pytest.mark.parametrize(("status", "body", "expected", "code"), [
    (500, SECRET_OF_THE_PROVIDER, 502, "anbieter_fehler"), (503, b"<html>canary</html>", 502, "anbieter_fehler"),
    (401, SECRET_OF_THE_PROVIDER, 502, "anbieter_fehler"), (404, SECRET_OF_THE_PROVIDER, 502, "anbieter_fehler"),
    (429, SECRET_OF_THE_PROVIDER, 429, "limit_erreicht"), (400, SECRET_OF_THE_PROVIDER, 400, "anfrage_ungueltig"),
    (400, b'{"error": {"code": "context_length_exceeded"}}', 413, "zu_gross"),
    (200, b"canary: no json", 502, "anbieter_fehler"), (200, b'{"choices": ["canary"]}', 502, "anbieter_fehler"),
    (200, b'{"choices": [{"message": {"tool_calls": [7]}}]}', 502, "anbieter_fehler"),
])
def test_a_failing_provider_is_told_in_our_own_words(
        gateway: GatewayProcess, person: Person, provider: EchoProvider, status: int, body: bytes, expected: int,
        code: str) -> None:
    with provider.doing(status=status, error=body):
        reply = refused(gateway, person.key, chat("Frau Sabine Krüger"))
    check(reply, expected, code)
    assert b"canary" not in reply.body
    assert "Krüger".encode() not in reply.body
    end, = gateway.ends_of(reply.headers["x-request-id"])
    assert (end.type, end.meta["status"], end.meta["code"]) == ("outcome", "failed", code)


def test_where_a_provider_does_not_answer_the_stand_in_does_and_a_slow_one_is_not_waited_for(
        gateway: GatewayProcess, client: OpenAI, person: Person, provider: EchoProvider) -> None:
    raw = client.chat.completions.with_raw_response.create(model="eu-cloud", messages=HELLO)
    assert raw.headers["x-ki-pforte-model"] == "vllm-haus"
    failed, stood_in = gateway.ends_of(raw.headers["x-request-id"])
    assert (failed.meta["status"], failed.meta["code"], stood_in.meta["status"]) == ("failed", "anbieter_fehler", "ok")
    with provider.doing(wait_after=0):
        check(refused(gateway, person.key, chat("Guten Tag", "vllm-haus")), 504, "anbieter_zeit")
        check(refused(gateway, person.key, chat("Guten Tag", "eu-cloud")), 504, "anbieter_zeit")


def test_a_key_of_block_style_message_shows_the_refusal_as_an_answer(gateway: GatewayProcess,
                                                                     provider: EchoProvider) -> None:
    before = sent(provider)
    holder = gateway.holder("fehlt")
    made = gateway.cli("key", "create", holder.email, "--block-style", "message", "--json")
    with OpenAI(base_url=gateway.url + "/v1", api_key=json.loads(made.stdout)["key"], max_retries=0) as sdk:
        whole = sdk.chat.completions.create(model="schnellstart", messages=HELLO)
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in
                           sdk.chat.completions.create(model="schnellstart", messages=HELLO, stream=True))
    for text in (whole.choices[0].message.content or "", streamed):
        assert text.startswith("> **KI-Pforte**: Ihre Anfrage wurde nicht gesendet")
        assert f"{gateway.url}/pass" in text
        assert "Vorgang " in text
    assert sent(provider) == before
