"""Vehicle plates: upper case only, with a district that exists; and vehicle identification numbers with context.

"DIN EN 1090", "HR B 1234" and the like are no plates although DIN and HR are districts: with a space instead of a
hyphen after the district a word about vehicles must stand near.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import lines
from gateway.detection.sheet import Rule, Sheet, value_at
from gateway.model.finding import Finding

_DISTRICTS: Final = frozenset(lines("districts.txt"))
_PLATE: Final = re.compile(
    r"(?<![\w/.-])([A-ZÄÖÜ]{1,3})([ ]?[-–·•:][ ]?|[ ])([A-Z]{1,2})[ -]?([1-9]\d{0,3})[ ]?([EH])?(?![\w/])(?!-\d{3})")
_SOLID: Final = re.compile(r"[A-ZÄÖÜ]{2,5}[ -]?[1-9]\d{0,3}[EH]?(?!\w)|"
    r"[A-ZÄÖÜa-zäöü]{1,3}[ -][A-Za-z]{1,2}[ -]?\d{1,4}[EHeh]?(?!\w)")
_VIN: Final = re.compile(r"(?=[A-Z0-9]*\d)[A-HJ-NPR-Z0-9]{17}(?!\w)")
_VIN_ALONE: Final = re.compile(
    r"(?<![\w-])[A-HJ-NPR-Z][A-HJ-NPR-Z0-9][A-HJ-NPR-Z](?=[A-Z]*\d)[A-HJ-NPR-Z0-9]{8}[A-HJ-NPR-Z0-9]{2}\d{4}(?![\w-])")
"""Seventeen characters without I, O and Q that begin like a maker's code and end in a serial number (ISO 3779)."""
_NOT: Final = re.compile(r"^(?:DIN|HR|VS|TOP|EG|SGB)\b")


def _find(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_PLATE):
        district, joint, letters, number, _ = match.groups()
        if district not in _DISTRICTS or len(district) + len(letters) + len(number) > 8:
            continue
        near = sheet.near("PLATE", match.start(), 80, 40)
        if not near and (joint == " " or _NOT.match(match[0])):
            continue
        yield Finding(match.start(), match.start() + len(match[0].rstrip()), "PLATE", 0.85 if near else 0.7,
                      "kontext" if near else "format")
    for _, end in sheet.hits("PLATE_LABEL"):
        found = value_at(sheet, end, _SOLID)
        if found:
            yield Finding(*found.span(), "PLATE", 0.8, "kontext")
    for match in sheet.scan_numbers(_VIN_ALONE, 5):
        yield Finding(*match.span(), "PLATE", 0.7, "format")
    for _, end in sheet.hits("VIN"):
        found = value_at(sheet, end, _VIN)
        if found:
            yield Finding(*found.span(), "PLATE", 0.9, "kontext")


RULE: Final = Rule("PLATE", ("PLATE",), _find, {
    "PLATE": "kennzeichen kfz pkw lkw auto fahrzeug wagen transporter halter halterin plate car parkt geparkt "
    "fahrer fahrerin"
             " motorrad anhänger amtl polizeil polizeiliches amtliches pritschenwagen falschparker golf vw bmw audi",
    "PLATE_LABEL": "kennzeichen autokennzeichen kfz plate",
    "VIN": "fin vin fahrgestellnummer fahrzeugidentifizierungsnummer fahrzeugidentnummer"}, digits=True)
