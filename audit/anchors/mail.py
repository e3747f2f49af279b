"""The postbox of the data protection officer: a note a day that nobody of IT can take back."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from audit.anchors.sinks import AnchorError, MailServer, Proof

SECONDS = 20.0
_TEXT = """Guten Tag,

dies ist ein Prüfpunkt der KI-Pforte. Bitte heben Sie diese E-Mail auf; Sie brauchen nichts weiter zu tun.

Mit der Datei „{name}“ im Anhang lässt sich später beweisen, dass das Protokoll bis zu diesem Tag
({size} Einträge) nicht verändert und nicht gekürzt wurde: ki-pforte audit verify --pin {name}

{note}"""


@dataclass(frozen=True, slots=True)
class MailSink:
    """Sends notes as attachments."""

    address: str = field(repr=False)
    server: MailServer

    @property
    def name(self) -> str:
        """The address stays out of metrics and records."""
        return "mail"

    def send(self, note: str, size: int, proof: Proof) -> bytes:
        """Hand the note to the mail server; the receipt is the message's id."""
        message, name = EmailMessage(), f"pruefpunkt-{size}.txt"
        message["From"], message["To"] = self.server.sender, self.address
        message["Subject"] = f"KI-Pforte: Prüfpunkt des Protokolls ({size} Einträge)"
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="ki-pforte")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_TEXT.format(name=name, size=size, note=note))
        message.add_attachment(note, subtype="plain", charset="utf-8", cte="base64", filename=name)
        try:
            with self._connect() as connection:
                if self.server.user:
                    connection.login(self.server.user, self.server.password)
                connection.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise AnchorError(f"Der Mailserver hat die Notiz nicht angenommen ({type(error).__name__}).") from None
        return str(message["Message-ID"]).encode()

    def _connect(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        if server.security == "starttls":
            try:
                connection.starttls(context=context)
            except BaseException:
                connection.close()
                raise
        return connection
