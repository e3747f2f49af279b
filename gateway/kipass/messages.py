"""What a person reads when the KI-Pass does not let them pass: what happened, why, what to do now.

Every sentence leads to the page of the step that is open, or to the page of all where there are several. It aims at
`GOAL` characters, so that with the Vorgangsnummer behind it a chat client shows it whole: where the names of the open
modules would not fit, the first one is named and the others are counted. Within the lengths
that the policy loader allows for names and addresses no sentence is longer than `LIMIT`. Dates are absolute: a
sentence stays true for as long as the state it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from gateway.kipass.calendar import day_of, last_day
from gateway.model.kipass import BASIS, Document, KiPassConfig, Module, Scope

GOAL: Final = 270
LIMIT: Final = 300

STATES: Final = {
    "gueltig": "gültig", "kulanz": "gültig in der Kulanzzeit", "abgelaufen": "abgelaufen",
    "dv_neu": "neue Dienstvereinbarung", "gesperrt": "gesperrt", "fehlt": "noch nicht vollständig"}
"""How a pass stands, in a word or two."""
_ASCII: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss",
                               "–": "-", "„": "'", "“": "'", "’": "'"})


def german(day: date) -> str:
    """Return a date as it is written here: 22.11.2026."""
    return f"{day:%d.%m.%Y}"


def ascii_only(text: str) -> str:
    """Return `text` so that it may stand in an HTTP header: umlauts spelled out, anything else a question mark."""
    return "".join(c if " " <= c <= "~" else "?" for c in text.translate(_ASCII))


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences for one scope and the modules that are still open in it."""

    config: KiPassConfig
    scope: Scope
    open: tuple[Module, ...]

    def missing(self) -> str:
        """``ki_pass_fehlt``: never finished."""
        return self._fit(f"Ihre Anfrage wurde nicht gesendet, weil Ihnen {self._pass} noch fehlt. Offen: ",
                         " – danach können Sie sofort loslegen.")

    def expired(self, ended: datetime | None) -> str:
        """``ki_pass_abgelaufen``: a module was good for a time, and the time is over."""
        since = f" seit {german(day_of(ended))}" if ended else ""
        return self._fit(f"Ihre Anfrage wurde nicht gesendet, weil {self._pass}{since} abgelaufen ist. Zu erneuern: ",
                         " – danach können Sie sofort weiterarbeiten.")

    def overtaken(self, current: Document | None) -> str:
        """``ki_pass_dv_neu``: a new Dienstvereinbarung applies and has not been read."""
        since = f"seit {german(current.valid_from)} " if current else ""
        return self._fit(f"Ihre Anfrage wurde nicht gesendet, weil {since}eine neue Dienstvereinbarung gilt. Offen: ",
                         " – danach können Sie sofort weiterarbeiten.")

    def blocked(self) -> str:
        """``ki_pass_gesperrt``. The reason is for the person and the pass office, not for a chat window."""
        return (f"Ihre Anfrage wurde nicht gesendet, weil {self._pass} gesperrt ist. Den Grund erfahren Sie hier: "
                f"{self.config.contact or 'KI-Pass-Stelle'}. Ihr Stand: {self.config.link}")

    def grace(self, until: datetime | None) -> str:
        """The notice of the grace period: ASCII, since it travels in a header."""
        limit = f" bis {german(last_day(until))}" if until else ""
        return ascii_only(f"KI-Pass: Es gilt eine neue Dienstvereinbarung. Bitte{limit} lesen und bestätigen "
                          f"({self._minutes(self.open)}): {self._step}")

    @property
    def _pass(self) -> str:
        return "der KI-Pass" if self.scope.key == BASIS else f"der KI-Pass „{self.scope.name}“"

    @property
    def _step(self) -> str:
        """The page of the one step that is open; of all of them where there are more, or none."""
        return f"{self.config.link}/schritt/{self.open[0].key}" if len(self.open) == 1 else self.config.link

    def _fit(self, before: str, after: str) -> str:
        """Return the longest of the ways to say it that fits; the shortest always does."""
        rest = len(self.open) - 1
        every = ", ".join(m.title for m in self.open)
        first = self.open[0].title if self.open else "noch nicht eingerichtet"
        more = f" und {rest} weitere{'r Schritt' if rest == 1 else ' Schritte'}" if rest > 0 else ""
        minutes = f" ({self._minutes(self.open)})" if self.open else ""
        link, step = (f". Hier geht es weiter: {where}" for where in (self.config.link, self._step))
        ways = (f"{every or first}{minutes}{step}{after}", f"{first}{more}{minutes}{step}{after}",
                f"{first}{more}{minutes}{step}", f"{first}{more}{minutes}{link}")
        return before + next((w for w in ways if len(before) + len(w) <= GOAL), ways[-1])

    @staticmethod
    def _minutes(modules: tuple[Module, ...]) -> str:
        total = sum(m.minutes for m in modules)
        return "etwa 1 Minute" if total == 1 else f"etwa {total} Minuten"
