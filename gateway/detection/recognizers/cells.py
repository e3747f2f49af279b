"""What stands in a table below a header that says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.dates import DATE, DATE_RE, WHEN, WHEN_RE, ends
from gateway.detection.names import ordinary_words, read_name, skip_titles
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_NUMBER: Final = re.compile(r"[\w(+][\w ()/.,+–-]*\d[\w)/.-]*")
_ANY: Final = re.compile(r"(?=[^\n]*\w)[^\s][^\t|;\n]*")
_USER: Final = re.compile(r"[\w.@-]{3,40}")
_REST: Final = re.compile(r"(?:[ ][A-ZÄÖÜÀ-Þ][^\W\d_]{1,20}){1,2}(?=[ ]?[,/&+;]|[ ](?:und|u\.)|$)")
_COMMA: Final = re.compile(r",[ ]?")
_BETWEEN: Final = re.compile(r"[ ]?[,/&+;][ ]?|[ ](?:und|u\.|sowie)[ ]")
_SALUTATION: Final = re.compile(r"(?:Herrn?|Frau|Hr\.|Fr\.|Familie|Fam\.)[ ]")
_CODE: Final = re.compile(r"(?=[^\t|;\n]*\d)[\w(+][^\t|;\n]*")
_NUMBERS: Final = ("CASH_NUMBER", "CASE_NUMBER", "PARCEL", "TAX_ID", "HEALTH_INSURANCE", "SOCIAL_SECURITY", "PASSPORT",
                   "ID_CARD", "RESIDENCE_PERMIT", "PLATE", "IBAN")
_PATTERNS: Final = {"PHONE": _NUMBER, "ADDRESS": _ANY, "USERNAME": _USER, **dict.fromkeys(_NUMBERS, _CODE)}
_SOLID_DATE: Final = re.compile(r"(?:19|20)\d{6}(?!\d)|\d{4}(?:19|20)\d{2}(?!\d)")
_WHOLE: Final = re.compile(WHEN, re.I)
_DATED: Final = re.compile(rf"(?=\d{{4}}-|[0-3]?\d[./-][01]?\d[./-]|\d\d?\.? ?[A-Z])(?:{DATE})\s*$", re.I)
_LONGEST: Final = 45
"""A cell that says more than a number is a remark."""


def _find(sheet: Sheet) -> Iterator[Finding]:
    for cell in sheet.cells:
        if not sheet.lo <= cell.start < sheet.hi:
            continue
        if cell.kind == "PERSON":
            yield from _names(sheet.text, cell.start, cell.end)
            for born in DATE_RE.finditer(sheet.text, cell.start, cell.end):  # "Kaiser, Gundula (12.03.1961)"
                yield Finding(*born.span(), "BIRTHDATE", 0.7, "kontext", certain=False)
        elif cell.kind in ("BIRTHDATE", "DATE_SENSITIVE"):
            for when in _whens(sheet.text, cell.start, cell.end):
                for part in ends(sheet.text, *when.span()):
                    yield Finding(*part, cell.kind, 0.9, "kontext", certain=len(when[0]) > 6)
        else:
            match = _PATTERNS[cell.kind].match(sheet.text, cell.start, cell.end)
            if match and cell.kind in _NUMBERS and (cell.end - cell.start > _LONGEST or _DATED.match(match[0])):
                continue
            if match and (cell.kind != "ADDRESS" or any(c.isalnum() for c in match[0])):
                end = match.start() + len(match[0].rstrip())
                yield Finding(match.start(), end, cell.kind, 0.75, "kontext", certain=False)


def _whens(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    solid = _SOLID_DATE.match(text, start, end) or _WHOLE.match(text, start, end)
    yield from (solid,) if solid else WHEN_RE.finditer(text, start, end)


def _names(text: str, start: int, end: int) -> Iterator[Finding]:
    """The names in one cell: "Kaiser, Gundula", "Aylin u. Barış Çelik", "Wang Lei / Zhao Min"."""
    at = start
    for _ in range(4):
        saluted = _SALUTATION.match(text, at)
        at = skip_titles(text, saluted.end() if saluted else at)
        stop = read_name(text, at, trust_first=True)
        if stop is None or stop > end:
            return
        rest = _REST.match(text, stop, end)
        stop = rest.end() if rest else stop
        comma = _COMMA.match(text, stop) if " " not in text[at:stop] else None
        given = read_name(text, comma.end(), trust_first=False) if comma else None
        if given and given <= end:
            stop = given
        yield Finding(at, stop, "PERSON", 0.85, "kontext", certain=" " in text[at:stop] or stop == end,
                      ordinary=ordinary_words(text[at:stop]))
        between = _BETWEEN.match(text, stop)
        if between is None or between.end() >= end:
            return
        at = between.end()


RULE: Final = Rule("TABLE", (
    "PERSON", "BIRTHDATE", "DATE_SENSITIVE", "PHONE", "ADDRESS", "USERNAME", *_NUMBERS), _find)
