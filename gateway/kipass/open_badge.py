"""The KI-Pass as an Open Badge 3.0: a W3C Verifiable Credential in a JWT, for wallets and learning platforms.

An export beside `gateway.kipass.credential`, with the same content. The credential stands at the top of the payload,
with the registered claims that the specification derives from it (``iss``, ``jti``, ``nbf``, ``sub``, ``exp``). The
issuer is a DID (did:web); the header carries the public key as well, for software that resolves no DID. Department,
scopes and version have no fields of their own in Open Badges; they are written out as ``narrative``.

Not known here: the JSON-LD contexts behind the addresses. Nothing is fetched; the addresses are part of the format.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from joserfc.jwk import ECKey

from gateway.kipass.issuer import did, public_jwk
from gateway.kipass.messages import german
from gateway.kipass.signing import signed, thumbprint
from gateway.model.certificates import Attestation

CONTEXT: Final = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
SCHEMA: Final = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
MEDIA_TYPE: Final = "application/vc+jwt"
_DESCRIPTION: Final = ("Nachweis über die Schulung zum Umgang mit Künstlicher Intelligenz bei der Arbeit und die "
                       "Kenntnis der geltenden Regeln.")
_CRITERIA: Final = ("Information gelesen, Schulung abgeschlossen, Leitlinien gelesen, Checkliste bearbeitet und "
                    "Dienstvereinbarung zur Kenntnis genommen, soweit der Bereich es verlangt. Ergebnisse werden nicht "
                    "festgehalten.")


def issue(shows: Attestation, key: ECKey, now: datetime) -> str:
    """Return the badge as a signed token."""
    credential = badge(shows, now)
    claims = {"iss": credential["issuer"]["id"], "jti": credential["id"], "nbf": int(now.timestamp()),
              "sub": credential["credentialSubject"]["id"],
              **({"exp": int(shows.ends_at.timestamp())} if shows.ends_at else {})}
    header = {"kid": f"{did(shows.issuer)}#{thumbprint(key)}", "typ": "JWT", "jwk": public_jwk(key)}
    return signed(header, json.dumps({**claims, **credential}, ensure_ascii=False, separators=(",", ":")).encode(), key)


def badge(shows: Attestation, now: datetime) -> dict[str, Any]:
    """Return the credential that is signed."""
    return {
        "@context": list(CONTEXT), "id": shows.address, "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"KI-Pass {shows.issuer_name}",
        "issuer": {"id": did(shows.issuer), "type": ["Profile"], "name": shows.issuer_name, "url": shows.issuer},
        "validFrom": _moment(now), **({"validUntil": _moment(shows.ends_at)} if shows.ends_at else {}),
        "credentialSubject": {
            "id": f"{shows.address}#inhaber", "type": ["AchievementSubject"],
            "identifier": [{"type": "IdentityObject", "hashed": False, "identityHash": shows.name,
                            "identityType": "name"}],
            "narrative": _narrative(shows),
            "achievement": {
                "id": f"{shows.issuer}/pass/pruefen#ki-pass", "type": ["Achievement"],
                "achievementType": "Certification", "name": "KI-Pass", "description": _DESCRIPTION,
                "criteria": {"narrative": _CRITERIA}, "inLanguage": "de"}},
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def _narrative(shows: Attestation) -> str:
    scopes = "; ".join(f"{s.name} (bis {german(s.until)})" if s.until else s.name for s in shows.scopes)
    agreement = f" Dienstvereinbarung: Fassung {shows.agreement}." if shows.agreement else ""
    return f"{shows.department}. Gilt für: {scopes}.{agreement}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
