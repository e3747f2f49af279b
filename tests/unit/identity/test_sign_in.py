"""The sign-in to the pages, against a provider on real HTTP that says whatever a test wants it to say."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.errors import GatewayError
from gateway.identity import texts
from gateway.identity.claims import ClaimRules
from gateway.identity.fetch import fetch
from gateway.identity.issued import LOGOUT_EVENT
from gateway.identity.issuer import REST_SECONDS, IssuerKeys
from gateway.identity.signin import Registration, SignIns
from gateway.model.signin import Announced, Arrival, Departure
from gateway.settings import SettingsError, load
from tests.support.municipality import DEPARTMENTS, NOW, SetClock
from tests.support.signed_tokens import OpenIdProvider, b64, ed_jwk, eddsa, hs256, ps256, rs256, rsa_jwk, rsa_key

Result = TypeVar("Result")
AT = int(NOW.timestamp())
STRONG = ClaimRules(strong_amr=frozenset({"mfa", "otp"}), strong_acr=frozenset({"hoch"}))


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    running.keys = [rsa_jwk("r1", rsa_key(), alg="RS256", use="sig")]
    running.down, running.named, running.jwks_uri, running.more = False, None, None, {}
    running.answer = (400, {"error": "invalid_grant"})
    running.asked.clear()
    running.shown.clear()
    return running


class Stage:
    """A sign-in room in front of one provider, with both clocks in the hand of the test."""

    def __init__(self, provider: OpenIdProvider, rules: ClaimRules = STRONG, **own: Any) -> None:
        self.provider, self.rules = provider, rules
        self.own = Registration("ki-pforte", "https://ki.x.example", **{"secret": "s", **own})
        self.clock, self.seconds = SetClock(), 0.0
        self.announced: list[Announced] = []
        self.departed: list[Departure] = []

    async def welcome(self, who: Announced) -> str:
        self.announced.append(who)
        return "subject-1"

    async def goodbye(self, departure: Departure) -> None:
        self.departed.append(departure)

    def play(self, scene: Callable[[SignIns], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            keys = IssuerKeys(self.provider.url, fetch, monotonic=lambda: self.seconds)
            try:
                return await scene(SignIns(self.own, self.rules, keys, b"s" * 32, self.clock, self.welcome,
                                           self.goodbye, departments=lambda: DEPARTMENTS))
            finally:
                await keys.close()

        return asyncio.run(run())

    def claims(self, asked: dict[str, str], **changes: Any) -> dict[str, Any]:
        return self.provider.claims(self.clock.now(), **{"nonce": asked["nonce"], "sid": "s-1", **changes})

    def once(self, say: Callable[[dict[str, str]], Any], *, strong: bool = False, **parameters: str) -> str:
        """Go through one sign-in in which `say` makes the ID token; return who came, or why nobody did."""
        async def scene(room: SignIns) -> str:
            begun = await room.begin("/pass", strong=strong)
            asked = query(begun.address)
            token = say(asked)
            self.provider.answer = (200, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300,
                                          **({} if token is None else {"id_token": token})})
            return await told(room.finish({"state": asked["state"], "code": "c", **parameters}, begun.cookie))

        return self.play(scene)


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


async def told(arriving: Awaitable[Arrival]) -> str:
    """Return the subject, or the reason why there is none."""
    try:
        return (await arriving).subject
    except GatewayError as error:
        caught = error
    assert "canary" not in caught.message + caught.hint
    return caught.hint.removeprefix("credentials refused: ") if caught.status == 401 else caught.code


def test_the_way_out_asks_for_a_code_with_everything_that_guards_it(provider: OpenIdProvider) -> None:
    begun = Stage(provider).play(lambda room: room.begin("/pass?a=1"))
    asked = query(begun.address)
    assert begun.address.startswith(f"{provider.url}/auth?")
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope",
                                           "code_challenge_method")} == {
        "response_type": "code", "client_id": "ki-pforte", "redirect_uri": "https://ki.x.example/anmelden/zurueck",
        "scope": "openid profile email", "code_challenge_method": "S256"}
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    payload = begun.cookie.split(".")[0]
    assert asked["state"] not in begun.cookie
    assert asked["nonce"] not in begun.cookie
    assert b"verifier" not in b64decode(payload + "==", altchars=b"-_"), "what is secret does not lie in the browser"


def test_who_comes_back_is_announced_with_what_the_provider_said(provider: OpenIdProvider) -> None:
    stage = Stage(provider, ClaimRules(roles="realm_access.roles", department="amt", strong_amr=frozenset({"otp"})))

    async def scene(room: SignIns) -> Arrival:
        begun = await room.begin("/pass")
        asked = query(begun.address)
        provider.answer = (200, {"access_token": "a", "token_type": "Bearer", "id_token": rs256(stage.claims(
            asked, name="Änne", amt="Bauamt", realm_access={"roles": ["dpo", "offline_access"]}, amr=["pwd", "otp"]))})
        return await room.finish({"state": asked["state"], "code": "c-1", "iss": provider.url}, begun.cookie)

    assert stage.play(scene) == Arrival("subject-1", "/pass", True, "sid s-1")
    assert stage.announced == [Announced("p1@x.example", "uid-1", "Änne", "bauamt", frozenset({"dpo"}), None)]
    [shown] = provider.shown
    assert (shown["code"], shown["redirect_uri"]) == ("c-1", "https://ki.x.example/anmelden/zurueck")
    assert b64decode(shown["authorization"].removeprefix("Basic ")) == b"ki-pforte:s"


def test_the_verifier_is_the_one_that_was_promised(provider: OpenIdProvider) -> None:
    stage, promised = Stage(provider), []
    assert stage.once(lambda asked: promised.append(asked["code_challenge"]) or rs256(stage.claims(asked))) \
        == "subject-1"
    assert b64(sha256(provider.shown[0]["code_verifier"].encode()).digest()) == promised[0]


def test_an_id_token_counts_only_if_all_of_it_is_right(provider: OpenIdProvider) -> None:
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    stage = Stage(provider)
    half = b64(sha256(b"opaque").digest()[:16])

    def good(asked: dict[str, str], **changes: Any) -> dict[str, Any]:
        return stage.claims(asked, **changes)

    right: dict[str, Callable[[dict[str, str]], Any]] = {
        "plain": lambda a: rs256(good(a)), "with azp": lambda a: rs256(good(a, azp="ki-pforte")),
        "several audiences": lambda a: rs256(good(a, aud=["ki-pforte", "account"], azp="ki-pforte")),
        "hash of the access token": lambda a: rs256(good(a, at_hash=half)), "Keycloak": lambda a: rs256(good(
            a, typ="ID")), "clock 60 s ahead": lambda a: rs256(good(a, iat=AT + 60))}
    wrong: dict[str, Callable[[dict[str, str]], Any]] = {
        "none": lambda a: b64({"alg": "none", "kid": "r1"}) + "." + b64(good(a)) + ".",
        "public key as secret": lambda a: hs256(good(a), public, kid="r1"),
        "client secret": lambda a: hs256(good(a), "s" * 40, kid="r1"),
        "foreign key": lambda a: rs256(good(a), key=rsa_key("foreign")),
        "unknown key": lambda a: rs256(good(a), "r9"),
        "other nonce": lambda a: rs256(good(a) | {"nonce": "n"}), "no nonce": lambda a: rs256(good(a, nonce=None)),
        "other client": lambda a: rs256(good(a, aud="chat")), "party of another": lambda a: rs256(good(a, azp="chat")),
        "several and nobody asked": lambda a: rs256(good(a, aud=["ki-pforte", "chat"])),
        "other issuer": lambda a: rs256(good(a, iss="https://elsewhere.example")),
        "other access token": lambda a: rs256(good(a, at_hash=b64(sha256(b"x").digest()[:16]))),
        "hash a number": lambda a: rs256(good(a, at_hash=1)), "old": lambda a: rs256(good(a, iat=AT - 661)),
        "no time": lambda a: rs256(good(a, iat=None)), "future": lambda a: rs256(good(a, iat=AT + 61)),
        "not yet": lambda a: rs256(good(a, nbf=AT + 61)), "access token": lambda a: rs256(good(a), typ="at+jwt"),
        "logout token": lambda a: rs256(good(a), typ="logout+jwt"), "events": lambda a: rs256(good(a, events={})),
        "refresh token of Keycloak": lambda a: rs256(good(a, typ="Refresh")),
        "bearer of Keycloak": lambda a: rs256(good(a, typ="Bearer")), "nobody": lambda a: rs256(good(a, sub=None)),
        "long": lambda a: rs256(good(a, x="y" * 20_000)), "no token": lambda a: "a.b", "number": lambda a: 7,
        "missing": lambda a: None}
    assert {name: stage.once(say) for name, say in right.items()} == dict.fromkeys(right, "subject-1")
    assert {name: stage.once(say) for name, say in wrong.items()} == dict.fromkeys(wrong, "anmeldung")
    assert stage.once(lambda a: rs256(good(a, exp=AT - 61))) == "anmeldung_abgelaufen"
    assert len(stage.announced) == len(right), "nobody else was announced"


@pytest.mark.parametrize(("jwk", "sign"), [
    (rsa_jwk("p1", rsa_key(), alg="PS256"), ps256), (ed_jwk("o1", alg="EdDSA"), eddsa), (ed_jwk("o1"), eddsa)])
def test_a_key_signs_with_its_own_algorithm(provider: OpenIdProvider, jwk: dict[str, Any], sign: Any) -> None:
    provider.keys = [jwk]
    stage = Stage(provider)
    assert stage.once(lambda asked: sign(stage.claims(asked))) == "subject-1"
    assert stage.once(lambda asked: rs256(stage.claims(asked), jwk["kid"])) == "anmeldung"


def test_an_answer_counts_once_in_the_browser_that_asked_within_ten_minutes(provider: OpenIdProvider) -> None:
    stage = Stage(provider)

    async def scene(room: SignIns) -> dict[str, str]:
        mine, other = await room.begin("/"), await room.begin("/")
        asked = query(mine.address)
        provider.answer = (200, {"access_token": "a", "id_token": rs256(stage.claims(asked))})
        good = {"state": asked["state"], "code": "c"}
        seen = {
            "no state": await told(room.finish({"code": "c"}, mine.cookie)),
            "nothing at all": await told(room.finish({}, "")),
            "no ticket": await told(room.finish(good, "")),
            "the state of somebody else": await told(room.finish(good, other.cookie)),
            "a ticket of one's own making": await told(room.finish(good, mine.cookie[:-4] + "AAAA")),
            "a very long ticket": await told(room.finish(good, mine.cookie + "A" * 100_000)),
            "a very long state": await told(room.finish({**good, "state": "s" * 100_000}, mine.cookie)),
            "letters": await told(room.finish({**good, "state": "ä\udc00"}, mine.cookie)),
            "right": await told(room.finish(good, mine.cookie)),
            "twice": await told(room.finish(good, mine.cookie))}
        late = query(other.address)
        stage.clock.time = NOW + timedelta(seconds=601)
        seen["late"] = await told(room.finish({"state": late["state"], "code": "c"}, other.cookie))
        return seen

    seen = stage.play(scene)
    assert seen.pop("right") == "subject-1"
    assert set(seen.values()) == {"anmeldung_verloren"}
    assert len(provider.shown) == 1, "only the right one was shown to the provider"


@pytest.mark.parametrize(("named", "says", "outcome"), [
    ("own", False, "subject-1"), ("own", True, "subject-1"), (None, False, "subject-1"), (None, True, "anmeldung"),
    ("https://evil.example", False, "anmeldung"), ("https://evil.example", True, "anmeldung"), ("", True, "anmeldung")])
def test_the_answer_of_another_provider_is_not_taken_for_ours(
        provider: OpenIdProvider, named: str | None, says: bool, outcome: str) -> None:
    provider.more = {"authorization_response_iss_parameter_supported": says}
    stage = Stage(provider)
    more = {} if named is None else {"iss": provider.url if named == "own" else named}
    assert stage.once(lambda asked: rs256(stage.claims(asked)), **more) == outcome
    assert len(provider.shown) == (outcome == "subject-1"), "a code is not shown to the wrong one"


@pytest.mark.parametrize(("error", "outcome"), [
    ("access_denied", "anmeldung_abgebrochen"), ("login_required", "anmeldung_abgebrochen"),
    ("server_error", "pruefung_nicht_verfuegbar"), ("temporarily_unavailable", "pruefung_nicht_verfuegbar"),
    ("unauthorized_client", "pruefung_nicht_verfuegbar"), ("canary-made-up", "anmeldung")])
def test_what_the_provider_refuses_ends_calmly(provider: OpenIdProvider, caplog: pytest.LogCaptureFixture,
                                               error: str, outcome: str) -> None:
    caplog.set_level(logging.DEBUG, "gateway")
    said = {"error": error, "error_description": "canary"}
    assert Stage(provider).once(lambda _: None, **said) == outcome
    assert provider.shown == []
    assert "canary" not in caplog.text


@pytest.mark.parametrize(("answer", "outcome"), [
    ((400, {"error": "invalid_grant", "error_description": "canary"}), "anmeldung"),
    ((401, {"error": "invalid_client", "error_description": "canary"}), "pruefung_nicht_verfuegbar"),
    ((500, {}), "pruefung_nicht_verfuegbar"), ((200, {}), "anmeldung"), ((302, {}), "anmeldung")])
def test_a_code_that_is_worth_nothing_lets_nobody_in(
        provider: OpenIdProvider, answer: tuple[int, dict[str, Any]], outcome: str) -> None:
    stage = Stage(provider)

    async def scene(room: SignIns) -> str:
        begun = await room.begin("/")
        provider.answer = answer
        return await told(room.finish({"state": query(begun.address)["state"], "code": "c"}, begun.cookie))

    assert stage.play(scene) == outcome
    assert stage.announced == []


def test_without_the_provider_nobody_is_sent_away_and_it_is_asked_again_later(provider: OpenIdProvider) -> None:
    stage = Stage(provider)
    provider.down = True

    async def scene(room: SignIns) -> str:
        for _ in range(2):
            with pytest.raises(GatewayError) as caught:
                await room.begin("/")
            assert (caught.value.status, caught.value.retry_after) == (503, 60)
            assert "Anmeldedienst" in caught.value.message
        assert await room.farewell() == ""
        provider.down = False
        stage.seconds += REST_SECONDS
        return (await room.begin("/")).address

    assert stage.play(scene).startswith(provider.url)


def test_a_provider_without_addresses_to_sign_in_at_is_said_to_be_set_up_wrongly(provider: OpenIdProvider) -> None:
    for more in ({"authorization_endpoint": None}, {"token_endpoint": "http://elsewhere.example/token"}):
        provider.more = more
        with pytest.raises(GatewayError) as caught:
            Stage(provider).play(lambda room: room.begin("/"))
        assert caught.value.status == 503


def test_a_second_factor_is_asked_for_and_must_be_fresh(provider: OpenIdProvider) -> None:
    stage = Stage(provider)
    asked = query(stage.play(lambda room: room.begin("/review", strong=True)).address)
    assert {name: asked[name] for name in ("prompt", "max_age", "acr_values")} == {
        "prompt": "login", "max_age": "300", "acr_values": "hoch"}
    fresh: dict[str, Callable[[dict[str, str]], Any]] = {
        "fresh": lambda a: rs256(stage.claims(a, auth_time=AT - 360)),
        "old": lambda a: rs256(stage.claims(a, auth_time=AT - 361)), "not said": lambda a: rs256(stage.claims(a))}
    assert {name: stage.once(say, strong=True) for name, say in fresh.items()} == {
        "fresh": "subject-1", "old": "anmeldung", "not said": "anmeldung"}


def test_entra_is_asked_for_a_second_factor_in_its_own_way(provider: OpenIdProvider) -> None:
    asked = query(Stage(provider, entra=True).play(lambda room: room.begin("/", strong=True)).address)
    assert asked["claims"] == '{"id_token": {"acrs": {"essential": true, "values": ["hoch"]}}}'
    assert "max_age" not in asked


@pytest.mark.parametrize(("own", "more", "way"), [
    ({"secret": ""}, {}, "none"), ({}, {"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "post"),
    ({"secret": "", "key": "rsa"}, {}, "key")])
def test_the_house_proves_who_it_is_as_the_settings_say(provider: OpenIdProvider, own: dict[str, str],
                                                        more: dict[str, Any], way: str) -> None:
    provider.more = more
    if own.get("key"):
        own = {**own, "key": pem()}
    stage = Stage(provider, **own)
    assert stage.once(lambda asked: rs256(stage.claims(asked))) == "subject-1"
    [shown] = provider.shown
    assert shown["authorization"] == ""
    assert shown.get("client_secret") == ("s" if way == "post" else None)
    assert ("client_assertion" in shown) is (way == "key")
    assert way == "key" or shown["client_id"] == "ki-pforte"


def pem() -> str:
    return rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_key_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    settings = load({"KI_PFORTE_HOME": str(tmp_path)}).model_copy(update={"oidc_client_key": file})
    for content in (None, "nonsense", rsa_key().public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()):
        if content:
            file.write_text(content, encoding="ascii")
        with pytest.raises(SettingsError, match="KI_PFORTE_OIDC_CLIENT_KEY"):
            Registration.of(settings, "https://ki.x.example")
    file.write_text(pem(), encoding="ascii")
    assert Registration.of(settings, "https://ki.x.example/").address == "https://ki.x.example"


def test_signing_out_there_too_names_us_and_the_way_back(provider: OpenIdProvider) -> None:
    address = Stage(provider).play(lambda room: room.farewell())
    assert address.startswith(f"{provider.url}/end?")
    assert query(address) == {"client_id": "ki-pforte", "post_logout_redirect_uri": "https://ki.x.example/anmelden"}


def test_a_notice_of_a_sign_out_ends_sessions_and_everything_else_ends_nothing(provider: OpenIdProvider) -> None:
    stage = Stage(provider)

    def notice(**changes: Any) -> dict[str, Any]:
        return provider.claims(NOW, **{"events": {LOGOUT_EVENT: {}}, "sid": "s-1", "jti": "j", **changes})

    forged = {
        "none": b64({"alg": "none", "kid": "r1"}) + "." + b64(notice()) + ".",
        "foreign": rs256(notice(), key=rsa_key("foreign")), "no event": rs256(notice(events=None)),
        "other event": rs256(notice() | {"events": {"x": {}}}), "event a word": rs256(notice() | {
            "events": {LOGOUT_EVENT: "yes"}}), "with a nonce": rs256(notice(nonce="n")),
        "nobody": rs256(notice(sub=None) | {"sid": ""}), "other client": rs256(notice(aud="chat")),
        "old": rs256(notice(iat=AT - 661)), "over": rs256(notice(exp=AT - 61)), "endless": rs256(notice(exp=None)),
        "future": rs256(notice(iat=AT + 61)), "access token": rs256(notice(), typ="at+jwt"), "empty": "", "text": "x"}

    async def scene(room: SignIns) -> dict[str, str]:
        seen = {}
        for name, token in forged.items():
            with pytest.raises(GatewayError) as caught:
                await room.departed(token)
            seen[name] = caught.value.code
        await room.departed(rs256(notice()))
        await room.departed(rs256(notice(typ="Logout"), typ="logout+jwt"))
        await room.departed(rs256(notice() | {"sid": None}))
        return seen

    assert set(stage.play(scene).values()) == {"schluessel_ungueltig"}
    assert stage.departed == [Departure("sid s-1"), Departure("sid s-1"), Departure("sub uid-1", "uid-1")]


def test_whoever_is_not_welcome_is_told_so(provider: OpenIdProvider) -> None:
    stage = Stage(provider)

    async def closed(_: Announced) -> str:
        raise texts.invalid("ausgeschieden")

    stage.welcome = closed  # type: ignore[method-assign]
    assert stage.once(lambda asked: rs256(stage.claims(asked))) == "ausgeschieden"
