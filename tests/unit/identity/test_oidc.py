"""Tokens of an OpenID provider, with a small provider of our own on real HTTP that can be moved, broken and flooded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import GatewayError
from gateway.identity.claims import ClaimRules
from gateway.identity.fetch import fetch
from gateway.identity.issuer import FRESH_SECONDS, REST_SECONDS, STALE_SECONDS, IssuerKeys, acceptable, signing_keys
from gateway.identity.oidc import OidcConfig
from gateway.identity.porter import Porter
from gateway.ports import Credentials
from tests.support.municipality import DEPARTMENTS, NOW, SetClock, compute
from tests.support.people_directory import MemoryDirectory
from tests.support.signed_tokens import (
    OpenIdProvider,
    b64,
    ec_jwk,
    ec_key,
    ed_jwk,
    eddsa,
    es256,
    hs256,
    ps256,
    rs256,
    rsa_jwk,
    rsa_key,
)

Result = TypeVar("Result")
AT = int(NOW.timestamp())


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    running.keys = [rsa_jwk("r1", rsa_key(), alg="RS256", use="sig"), ec_jwk("e1", ec_key())]
    running.down, running.named, running.jwks_uri = False, None, None
    running.asked.clear()
    return running


class Stage:
    """A porter that trusts one provider, with both clocks in the hand of the test."""

    def __init__(self, provider: OpenIdProvider, **config: Any) -> None:
        self.provider, self.config = provider, OidcConfig(("ki-pforte", "librechat"), **config)
        self.directory = MemoryDirectory()
        self.key = self.directory.enrol()
        self.clock = SetClock()
        self.seconds = 0.0

    def play(self, scene: Callable[[], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            keys = IssuerKeys(self.provider.url, fetch, monotonic=lambda: self.seconds)
            self.porter = Porter(self.directory, compute, self.clock, departments=lambda: DEPARTMENTS,
                                 oidc=(self.config, keys))
            await self.porter.start()
            try:
                return await scene()
            finally:
                await self.porter.close()

        return asyncio.run(run())

    async def ask(self, token: str, scheme: str = "bearer") -> str:
        """Return the subject, or the reason why there is none."""
        try:
            return (await self.porter.authenticate(Credentials(scheme, token))).subject
        except GatewayError as error:
            caught = error
        assert token not in caught.message + caught.hint
        return caught.hint.removeprefix("credentials refused: ") if caught.status == 401 else caught.code

    def once(self, token: str) -> str:
        return self.play(lambda: self.ask(token))


def test_a_token_of_the_provider_leads_to_the_person(provider: OpenIdProvider) -> None:
    stage = Stage(provider)

    async def scene() -> list[str]:
        return [await stage.ask(token) for token in (
            rs256(provider.claims(NOW)), es256(provider.claims(NOW)), rs256(provider.claims(NOW, "P1@X.example")),
            rs256(provider.claims(NOW, aud=["account", "librechat"])), rs256(provider.claims(NOW), typ="at+jwt"),
            rs256(provider.claims(NOW, email_verified=None), x5t="abc", nonce="n"),
            rs256(provider.claims(NOW, typ="Bearer", azp="chat")), rs256(provider.claims(NOW, typ="ID")),
            rs256(provider.claims(NOW), typ="application/at+jwt"),
            rs256(provider.claims(NOW, iat=AT + 60, nbf=AT + 60)))]

    assert stage.play(scene) == ["subject-p1"] * 10
    assert provider.asked == ["configuration", "keys"], "keys are read once"


def test_how_a_refusal_reaches_somebody_with_a_token_is_a_setting(provider: OpenIdProvider) -> None:
    token = Credentials("bearer", rs256(provider.claims(NOW)))
    for config, style in (({}, "error"), ({"block_style": "message"}, "message")):
        stage = Stage(provider, **config)
        assert stage.play(lambda stage=stage: stage.porter.authenticate(token)).block_style == style


def test_tokens_that_do_not_count_are_refused(provider: OpenIdProvider) -> None:
    stage, claims = Stage(provider), provider.claims
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    other = rsa_key("of somebody else")
    good = rs256(claims(NOW))
    forged = {
        "none": b64({"alg": "none", "kid": "r1"}) + "." + b64(claims(NOW)) + ".",
        "public key as secret": hs256(claims(NOW), public, kid="r1"),
        "RS256 under the key for ES256": rs256(claims(NOW), "e1"),
        "key of somebody else": rs256(claims(NOW), key=other),
        "key brought along": rs256(claims(NOW), key=other, jwk=rsa_jwk("r1", other)),
        "address of keys brought along": rs256(claims(NOW), "x", other, jku=f"{provider.url}/keys"),
        "PS256 named": rs256(claims(NOW), alg="PS256"), "no kid": rs256(claims(NOW), ""), "kid a list": rs256(
            claims(NOW), kid=["r1"]), "critical": rs256(claims(NOW), crit=["x"], x=1),  # type: ignore[arg-type]
        "other audience": rs256(claims(NOW, aud="account")), "no audience": rs256(claims(NOW, aud=None)),
        "part of an audience": rs256(claims(NOW, aud="ki-pforte2")), "other issuer": rs256(claims(NOW, iss="http://a")),
        "issuer with a slash": rs256(claims(NOW, iss=provider.url + "/")), "no issuer": rs256(claims(NOW, iss=None)),
        "no end": rs256(claims(NOW, exp=None)), "not yet": rs256(claims(NOW, nbf=AT + 61)),
        "logout token": rs256(claims(NOW, events={"http://schemas.openid.net/event/backchannel-logout": {}})),
        "changed": good[:-4] + "AAAA", "huge": rs256(claims(NOW, x="y" * 20_000)),
        "nobody": rs256(claims(NOW, email=None, sub=None)),
        "numbers": rs256(claims(NOW, email=1, sub=2)), "from the future": rs256(claims(NOW, iat=AT + 61)),
        "ID token of another client": rs256(claims(NOW, aud="chat", azp="chat", nonce="n")),
        "logout token by its kind": rs256(claims(NOW), typ="logout+jwt"), "proof of a key": rs256(claims(NOW),
                                                                                                typ="dpop+jwt"),
        "security event": rs256(claims(NOW), typ="application/secevent+jwt"), "kind a list": rs256(claims(NOW),
                                                                                                  typ=["JWT"]),
        "refresh token of Keycloak": rs256(claims(NOW, typ="Refresh")),
        "offline token of Keycloak": rs256(claims(NOW, typ="Offline")),
        "typ a list": rs256(claims(NOW, typ=["Bearer"])),
        "issuer of Entra v1": rs256(claims(NOW, iss="https://sts.windows.net/11111111-2222-3333-4444-555555555555/")),
    }

    async def scene() -> dict[str, str]:
        return {name: await stage.ask(token) for name, token in forged.items()}

    assert stage.play(scene) == dict.fromkeys(forged, "anmeldung")


def test_a_token_ends_a_minute_after_it_says(provider: OpenIdProvider) -> None:
    stage, token = Stage(provider), rs256(provider.claims(NOW))

    async def scene() -> list[str]:
        seen = []
        for seconds in (359, 360):
            stage.clock.time = NOW + timedelta(seconds=seconds)
            seen.append(await stage.ask(token))
        return seen

    assert stage.play(scene) == ["subject-p1", "anmeldung_abgelaufen"]


def test_a_token_counts_as_bearer_only_and_only_where_a_provider_is_named(provider: OpenIdProvider) -> None:
    stage, token = Stage(provider), rs256(provider.claims(NOW))
    assert stage.play(lambda: stage.ask(token, "x-api-key")) == "unvollstaendig"
    alone = Porter(stage.directory, compute, stage.clock)
    with pytest.raises(GatewayError, match="schluessel_ungueltig"):
        asyncio.run(alone.authenticate(Credentials("bearer", token)))
    asyncio.run(alone.close())


def test_the_directory_says_whether_somebody_works_here(provider: OpenIdProvider) -> None:
    stage, claims = Stage(provider), provider.claims
    stage.directory.change_person(stage.key, external_id="uid-1")

    async def scene() -> list[str]:
        seen = [await stage.ask(rs256(claims(NOW, "new-name@x.example"))),  # the id stays when the address changes
                await stage.ask(rs256(claims(NOW, sub="uid-2"))),  # the address has a new owner
                *[await stage.ask(rs256(claims(NOW, "p1@x.example", sub="uid-2", email_verified=no)))
                  for no in (False, "False", 0, "no")],
                await stage.ask(rs256(claims(NOW, "fremd@x.example", sub="uid-3")))]
        stage.directory.change_person(stage.key, disabled_at=NOW)
        await stage.porter.refresh()
        return [*seen, await stage.ask(rs256(claims(NOW)))]

    assert stage.play(scene) == ["subject-p1", "widerspruch", *["person_unbekannt"] * 5, "ausgeschieden"]


def test_claims_and_groups_are_read_where_the_settings_say(provider: OpenIdProvider) -> None:
    stage = Stage(provider, rules=ClaimRules("upn", "oid", "amt"), groups="lead")
    token = rs256(provider.claims(NOW, "fremd@x.example", upn="p1@x.example", amt=["/Sozialamt", "Chor", 7]))

    async def scene() -> str:
        return (await stage.porter.authenticate(Credentials("bearer", token))).department

    assert stage.play(scene) == "sozialamt"


def test_an_issuer_that_cannot_be_reached_lets_nobody_in_and_says_so(provider: OpenIdProvider) -> None:
    stage, token = Stage(provider), rs256(provider.claims(NOW))
    provider.down = True

    async def scene() -> list[str]:
        seen = [await stage.ask(token), await stage.ask(token)]
        provider.down = False
        stage.seconds += REST_SECONDS
        return [*seen, await stage.ask(token)]

    assert stage.play(scene) == ["pruefung_nicht_verfuegbar", "pruefung_nicht_verfuegbar", "subject-p1"]
    assert provider.asked == ["configuration"] * 2 + ["keys"], "it is not asked again and again"


def test_the_text_for_an_unreachable_issuer_says_that_nothing_was_sent(
        provider: OpenIdProvider, caplog: pytest.LogCaptureFixture) -> None:
    stage, token = Stage(provider), rs256(provider.claims(NOW))
    provider.down = True
    with pytest.raises(GatewayError) as caught:
        stage.play(lambda: stage.porter.authenticate(Credentials("bearer", token)))
    assert (caught.value.status, caught.value.retry_after) == (503, 60)
    assert "Es wurde nichts gesendet" in caught.value.message
    assert "canary" not in caplog.text + caught.value.hint


def test_keys_are_believed_for_an_hour_without_the_issuer_and_no_longer(provider: OpenIdProvider) -> None:
    stage, token = Stage(provider), rs256(provider.claims(NOW))

    async def scene() -> list[str]:
        seen = [await stage.ask(token)]
        provider.down = True
        for seconds in (FRESH_SECONDS + 1, STALE_SECONDS, STALE_SECONDS + REST_SECONDS):
            stage.seconds = seconds
            seen.append(await stage.ask(token))
        return seen

    assert stage.play(scene) == ["subject-p1", "subject-p1", "subject-p1", "pruefung_nicht_verfuegbar"]


def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(provider: OpenIdProvider) -> None:
    stage, new = Stage(provider), rsa_key("new")

    async def scene() -> list[str]:
        seen = [await stage.ask(rs256(provider.claims(NOW)))]
        provider.keys = [rsa_jwk("r2", new)]
        stage.seconds += REST_SECONDS
        return [*seen, await stage.ask(rs256(provider.claims(NOW), "r2", new)),
                await stage.ask(rs256(provider.claims(NOW)))]

    assert stage.play(scene) == ["subject-p1", "subject-p1", "anmeldung"]


def test_old_and_new_keys_count_side_by_side_while_the_issuer_changes_them(provider: OpenIdProvider) -> None:
    stage, new = Stage(provider), rsa_key("new")
    old_token, new_token = rs256(provider.claims(NOW)), rs256(provider.claims(NOW), "r2", new)

    async def scene() -> list[str]:
        seen = [await stage.ask(old_token)]
        provider.keys = [rsa_jwk("r1", rsa_key()), rsa_jwk("r2", new)]
        seen.append(await stage.ask(new_token))  # within the rest: not looked at yet
        stage.seconds += REST_SECONDS
        seen += [await stage.ask(new_token), await stage.ask(old_token)]
        provider.keys = [rsa_jwk("r2", new)]
        stage.seconds += FRESH_SECONDS + 1
        await stage.ask(new_token)  # reads anew in the background
        while provider.asked.count("keys") < 3:  # noqa: ASYNC110 - what is awaited happens in another thread
            await asyncio.sleep(0.01)
        return [*seen, await stage.ask(new_token)]

    assert stage.play(scene) == ["subject-p1", "anmeldung", "subject-p1", "subject-p1", "subject-p1"]


@pytest.mark.parametrize(("jwk", "sign"), [
    (rsa_jwk("p1", rsa_key(), alg="PS256"), ps256), (ec_jwk("e1", ec_key()), es256), (ed_jwk("o1"), eddsa),
    (ed_jwk("o1", alg="EdDSA"), eddsa)])
def test_each_key_counts_with_the_one_algorithm_its_issuer_uses(provider: OpenIdProvider, jwk: Any, sign: Any) -> None:
    provider.keys = [jwk]
    stage = Stage(provider)
    assert stage.once(sign(provider.claims(NOW))) == "subject-p1"
    assert stage.once(rs256(provider.claims(NOW), jwk["kid"])) == "anmeldung"
    assert stage.once(sign(provider.claims(NOW), alg="none")) == "anmeldung"


def test_a_key_for_something_else_signs_nothing(provider: OpenIdProvider) -> None:
    for more in ({"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": "verify-not"}, {"alg": "RSA-OAEP"}):
        provider.keys = [rsa_jwk("r1", rsa_key(), **more)]
        assert Stage(provider).once(rs256(provider.claims(NOW))) == "anmeldung", more


@pytest.mark.parametrize("overage", [
    {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}},
    {"hasgroups": True}])
def test_where_groups_count_a_token_without_them_is_refused_and_elsewhere_it_is_not(
        provider: OpenIdProvider, overage: dict[str, Any]) -> None:
    token = rs256(provider.claims(NOW, **overage))
    assert Stage(provider, groups="choose").once(token) == "anmeldung_gruppen"
    assert Stage(provider).once(token) == "subject-p1"


def test_groups_by_their_ids_mean_what_the_table_says(provider: OpenIdProvider) -> None:
    rules = ClaimRules(meanings={"department": {"3f2b-guid": frozenset({"sozialamt"})}})
    stage = Stage(provider, rules=rules, groups="lead")
    token = rs256(provider.claims(NOW, groups=["3F2B-GUID", "other"]))

    async def scene() -> str:
        return (await stage.porter.authenticate(Credentials("bearer", token))).department

    assert stage.play(scene) == "sozialamt"


def test_made_up_key_ids_cost_the_issuer_one_question_in_ten_seconds(provider: OpenIdProvider) -> None:
    stage = Stage(provider)

    async def scene() -> None:
        assert await stage.ask(rs256(provider.claims(NOW))) == "subject-p1"
        stage.seconds += REST_SECONDS
        flood = await asyncio.gather(*(stage.ask(rs256(provider.claims(NOW), f"made-up-{i}")) for i in range(50)))
        assert set(flood) == {"anmeldung"}
        assert await stage.ask(rs256(provider.claims(NOW))) == "subject-p1"

    stage.play(scene)
    assert provider.asked == ["configuration", "keys"] * 2


def test_many_at_once_ask_the_issuer_once_and_one_who_hangs_up_stops_nobody(provider: OpenIdProvider) -> None:
    stage, token = Stage(provider), rs256(provider.claims(NOW))

    async def scene() -> list[str]:
        first = asyncio.create_task(stage.ask(token))
        others = [asyncio.create_task(stage.ask(token)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(*others)

    assert stage.play(scene) == ["subject-p1"] * 20
    assert provider.asked == ["configuration", "keys"]


@pytest.mark.parametrize(("named", "jwks_uri"), [
    ("http://127.0.0.1:1", None), (None, "http://keys.example/keys"), (None, "file:///etc/passwd"), (None, "/keys")])
def test_a_document_that_leads_elsewhere_is_not_believed(
        provider: OpenIdProvider, named: str | None, jwks_uri: str | None) -> None:
    stage = Stage(provider)
    provider.named, provider.jwks_uri = named, jwks_uri
    assert stage.once(rs256(provider.claims(NOW))) == "pruefung_nicht_verfuegbar"


def test_only_keys_that_may_sign_are_taken() -> None:
    entries: list[Any] = [
        rsa_jwk("good", rsa_key()), ec_jwk("curve", ec_key()), rsa_jwk("weak", rsa_key("weak", 1024)),
        rsa_jwk("for encryption", rsa_key(), use="enc"), rsa_jwk("other", rsa_key(), alg="RS512"),
        {"kty": "oct", "kid": "secret", "k": "AAAA"}, {**ec_jwk("bent", ec_key()), "x": "AAAA"},
        {**rsa_jwk("broken", rsa_key()), "n": "!"}, {"kty": "RSA", "kid": "empty"}, rsa_jwk("", rsa_key()),
        "text", None]
    assert set(signing_keys({"keys": entries})) == {"good", "curve"}


@pytest.mark.parametrize(("url", "right"), [
    ("https://sso.example/realms/rathaus", True), ("http://127.0.0.1:8080", True), ("http://localhost/a", True),
    ("http://sso.example", False), ("https://", False), ("ftp://sso.example", False), ("", False),
    ("http://127.0.0.1@sso.example/", False)])
def test_keys_come_over_an_encrypted_line(url: str, right: bool) -> None:
    assert acceptable(url) is right
