"""The way of one exchange, as far as its records hold it: asked, checked, replaced, sent, answered; with durations.

An intent is written when everything is checked and replaced, right before a byte leaves; an outcome after the last one.
When the request arrived no record says: it follows from the duration that the outcome names, and is said to be worked
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from audit import RecordView, time_us
from gateway.web import words
from gateway.web.i18n import _, ngettext


@dataclass(frozen=True, slots=True)
class Event:
    """One step of an exchange."""

    at: datetime
    text: str
    detail: str = ""


def moment_of(t_us: int) -> datetime:
    """Return microseconds since 1970 as a moment."""
    return datetime.fromtimestamp(t_us / 1e6, UTC)


def text_of(meta: Mapping[str, Any], name: str) -> str:
    """Return a field as text, whatever it is."""
    value = meta.get(name, "")
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def number_of(meta: Mapping[str, Any], name: str) -> int | None:
    """Return a field as a number, or None if it is none."""
    value = meta.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def timeline(family: Sequence[RecordView]) -> Iterable[Event]:
    """Return the steps of all records of an exchange, in order."""
    events = list(_events(family))
    return sorted(events, key=lambda event: event.at)


def _events(family: Sequence[RecordView]) -> Iterator[Event]:
    began = next((_at(v) for v in family if v.type == "intent"), None)
    for view in family:
        at, meta = _at(view), view.meta
        if view.type == "intent":
            yield from _intent(view, at, _arrived(family))
        elif view.type in ("denied", "local"):
            arrived = _back(at, number_of(meta, "latency_ms"))
            if arrived is not None:
                yield Event(arrived, _("Angefragt"))
            code = text_of(meta, "code")
            why = _capital(words.CODES.get(code, code))
            yield Event(at, _("Abgelehnt"), _("{reason}. Es wurde nichts gesendet.").format(reason=why)) \
                if view.type == "denied" else Event(
                at, _("Im Haus beantwortet"), _("Kein Modell wurde gefragt. Es wurde nichts gesendet."))
        elif view.type.startswith("outcome"):
            yield from _ending(view, at, began)
        else:
            yield Event(at, words.TYPES.get(view.type, view.type))
    if began is not None and not any(v.type in ("outcome", "outcome.unknown") for v in family):
        yield Event(began, _("Noch kein Ergebnis"), _("Der Vorgang läuft, oder sein Abschluss wird noch eingetragen."))


def _intent(view: RecordView, at: datetime, arrived: datetime | None) -> Iterator[Event]:
    if arrived is not None and arrived <= at:
        yield Event(arrived, _("Angefragt"), _("Zeit errechnet aus der Dauer, die der Abschluss nennt."))
    took = " " + _("Nach {duration}.").format(duration=words.duration(_milliseconds(at, arrived))) \
        if arrived is not None and arrived <= at else ""
    found, replaced = _sum(view.meta.get("found")), _sum(view.meta.get("replaced"))
    yield Event(at, _("Geprüft"), ngettext(
        "KI-Pass und Regeln lassen es zu; {number} Angabe gefunden.",
        "KI-Pass und Regeln lassen es zu; {number} Angaben gefunden.", found).format(number=words.number(found)) + took)
    yield Event(at, _("Ersetzt"), ngettext(
        "{number} Stelle behandelt, wie unten steht.", "{number} Stellen behandelt, wie unten steht.",
        replaced).format(number=words.number(replaced)) if replaced else _("Es war nichts zu ersetzen."))
    yield Event(at, _("Gesendet"), _("Geprüft, ersetzt und freigegeben. Ab hier verlässt die Anfrage die KI-Pforte."))


def _ending(view: RecordView, at: datetime, began: datetime | None) -> Iterator[Event]:
    meta = view.meta
    if view.type != "outcome":
        yield Event(at, words.TYPES.get(view.type, view.type), _("Ob der Anbieter geantwortet hat, ist nicht bekannt."))
        return
    status, code = text_of(meta, "status"), text_of(meta, "code")
    pieces = [words.CODES.get(code, code)] if code else []
    if (first := number_of(meta, "first_byte_ms")) is not None:
        pieces.append(_("die ersten Zeichen kamen nach {duration}").format(duration=words.duration(first)))
    if (total := number_of(meta, "latency_ms")) is not None:
        pieces.append(_("insgesamt {duration}").format(duration=words.duration(total)))
    elif began is not None:
        pieces.append(_("{duration} nach der Freigabe").format(duration=words.duration(_milliseconds(at, began))))
    what = _capital(words.OUTCOMES.get(status, status or _("Ende")))
    yield Event(at, what, _capital(", ".join(pieces)) + "." if pieces else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _arrived(family: Sequence[RecordView]) -> datetime | None:
    end = next((view for view in family if view.type == "outcome"), None)
    return None if end is None else _back(_at(end), number_of(end.meta, "latency_ms"))


def _back(at: datetime, milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None or not 0 <= milliseconds < 10**8 else at - timedelta(milliseconds=milliseconds)


def _at(view: RecordView) -> datetime:
    return moment_of(time_us(view.t))


def _milliseconds(later: datetime, earlier: datetime) -> int:
    return max(0, round((later - earlier).total_seconds() * 1000))


def _sum(value: Any) -> int:
    return sum(n for n in value.values() if isinstance(n, int)) if isinstance(value, dict) else 0
