"""Identity card, passport, residence permit, driving licence, and the machine-readable lines.

By law (§ 2(8) PAuswG) a serial number has nine characters without an inner check digit; a tenth, the ICAO 9303 digit,
stands in the machine-readable zone only. The first letter tells passport from card. The driving licence has eleven
characters and a check digit of its own (weights 9 to 1, mod 11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.sheet import Rule, Sheet, compact, value_at
from gateway.model.finding import Finding

_LETTERS: Final = "CFGHJKLMNPRTVWXYZ"
_SERIAL: Final = re.compile(rf"(?<![\w-])[{_LETTERS}](?=[A-Z]*\d[A-Z]*\d)[{_LETTERS}\d]{{8}}(?:[ ]?\d|D|<<)?(?![\w-])")
_LIKE_SERIAL: Final = re.compile(rf"[{_LETTERS}\d]{{9,10}}")
_WORDY: Final = re.compile(r"(?:[A-Z]{1,3}[ ](?=\d))?[A-Za-z0-9]+(?:[ ](?=[A-Z0-9]{0,5}\d)[A-Z0-9]{1,6}(?![\w.])){0,4}")
_LICENCE: Final = re.compile(r"(?<![\w-])[A-P]\d{2}[A-Z0-9]{6}[\dX][A-Z0-9](?![\w-])")
_MRZ: Final = re.compile(r"(?<![\w<])(?=[A-Z0-9]{0,43}<)[A-Z0-9<]{28,46}(?![\w])")
_PASSPORT_ABOVE: Final = re.compile(r"(?:^|\n)P[A-Z<][A-Z<]{26,44}\s*\n\s*\Z")
_FURTHER: Final = re.compile(r"[^\n;]{0,48}?\bN(?:r|o|ummer)\.?:?[ ]{1,2}")
"""What may stand between a document and its number: "Reisepass, ausgestellt in Ankara, Nr. U123"."""
_BACKWARDS: Final = re.compile(r"(?<![\w-])([A-Z]{0,2}[ ]?[A-Z0-9]{6,10})[ ]?(?:\(|=[ ]?|[ ][–-][ ])\Z")
_WEIGHTS: Final = (7, 3, 1) * 3


def _worth(letter: str) -> int:
    return int(letter) if letter.isdigit() else ord(letter) - 55


def icao_digit(serial: str) -> str:
    """Return the ICAO 9303 check digit of nine characters."""
    return str(sum(_worth(c) * w for c, w in zip(serial, _WEIGHTS, strict=True)) % 10)


def is_licence(number: str) -> bool:
    """Whether an eleven-character driving licence number carries the right check digit at place ten."""
    rest = sum(_worth(c) * w for c, w in zip(number[:9], range(9, 0, -1), strict=True)) % 11
    return number[9] == ("X" if rest == 10 else str(rest))


def _kind(sheet: Sheet, start: int, serial: str) -> str:
    for kind in ("RESIDENCE_PERMIT", "PASSPORT", "ID_CARD"):
        if sheet.near(kind, start, 40):
            return kind
    if serial[0] == "Y":
        return "RESIDENCE_PERMIT"
    return "PASSPORT" if serial[0] in "CFGHJK" else "ID_CARD"


def _find(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_SERIAL, 2):
        serial = compact(match[0])
        checked = len(serial) >= 10 and serial[9] == icao_digit(serial[:9])
        yield Finding(*match.span(), _kind(sheet, match.start(), serial), 0.95 if checked else 0.6,
                      "pruefziffer" if checked else "format")
    for match in sheet.scan_numbers(_LICENCE, 2):
        if is_licence(match[0]):
            yield Finding(*match.span(), "DRIVER_LICENCE", 0.9, "pruefziffer")
    if sheet.has("<"):
        for match in sheet.scan(_MRZ):
            if match[0].count("<") >= 2:
                passport = match[0][0] == "P" or _PASSPORT_ABOVE.search(sheet.left(match.start(), 50))
                yield Finding(*match.span(), "PASSPORT" if passport else "ID_CARD", 0.9, "format")
    for kind in ("ID_CARD", "PASSPORT", "RESIDENCE_PERMIT", "DRIVER_LICENCE"):
        for start, end in sheet.hits(kind):
            found = _labelled(value_at(sheet, end, _WORDY)) or _labelled(_further(sheet, end))
            before = None if found else _BACKWARDS.search(sheet.text, max(sheet.begin, start - 24), start)
            if before and sum(map(str.isdigit, before[1])) >= 4:
                found = before.span(1)
            if found:
                yield Finding(*found, kind, 0.8, "kontext")


def _further(sheet: Sheet, end: int) -> re.Match[str] | None:
    further = _FURTHER.match(sheet.text, end)
    return _WORDY.match(sheet.text, further.end()) if further else None


def _labelled(match: re.Match[str] | None) -> tuple[int, int] | None:
    """Return the number that belongs to a label: six to eleven characters with at least three digits."""
    if match is None:
        return None
    surface = match[0]
    while len(compact(surface)) > 12 and " " in surface:
        surface = surface.rpartition(" ")[0]
    number = compact(surface)
    least = 1 if _LIKE_SERIAL.fullmatch(surface) else 3
    if not 6 <= len(number) <= 12 or sum(c.isdigit() for c in number) < least:
        return None
    return match.start(), match.start() + len(surface)


RULE: Final = Rule("PAPERS", ("ID_CARD", "PASSPORT", "RESIDENCE_PERMIT", "DRIVER_LICENCE"), _find, {
    "ID_CARD": "personalausweis ausweis ausweisnummer ausweisnr personalausweisnummer seriennummer perso pa identità "
    "personalausweises personalausweisnr persoausweis idcard",
    "PASSPORT": "reisepass pass passnummer reisepassnummer passport paß reisepaß nationalpass "
    "reiseausweis kinderreisepass konventionspass dienstpass reisepassnr passnr paßnummer reisedokument",
    "RESIDENCE_PERMIT": "aufenthaltstitel aufenthaltserlaubnis eat niederlassungserlaubnis aufenthaltsgestattung "
    "duldung"
                        " fiktionsbescheinigung aufenthaltskarte aufenthaltstitels",
    "DRIVER_LICENCE": "führerschein führerscheinnummer führerscheinnr fuehrerschein fahrerlaubnis führerscheins"})
