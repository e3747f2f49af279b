"""What a certificate of the KI-Pass shows: worked out from the passes of a person at one moment.

Kept true: nobody is shown something that the gate would refuse; no scope is shown longer than the basis, which
everything else stands on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from gateway.kipass.calendar import last_day
from gateway.model.certificates import Attestation, HeldScope
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.model.principal import NO_PASS, PassStatus


def attest(number: str, name: str, department: str, passes: Mapping[str, PassStatus], rules: KiPassConfig, *,
           issuer: str, issuer_name: str) -> Attestation | None:
    """Return what the certificate with this number shows; None: the pass is not valid."""
    basis = passes.get(BASIS, NO_PASS)
    if not basis.admits:
        return None
    scopes = []
    for key, scope in rules.scopes.items():
        if (held := passes.get(key, NO_PASS)).admits:
            end = min((e for e in (held.until, basis.until) if e is not None), default=None)
            scopes.append(HeldScope(key, _line(scope.name), last_day(end) if end else None))
    versions = {d.sha256: d.version for d in rules.documents.get("dienstvereinbarung", ())}
    return Attestation(number, issuer.rstrip("/"), _line(issuer_name), _line(name), _line(department), tuple(scopes),
                       versions.get(basis.document_sha256 or "", ""), basis.until)


def _line(text: str) -> str:
    """Return a name as it can stand on one line, in the one spelling of its letters."""
    seen = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(seen.split())
