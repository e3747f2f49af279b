"""IBAN: upper or lower case, spaced, hyphenated, broken over a line; mistyped ones too, at a lower score.

For a privacy filter a mistyped IBAN is still personal data, so anything that looks like a German one is found; other
countries need the check digits. Creditor identifiers (``DE98ZZZ...``) and VAT numbers are public and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum.iso7064 import mod_97_10

from gateway.detection.sheet import Rule, Sheet, compact, value_at
from gateway.model.finding import Finding

_GERMAN: Final = re.compile(r"(?<![^\W_])[Dd][Ee](?:[ .\-–/_]{0,2}(?:\n[ \t>]{0,4})?\d){17,22}(?![\w])")
_GROUPED: Final = re.compile(
    r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:(?:[ \-–]\n?|\n)[A-Za-z0-9]{4}){2,7}(?:(?:[ \-–]\n?|"
    r"\n)[A-Za-z0-9]{1,4})?(?![^\W_])")
_SOLID: Final = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}(?![^\W_])")
_LABELLED: Final = re.compile(
    r"[A-Za-z]{2}[ ]?\d(?:[ .\-–/_]?[A-Za-z0-9]){7,32}(?![^\W_])|\d(?:[ \-]?\d){17,21}(?!\d)")
_ACCOUNT: Final = re.compile(r"\d(?:[ ]?\d){5,9}(?!\d)")

LENGTHS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21,
    "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18,
    "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23,
    "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25,
    "MC": 27,
    "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28,
    "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27,
    "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20}
"""Length by country, from the SWIFT register."""


def is_valid(number: str) -> bool:
    """Whether the compact, upper-case `number` is an IBAN with right length and check digits."""
    return (LENGTHS.get(number[:2]) == len(number) and number.isascii()
            and bool(mod_97_10.is_valid(number[4:] + number[:4])))


def _find(sheet: Sheet) -> Iterator[Finding]:
    taken: set[int] = set()
    for match in sheet.scan_numbers(_GERMAN, 17):
        taken.add(match.start())
        good = is_valid(compact(match[0]))
        yield Finding(*match.span(), "IBAN", 1.0 if good else 0.6, "pruefziffer" if good else "format")
    for pattern in (_SOLID, _GROUPED):
        for match in sheet.scan_numbers(pattern, 8):
            if match.start() in taken:
                continue
            end = _valid_prefix(match)
            if end:
                taken.add(match.start())
                yield Finding(match.start(), end, "IBAN", 1.0, "pruefziffer")
    for _, label_end in sheet.hits("IBAN"):
        found = value_at(sheet, label_end, _LABELLED)
        if found and found.start() not in taken and sum(c.isdigit() for c in found[0]) >= 8:
            end = _valid_prefix(found) or found.end()
            yield Finding(found.start(), end, "IBAN", 0.6, "kontext")
    for start, label_end in sheet.hits("ACCOUNT"):
        found = value_at(sheet, label_end, _ACCOUNT)
        plain = sheet.text[start:label_end].lower() == "konto"
        if found and (not plain or sheet.near("BANK", found.end(), 60, 50)):
            yield Finding(*found.span(), "IBAN", 0.6, "kontext")


def _valid_prefix(match: re.Match[str]) -> int:
    """Return where the IBAN at the beginning of the match ends, or 0: a following word may look like a group."""
    length = LENGTHS.get(match[0][:2].upper())
    if length is None:
        return 0
    number, end = "", match.start()
    for position, letter in enumerate(match[0], match.start()):
        if letter.isalnum():
            number, end = number + letter.upper(), position + 1
        if len(number) == length:
            break
    following = match.string[end:end + 1]
    return end if is_valid(number) and not following.isalnum() else 0


RULE: Final = Rule("IBAN", ("IBAN",), _find, {
    "IBAN": "iban bankverbindung", "ACCOUNT": "kto kontonummer kontonr girokonto konto bankkonto",
    "BANK": "sparkasse bank volksbank blz commerzbank postbank raiffeisenbank dkb bankleitzahl bankverbindung"},
    digits=True)
