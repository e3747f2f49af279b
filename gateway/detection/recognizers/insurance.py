"""Pension insurance number (§§ 2-4 VKVV) and health insurance number (§ 290 SGB V).

Birth day and month may be 00 (date unknown: typically refugees) and the day may be raised by 32 or 64: only the
check digit decides about the score, and the shape alone is enough to be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.sheet import Rule, Sheet, compact, value_at
from gateway.model.finding import Finding

_PENSION: Final = re.compile(
    r"(?<![\w])\d{2}[ \-–/.]{0,2}\n?\d{2}[ .]?\d{2}[ .]?\d{2}[ \-–/.]{0,2}\n?[A-Za-z][ \-–/.]{0,2}\n?\d{2}[ ]?\d(?!\w)")
_HEALTH: Final = re.compile(r"(?<![\w])[A-Z](?:[ ]?\d){9}(?!\w)")
_HEALTH_VALUE: Final = re.compile(r"[A-Za-z](?:[ \-.]?\d){8,10}(?!\w)|\d(?:[ ]?\d){8,11}(?!\w)")
_PENSION_VALUE: Final = re.compile(
    r"\d(?:[ \-–/.]{0,2}\n?\d){5,8}[ \-–/.]{0,2}\n?[A-Za-z](?:[ \-–/.]{0,2}\d){2,4}(?!\w)")


def _cross(products: list[int]) -> int:
    return sum(product // 10 + product % 10 for product in products)


def is_pension(number: str) -> bool:
    """Whether the compact number (8 digits, letter, 3 digits) carries the right check digit."""
    plain = number[:8] + f"{ord(number[8]) - 64:02d}" + number[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    return _cross([int(d) * w for d, w in zip(plain, weights, strict=True)]) % 10 == int(number[11])


def is_health(number: str) -> bool:
    """Whether the compact number (letter, 9 digits) carries the right check digit."""
    plain = f"{ord(number[0]) - 64:02d}" + number[1:9]
    return _cross([int(d) * w for d, w in zip(plain, (1, 2) * 5, strict=True)]) % 10 == int(number[9])


def _find(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_PENSION, 11):
        number = compact(match[0])
        good = number.isascii() and is_pension(number)
        yield Finding(*match.span(), "SOCIAL_SECURITY", 1.0 if good else 0.6, "pruefziffer" if good else "format")
    for _, end in sheet.hits("SOCIAL_SECURITY"):
        found = value_at(sheet, end, _PENSION_VALUE)
        if found:
            yield Finding(*found.span(), "SOCIAL_SECURITY", 0.6, "kontext")
    shapes = list(sheet.scan_numbers(_HEALTH, 9))
    checked = [is_health(compact(match[0])) for match in shapes]
    for match, valid in zip(shapes, checked, strict=True):
        if valid:
            yield Finding(*match.span(), "HEALTH_INSURANCE", 0.9, "pruefziffer")
        elif any(checked) or sheet.hits("HEALTH_INSURANCE") or sheet.near("FUND", match.start(), 50):
            yield Finding(*match.span(), "HEALTH_INSURANCE", 0.6, "format")  # also the mistyped one of a pair
    for _, end in sheet.hits("HEALTH_INSURANCE"):
        found = value_at(sheet, end, _HEALTH_VALUE)
        if found:
            yield Finding(*found.span(), "HEALTH_INSURANCE", 0.7, "kontext")


RULE: Final = Rule("INSURANCE", ("SOCIAL_SECURITY", "HEALTH_INSURANCE"), _find, {
    "SOCIAL_SECURITY": "sozialversicherungsnummer rentenversicherungsnummer versicherungsnummer rvnr svnr vsnr"
                       " sozialversicherungsnr rentenversicherungsnr versicherungsnr rentennummer rv sv vs",
    "HEALTH_INSURANCE": "kvnr krankenversichertennummer versichertennummer versichertennr krankenversicherungsnummer"
                        " krankenversichertennr gesundheitskarte krankenkassennummer versicherten "
    "versichertennummern kv krankenversicherungsnr egk",
    "FUND": "krankenkasse aok barmer tk dak kkh ikk bkk knappschaft techniker gesetzlich versichert"}, digits=True)
