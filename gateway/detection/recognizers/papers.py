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
                yield Finding(*match.span(), "PASSPORT" if match[0][0] == "P" else "ID_CARD", 0.9, "format")
    for kind in ("ID_CARD", "PASSPORT", "RESIDENCE_PERMIT", "DRIVER_LICENCE"):
        for _, end in sheet.hits(kind):
            found = _labelled(sheet, end)
            if found:
                yield Finding(*found, kind, 0.8, "kontext")


def _labelled(sheet: Sheet, end: int) -> tuple[int, int] | None:
    """Return the number right behind a label: six to eleven characters with at least three digits."""
    match = value_at(sheet, end, _WORDY)
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
    "ID_CARD": "personalausweis ausweis ausweisnummer ausweisnr personalausweisnummer seriennummer perso pa identità",
    "PASSPORT": "reisepass pass passnummer reisepassnummer passport paß reisepaß nationalpass",
    "RESIDENCE_PERMIT": "aufenthaltstitel aufenthaltserlaubnis eat niederlassungserlaubnis aufenthaltsgestattung "
    "duldung"
                        " fiktionsbescheinigung aufenthaltskarte aufenthaltstitels",
    "DRIVER_LICENCE": "führerschein führerscheinnummer führerscheinnr fuehrerschein fahrerlaubnis führerscheins"})
