"""The certificate, byte for byte: what another municipality's software was written against must stay readable."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws

from gateway.kipass import credential, open_badge
from gateway.kipass.credential import Credential
from gateway.kipass.issuer import did_document, document, issuer_of, read_issuer
from gateway.model.certificates import Attestation, HeldScope

FOLDER = Path(__file__).parent / "certificates"
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
SHOWS = Attestation(
    "138NKRKAYDXW0J6HB7E6", "https://ki.musterstadt.example", "Stadt Musterstadt", "Zoë Yıldırım-O’Neill",
    "Bürgerbüro", (HeldScope("basis", "Grundlagen", date(2028, 11, 14)),
                   HeldScope("bild", "Bilder & „Medien“", date(2027, 3, 31))), "3.0",
    datetime(2028, 11, 14, 23, 0, tzinfo=UTC))


def _text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _json(name: str) -> Any:
    return json.loads(_text(name))


def test_the_signed_bytes_are_the_documented_ones() -> None:
    assert credential.payload(Credential(SHOWS, NOW)) == (FOLDER / "nachweis-payload.json").read_bytes()


def test_the_example_certificate_is_valid_under_the_example_keys() -> None:
    assert credential.verify(_text("nachweis.jws").strip(), read_issuer(_text("ki-pass.json")), NOW) == \
        Credential(SHOWS, NOW)


def test_the_header_of_a_certificate_has_these_three_fields() -> None:
    header = jws.extract_compact(_text("nachweis.jws").strip().encode()).headers()
    assert header == {"alg": "ES256", "kid": _json("ki-pass.json")["keys"][0]["kid"], "typ": "ki-pass+jwt"}


def test_the_published_documents_are_the_documented_ones() -> None:
    keys = read_issuer(_text("ki-pass.json")).keys.values()
    issuer = issuer_of(keys, SHOWS.issuer + "/", SHOWS.issuer_name)
    assert document(issuer) == _json("ki-pass.json")
    assert did_document(issuer) == _json("did.json")


def test_the_open_badge_is_the_documented_one() -> None:
    assert open_badge.badge(SHOWS, NOW) == _json("open-badge.json")


def test_a_library_without_us_checks_the_open_badge_with_the_key_of_the_did() -> None:
    method = _json("did.json")["verificationMethod"][0]
    key = next(iter(read_issuer(json.dumps(method["publicKeyJwk"])).keys.values()))
    found = jws.deserialize_compact(_text("open-badge.jwt").strip(), key, ["ES256"])
    assert found.headers()["kid"] == method["id"]
    said = json.loads(found.payload or b"")
    assert {name: said.pop(name) for name in ("iss", "jti", "nbf", "sub", "exp")} == {
        "iss": said["issuer"]["id"], "jti": said["id"], "sub": said["credentialSubject"]["id"],
        "nbf": int(datetime.fromisoformat(said["validFrom"]).timestamp()),
        "exp": int(datetime.fromisoformat(said["validUntil"]).timestamp())}
    assert said == _json("open-badge.json")


@pytest.mark.parametrize(("place", "fields"), [
    ([], ["@context", "id", "type", "credentialSubject", "issuer", "validFrom"]),
    (["issuer"], ["id", "type"]),
    (["credentialSubject"], ["type", "achievement", "id", "identifier"]),
    (["credentialSubject", "achievement"], ["id", "type", "criteria", "description", "name"]),
    (["credentialSubject", "identifier", 0], ["type", "hashed", "identityHash", "identityType"]),
    (["credentialSchema", 0], ["id", "type"]),
])
def test_the_open_badge_has_what_version_3_asks_for(place: list[Any], fields: list[str]) -> None:
    found = _json("open-badge.json")
    for step in place:
        found = found[step]
    assert set(fields) <= set(found)


def test_the_contexts_of_the_open_badge_stand_in_the_order_that_is_asked_for() -> None:
    badge = _json("open-badge.json")
    assert badge["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert badge["@context"][1].startswith("https://purl.imsglobal.org/spec/ob/v3p0/context-3.")
    assert set(badge["type"]) == {"VerifiableCredential", "OpenBadgeCredential"}


@pytest.mark.parametrize("name", ["nachweis-payload.json", "nachweis.jws", "ki-pass.json"])
def test_the_page_for_other_municipalities_shows_these_very_examples(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ki-pass-nachweis.md").read_text("utf-8")
    assert f"\n{_text(name).strip()}\n```" in page
    header = jws.extract_compact(_text("nachweis.jws").strip().encode()).headers()
    assert json.dumps(header, separators=(",", ":")) in page
