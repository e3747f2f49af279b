"""E-mails of the house: plain text, one by one over one connection, to the mail server that the settings name.

`Mailer.send` never stops at a letter that the server refuses; it says which arrived. Addresses and names stand in the
letter only: no error and no log repeats them. A line break in a header is an error of ours (`ValueError` of the
standard library), so no name can write a header of its own. Blocks; pages and tasks call it in a thread.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Final, Literal

_log = logging.getLogger(__name__)
SECONDS: Final = 20.0
TRIES: Final = 3
_PAUSE: Final = 1.0
Security = Literal["starttls", "tls", "off"]


class MailError(Exception):
    """The mail server cannot be used at all; ``str()`` is a German sentence without addresses."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail to one person."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends through one mail server."""

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    trust: ssl.SSLContext | None = None
    """Whom to trust beside what the machine trusts; for a certificate authority of the house."""

    def send(self, letters: Sequence[Letter]) -> list[bool]:
        """Send letters; return for each whether the server took it. Raises `MailError` if no connection comes about.
        """
        if not letters:
            return []
        with self._connection() as server:
            return [self._one(server, letter) for letter in letters]

    def _one(self, server: smtplib.SMTP, letter: Letter) -> bool:
        try:
            server.send_message(self._message(letter))
        except smtplib.SMTPServerDisconnected:
            return False
        except (smtplib.SMTPException, OSError, ValueError) as error:
            _log.warning("an e-mail was not taken: %s", type(error).__name__)
            return False
        return True

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, letter.to, letter.subject
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].strip("<> ") or "localhost")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        for attempt in range(1, TRIES + 1):
            try:
                server = self._open()
                break
            except (smtplib.SMTPException, OSError) as error:
                final = attempt == TRIES or isinstance(error, (smtplib.SMTPAuthenticationError, ssl.SSLError,
                                                               smtplib.SMTPNotSupportedError))
                if final:
                    raise MailError("Der Mailserver lässt sich nicht verwenden "
                                    f"({type(error).__name__}). Bitte prüfen Sie KI_PFORTE_SMTP_….") from None
                time.sleep(_PAUSE * attempt)
        try:
            yield server
        finally:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()

    def _open(self) -> smtplib.SMTP:
        context = self.trust or ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server
