"""Attacks on the signed token of a front end, and what identity headers are worth with any other key."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.identity.porter import Porter
from gateway.model.principal import Principal
from gateway.ports import Credentials
from tests.support.municipality import NOW, SetClock, compute
from tests.support.people_directory import MemoryDirectory
from tests.support.signed_tokens import SECRET, b64, hs256, open_webui, rs256, rsa_key

JWT = "x-openwebui-user-jwt"
AT = int(NOW.timestamp())


class Stage:
    """A porter over a dictionary with two people and a front end that signs."""

    def __init__(self, secret: str = SECRET) -> None:
        self.directory = MemoryDirectory()
        self.person, self.other = self.directory.enrol(), self.directory.enrol("p2")
        self.key = self.directory.trust("openwebui-jwt")
        self.clock = SetClock()
        self.secret = secret

    def ask(self, headers: Mapping[str, str], key: str = "", scheme: str = "bearer") -> Principal | str:
        """Return who that is, or the reason why nobody."""
        async def play() -> Principal | str:
            porter = Porter(self.directory, compute, self.clock, secrets=lambda _: self.secret)
            await porter.start()
            try:
                return await porter.authenticate(Credentials(scheme, key or self.key, headers))
            except GatewayError as error:
                return error.hint.removeprefix("credentials refused: ")
            finally:
                await porter.close()

        return asyncio.run(play())


def forged_with_the_public_key() -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return hs256(open_webui(NOW), pem)


def unsigned(algorithm: str) -> str:
    return b64({"alg": algorithm, "typ": "JWT"}) + "." + b64(open_webui(NOW)) + "."


GOOD = hs256(open_webui(NOW))
FORGED = {
    "none": unsigned("none"), "None": unsigned("None"), "nothing signed": unsigned("HS256"),
    "wrong secret": hs256(open_webui(NOW), "w" * 40), "empty secret": hs256(open_webui(NOW), ""),
    "RS256": rs256(open_webui(NOW)), "public key as secret": forged_with_the_public_key(),
    "HS512 named": hs256(open_webui(NOW), alg="HS512"), "alg a list": hs256(open_webui(NOW), alg=["HS256"]),
    "key brought along": hs256(open_webui(NOW), "w" * 40, jwk={"kty": "oct", "k": b64(b"w" * 40)}),
    "critical": hs256(open_webui(NOW), crit=["x"], x=1), "changed": GOOD[:-4] + "AAAA",
    "other claims": ".".join((GOOD.split(".")[0], b64(open_webui(NOW, "p2@x.example")), GOOD.split(".")[2])),
    "wrong issuer": hs256(open_webui(NOW, iss="open-webui2")),
    "issuer a list": hs256(open_webui(NOW, iss=["open-webui"])),
    "no issuer": hs256(open_webui(NOW, iss=None)), "no end": hs256(open_webui(NOW, exp=None)),
    "end a text": hs256(open_webui(NOW, exp="9999999999")), "end true": hs256(open_webui(NOW, exp=True)),
    "end NaN": hs256(open_webui(NOW, exp=float("nan"))), "end Infinity": hs256(open_webui(NOW, exp=float("inf"))),
    "issued in the future": hs256(open_webui(NOW, iat=AT + 61)), "not yet": hs256(open_webui(NOW, nbf=AT + 61)),
    "no object": hs256(b'["p1@x.example"]'), "no JSON": hs256(b"p1@x.example"), "deep": hs256(b"[" * 5000),
    "huge": hs256(open_webui(NOW, name="x" * 20_000)), "five parts": GOOD + ".a.b",
    "two parts": GOOD.rpartition(".")[0],
    "a word": "p1@x.example", "not ASCII": GOOD + "ä", "header a list": b64(b"[]") + "." + GOOD.split(".", 1)[1],
    "header a number": b64(b"1") + "." + GOOD.split(".", 1)[1], "header deep": b64(b"[" * 9000) + ".a.b",
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_token_that_open_webui_did_not_sign_just_so_is_refused(token: str) -> None:
    assert Stage().ask({JWT: token}) == "unterschrift"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.characters(codec="latin-1"))
def test_a_token_changed_at_any_place_opens_for_nobody_else(place: int, character: str) -> None:
    answer = Stage().ask({JWT: GOOD[:place] + character + GOOD[place + 1:]})
    assert answer in ("unterschrift", "unterschrift_abgelaufen", "doppelt", "ohne_person") or (
        isinstance(answer, Principal) and answer.subject == "subject-p1"), "spare bits of base64 at most"


@pytest.mark.parametrize(("seconds", "counts"), [(0, True), (359, True), (360, False), (86_400, False)])
def test_a_token_ends_a_minute_after_it_says(seconds: int, counts: bool) -> None:
    stage = Stage()
    assert isinstance(stage.ask({JWT: GOOD}), Principal)
    stage.clock.time = NOW + timedelta(seconds=seconds)
    assert (stage.ask({JWT: GOOD}) == "unterschrift_abgelaufen") is not counts


@pytest.mark.parametrize(("email", "reason"), [
    (None, "ohne_person"), ("", "ohne_person"), (["p1@x.example"], "ohne_person"), ("p1@x.example\n", None),
    ("p1@x.example\0", "unlesbar"), ("{{USER_EMAIL}}", "platzhalter"), ("P1@X.EXAMPLE", None),
    ("p1@x.example,p2@x.example", "person_unbekannt"), ("*@x.example", "person_unbekannt"),
    ("p%31@x.example", "person_unbekannt"), ("\u212a1@x.example", "unlesbar")])
def test_the_address_in_a_token_is_read_as_strictly_as_any_other(email: Any, reason: str | None) -> None:
    answer = Stage().ask({JWT: hs256(open_webui(NOW, email))})
    assert answer == reason if reason else isinstance(answer, Principal)


def test_a_header_that_came_twice_is_refused() -> None:
    assert Stage().ask({JWT: f"{GOOD}\n{GOOD}"}) == "doppelt"


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_without_a_long_secret_nobody_passes_and_the_operator_hears_why(
        secret: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert "too short" in str(Stage(secret).ask({JWT: hs256(open_webui(NOW), secret)}))
    assert "CHAT_SECRET" in caplog.text
    assert "p1@x.example" not in caplog.text


def test_with_the_key_of_a_person_identity_headers_are_as_if_they_were_not_there() -> None:
    stage = Stage()
    for headers in ({JWT: hs256(open_webui(NOW, "p2@x.example"))}, {JWT: "{{"}, {"x-kip-user": "a\nb"},
                    {"x-openwebui-user-email": "p2@x.example", "x-kip-groups": "sozialamt"}):
        answer = stage.ask(headers, stage.person)
        assert isinstance(answer, Principal)
        assert (answer.subject, answer.department) == ("subject-p1", "bauamt")


def test_a_front_end_takes_no_user_name_from_basic() -> None:
    stage = Stage()
    for user in ("p1@x.example", "token", ""):
        secret = base64.b64encode(f"{user}:{stage.key}".encode()).decode()
        assert stage.ask({}, secret, "basic") == ("anderer_name" if "@" in user else "ohne_person")


def test_a_placeholder_in_place_of_a_key_is_named_as_such() -> None:
    assert Stage().ask({}, "{{LIBRECHAT_OPENID_ID_TOKEN}}") == "platzhalter"


def test_an_expired_front_end_is_refused_from_that_moment() -> None:
    stage = Stage()
    stage.directory.change_client(stage.key, expires_at=NOW + timedelta(seconds=10))
    assert isinstance(stage.ask({JWT: GOOD}), Principal)
    stage.clock.time = NOW + timedelta(seconds=10)
    assert stage.ask({JWT: GOOD}) == "anwendung_abgelaufen"


def test_the_usual_way_costs_no_question() -> None:
    directory = MemoryDirectory()
    directory.enrol()
    key = directory.trust()

    async def play() -> None:
        porter = Porter(directory, compute, SetClock())
        await porter.start()
        try:
            for _ in range(20):
                await porter.authenticate(Credentials("bearer", key, {"x-openwebui-user-email": "p1@x.example"}))
            directory.down = True
            await porter.authenticate(Credentials("bearer", key, {"x-openwebui-user-email": "p1@x.example"}))
            with pytest.raises(GatewayError, match="pruefung_nicht_verfuegbar"):
                await porter.authenticate(Credentials("bearer", key, {"x-openwebui-user-email": "p2@x.example"}))
        finally:
            await porter.close()

    asyncio.run(play())
    assert directory.reads == 1 + 1, "the key of the front end, and the person"
