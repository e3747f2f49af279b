"""Steuer-Identifikationsnummer (ISO 7064 mod 11,10) and Steuernummer (shape of the Länder, ELSTER form with "
"context)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum.iso7064 import mod_11_10

from gateway.detection.sheet import Rule, Sheet, digits, value_at
from gateway.model.finding import Finding

_ELEVEN: Final = re.compile(r"(?<![\w.,/+-])[1-9]\d(?:[ \-./–]{0,2}\n?\d){9}(?!\w|[.,/-]\d)")
_PRINTED: Final = re.compile(r"\d{2} \d{3} \d{3} \d{3}")
"""As on official letters; mistyped it is still somebody's number."""
_ID_VALUE: Final = re.compile(r"\d(?:[ \-./–]{0,2}\n?\d){9,11}(?!\w)")
_SLASHED: Final = re.compile(r"(?<![\w.,/-])\d{2,3}[ ]?/[ ]?\d{3,4}[ ]?/[ ]?\d{4,5}(?![\w/]|-\d)")
_NUMBER_VALUE: Final = re.compile(r"\d(?:[ \-./–]{0,3}\d){8,12}(?!\w)")
_ID_LABEL: Final = re.compile(r"steuer(?:liche)?[ -]?id(?:entifikations(?:nummer|-?nr)|ent-?nr|nr)?\b", re.I)
_SHORT_ID: Final = re.compile(r"st\.?[ -]{0,2}id(?:ent)?(?:[ -]?nr)?\b\.?", re.I)
_NUMBER_LABEL: Final = re.compile(r"st\.?[ -]{0,2}nr\b", re.I)


def is_tax_id(number: str) -> bool:
    """Whether eleven digits are a tax identification number: check digit, and no digit more than thrice in ten."""
    return (len(number) == 11 and number[0] != "0" and max(map(number[:10].count, set(number[:10]))) <= 3
            and bool(mod_11_10.is_valid(number)))


def _find(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_ELEVEN, 11):
        if is_tax_id(digits(match[0])):
            yield Finding(*match.span(), "TAX_ID", 0.9, "pruefziffer")
        elif _PRINTED.fullmatch(match[0]) or sheet.near("TAX_ID", match.start(), 80, 20):
            yield Finding(*match.span(), "TAX_ID", 0.6, "format")
    for start, end in sheet.hits("TAX_ID"):
        label = _ID_LABEL.match(sheet.text, start)
        found = value_at(sheet, label.end() if label else end, _ID_VALUE)
        if found:
            yield Finding(*found.span(), "TAX_ID", 0.7, "kontext")
    for match in sheet.scan_numbers(_SLASHED, 9):
        yield Finding(*match.span(), "TAX_NUMBER", 0.6, "format")
    for start, end in sheet.hits("TAX_NUMBER"):
        short = _SHORT_ID.match(sheet.text, start)
        found = value_at(sheet, short.end(), _ID_VALUE) if short else None
        if found:
            yield Finding(*found.span(), "TAX_ID", 0.7, "kontext")
            continue
        label = _NUMBER_LABEL.match(sheet.text, start)
        if label is None and end - start < 4:
            continue
        found = value_at(sheet, label.end() if label else end, _NUMBER_VALUE)
        if found:
            yield Finding(*found.span(), "TAX_NUMBER", 0.8, "kontext")


RULE: Final = Rule("TAX", ("TAX_ID", "TAX_NUMBER"), _find, {
    "TAX_ID": "idnr steuerid steueridnr steueridentifikationsnummer identifikationsnummer steuer steuerliche tin "
    "steuerids steueridentifikationsnummern identnummer steueridentnummer",
    "TAX_NUMBER": "steuernummer steuernummern steuernr stnr st"}, digits=True)
