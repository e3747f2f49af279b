"""Numbers of people that only their label tells: schools, libraries, elections, doctors, employers, benefits.

One table of words; behind each of them "-Nr.", "Nummer", "Az." or the like is required, because most of the words are
ordinary ones ("Schüler 12", "Kita 3"). Numbers of public registers (HRB, VR) are noticed and stay, unless policy asks
for more: they belong to companies and associations, and to people only where one trades alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.sheet import GAP, Rule, Sheet
from gateway.model.finding import Finding

_KIND: Final = re.compile(
    r"(?:(?:e|es|s|n)?[- ]?(?:Nr\b\.?|No\b\.?|Nummer|Kenn(?:ung|ziffer|nummer)|Az\b\.?|Aktenzeichen|Zeichen|Gz\b\.?|"
    r"ID\b|"
    r"Ausweis(?:es)?(?:-?(?:Nr\b\.?|nummer))?|Verzeichnis-?(?:Nr\b\.?|nummer)|Seriennummer))", re.I)
_VALUE: Final = re.compile(
    r"(?=[^\s,;]{0,14}[ ]?[^\s,;]{0,12}\d)[A-ZÄÖÜ0-9][\w./*-]{0,24}"
    r"(?:[ ](?=[\w./-]*\d)[\w./-]{1,16}){0,4}")
_BEFORE: Final = re.compile(r"(?:Nr\.?|Nummer)[ ](?:im|des|der|vom)[ ]\Z")
_DATE: Final = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{2,4})?$|\d{4}-\d{2}-\d{2}$|\d{1,2}:\d{2}")
_REGISTER: Final = re.compile(
    r"(?<![\w/.-])(?:HRA|HRB|GnR|PR|VR|GsR)(?:[ -]?Nr\.?)?[ ]?\d{1,6}(?:[ ]?[A-Z]{1,2}(?!\w))?(?![\w/]|[.,]\d)")
_ECONOMY: Final = re.compile(r"(?<![^\W_])DE[ ]?\d{9}-\d{5}(?![^\W_])")
_WHOLE: Final = frozenset({"lanr", "bsnr", "betriebsnummer", "azrnummer", "förderungsnummer", "schülernummer"})
_CASES: Final = frozenset({"bafög", "elterngeld", "unterhaltsvorschuss", "schwerbehinderten", "azr", "akn", "bamf",
                           "ausländerzentralregister", "schwerbehindertenausweis", "förderungsnummer",
                           "feststellungsbescheid", "wählerverzeichnis", "azrnummer"})


def _find(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for start, end in sheet.hits("LABELLED"):
        word = text[start:end].lower()
        kind = _KIND.match(text, end)
        if not (kind or word in _WHOLE or word.endswith(("nummer", "nr")) or _BEFORE.search(sheet.left(start, 16))):
            continue
        gap = GAP.match(text, kind.end() if kind else end)
        match = _VALUE.match(text, gap.end() if gap else end)
        surface = match[0].rstrip("./-* ") if match else ""
        if match and len(surface) >= 3 and any(map(str.isdigit, surface)) and not _DATE.match(surface):
            entity = "CASE_NUMBER" if word in _CASES else "CASH_NUMBER"
            span = match.start(), match.start() + len(surface)
            yield Finding(*span, entity, 0.75, "kontext", certain=len(surface) >= 5)
    for match in sheet.scan_numbers(_ECONOMY, 14):
        yield Finding(*match.span(), "TAX_NUMBER", 0.8, "format")
    for match in sheet.scan_numbers(_REGISTER):
        yield Finding(*match.span(), "CASE_NUMBER", 0.5, "format", certain=False, noted=True)


RULE: Final = Rule("NUMBERS", ("CASE_NUMBER", "CASH_NUMBER", "TAX_NUMBER"), _find, {
    "LABELLED": "bafög elterngeld unterhaltsvorschuss schwerbehinderten schwerbehindertenausweis "
    "ausländerzentralregister azr akn bamf förderungsnummer feststellungsbescheid wählerverzeichnis wähler "
    "azrnummer schüler schülerin schülernummer kita personal bibliothek bücherei leser bibliotheks leserkarte "
    "mitarbeiter dienstausweis dienst lanr bsnr arztnummer betriebsstättennummer betriebsnummer betriebs "
    "lohn lohnsteuer stamm matrikel versicherungsschein police kundenkarte ehrenamtskarte familienpass sozialpass "
    "seniorenpass fischereischein jagdschein waffenbesitzkarte gewerbeschein kindergeld kindergeldnummer "
    "wählernummer wählerverzeichnisnummer kitanummer bibliotheksnummer kindnummer mitarbeiternummer "
    "dienstnummer stammnummer jobcenter bedarfsgemeinschaft"}, digits=True)
