"""The pass-through: bytes untouched, the right path and credentials per dialect, certificates checked."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.errors import GatewayError
from gateway.model.decision import ReleaseDecision
from gateway.model.exchange import Receipt, RedactedBody, SealedRequest
from gateway.model.register import RegisteredModel
from gateway.upstream.line import Line, LineSettings
from gateway.upstream.openai_compatible import OpenAICompatible
from gateway.upstream.routing import UpstreamRouter
from gateway.upstream.secrets import Secrets
from tests.support.scripted_provider import Exchange, ScriptedProvider, soon

MODEL = RegisteredModel(
    id="modell", name="Modell", adapter="openai", target="fake", base_url=None, api_key_env="A_KEY",
    dialects=frozenset({"chat"}), enabled=True, in_house=False, provider="p", operator="o", region="EU",
    transfer_basis="", data_classes=frozenset(), timeout_seconds=20)


def sealed(model: RegisteredModel, body: bytes = b"{}", dialect: str = "chat", *,
           stream: bool = False) -> SealedRequest:
    release = ReleaseDecision("", model)
    return SealedRequest(dialect, release, RedactedBody(body, {}), stream,
                         Receipt("receipt"), "request")


async def whole(exchange: Exchange) -> bool:
    return await exchange.whole(b'{"x": 1}')


@pytest.mark.parametrize(("dialect", "path"), [
    ("chat", "/v1/chat/completions"), ("completions", "/v1/completions"), ("embeddings", "/v1/embeddings"),
    ("responses", "/v1/responses"), ("messages", "/v1/messages")])
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_body_arrives_byte_for_byte_at_the_path_of_its_dialect(dialect: str, path: str, slash: str) -> None:
    body = '{ "kein" : JSON, ümläute,\r\n und \u2028 Leerzeichen '.encode() + bytes(range(256))

    async def run() -> None:
        line = Line()
        await line.open()
        async with ScriptedProvider(whole) as provider:
            model = replace(MODEL, base_url=f"{provider.url}/v1{slash}")
            response = await OpenAICompatible(line, Secrets(Path("x"), {"A_KEY": "k"})).send(
                sealed(model, body, dialect))
            assert b"".join([piece async for piece in response.chunks()]) == b'{"x": 1}'
            arrived = provider.exchanges[0]
            assert (arrived.method, arrived.path, arrived.body) == ("POST", path, body)
            expected = {"x-api-key": "k"} if dialect == "messages" else {"authorization": "Bearer k"}
            credentials = {name: value for name, value in arrived.headers.items()
                           if name in ("authorization", "x-api-key", "api-key")}
            assert credentials == expected
            assert ("anthropic-version" in arrived.headers) == (dialect == "messages")
        await line.close()

    asyncio.run(run())


def test_a_provider_without_a_key_gets_none() -> None:
    async def run() -> None:
        line = Line()
        await line.open()
        async with ScriptedProvider(whole) as provider:
            model = replace(MODEL, base_url=provider.url, api_key_env=None)
            for dialect in ("chat", "messages"):
                response = await OpenAICompatible(line, Secrets(Path("x"), {})).send(sealed(model, dialect=dialect))
                await response.close()
            for arrived in provider.exchanges:
                assert not {"authorization", "x-api-key"} & set(arrived.headers)
        await line.close()

    asyncio.run(run())


@pytest.mark.parametrize("base_url", [None, "", "ftp://host/v1", "host/v1", "http://", "http://user:pw@host/v1",
                                      "http://host/v1?key=x", "http://host/v1#x", "http://host:99999999/v1"])
def test_an_address_that_is_none_is_a_clear_error_before_anything_is_sent(base_url: str | None) -> None:
    async def run() -> None:
        line = Line()
        await line.open()
        with pytest.raises(GatewayError) as caught:
            await OpenAICompatible(line, Secrets(Path("x"), {"A_KEY": "k"})).send(
                sealed(replace(MODEL, base_url=base_url)))
        assert caught.value.code == "anbieter_fehler"
        assert "base_url" in caught.value.hint
        assert "user:pw" not in caught.value.hint
        await line.close()

    asyncio.run(run())


def test_a_dialect_without_a_path_is_refused() -> None:
    with pytest.raises(GatewayError) as caught:
        asyncio.run(OpenAICompatible(Line(), Secrets(Path("x"), {"A_KEY": "k"})).send(
            sealed(replace(MODEL, base_url="http://127.0.0.1:9"), dialect="audio")))
    assert "audio" in caught.value.hint


def test_the_whole_time_of_an_answer_has_an_end_even_when_pieces_keep_coming() -> None:
    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        while True:
            await exchange.piece(b"data: {}\n\n")
            await asyncio.sleep(0.01)

    async def run() -> None:
        line = Line()
        await line.open()
        async with ScriptedProvider(script) as provider:
            model = replace(MODEL, base_url=provider.url, timeout_seconds=0.2)
            response = await OpenAICompatible(line, Secrets(Path("x"), {"A_KEY": "k"})).send(sealed(model, stream=True))
            with pytest.raises(GatewayError) as caught:
                [piece async for piece in response.chunks()]
            assert caught.value.code == "anbieter_zeit"
            await soon(provider.hung_up)
        await line.close()

    asyncio.run(run())


def test_no_free_connection_is_a_matter_of_time_and_the_next_one_is_used_when_it_comes() -> None:
    async def run() -> None:
        line = Line(LineSettings(connections=1, connect_seconds=0.05))
        await line.open()
        async with ScriptedProvider(whole) as provider:
            upstream = OpenAICompatible(line, Secrets(Path("x"), {"A_KEY": "k"}))
            request = sealed(replace(MODEL, base_url=provider.url))
            provider.script = Exchange.until_hung_up
            first = asyncio.create_task(upstream.send(request))
            await soon(provider.arrived)
            with pytest.raises(GatewayError) as caught:
                await upstream.send(request)
            assert caught.value.code == "anbieter_zeit"
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            provider.script = whole
            assert (await upstream.send(request)).status == 200
        await line.close()

    asyncio.run(run())


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    async def run() -> None:
        line = Line()
        await line.open()
        async with ScriptedProvider(whole, tls=_self_signed(tmp_path)) as provider:
            with pytest.raises(GatewayError) as caught:
                await OpenAICompatible(line, Secrets(Path("x"), {"A_KEY": "k"})).send(
                    sealed(replace(MODEL, base_url=provider.url)))
            assert caught.value.code == "anbieter_fehler"
            assert "vertrauenswürdig" in caught.value.message
            assert not provider.exchanges
        await line.close()

    asyncio.run(run())


def test_the_router_starts_the_demo_when_a_model_needs_it_and_stops_it() -> None:
    async def run() -> None:
        router = UpstreamRouter(Path("missing"), environment={})
        demo = replace(MODEL, adapter="demo", api_key_env=None)
        await router.start([demo])
        body = b'{"messages": [{"role": "user", "content": "Ich bin [PERSON1]"}]}'
        response = await router.send(sealed(demo, body))
        answer = b"".join([piece async for piece in response.chunks()])
        assert response.status == 200
        assert "‹PERSON·1›".encode() in answer
        await router.close()
        with pytest.raises(GatewayError):
            await router.send(sealed(demo, body))

    asyncio.run(run())


def test_the_router_refuses_an_adapter_nobody_knows(tmp_path: Path) -> None:
    router = UpstreamRouter(tmp_path, environment={})
    with pytest.raises(GatewayError) as caught:
        asyncio.run(router.send(sealed(replace(MODEL, adapter="carrier-pigeon"))))
    assert "adapter" in caught.value.hint


def test_a_key_is_there_missing_or_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "OPEN_KEY").write_text("x")
    (tmp_path / "OPEN_KEY").chmod(0o644)
    (tmp_path / "OWN_KEY").write_text("x")
    (tmp_path / "OWN_KEY").chmod(0o600)
    secrets = Secrets(tmp_path, {})
    assert [secrets.state(name) for name in ("OWN_KEY", "OPEN_KEY", "NO_KEY")] == ["da", "offen", "fehlt"]
