"""What people read about limits: which one it is, when it ends, and whom to ask. Numbers of other people never occur.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Final

from gateway.errors import GatewayError
from gateway.kipass.calendar import BERLIN
from gateway.limits.counting import Counter, Place
from gateway.model.limits import LimitedBy
from gateway.model.register import RegisteredModel

SOON: Final = 5
"""Seconds after which it is worth asking again whether another request has ended."""
BUDGETS: Final = frozenset({"tokens_per_day", "tokens_per_month", "micro_euro_per_day", "micro_euro_per_month"})
_CONTACT: Final = 50
_NAME: Final = 30

_WHOSE: Final[dict[LimitedBy, str]] = {"person": "Ihre Grenze", "department": "Die Grenze Ihres Amtes",
                                       "organisation": "Die Grenze für das ganze Haus"}
_ASCII: Final[dict[LimitedBy, str]] = {"person": "Ihrer Grenze", "department": "der Grenze Ihres Amtes",
                                       "organisation": "der Grenze fuer das ganze Haus",
                                       "model": "der Grenze dieses Modells"}
_UNITS: Final = {"requests_per_minute": "Anfragen je Minute", "requests_per_day": "Anfragen je Tag",
                 "tokens_per_day": "Tokens je Tag", "tokens_per_month": "Tokens je Monat",
                 "micro_euro_per_day": "Euro je Tag", "micro_euro_per_month": "Euro je Monat",
                 "concurrent": "Anfragen gleichzeitig"}


def amount(what: str, most: int) -> str:
    """Return a limit as people write it: ``100.000 Tokens je Tag``, ``2,50 Euro je Monat``."""
    text = f"{most / 1_000_000:,.2f}" if what.startswith("micro_euro") else f"{most:,}"
    unit = _UNITS[what] if most != 1 else _UNITS[what].replace("Anfragen", "Anfrage").replace("Tokens", "Token")
    return f"{text.translate(str.maketrans(',.', '.,'))} {unit}"


def refusal(full: Counter, model: RegisteredModel, contact: str, now: datetime) -> GatewayError:
    """Return the error for a limit of a minute, day or month that does not suffice for this request."""
    code = "budget_erschoepft" if full.what in BUDGETS else "limit_erreicht"
    state = "reicht dafür nicht mehr" if code == "budget_erschoepft" else "ist erreicht"
    return GatewayError(
        code, f"Ihre Anfrage wurde nicht gesendet: {_whose(full.by, model)} ({amount(full.what, full.most)}) {state}. "
        f"{_again(full.ends, now)}{_otherwise(full.by)} Fragen beantwortet: {_short(contact)}",
        hint=f"{full.by} {full.what}", retry_after=max(1, ceil((full.ends - now).total_seconds())))


def crowded(full: Place, model: RegisteredModel, contact: str) -> GatewayError:
    """Return the error for too many requests at the same time."""
    return GatewayError(
        "limit_erreicht", f"Ihre Anfrage wurde nicht gesendet: {_whose(full.by, model)} "
        f"({amount('concurrent', full.most)}) ist erreicht. Bitte fragen Sie noch einmal, sobald eine andere Antwort "
        f"fertig ist. Fragen beantwortet: {_short(contact)}",
        hint=f"{full.by} concurrent", retry_after=SOON)


def uncounted() -> GatewayError:
    """Return the error for the time in which nobody can count."""
    return GatewayError(
        "limit_erreicht", "Ihre Anfrage wurde nicht gesendet, weil die KI-Pforte gerade nicht zählen kann, wie viel "
        "genutzt wird. Bitte versuchen Sie es in einer Minute noch einmal und sagen Sie sonst der IT Bescheid.",
        hint="the counters of limits are away", retry_after=SOON)


def near(counter: Counter) -> str:
    """Return the notice for a limit of which more than 80 % are used, ASCII."""
    here = counter.ends.astimezone(BERLIN)
    return (f"Mehr als 80 % {_ASCII[counter.by]} ({amount(counter.what, counter.most)}) sind verbraucht; "
            f"am {here:%d.%m.%Y} beginnt sie neu.")


def _whose(by: LimitedBy, model: RegisteredModel) -> str:
    return _WHOSE.get(by) or f"Die Grenze für „{_cut(model.name, _NAME)}“"


def _otherwise(by: LimitedBy) -> str:
    return " Andere Modelle können Sie weiter nutzen." if by == "model" else ""


def _again(ends: datetime, now: datetime) -> str:
    here = ends.astimezone(BERLIN)
    if (ends - now).total_seconds() <= 60:
        return f"Um {here:%H:%M} Uhr geht es weiter."
    return f"Am {here:%d.%m.%Y} um {here:%H:%M} Uhr beginnt sie neu."


def _short(contact: str) -> str:
    """Whom to ask, in one line that leaves room for the rest."""
    text = _cut(" ".join(contact.split()), _CONTACT)
    return text if text.endswith((".", "…")) else f"{text}."


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most - 1].rstrip() + "…"
