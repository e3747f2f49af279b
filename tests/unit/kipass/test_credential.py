"""Certificates that count and certificates that do not: forged, changed, foreign, late, early, oddly spelled."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from gateway.kipass import credential
from gateway.kipass.credential import Credential, CredentialError, Problem, payload, verify
from gateway.kipass.issuer import KeysError, document, issuer_of, read_issuer
from gateway.kipass.number import number_of
from gateway.kipass.signing import LONGEST
from gateway.model.certificates import Attestation, HeldScope

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
KEY, OTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
KID = KEY.thumbprint()
TOWN = "https://ki.musterstadt.example"
ISSUER = issuer_of([KEY], TOWN, "Stadt Musterstadt")
SHOWS = Attestation(number_of(7), TOWN, "Stadt Musterstadt", "Ada Lovelace", "Bauamt",
                    (HeldScope("basis", "Grundlagen", date(2028, 11, 14)),), "3.0",
                    datetime(2028, 11, 14, 23, tzinfo=UTC))
TOKEN = credential.issue(SHOWS, KEY, NOW)


def _problem(token: str, now: datetime = NOW, issuer: Any = ISSUER) -> Problem:
    with pytest.raises(CredentialError) as caught:
        verify(token, issuer, now)
    return caught.value.problem


def _signed(content: bytes, *, key: Any = KEY, **header: Any) -> str:
    said = {"alg": "ES256", "kid": KID, "typ": "ki-pass+jwt", **header}
    registry = jws.JWSRegistry(algorithms=[said["alg"]], strict_check_header=False)
    return jws.serialize_compact(said, content, key, registry=registry)


def _with(change: Callable[[dict[str, Any]], Any]) -> str:
    said = json.loads(payload(Credential(SHOWS, NOW)))
    result = change(said)
    said = result if isinstance(result, dict) else said
    return _signed(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_certificate_says_what_was_signed() -> None:
    assert verify(TOKEN, ISSUER, NOW) == Credential(SHOWS, NOW)


def test_a_certificate_says_nothing_else() -> None:
    assert list(json.loads(payload(Credential(SHOWS, NOW)))) == [
        "ki_pass", "iss", "issuer_name", "jti", "iat", "exp", "name", "department", "scopes", "agreement", "verify"]


LINES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)


@settings(max_examples=60)
@given(st.builds(Attestation, st.integers(0, 2**90 - 1).map(number_of), st.just(TOWN), LINES, LINES, LINES,
                 st.lists(st.builds(HeldScope, LINES, LINES, st.none() | st.dates()), min_size=1, max_size=5)
                 .map(tuple), st.text("0123456789.", max_size=8),
                 st.none() | st.integers(2, 10**9).map(lambda s: NOW + timedelta(seconds=s))))
def test_whatever_a_certificate_shows_comes_back(shows: Attestation) -> None:
    assert verify(credential.issue(shows, KEY, NOW), ISSUER, NOW).shows == shows


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"))
def test_one_changed_letter_and_it_counts_no_more(at: int, letter: str) -> None:
    changed = TOKEN[:at] + letter + TOKEN[at + 1:]
    assume(changed != TOKEN)
    _problem(changed)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_piece_of_a_certificate_is_none(length: int) -> None:
    _problem(TOKEN[:length])


@pytest.mark.parametrize("token", [
    "", ".", "..", "a.b", "a.b.c.d", TOKEN + ".", TOKEN + "." + TOKEN, TOKEN + TOKEN, f"Bearer {TOKEN}", "{}",
    json.dumps({"payload": "x", "signatures": [{}, {}]}), TOKEN.replace(".", ". ", 1), "é.é.é", "[]", "\0" * 100,
    _part([]) + "." + TOKEN.split(".", 1)[1], _part({}) + ".." + TOKEN.rsplit(".", 1)[1],
])
def test_what_is_no_certificate_is_refused(token: str) -> None:
    assert _problem(token) in (Problem.MALFORMED, Problem.HEADER)


def test_the_json_form_with_two_signatures_is_refused() -> None:
    header, content, signature = TOKEN.split(".")
    one = {"protected": header, "signature": signature}
    assert _problem(json.dumps({"payload": content, "signatures": [one, one]})) is Problem.MALFORMED
    assert _problem(json.dumps({"payload": content, **one})) is Problem.MALFORMED


def test_a_huge_file_is_refused_without_a_look_into_it() -> None:
    assert _problem("a" * (LONGEST + 1)) is Problem.TOO_LARGE
    assert _problem(f"{_part({})}.{'A' * 15_000}.AAAA") is Problem.HEADER


def test_no_algorithm_but_ours_counts() -> None:
    _, content, signature = TOKEN.split(".")
    for alg in ("none", "None", "HS256", "RS256", "ES384", "EdDSA", "", None, ["ES256"]):
        header = _part({"alg": alg, "kid": KID, "typ": "ki-pass+jwt"})
        assert _problem(f"{header}.{content}.{signature}") is Problem.HEADER
    assert _problem(f"{_part({'alg': 'none', 'kid': KID, 'typ': 'ki-pass+jwt'})}.{content}.") is Problem.MALFORMED


def test_the_public_key_is_no_shared_secret() -> None:
    content = TOKEN.split(".")[1]
    for secret in (KEY.as_pem(private=False), json.dumps(document(ISSUER)["keys"][0]).encode()):
        start = f"{_part({'alg': 'HS256', 'kid': KID, 'typ': 'ki-pass+jwt'})}.{content}"
        mac = base64.urlsafe_b64encode(hmac.digest(secret, start.encode(), "sha256")).rstrip(b"=").decode()
        assert _problem(f"{start}.{mac}") is Problem.HEADER


def test_another_kind_of_key_does_not_count() -> None:
    key = RSAKey.generate_key(2048)
    assert _problem(_signed(payload(Credential(SHOWS, NOW)), key=key, alg="RS256")) is Problem.HEADER


def test_a_foreign_key_under_our_name_is_a_forgery() -> None:
    assert _problem(_signed(payload(Credential(SHOWS, NOW)), key=OTHER)) is Problem.FORGED


def test_a_key_that_the_certificate_brings_along_does_not_count() -> None:
    content, jwk = payload(Credential(SHOWS, NOW)), OTHER.as_dict(private=False)
    assert _problem(_signed(content, key=OTHER, kid=OTHER.thumbprint(), jwk=jwk)) is Problem.HEADER
    assert _problem(_signed(content, key=OTHER, kid=OTHER.thumbprint())) is Problem.UNKNOWN_KEY
    assert _problem(credential.issue(SHOWS, OTHER, NOW)) is Problem.UNKNOWN_KEY


@pytest.mark.parametrize("extra", [
    {"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": True}, {"jku": "https://x.example"},
    {"x5u": "https://x.example"}, {"typ": "JWT"}, {"typ": "application/ki-pass+jwt"}, {"cty": "x"}, {"zip": "DEF"}])
def test_a_header_with_anything_else_in_it_is_refused(extra: dict[str, Any]) -> None:
    _, content, signature = TOKEN.split(".")
    said = {"alg": "ES256", "kid": KID, "typ": "ki-pass+jwt", **extra}
    assert _problem(f"{_part(said)}.{content}.{signature}") is Problem.HEADER


@pytest.mark.parametrize("kid", [None, 1, "", [], {}, "../../etc/passwd", KID + "x"])
def test_a_key_that_nobody_knows_is_refused(kid: Any) -> None:
    _, content, signature = TOKEN.split(".")
    problem = _problem(f"{_part({'alg': 'ES256', 'kid': kid, 'typ': 'ki-pass+jwt'})}.{content}.{signature}")
    assert problem in (Problem.HEADER, Problem.UNKNOWN_KEY)


def test_it_counts_to_the_very_end_and_not_a_second_longer() -> None:
    end = SHOWS.ends_at
    assert end is not None
    assert verify(TOKEN, ISSUER, end - timedelta(seconds=1)).shows == SHOWS
    assert _problem(TOKEN, end) is Problem.EXPIRED


def test_a_slow_clock_is_forgiven_five_minutes_and_no_more() -> None:
    assert verify(TOKEN, ISSUER, NOW - timedelta(minutes=5)).shows == SHOWS
    assert _problem(TOKEN, NOW - timedelta(minutes=5, seconds=1)) is Problem.NOT_YET


def test_another_town_cannot_sign_for_this_one() -> None:
    village = issuer_of([OTHER], "https://ki.dorf.example", "Dorf")
    assert _problem(credential.issue(SHOWS, OTHER, NOW), issuer=village) is Problem.ISSUER


def test_a_key_without_an_address_checks_any_issuer() -> None:
    assert verify(TOKEN, issuer_of([KEY]), NOW).shows == SHOWS


@pytest.mark.parametrize("change", [
    lambda s: s.pop("name"), lambda s: s.update(birthdate="1990-01-01"), lambda s: s.update(name=7),
    lambda s: s.update(name="Ada\x1b[2J"), lambda s: s.update(scopes=[]), lambda s: s.update(scopes={}),
    lambda s: s.update(scopes=[{"id": "basis", "name": "x"}]), lambda s: s.update(iat="1"),
    lambda s: s.update(iat=True), lambda s: s.update(iat=1.5), lambda s: s.update(exp=10**30),
    lambda s: s.update(exp=None), lambda s: s.update(jti="x"), lambda s: s.update(ki_pass="1"),
    lambda s: s.update(ki_pass=True), lambda s: s.update(verify="https://boese.example"),
    lambda s: s["scopes"][0].update(until="14.11.2028"), lambda s: dict(reversed(s.items()))])
def test_a_signed_payload_of_another_form_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    assert _problem(_with(change)) is Problem.CONTENT


@pytest.mark.parametrize("content", [
    b"null", b"[]", b"{}", b"\xff", b"[" * 5000, b'{"ki_pass":1}',
    payload(Credential(SHOWS, NOW)).replace(b'"name":', b'"name":"x","name":', 1),
    payload(Credential(SHOWS, NOW)) + b" ", payload(Credential(SHOWS, NOW)).replace(b",", b", ", 1)])
def test_signed_bytes_that_are_spelled_otherwise_are_refused(content: bytes) -> None:
    assert _problem(_signed(content)) is Problem.CONTENT


def test_a_later_version_cannot_be_checked() -> None:
    assert _problem(_with(lambda s: {**s, "ki_pass": 2, "more": 1})) is Problem.VERSION


def test_after_a_rotation_old_and_new_certificates_count() -> None:
    both = read_issuer(json.dumps(document(issuer_of([OTHER, KEY], TOWN, "Stadt Musterstadt"))))
    for key in (KEY, OTHER):
        assert verify(credential.issue(SHOWS, key, NOW), both, NOW).shows == SHOWS
    assert _problem(credential.issue(SHOWS, OTHER, NOW)) is Problem.UNKNOWN_KEY


def test_keys_come_as_document_list_single_key_or_pem() -> None:
    jwk = document(ISSUER)["keys"][0]
    for text in (json.dumps(document(ISSUER)), json.dumps({"keys": [{"kty": "RSA"}, jwk]}), json.dumps(jwk),
                 json.dumps({k: jwk[k] for k in ("kty", "crv", "x", "y")}), KEY.as_pem(private=False).decode()):
        assert list(read_issuer(text).keys) == [KID]


@pytest.mark.parametrize("text", [
    "", "x", "[]", "{}", '{"keys": []}', '{"keys": [1]}', '{"keys": {}}', "-----BEGIN X-----", "[" * 100_000,
    json.dumps(ECKey.generate_key("P-384").as_dict(private=False)), json.dumps(KEY.as_dict(private=True)),
    KEY.as_pem(private=True).decode(), ECKey.generate_key("P-384").as_pem(private=False).decode(),
    json.dumps({**KEY.as_dict(private=False), "kid": "mine"}), json.dumps({**KEY.as_dict(private=False), "y": "AAAA"}),
    json.dumps({**document(ISSUER), "issuer": 7}), "x" * 300_000])
def test_keys_that_cannot_be_used_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(KeysError, match=r"\.$"):
        read_issuer(text)


def test_no_private_key_is_ever_published() -> None:
    assert KEY.is_private
    assert set(document(ISSUER)["keys"][0]) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_every_refusal_has_a_sentence() -> None:
    assert set(credential.REFUSALS) == set(Problem)
