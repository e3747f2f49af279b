"""A time-stamp of RFC 3161 over the note: an authority that knows nothing of us says when the log was in that state.

We POST a request (SHA-256 of the note, a fresh number, with certificates) and take only what answers it: granted, for
this number and this hash, signed by a certificate for time-stamping that leads to a root of our file. The receipt is
the whole answer as it came, in DER, which OpenSSL checks without us.

The authority sees a hash and nothing else. Not known here: whether the authority's clock is right, and whether a
certificate was revoked since.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.anchors.http import post
from audit.anchors.sinks import AnchorError, Proof
from audit.errors import LedgerConfigError

KIND: Final = "tsa:"
"""How the names of these sinks begin."""


@dataclass(frozen=True, slots=True)
class TimestampSink:
    """Asks one authority."""

    address: str
    roots_file: Path
    roots: list[x509.Certificate] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "roots", x509.load_pem_x509_certificates(self.roots_file.read_bytes()))
        except (OSError, ValueError):
            raise LedgerConfigError("Hinter # steht die Datei mit den Wurzelzertifikaten des Zeitstempeldienstes "
                                    f"(PEM). {self.roots_file} ist nicht lesbar oder keine.") from None

    @property
    def name(self) -> str:
        """See `audit.anchors.sinks.Sink`."""
        return KIND + urlsplit(self.address).netloc

    def send(self, note: str, size: int, proof: Proof) -> bytes:
        """Get the time-stamp; the receipt is the answer."""
        request = TimestampRequestBuilder(note.encode(), HashAlgorithm.SHA256).build()
        status, answer = post(self.address, request.as_bytes(), "application/timestamp-query", "Der Zeitstempeldienst")
        if status != 200:
            raise AnchorError(f"Der Zeitstempeldienst hat nicht unterschrieben (Antwort {status}).")
        verifier = VerifierBuilder(nonce=request.nonce, roots=list(self.roots)).build()
        try:
            verifier.verify_message(decode_timestamp_response(answer), note.encode())
        except (VerificationError, ValueError) as error:
            raise AnchorError(f"Der Zeitstempel stimmt nicht ({type(error).__name__}): Er passt nicht zur Anfrage, "
                              "oder seine Unterschrift führt zu keinem der Wurzelzertifikate.") from None
        return answer


def stamped_at(receipt: bytes, note: str) -> datetime | None:
    """Return when an authority says that it saw this note; None: the answer is about something else, or none.

    The signature is not looked at: that was done when it came, and OpenSSL does it again for whoever doubts.
    """
    try:
        found = decode_timestamp_response(receipt).tst_info
    except ValueError:
        return None
    said = found.message_imprint.message == hashlib.sha256(note.encode()).digest()
    return found.gen_time.astimezone(UTC) if said else None
