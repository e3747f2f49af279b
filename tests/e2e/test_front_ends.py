"""Front ends, signed tokens and services at a running gateway: who counts, what the provider sees, what stays."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.http import Reply, ask, chat
from tests.support.planted import found_in
from tests.support.signed_tokens import SECRET, OpenIdProvider, hs256, open_webui, rs256

CANARIES = {"X-OpenWebUI-User-Name": "canary-name", "X-OpenWebUI-User-Id": "canary-uuid",
            "X-OpenWebUI-User-Role": "canary-role", "X-OpenWebUI-Chat-Id": "canary-chat",
            "X-KIP-Conversation": "canary-conversation", "X-KIP-Task": "canary-task", "X-KIP-Groups": "canary-group",
            "X-LibreChat-User": "canary-librechat"}
STRANGER = "canary-stranger@x.example"


def now() -> datetime:
    """The moment at which a token is made: not when the tests were collected."""
    return datetime.now(UTC)


class Town:
    """The gateway with one front end of each kind, a service, and an OpenID provider."""

    def __init__(self, gateway: GatewayProcess, openid: OpenIdProvider, provider: EchoProvider) -> None:
        self.gateway, self.openid, self.provider = gateway, openid, provider
        self.person = gateway.holder("gueltig")
        self.plain = self._key("client", "add", "LibreChat", "--identity", "headers", "--id-header", "",
                               "--groups", "lead")
        self.signed = self._key("client", "add", "Open WebUI", "--identity", "openwebui-jwt", "--secret", "CHAT_SECRET")
        self.service = self._key("key", "create", self.person.email, "--service", "it", "--name", "n8n", "--days", "9")

    def _key(self, *words: str) -> str:
        return str(json.loads(self.gateway.cli(*words, "--json").stdout)["key"])

    def chat(self, key: str, text: str = "Guten Tag", /, **headers: str) -> Reply:
        return ask("POST", self.gateway.url + "/v1/chat/completions", key, chat(text), **headers)

    def department(self, reply: Reply) -> str:
        """Return for which department the book has this request."""
        assert reply.status == 200, reply.body
        number = reply.headers["x-request-id"]
        return str(next(e.meta["department"] for e in self.gateway.records() if e.meta.get("vorgang") == number))


@pytest.fixture(scope="module")
def town(provider: EchoProvider, policies: Path, settled: GatewayProcess,
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with OpenIdProvider() as openid, GatewayProcess(
            tmp_path_factory.mktemp("town") / "home", policies, provider.url, CHAT_SECRET=SECRET,
            KI_PFORTE_OIDC_ISSUER=openid.url, KI_PFORTE_OIDC_CLIENT_ID="ki-pforte") as gateway:
        gateway.settle_like(settled)
        town = Town(gateway, openid, provider)
        gateway.start()
        yield town


def underscored(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in headers.items()}


def test_every_way_leads_to_the_same_person(town: Town) -> None:
    mail = town.person.email
    basic = base64.b64encode(f"{mail}:{town.person.key}".encode()).decode()
    replies = [town.chat(town.plain, X_OpenWebUI_User_Email=mail),
               town.chat(town.signed, X_OpenWebUI_User_Jwt=hs256(open_webui(now(), mail))),
               town.chat(rs256(town.openid.claims(now(), mail))), town.chat("", Authorization=f"Basic {basic}")]
    assert {town.department(reply) for reply in replies} == {town.person.department}


def test_groups_and_services_have_their_department(town: Town) -> None:
    mail = town.person.email
    assert town.department(town.chat(town.plain, X_OpenWebUI_User_Email=mail, X_KIP_Groups="Sozialamt")) == "sozialamt"
    assert town.department(town.chat(town.service)) == "it"


def test_a_front_end_without_a_person_or_with_an_unknown_one_reaches_no_provider(town: Town) -> None:
    before = len(town.provider.received)
    expired = open_webui(now(), town.person.email, exp=int(now().timestamp()) - 61)
    replies = [town.chat(town.plain), town.chat(town.signed), town.chat(town.plain, X_OpenWebUI_User_Email=STRANGER),
               town.chat(town.signed, X_OpenWebUI_User_Email=town.person.email),
               town.chat(town.signed, X_OpenWebUI_User_Jwt=hs256(expired)),
               town.chat(town.plain, X_OpenWebUI_User_Email="{{LIBRECHAT_USER_EMAIL}}"),
               town.chat(rs256(town.openid.claims(now(), STRANGER, sub="canary-sub")))]
    assert [(r.status, r.error["code"]) for r in replies] == [(401, "schluessel_ungueltig")] * len(replies)
    assert ask("GET", town.gateway.url + "/v1/models", town.plain).status == 401
    assert len(town.provider.received) == before


def test_a_blocked_person_is_refused_behind_a_front_end_as_anywhere(town: Town) -> None:
    blocked: Person = town.gateway.holder("gesperrt")
    before = len(town.provider.received)
    reply = town.chat(town.plain, X_OpenWebUI_User_Email=blocked.email)
    end, = town.gateway.ends_of(reply.headers["x-request-id"])
    assert (end.type, end.meta["code"]) == ("denied", "ki_pass_gesperrt")
    assert len(town.provider.received) == before


def test_with_another_key_identity_headers_change_nothing(town: Town) -> None:
    for headers in ({"X_OpenWebUI_User_Email": town.gateway.holder("gesperrt").email, "X_KIP_Groups": "Sozialamt"},
                    {"X_OpenWebUI_User_Jwt": hs256(open_webui(now(), STRANGER))}, {"X_KIP_User": "{{USER}}"}):
        assert town.department(town.chat(town.person.key, **headers)) == town.person.department
        assert town.department(town.chat(town.service, **headers)) == "it"


def test_nothing_of_an_identity_reaches_the_provider_or_stays_behind(town: Town) -> None:
    mail = town.person.email
    token, signed = rs256(town.openid.claims(now(), mail)), hs256(open_webui(now(), mail, name="canary-claim"))
    stranger = hs256(open_webui(now(), STRANGER, name="canary-claim"))
    headers = underscored(CANARIES)
    began = len(town.provider.received)
    for key, more in ((town.plain, {"X_OpenWebUI_User_Email": mail}), (town.signed, {"X_OpenWebUI_User_Jwt": signed}),
                      (token, {"X_OpenWebUI_User_Email": STRANGER}), (town.person.key, {"X_KIP_User": STRANGER})):
        assert town.chat(key, "Guten Tag", **headers, **more).status == 200
    for key, more in ((town.plain, {"X_OpenWebUI_User_Email": STRANGER}),
                      (town.plain, {"X_OpenWebUI_User_Email": f"{STRANGER}%0Acanary"}),
                      (town.signed, {"X_OpenWebUI_User_Jwt": stranger}),
                      (town.signed, {"X_OpenWebUI_User_Jwt": STRANGER}),
                      (token[:-9] + "AAAAAAAAA", {}), (rs256(town.openid.claims(now(), STRANGER), "canary-kid"), {})):
        reply = town.chat(key, "Guten Tag", **headers, **more)
        assert reply.status == 401
        assert found_in(reply.body, ("canary", mail)) == []
    words = ("canary", mail, SECRET, token.split(".")[2], signed.split(".")[2], stranger.split(".")[1],
             *(key.split("_")[2] for key in (town.plain, town.signed, town.service, town.person.key)))
    arrived = town.provider.received[began:]
    assert len(arrived) == 4
    for received in arrived:
        assert found_in(received.body, words) == []
        assert found_in(json.dumps(received.headers), words) == []
        assert not [name for name in received.headers if name.lower().startswith("x-")]
    assert found_in(town.gateway.logged(), words) == []
    assert found_in(ask("GET", town.gateway.url + "/metrics").body, words) == []
    for path in (p for p in town.gateway.home.rglob("*") if p.is_file()):
        known = words if path.name.startswith("protokoll") else [w for w in words if w != mail]
        assert found_in(path.read_bytes(), tuple(known)) == [], path.name


def test_a_header_sent_twice_is_refused(town: Town) -> None:
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", town.gateway.port, timeout=30)
    connection.putrequest("GET", "/v1/models")
    connection.putheader("Authorization", f"Bearer {town.plain}")
    connection.putheader("X-OpenWebUI-User-Email", town.person.email)
    connection.putheader("x-openwebui-user-email", town.gateway.holder("fehlt").email)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert (answer.status, "auf zwei Arten" in body) == (401, True)


def test_a_front_end_that_is_revoked_while_the_server_runs_stops_working(town: Town) -> None:
    import time
    made = json.loads(town.gateway.cli("client", "add", "Kurz da", "--identity", "headers", "--json").stdout)
    assert town.chat(made["key"], X_OpenWebUI_User_Email=town.person.email).status == 200
    town.gateway.cli("client", "revoke", made["id"])
    give_up = time.monotonic() + 60  # only so that a change that is never noticed does not hang the suite
    while (reply := town.chat(made["key"], X_OpenWebUI_User_Email=town.person.email)).status == 200:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert "nicht mehr zugelassen" in reply.error["message"]
