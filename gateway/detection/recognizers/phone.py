"""Telephone numbers: DIN 5008 and international forms by phonenumbers, local numbers and extensions by their label.

Dates, amounts, file numbers and tax numbers look like telephone numbers to libphonenumber; they are excluded before
it is asked. Service numbers (110, 112, 115, 116 117, 0800 ...) belong to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

import phonenumbers

from gateway.detection.sheet import GAP, Rule, Sheet, digits
from gateway.model.finding import Finding

_CANDIDATE: Final = re.compile(
    r"(?<![\w,/.+-])(?:(?:\+|00)[ ]?[1-9]\d{0,3}|\(?0[1-9]\d{0,4}\)?|"
    r"0(?:[ ]\d{1,2}){2}(?=[ ]?[/–-]))(?:[ ()/\-–.]{0,4}\d){4,14}(?![\w])(?!\.\d|/\d|"
    r"-\w)")
_LOCAL: Final = re.compile(r"[(+]?\d(?:[ ()/\-–.]{0,4}\d){2,16}(?!\w|\.\d|:\d|[ ](?:Uhr|h)\b)")
_EXTENSION: Final = re.compile(r"[ ]?[-–]?[ ]?\d(?:[ ]?\d){1,8}(?!\w|\.\d|:\d)|[-–]\d+[ ]\d{2,4}")
_UNDER: Final = re.compile(
    r"[^\n\d.!?]{0,40}?\bunter[ ](?:der[ ])?(?:(?:Telefon)?[Nn]ummer[ ]|Nr\.[ ])?"
    r"(\d{2,4}(?:[ ]\d{2,3}){1,3}|\d{4,8})(?![\w/]|[.,:-]\d|[ ](?:Euro|EUR|Uhr|€|%|Jahre))")
"""A local number behind "erreichbar unter"."""
_AREA: Final = re.compile(r"0\d{2,4}(?!\d)")
_DATE: Final = re.compile(
    r"\(?(?:0?[1-9]|[12]\d|3[01])[.\-/ ]{1,2}(?:0?[1-9]|1[0-2])[.\-/ ]{1,2}(?:(?:19|20)\d{2}|\d{2})$|"
    r"\d{2}\.\d{2}\.\d{2}|\d{1,2}[./]\d{1,2}\.(?!\d{3})|\(?(?:0?[1-9]|1[0-2])/(?:19|20)\d{2}(?!\d)")
_GROUPS: Final = re.compile(r"[\d ]+")
"""Groups of digits behind a label are a number, even where they might be a day."""
_QUALIFIER: Final = re.compile(
    r"\.?[ ]\(?(?:intern|privat|priv|dienstlich|dienstl|geschäftlich|gesch|mobil|tagsüber|abends|"
    r"zentral|direkt|alt|neu)\b\.?\)?", re.I)
_NOT_BEFORE: Final = re.compile(
    r"(?:az|aktenzeichen|kassenzeichen|geschäftszeichen|kundennummer|rechnung(?:snummer)?|vorlage|nr|nummer|zeichen|"
    r"iban|id|euro|zzz|€|ags|gemeindeschlüssel|leika|schlüssel|pid|haushaltsstelle|produkt|\w*konto|kostenstelle|"
    r"isbn|issn|version|build|gtin|ean|artikel|bestellung|code)"
    r"[.:]{0,2}[ ]{0,2}$", re.I)
_MOBILE: Final = re.compile(r"01[567]\d{8,9}$")
_INSIDE: Final = re.compile(r"\d{3,4}[ -]\Z")
"""The middle of a longer number, such as an IBAN."""
_SERVICE: Final = frozenset({
    "110", "112", "115", "116117", "116116", "116111", "19222", "116006", "116000", "19240", "19411"})
_FREE: Final = ("0800", "00800", "0180", "0900", "0137", "0700", "118")


def _is_phone(surface: str, number: str) -> bool:
    """Whether this may be a telephone number, seen from Germany."""
    if number[0] == "0" != number[1] and surface[0] != "+" and sum(map(str.isdecimal, surface)) == len(number):
        return len(number) <= 15  # a prefix within Germany: any such number may be one, there is no need to ask
    return _is_possible(surface, number)


def _is_possible(surface: str, number: str) -> bool:
    try:
        parsed = phonenumbers.parse(surface, "DE")
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number(parsed)) and len(number) <= 15


def _find(sheet: Sheet, own: frozenset[str]) -> Iterator[Finding]:
    seen: set[int] = set()
    for match in sheet.scan_numbers(_CANDIDATE, 7):
        surface = match[0]
        number = digits(surface)
        if len(number) < 7 or _DATE.match(surface) or number.startswith(_FREE) or number in own:
            continue
        labelled = sheet.near("PHONE", match.start(), 12)
        if not labelled and _INSIDE.search(sheet.left(match.start(), 6)):
            continue
        plain = surface[0] != "+" and not _MOBILE.match(number)
        doubtful = plain and not labelled
        if doubtful and (_NOT_BEFORE.search(sheet.line_left(match.start(), 30)) or surface.count(".") > 2):
            continue
        if labelled or _is_phone(surface, number):
            seen.add(match.start())
            yield Finding(*match.span(), "PHONE", 0.85 if labelled else 0.7, "kontext" if labelled else "format")
    for _, end in sheet.hits("REACHED"):
        under = _UNDER.match(sheet.text, end)
        number = digits(under[1]) if under else ""
        if under and number not in _SERVICE and number not in own and not number.startswith(_FREE[:-1]):
            yield Finding(*under.span(1), "PHONE", 0.6, "kontext", certain=False)
    for kind, pattern in (("PHONE", _LOCAL), ("EXTENSION", _EXTENSION), ("AREA", _AREA)):
        for start, end in sheet.hits(kind):
            found = _labelled(sheet, start, end, pattern, seen, own)
            if found:
                yield Finding(*found, "PHONE", 0.75, "kontext", certain=kind == "PHONE")


def _labelled(sheet: Sheet, start: int, end: int, pattern: re.Pattern[str], seen: set[int],
              own: frozenset[str]) -> tuple[int, int] | None:
    qualifier = _QUALIFIER.match(sheet.text, end)
    end = qualifier.end() if qualifier else end
    gap = GAP.match(sheet.text, end)
    position = gap.end() if gap else end
    if pattern is _EXTENSION and gap:
        position = end + len(gap[0].rstrip("-– "))
    match = pattern.match(sheet.text, position)
    if match is None:
        return None
    begin = match.start() + len(match[0]) - len(match[0].lstrip())
    surface = sheet.text[begin:match.end()]
    number = digits(surface)
    if begin in seen or number in _SERVICE or number in own or number.startswith(_FREE[:-1]):
        return None
    if _DATE.match(surface) and not _GROUPS.fullmatch(surface):
        return None
    if pattern is _LOCAL and len(number) < (4 if sheet.text[start:end].lower() in ("mobil", "phone") else 3):
        return None
    return begin, match.end()


def rule(own: frozenset[str] = frozenset()) -> Rule:
    """Return the recognizer; `own` are numbers (digits only) of the authority that belong to no person."""
    return Rule("PHONE", ("PHONE",), partial(_find, own=own), {
        "PHONE": "tel telefon telefonnummer telefonnr rufnummer handy handynummer mobil mobilnummer mobiltelefon "
        "fax telefax"
                 " fon phone mobile festnetz rückrufnummer handynr cell privatnummer "
        "rufnr whatsapp telnr telefonnr mobilnr telefonnummern rückruf signal faxnummer faxnr",
        "EXTENSION": "durchwahl dw app nebenstelle apparat hausapparat kurzwahl durchw hausruf",
        "AREA": "vorwahl",
        "REACHED": "erreichbar erreichen erreicht erreiche anrufen anruf anrufe rückruf zurückrufen zurück ruf rufen "
        "melden meldet telefonisch"}, digits=True)
