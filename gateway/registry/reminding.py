"""Reminders with the settings of the house: which mail server, which words, and once a day if that is wished.

The daily run is begun by every process that serves; the table of reminders sees to it that each letter goes once.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from gateway.registry import reminders
from gateway.registry.books import Actor, Books
from gateway.registry.mail import Mailer, MailError
from gateway.settings import Settings

_log = logging.getLogger(__name__)
_LARGEST: Final = 20_000
_EVERY: Final = 600.0
_PORTION: Final = 100
_FROM: Final = 8
"""The hour (in Berlin) from which on the letters of a day go out."""


def mailer_of(settings: Settings) -> Mailer | None:
    """Return who sends, if a mail server is named."""
    if not settings.smtp_host:
        return None
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    return Mailer(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, password,
                  settings.smtp_from)


def template_of(settings: Settings) -> str:
    """Return the words of a reminder: those of the policies, or ours."""
    file = settings.policies / "documents" / "erinnerung.txt"
    if not file.is_file():
        return reminders.TEXT
    return file.read_bytes()[:_LARGEST].decode("utf-8", "replace")


@dataclass
class Reminding:
    """Reminders as pages and the server ask for them."""

    books: Books
    settings: Settings

    def ready(self) -> bool:
        """Whether a mail server is named."""
        return bool(self.settings.smtp_host)

    def trial(self) -> tuple[int, dict[str, int]]:
        """Return how many people would be reminded, and for which reason how many."""
        found = reminders.due(self.books, self.settings.remind_stages)
        return len(found), reminders.counted(found)

    def send(self, actor: Actor, limit: int = reminders.MOST) -> reminders.Outcome:
        """Remind; see `gateway.registry.reminders.send`."""
        mailer = mailer_of(self.settings)
        if mailer is None:
            raise MailError("Es ist kein Mailserver eingestellt.")
        return reminders.send(self.books, actor, mailer, self.settings.remind_stages, template_of(self.settings), limit)

    def send_some(self, person_id: str) -> tuple[int, int]:
        """Send what a page can wait for; return how many letters went and how many did not."""
        try:
            done = self.send(Actor("web", person_id, "ki-pass-stelle"), _PORTION)
        except MailError:
            return 0, min(_PORTION, self.trial()[0])
        return done.sent, done.failed

    async def follow(self) -> None:
        """Remind once a day until cancelled; what cannot be sent now is sent later."""
        done = None
        while True:
            here = self.books.now().astimezone(ZoneInfo("Europe/Berlin"))
            if here.hour >= _FROM and here.date() != done:
                try:
                    await asyncio.to_thread(self.send, Actor("auto"))
                    done = here.date()
                except Exception as error:  # noqa: BLE001 - the ledger or the database: tried again in ten minutes
                    _log.warning("reminders cannot be sent now: %s", type(error).__name__)
            await asyncio.sleep(_EVERY)
