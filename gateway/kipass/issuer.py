"""Who signs certificates, as others know them: name, address, public keys; as a document and read back from one.

A town publishes the document under ``/.well-known/ki-pass.json``; whoever wants to check certificates without a network
keeps a copy. It is a JWK Set (RFC 7517) with three more fields. Keys that no longer sign stay in it, so that what they
signed can still be checked.

Kept true: a private key is never written and never taken; a key whose name is not its thumbprint is refused. Not known
here: whether a document came from whom it says. Whoever fetches it by https from the town's own address knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.kipass.signing import ALGORITHM, thumbprint

CURVE: Final = "P-256"
VERSIONS: Final = (1,)
LONGEST: Final = 262_144
"""Bytes of a document: about a thousand keys."""
_PEM: Final = "-----BEGIN "


class KeysError(Exception):
    """Keys that cannot be used; ``str()`` says in German why."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose certificates can be checked. ``address`` empty: nobody said whose keys these are."""

    keys: Mapping[str, ECKey]
    address: str = ""
    name: str = ""


def issuer_of(keys: Iterable[ECKey], address: str = "", name: str = "") -> Issuer:
    """Return the issuer with these keys."""
    return Issuer({thumbprint(key): key for key in keys}, address.rstrip("/"), name)


def public_jwk(key: ECKey) -> dict[str, Any]:
    """Return a key as it is published: never its private part."""
    values = key.as_dict(private=False)
    return {"kty": "EC", "crv": CURVE, "x": values["x"], "y": values["y"], "kid": thumbprint(key), "alg": ALGORITHM,
            "use": "sig"}


def document(issuer: Issuer) -> dict[str, Any]:
    """Return what is published under ``/.well-known/ki-pass.json``."""
    return {"issuer": issuer.address, "name": issuer.name, "versions": list(VERSIONS),
            "keys": [public_jwk(key) for key in issuer.keys.values()]}


def did(address: str) -> str:
    """Return the name of an issuer as a DID (did:web): what Open Badges are issued under."""
    parts = urlsplit(address)
    return ":".join(["did", "web", quote(parts.netloc, safe=""), *(p for p in parts.path.split("/") if p)])


def did_document(issuer: Issuer) -> dict[str, Any]:
    """Return what the DID resolves to: the same keys, as whoever checks Open Badges looks for them."""
    name = did(issuer.address)
    methods = [{"id": f"{name}#{kid}", "type": "JsonWebKey", "controller": name, "publicKeyJwk": public_jwk(key)}
               for kid, key in issuer.keys.items()]
    return {"@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"], "id": name,
            "verificationMethod": methods, "assertionMethod": [method["id"] for method in methods]}


def read_issuer(text: str) -> Issuer:
    """Return whose keys these are: a published document, a JWK Set, a JWK, or a PEM. Raises `KeysError`."""
    if len(text) > LONGEST:
        raise KeysError("Die Datei mit den Schlüsseln ist zu groß.")
    if text.lstrip().startswith(_PEM):
        return issuer_of([_imported(text.strip())])
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise KeysError("Die Datei mit den Schlüsseln ist weder JSON noch PEM.") from None
    if not isinstance(said, dict):
        raise KeysError("Die Datei mit den Schlüsseln hat nicht die Form eines JWK oder einer JWK-Liste.")
    entries = said.get("keys", [said])
    if not isinstance(entries, list) or not entries:
        raise KeysError("In der Datei steht kein Schlüssel.")
    address, name = said.get("issuer", ""), said.get("name", "")
    if not isinstance(address, str) or not isinstance(name, str):
        raise KeysError("Die Angaben zur ausstellenden Stelle sind nicht lesbar.")
    return issuer_of(_usable(entries), address, name)


def _usable(entries: Sequence[object]) -> list[ECKey]:
    """Return the keys among these that can sign certificates; other kinds may stand in a JWK Set beside them."""
    keys = [_imported(entry) for entry in entries
            if isinstance(entry, dict) and entry.get("kty") == "EC" and entry.get("crv") == CURVE]
    if not keys:
        raise KeysError(f"In der Datei steht kein Schlüssel für {ALGORITHM} (EC, {CURVE}).")
    return keys


def _imported(value: dict[str, Any] | str) -> ECKey:
    try:
        key = ECKey.import_key(value)
        key.public_key.public_numbers()  # the library looks whether it is a point of the curve only when it is used
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise KeysError("Ein Schlüssel in der Datei ist nicht lesbar.") from None
    if key.is_private:
        raise KeysError("Die Datei enthält einen geheimen Schlüssel. Zum Prüfen genügt der öffentliche. Bitte "
                        "melden Sie das der Stelle, von der Sie die Datei haben.")
    if key.curve_name != CURVE:
        raise KeysError(f"Der Schlüssel gehört nicht zu {ALGORITHM} (EC, {CURVE}).")
    if isinstance(value, dict) and value.get("kid", thumbprint(key)) != thumbprint(key):
        raise KeysError("Ein Schlüssel in der Datei trägt eine Kennung, die nicht seine ist.")
    return key
