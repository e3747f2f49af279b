"""Parcels and sheets of the land register: "Gemarkung Husum, Flur 3, Flurstück 45/6", "Grundbuch von Husum Blatt 77".

The parts may stand in any order; a district and a field without a parcel count together, a field ("Flur") alone is a
corridor as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.sheet import Rule, Sheet, value_at
from gateway.model.finding import Finding

_UP: Final = "[A-ZÄÖÜ]"
_DISTRICT: Final = rf"(?:Gemarkung|Gem\.|Gmkg\.)[: ]{{1,3}}{_UP}[\w-]+(?:[ ](?!Fl){_UP}[\w-]+)?"
_FIELD: Final = r"(?:Flur|Fl\.)[: ]{1,2}\d{1,3}(?![\d/])"
_LOT: Final = (
    r"(?:Flurstück(?:e|s)?(?:nummern?)?(?:[ -]?Nr\.?)?|Flurst\.?(?:[ -]?Nr\.?)?|Flst\.?(?:[ -]?Nr\.?)?|Fl\.?[ ]?St\.?|"
    r"Flurnummer|Parzellen?|Nr\.)[: ]{0,2}(?:Nr\.?[ ])?\d{1,5}(?:/\d{1,4})?"
    r"(?:(?:,[ ]|[ ]und[ ]|[ ]u\.[ ])\d{1,5}/\d{1,4}){0,4}")
_PART: Final = rf"(?:{_DISTRICT}|{_FIELD}|{_LOT})"
_PARCEL: Final = re.compile(rf"(?<!\w){_PART}(?:[ ,;:]{{1,3}}(?:und[ ]|in[ ]der[ ]|der[ ])?{_PART}){{0,3}}")
_HAS_LOT: Final = re.compile(r"Flurst|Flst|Fl\.?[ ]?St|Flurnummer|Parzelle|Gem.*Fl")
_LOT_VALUE: Final = re.compile(r"\d{1,5}(?:/\d{1,4})?(?![\d.])")
_PLOT_VALUE: Final = re.compile(r"(?:[ ]Nr\.)?:?[ ](\d{1,5}/(?!(?:19|20)\d\d)\d{1,4})(?![\d/.])")
_FIELD_VALUE: Final = re.compile(rf"{_UP}[\w-]+(?:[ ]{_UP}[\w-]+)?|\d{{1,3}}(?!\d)")
_SHEET: Final = re.compile(r"(?:Blatt|Bl\.)[ ]?(?:Nr\.?[ ]?)?\d{1,6}(?:[ ]?[A-Z](?!\w))?")
_SHEET_VALUE: Final = re.compile(r"\d{1,6}(?:[ ]?[A-Z](?!\w))?(?![\d.])")
_ALKIS: Final = re.compile(r"(?<!\w)\d{6}[_\d]{3}\d{5}[_\d]{4,6}(?:_{1,2})?(?!\w)")
_QUOTED: Final = re.compile(r"""["']\s?:|>""")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


def _find(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    if sheet.hits("PARCEL") or sheet.hits("FIELD"):
        for match in sheet.scan(_PARCEL):
            if _HAS_LOT.search(match[0]):
                yield Finding(*match.span(), "PARCEL", 0.8, "kontext")
    for _, end in sheet.hits("PARCEL"):
        found = value_at(sheet, end, _LOT_VALUE)
        if found and ("/" in found[0] or _QUOTED.match(text, end)) and not _YEAR.fullmatch(found[0]):
            yield Finding(*found.span(), "PARCEL", 0.75, "kontext", certain=False)
    if sheet.hits("PARCEL"):
        for _, end in sheet.hits("FIELD"):
            found = value_at(sheet, end, _FIELD_VALUE) if _QUOTED.match(text, end) else None
            if found:
                yield Finding(*found.span(), "PARCEL", 0.7, "kontext", certain=False)
    yield from _plots(sheet)
    yield from _sheets(sheet)
    if sheet.has("_") or sheet.hits("ALKIS"):
        for match in sheet.scan_numbers(_ALKIS, 11):
            if "_" in match[0] or sheet.near("ALKIS", match.start(), 40):
                yield Finding(*match.span(), "PARCEL", 0.9, "format")


def _plots(sheet: Sheet) -> Iterator[Finding]:
    for _, end in sheet.hits("PLOT"):
        found = _PLOT_VALUE.match(sheet.text, end)
        if found:
            yield Finding(*found.span(1), "PARCEL", 0.6, "kontext", certain=False)


def _sheets(sheet: Sheet) -> Iterator[Finding]:
    registers = [end for _, end in sheet.hits("LAND_REGISTER")]
    registers += [end for _, end in sheet.hits("GB") if sheet.text.startswith((" von ", "-Blatt"), end)]
    if registers:
        for match in sheet.scan(_SHEET):
            if any(match.start() - 120 <= end <= match.start() for end in registers):
                yield Finding(*match.span(), "PARCEL", 0.8, "kontext")
    for _, end in sheet.hits("SHEET"):
        found = value_at(sheet, end, _SHEET_VALUE)
        if found:
            yield Finding(*found.span(), "PARCEL", 0.75, "kontext", certain=False)


RULE: Final = Rule("PARCEL", ("PARCEL",), _find, {
    "PARCEL": "flurstück flurstücke flurstücks flurstücknummer flst flurst flurnummer parzelle parzellen st "
    "flurstücksnummer flurstücksnr flurstueck flurstuecke flurstuecksnummer flstnr",
    "FIELD": "gemarkung flur gmkg",
    "LAND_REGISTER": "grundbuch grundbuchs grundbuchblatt grundbuche wohnungsgrundbuch erbbaugrundbuch teileigentum "
    "grundschuld hypothek grundschulden teileigentumsgrundbuch",
    "SHEET": "grundbuchblatt grundbuchblattnummer grundbuchnummer",
    "PLOT": "grundstück grundstücks grundstücke grundstücken grundstückes bauplatz",
    "GB": "gb", "ALKIS": "flurstückskennzeichen"}, digits=True)
