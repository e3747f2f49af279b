"""What the log says about somebody, in plain words (Art. 15 GDPR): to an employee about their own requests, and to a
citizen about requests in their matter.

An employee reads when (to the minute), which model, what was replaced, which rules, what happened, how long it is
kept. A citizen reads dates, purposes, recipients, kinds of data, periods; never who worked on it (CJEU C-579/21): no
pseudonym, no department, no time of day is among what is handed to the page. Pure: reads no database and no clock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from audit import time_us
from audit.exports.source import Exported
from gateway.web import words
from gateway.web.i18n import _, ngettext
from gateway.web.render import Assets, Renderer

REQUESTS: Final = ("intent", "denied", "local")
_ENDS: Final = ("outcome", "outcome.unknown")


@dataclass(frozen=True, slots=True)
class Names:
    """What models, purposes and rules are called now; what is gone keeps its id."""

    models: Mapping[str, str]
    purposes: Mapping[str, str]
    rule: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One request, or one other entry, as the person it names reads it."""

    at: str
    what: str
    vorgang: str
    model: str
    recipient: str
    purpose: str
    replaced: tuple[str, ...]
    rules: tuple[str, ...]
    happened: str
    kept: tuple[str, ...]
    replacements: int = 0

    @property
    def replaced_in_words(self) -> str:
        """How much was replaced, for a line in a list."""
        if not self.replacements:
            return _("nichts")
        return ngettext("{count} Angabe", "{count} Angaben", self.replacements).format(
            count=words.number(self.replacements))


@dataclass(frozen=True, slots=True)
class CitizenRecord:
    """One request in a citizen's matter."""

    day: str
    purpose: str
    recipient: str
    kinds: tuple[str, ...]
    happened: str
    kept_until: str


def own_records(found: Sequence[Exported], names: Names) -> list[OwnRecord]:
    """Return what names a person, the newest first; an outcome is told with its request."""
    ends = {record.envelope.ref: record for record in found if record.envelope.type in _ENDS}
    requests = {record.envelope.id for record in found if record.envelope.type in REQUESTS}
    return [_own(record, ends.get(record.envelope.id), names) for record in reversed(found)
            if not (record.envelope.type in _ENDS and record.envelope.ref in requests)]


def _own(record: Exported, end: Exported | None, names: Names) -> OwnRecord:
    kind, model = record.envelope.type, record.text("model")
    rules = record.meta.get("rules")
    return OwnRecord(
        at=words.moment(_at(record)), what=words.TYPES.get(kind, kind), vorgang=record.text("vorgang"),
        model=names.models.get(model, model), recipient=_recipient(record),
        purpose=names.purposes.get(record.text("purpose"), record.text("purpose")), replaced=tuple(_replaced(record)),
        rules=tuple(names.rule(str(rule)) for rule in rules) if isinstance(rules, list) else (),
        happened=_happened(record, end), kept=tuple(_kept(record)),
        replacements=sum(record.counts("replaced").values()))


def citizen_records(found: Sequence[Exported], names: Names) -> list[CitizenRecord]:
    """Return the requests of a matter, in order of time; nothing else of them."""
    return [CitizenRecord(
        day=words.day(_at(record)),
        purpose=names.purposes.get(record.text("purpose"), record.text("purpose")) or "nicht angegeben",
        recipient="kein Empfänger, nichts wurde gesendet" if record.envelope.type != "intent" else _recipient(record),
        kinds=tuple(sorted(words.entity(kind) for kind, number in record.counts("found").items() if number)),
        happened="an ein KI-Modell gesendet" if record.envelope.type == "intent" else "nicht gesendet",
        kept_until=_until(record.expires.get("meta")))
        for record in found if record.envelope.type in REQUESTS]


def _at(record: Exported) -> datetime:
    return datetime.fromtimestamp(time_us(record.envelope.t) // 1_000_000, UTC)


def _recipient(record: Exported) -> str:
    if record.envelope.type == "denied":
        return ""
    pieces = [record.text("provider"), record.text("region")]
    return ", ".join(piece for piece in pieces if piece)


def _replaced(record: Exported) -> Iterable[str]:
    for key, number in record.counts("replaced").items():
        kind, _sep, action = key.partition(":")
        if number:
            yield f"{words.number(number)} × {words.entity(kind)}: {words.action(action)}"


def _happened(record: Exported, end: Exported | None) -> str:
    if record.envelope.type == "denied":
        code = record.text("code")
        return _("abgelehnt, nichts wurde gesendet ({why})").format(why=words.CODES.get(code, code)) if code else \
            _("abgelehnt")
    if record.envelope.type == "local":
        return _("im Haus beantwortet, nichts wurde gesendet")
    if record.envelope.type != "intent":
        return ""
    if end is None:
        return _("gesendet; ein Ergebnis ist nicht eingetragen")
    status = end.text("status")
    return _("gesendet und {outcome}").format(outcome=words.OUTCOMES[status]) if status in words.OUTCOMES else \
        _("gesendet; Ergebnis unbekannt")


def _kept(record: Exported) -> Iterable[str]:
    for name, text in (("meta", _("Angaben zum Vorgang: bis {day}")), ("subject", _("Bezug zu Ihnen: bis {day}")),
                       ("content", _("Inhalt: bis {day}"))):
        if name in record.expires:
            yield text.format(day=_until(record.expires[name]))


def _until(second: int | None) -> str:
    return _("schon gelöscht") if second is None else words.day(datetime.fromtimestamp(second, UTC))


# ---- files -----------------------------------------------------------------------------------------------------------

def own_file(rows: Sequence[OwnRecord], organisation: str, day: str, form: str) -> bytes:
    """Return a person's own records as ``html`` or ``json``."""
    if form == "json":
        return _json("auskunft-eigene-eintraege", organisation, day, rows)
    return _html("own_records_sheet.html", rows=rows, organisation=organisation, day=day)


def citizen_file(rows: Sequence[CitizenRecord], organisation: str, day: str, period: str, form: str) -> bytes:
    """Return the answer to a citizen as ``html`` or ``json``."""
    if form == "json":
        return _json("auskunft-betroffene", organisation, day, rows, period=period)
    recipients = Counter(row.recipient for row in rows)
    return _html("citizen_sheet.html", rows=rows, organisation=organisation, day=day, period=period,
                 recipients=sorted(recipients.items()), purposes=sorted({row.purpose for row in rows}),
                 kinds=sorted({kind for row in rows for kind in row.kinds}))


def _html(template: str, **values: Any) -> bytes:
    return Renderer(Assets()).html(template, values).encode()


def _json(kind: str, organisation: str, day: str, rows: Sequence[Any], **more: str) -> bytes:
    document = {"kind": kind, "organisation": organisation, "day": day, **more, "count": len(rows),
                "records": [asdict(row) for row in rows]}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
