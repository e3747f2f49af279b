"""Numbers of people that only their label tells: schools, libraries, elections, doctors, employers, benefits.

One table of words; behind each of them "-Nr.", "Nummer", "Az." or the like is required, because most of the words are
ordinary ones ("Schüler 12", "Kita 3"). Numbers of public registers (HRB, VR) are noticed and stay, unless policy asks
for more: they belong to companies and associations, and to people only where one trades alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.labels import CASE_STEMS, CASH_STEMS
from gateway.detection.recognizers.references import labelled
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_KIND: Final = re.compile(
    r"(?:(?:e|es|s|n)?(?:\.-|[- _])?(?:Nr\b\.?|No\b\.?|Nummer|Kenn(?:ung|ziffer|nummer)|Az\b\.?|Aktenzeichen|Zeichen|"
    r"Gz\b\.?|ID\b|"
    r"Ausweis(?:es)?(?:-?(?:Nr\b\.?|nummer))?|Verzeichnis-?(?:Nr\b\.?|nummer)|Seriennummer))", re.I)
_BEFORE: Final = re.compile(r"(?:Nr\.?|Nummer)[ ](?:im|des|der|vom)[ ]\Z")
_REGISTER: Final = re.compile(
    r"(?<![\w/.-])(?:HRA|HRB|GnR|PR|VR|GsR)(?:[ -]?Nr\.?)?[ ]?\d{1,6}(?:[ ]?[A-Z]{1,2}(?!\w))?(?![\w/]|[.,]\d)")
_ECONOMY: Final = re.compile(r"(?<![^\W_])DE[ ]?\d{9}-\d{5}(?![^\W_])")


def _find(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for entity, kind_of_stem in (("CASE_NUMBER", "CASE_STEM"), ("CASH_NUMBER", "CASH_STEM")):
        for start, end in sheet.hits(kind_of_stem):
            kind = _KIND.match(text, end)
            if not kind and text[start:end].isupper() and end - start > 3:  # "LANR 123456601"
                kind = _NONE.match(text, end)
            if kind or _BEFORE.search(text, max(0, start - 16), start):
                found = labelled(sheet, start, end, entity, kind.end() if kind else end)
                if found:
                    yield found
    for match in sheet.scan_numbers(_ECONOMY, 14):
        yield Finding(*match.span(), "TAX_NUMBER", 0.8, "format")
    for match in sheet.scan_numbers(_REGISTER):
        yield Finding(*match.span(), "CASE_NUMBER", 0.5, "format", certain=False, noted=True)


_NONE: Final = re.compile("")

RULE: Final = Rule("NUMBERS", ("CASE_NUMBER", "CASH_NUMBER", "TAX_NUMBER"), _find, {
    "CASE_STEM": CASE_STEMS, "CASH_STEM": CASH_STEMS}, digits=True)
