"""What a sink is, and how one is written in the settings: as an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from audit.errors import LedgerConfigError

Proof = Callable[[int, int], Sequence[bytes]]
"""Gives the consistency proof between two sizes of the log."""


class AnchorError(Exception):
    """A sink did not take the note. The text is German and holds no secret."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """How mail leaves the house."""

    host: str
    port: int = 25
    security: str = "starttls"
    """``starttls``, ``tls`` or ``off``."""
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An answer of a time-stamping authority (RFC 3161), and the note that it is about."""

    size: int
    note: str = field(repr=False)
    answer: bytes = field(repr=False)
    at: datetime | None
    """When it says that it saw the note; None: what is stored here is no answer about this note."""


class Sink(Protocol):
    """Takes a note, or raises `AnchorError`."""

    @property
    def name(self) -> str:
        """How the sink is called in receipts, metrics and messages: kind and place, no secret."""
        ...

    def send(self, note: str, size: int, proof: Proof) -> bytes:
        """Hand over the note; return what shows that it was taken. Blocks, at most half a minute."""
        ...


_HELP: Final = (
    "Ein Anker wird so angegeben: file:/pfad/datei, mailto:name@ort.de, syslog://rechner:514 (UDP), "
    "syslog+tcp://rechner:601, syslog+tls://rechner:6514, witness+https://rechner/pfad#PRÜFSCHLÜSSEL oder "
    "tsa+https://rechner/pfad#/pfad/wurzeln.pem."
)


def sink_of(address: str, mail: MailServer | None = None) -> Sink:
    """Return the sink that an address names. Raises `LedgerConfigError` with a sentence that says how to write it."""
    parts = urlsplit(address.strip())
    kind = parts.scheme
    if kind == "file" and not parts.netloc and parts.path.startswith("/"):
        from audit.anchors.file import FileSink
        return FileSink(Path(unquote(parts.path)))
    if kind == "mailto" and "@" in parts.path:
        from audit.anchors.mail import MailSink
        if mail is None:
            raise LedgerConfigError(f"Der Anker {address} braucht einen Mailserver (KI_PFORTE_SMTP_HOST).")
        return MailSink(parts.path, mail)
    if kind in ("syslog", "syslog+tcp", "syslog+tls") and parts.hostname:
        from audit.anchors.syslog import SyslogSink
        return SyslogSink(kind, parts.hostname, _port(parts, {"syslog": 514, "syslog+tcp": 601, "syslog+tls": 6514}))
    if kind in ("witness+https", "witness+http") and parts.hostname and parts.fragment:
        from audit.anchors.witness import WitnessSink
        return WitnessSink(address.partition("#")[0].removeprefix("witness+"), unquote(parts.fragment))
    if kind in ("tsa+https", "tsa+http") and parts.hostname and parts.fragment:
        from audit.anchors.timestamp import TimestampSink
        return TimestampSink(address.strip().partition("#")[0].removeprefix("tsa+"), Path(unquote(parts.fragment)))
    raise LedgerConfigError(_HELP)


def _port(parts: SplitResult, usual: dict[str, int]) -> int:
    try:
        return parts.port or usual[parts.scheme]
    except ValueError:
        raise LedgerConfigError(_HELP) from None
