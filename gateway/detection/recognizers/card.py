"""Card numbers: Luhn (python-stdnum); a printed 4-4-4-4 group is found even when mistyped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum import luhn

from gateway.detection.sheet import Rule, Sheet, digits
from gateway.model.finding import Finding

_NUMBER: Final = re.compile(r"(?<![\w.,/+-])[2-6]\d{3}(?:[ \-–]?\n?\d){9,15}(?![\w])")
_PRINTED: Final = re.compile(r"[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{5}")


def _find(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_NUMBER, 13):
        number = digits(match[0])
        if luhn.is_valid(number) and 13 <= len(number) <= 19:
            context = number[0] in "3456" and len(number) in (15, 16)
            if context or sheet.near("CARD", match.start(), 80, 40):
                yield Finding(*match.span(), "CARD", 0.95, "pruefziffer")
        elif _PRINTED.fullmatch(match[0]) or (len(number) in (15, 16) and sheet.near("CARD", match.start(), 60, 30)):
            yield Finding(*match.span(), "CARD", 0.6, "format")


RULE: Final = Rule("CARD", ("CARD",), _find, {
    "CARD": "kreditkarte kreditkartennummer kartennummer visa mastercard maestro girocard amex karte kreditkarten "
    "card"},
    digits=True)
