"""The filter of the record list: it is the address, so it can be kept, sent and gone back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode

from audit import Filters
from gateway.web import words
from gateway.web.i18n import N_, Words, _

PATH: Final = "/review/protokoll"
NAMES: Final = ("von", "bis", "amt", "modell", "ort", "entscheidung", "ergebnis", "art", "grund", "regel", "angabe",
                "zweck", "vorgang")
"""The fields in the address."""
_LABELS: Final = Words({
    "von": N_("ab"), "bis": N_("bis"), "amt": N_("Amt"), "modell": N_("Modell"), "ort": N_("Ort"),
    "ergebnis": N_("Ergebnis"), "entscheidung": N_("Entscheidung"), "art": N_("Art"), "grund": N_("Grund"),
    "regel": N_("Regel"), "angabe": N_("Angaben"), "zweck": N_("Zweck"), "vorgang": N_("Vorgang")})
_LENGTH: Final = 200
_QUERY: Final = 2000
_FIELDS: Final = 50


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter: what it says, and the address without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the reader asked for, as written, and what was wrong with it."""

    values: Mapping[str, str]
    before: str | None = None
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The chosen type of record; unknown ones become requests."""
        return self.values["art"] if self.values.get("art") in words.GROUPS else "anfragen"

    def get(self, name: str) -> str:
        """Return what stands in a field."""
        return self.values.get(name, "")

    def to_ledger(self) -> Filters:
        """Return the same as a question to the ledger. The last day counts to its end."""
        since, until = words.read_day(self.get("von")), words.read_day(self.get("bis"))
        return Filters(
            since=_microseconds(since) if since else None,
            until=_microseconds(until + timedelta(days=1)) if until and until < date.max else None,
            types=words.GROUPS[self.group][1], vorgang=self.get("vorgang"), department=self.get("amt"),
            model=self.get("modell"), decision=self.get("entscheidung"), code=self.get("grund"), rule=self.get("regel"),
            purpose=self.get("zweck"), kind=self.get("angabe"), region=self.get("ort"), status=self.get("ergebnis"))

    def query(self, *, without: str = "") -> str:
        """Return the filter as it stands in an address, without one field."""
        return urlencode([(name, value) for name, value in self.values.items() if value and name != without])

    def address(self, *, without: str = "", before: str | None = None) -> str:
        """Return the address of this filter, without one field, or of the page after a cursor."""
        query = self.query(without=without)
        if before is not None:
            query += ("&" if query else "") + urlencode({"vor": before})
        return PATH + (f"?{query}" if query else "")

    def chips(self, names: Mapping[str, Mapping[str, str]]) -> list[Chip]:
        """Return the active filters; ``names`` holds the words for values, per field."""
        return [Chip(_LABELS[name], names.get(name, {}).get(value, value), self.address(without=name))
                for name, value in self.values.items() if value and name in _LABELS]


def read(query: Mapping[str, str]) -> ListFilter:
    """Read an address. What makes no sense is kept, shown at its field, and not asked for."""
    values = {name: query.get(name, "").replace("\x00", "").strip()[:_LENGTH] for name in NAMES}
    values["vorgang"] = values["vorgang"].upper()
    problems = {}
    for name in ("von", "bis"):
        if values[name] and words.read_day(values[name]) is None:
            problems[name] = _("Bitte geben Sie ein Datum an, zum Beispiel 22.11.2026.")
    von, bis = words.read_day(values["von"]), words.read_day(values["bis"])
    if von and bis and von > bis:
        problems["bis"] = _("Das Ende liegt vor dem Anfang.")
    before = query.get("vor", "")
    found = ListFilter(values, before if is_cursor(before) else None, problems)
    return replace(found, values=_written_as_iso(values))


def read_query(text: str) -> ListFilter:
    """Read a filter that stands in a field of a form. What nobody of us wrote is no filter."""
    try:
        return read(dict(parse_qsl(text[:_QUERY], max_num_fields=_FIELDS)))
    except ValueError:
        return read({})


def _written_as_iso(values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields with dates as the browser's date field wants them."""
    result = dict(values)
    for name in ("von", "bis"):
        if (known := words.read_day(values[name])) is not None:
            result[name] = known.isoformat()
    return result


def _microseconds(day: date) -> int:
    return round(datetime.combine(day, time(), words.BERLIN).timestamp()) * 1_000_000


def is_cursor(text: str) -> bool:
    """Whether this is where a page can begin."""
    first, dot, second = text.partition(".")
    return bool(dot) and all(p.isascii() and p.isdigit() and len(p) < 19 for p in (first, second))
