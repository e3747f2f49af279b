"""What a municipality wrote about itself, ready for detection: its numbers as patterns, its public data as exceptions.

What it keeps true: an exception never hides more than what is written. A finding falls away only where it lies wholly
inside an own name as it stands in the text, or is an own value as a whole; a number with a valid check digit never
does. An office-holder's surname alone counts only right behind the office.

What it does not know: another person with exactly the full name of an office-holder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gateway.detection.sheet import compact, digits
from gateway.model.finding import Finding
from gateway.model.municipality import DIGIT, LETTER, MORE, Municipality

_MOST: Final = 16
"""How many places ``#+`` stands for at most: bounded, so that no template is slow."""
_SIGNS: Final = {DIGIT: r"\d", LETTER: r"[^\W\d_]"}
_STREET: Final = re.compile(r"(?i)stra(?:ß|ss)e\b")
_HIDDEN: Final = frozenset({"PERSON", "ADDRESS", "PLATE", "USERNAME", "CASE_NUMBER", "DATE_SENSITIVE"})
"""What may be mistaken for an own name or place."""


def template(text: str) -> re.Pattern[str]:
    """Return a template ("MST-##-####/#+") as a pattern: whole words only, a space for any run of spaces."""
    out: list[str] = []
    for sign in text:
        if sign == MORE and out and out[-1] in _SIGNS.values():
            out[-1] += f"{{1,{_MOST}}}"
        else:
            out.append(_SIGNS.get(sign) or (r"[ ]{1,2}" if sign == " " else re.escape(sign)))
    return re.compile(rf"(?<![\w])(?<!\d[.,/-]){''.join(out)}(?![\w])(?![-/.,]\d)")


def phone_forms(number: str) -> tuple[str, ...]:
    """Return a telephone number in its national and international spelling, digits only."""
    plain = digits(number.replace("(0)", ""))
    if number.strip().startswith(("+49", "0049")):
        national = "0" + plain.removeprefix("00").removeprefix("49")
    else:
        national = plain
    return national, "49" + national[1:], "0049" + national[1:], "490" + national[1:]


def address_forms(address: str) -> tuple[str, ...]:
    """Return how an own address may be written: whole, or the street with its number alone."""
    whole = plain_address(address)
    return tuple(dict.fromkeys((whole, whole.split(",", 1)[0].strip())))


def plain_address(text: str) -> str:
    """Return an address as it is compared: lower case, one space, "str." for "straße"."""
    return " ".join(_STREET.sub("str.", text).split()).lower()


class Exceptions:
    """Findings that are none here."""

    def __init__(self, own: Municipality) -> None:
        self._phrases = tuple(sorted({*own.offices, *own.places}, key=len, reverse=True))
        self._holders = {holder.name.lower() for holder in own.office_holders}
        self._surnames = {(holder.name.split()[-1].lower(), holder.office.lower()) for holder in own.office_holders}
        self._none = not (self._phrases or self._holders)

    def hides(self, text: str, finding: Finding) -> bool:
        """Whether `finding` is public in this municipality."""
        if self._none or finding.entity not in _HIDDEN or finding.reason == "pruefziffer":
            return False
        return self._in_phrase(text, finding) or (finding.entity == "PERSON" and self._in_office(text, finding))

    def _in_phrase(self, text: str, finding: Finding) -> bool:
        for phrase in self._phrases:
            at = text.rfind(phrase, max(0, finding.start - len(phrase)), finding.start + len(phrase))
            end = at + len(phrase)
            inside = finding.start < end if finding.entity == "ADDRESS" else finding.end <= end
            if at >= 0 and inside and _is_word(text, at, end):
                return True
        return False

    def _in_office(self, text: str, finding: Finding) -> bool:
        value = text[finding.start:finding.end].lower()
        if value in self._holders or value.removesuffix("s") in self._holders:
            return True
        before = text[max(0, finding.start - 60):finding.start].rstrip().lower()
        return any((value == name or value == name + "s") and before.endswith(office)
                   for name, office in self._surnames)


def _is_word(text: str, start: int, end: int) -> bool:
    return not (text[start - 1:start].isalnum() or text[end:end + 1].isalnum())


def creditor_forms(numbers: Iterable[str]) -> frozenset[str]:
    """Return creditor identifiers as they are compared."""
    return frozenset(map(compact, numbers))
