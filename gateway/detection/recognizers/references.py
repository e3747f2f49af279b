"""File numbers, register and court numbers; Kassenzeichen, customer and other numbers; parcels and land register.

They differ from town to town, so the label decides; some shapes tell enough by themselves. Own patterns of the
municipality come from configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from gateway.detection.sheet import GAP, Rule, Sheet, compact
from gateway.model.finding import Finding

_VALUE: Final = re.compile(
    r"(?=[^\n,;]{0,24}\d)[A-Za-zÄÖÜ0-9][\w./*+-]{0,40}(?:(?:[ ]?[-–/][ ]?|[ ])(?=[\w./-]*\d|"
    r"[A-ZÄÖÜ][A-Za-z]{0,3}[ ]\d)[\w./*-]+){0,5}")
_SPOKEN: Final = re.compile(r"\.?(?:[ ][A-ZÄÖÜ][\w-]{2,30}){1,2}[ ]?:[ ]{0,2}")
"""What a label may name before its colon: "Az. Schwerbehindertenrecht: 44/12"."""
_DIGIT: Final = re.compile(r"\d")
_OURS: Final = re.compile(r"(?:[uU]nser|[iI]hr|[mM]ein|[dD]ein|Geschäfts|Akten)e?n?[ -]\Z")
_NUMBERED: Final = re.compile(r"-(?:Nr|Nummer|No)", re.I)
_REGISTERED: Final = re.compile(r"[^\n]{0,40}?\bNr\.?[ ](\d{1,6}/\d{2,4})")
_DATE: Final = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{2,4})?$|\d{4}-\d{2}-\d{2}$|\d{1,2}:\d{2}")
_COURT: Final = re.compile(
    r"(?<![\w.])(?:\d{1,4}[ ](?:Ds|Ls|Cs|KLs|Ks|Ns|OWi|Gs)[ ])?"
    r"(?:\d{1,4}|[IVX]{1,5}[a-z]?)[ ]?[a-z]?[ ](?:U?Js|Gs|Ds|Ls|Cs|Ks|Ns|KLs|OWi|OWiG|AR|AZR|BR|Ca|Sa|C|F|"
    r"O|S|T|U|K|L|M|N|A|B|E|"
    r"IN|IK|XVII|XIV|VI|VR|HRA|HRB|ZR|R|SO|AS|SB|KR|P|W|WF|UF|AL|BvR)[ ]\d{1,6}/\d{2,4}(?!\w)(?:[ ](?:ER|PKH|B))?")
_PUBLIC: Final = re.compile(r"(?:\b(?:BGH|BVerwG|BVerfG|BSG|BAG|BFH|EuGH|EGMR|OLG|OVG|VGH|LSG|KG|Urteil|Beschluss|"
    r"Urt|Beschl)\b"
                            r"[^\n]{0,40})$")
_SHAPES: Final = re.compile(
    r"(?<![\w./-])(?:"
    r"\d{1,3}(?:[.-]\d{1,3}){0,2}[-/ ]{1,3}[A-ZÄÖÜ][A-Za-zÄÖÜäöü]{0,5}[-/ ]{0,3}\d{2,4}[-/]\d{1,7}"  # 50.2-WG
    r"|\d{2,3}\.\d{1,3}[-/][A-ZÄÖÜ]{1,4}[-/]\d{2,4}[-/.]\d{1,6}"
    r"|[A-ZÄÖÜ]{1,3}[ -]?(?:19|20)\d{2}/\d{2,6}"
    r"|[A-ZÄÖÜ][A-Za-zÄÖÜ]{1,5}-\d{4}-\d{3,8}"                                              # GSi-2024-11093
    r")(?![\w/])")
_NOT_SHAPE: Final = re.compile(
    r"(?:vorlage|drucksache|ds|beschluss|antrag|produkt|din|iso|cve|kb|version|haushaltsstelle|bv|satzung|art|"
    r"artikel|§|abs"
    r"|verordnung|richtlinie)\.?[- ]{0,2}(?:nr\.?[ ])?$", re.I)
_CVE: Final = re.compile(r"(?:CVE|ISO|RFC|DIN|EU|EN|KB|DS|BV|VO)\b")
_DOTTED: Final = re.compile(r"(?<![\w.,/-])(?=[\d.]*\d{4})\d{1,4}(?:\.\d{1,8}){2,4}(?![\w.]|,\d)")
_DOTTED_DATE: Final = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}$|\d{2,4}\.\d{1,2}\.\d{1,2}$")
_BENEFIT: Final = re.compile(r"(?<![\w/])(?:\d{5}//\d{4,8}|\d{3}[ ]?FK[ ]?\d{6}|\d{3}[A-Z]\d{6})(?![\w/])")
_CREDITOR: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}[ ]?ZZZ[ ]?\d(?:[ ]?\d){4,14}(?!\w)")
_PARCEL: Final = re.compile(
    r"(?:Gemarkung[ ][A-ZÄÖÜ][\w-]+(?:[ ][A-ZÄÖÜ][\w-]+)?[ ,]{0,3})?(?:Flur[ ]\d{1,3}[ ,;:]{0,3}(?:und[ ])?)?"
    r"(?:Flurst(?:ück|\.)?(?:e|s|nummer|[ -]?Nr\.?)?|Flst\.?(?:[ -]?Nr\.?)?|Flurnummer|"
    r"Parzelle)[: ]{0,2}(?:Nr\.?[ ])?\d{1,5}(?:/\d{1,4})?"
    r"(?:(?:,[ ]|[ ]und[ ])\d{1,5}/\d{1,4}){0,4}(?:,[ ]Flur[ ]\d{1,3})?"
    r"(?:,?[ ](?:in[ ]der[ ])?Gemarkung[ ][A-ZÄÖÜ][\w-]+)?", re.I)
_FLUR: Final = re.compile(r"Gemarkung[ ][A-ZÄÖÜ][\w-]+(?:[ ][A-ZÄÖÜ][\w-]+)?[ ,]{1,3}Flur[ ]\d{1,3}")
_SHEET: Final = re.compile(r"Blatt[ ]?(?:Nr\.?[ ]?)?\d{1,6}(?:[ ]?[A-Z](?!\w))?")
_ALKIS: Final = re.compile(r"(?<!\w)\d{6}[_\d]{3}\d{5}[_\d]{6}(?:__)?(?!\w)")


def _labelled(sheet: Sheet, kind: str, entity: str) -> Iterator[Finding]:
    text = sheet.text
    for start, end in sheet.hits(kind):
        gap = GAP.match(text, end)
        if text[start:end] == "Zeichen" and text[end:end + 1] != ":" and not _OURS.search(sheet.left(start, 14)):
            continue  # a traffic sign
        joined = text[end:end + 1] == "-" and not _NUMBERED.match(text, end)
        if end - start <= 2 and (joined or text[start - 1:start] == "-"):
            continue  # "WG" inside "50.2-WG-2024" is part of a number, no label
        position = gap.end() if gap else end
        match = _VALUE.match(text, position)
        if (match is None or not _DIGIT.search(match[0])) and (spoken := _SPOKEN.match(text, end)):
            match = _VALUE.match(text, spoken.end())
        if match is None:
            continue
        surface = match[0].rstrip("./-*+ ")
        if not any(c.isdigit() for c in surface) or _DATE.match(surface) or len(surface) < 3:
            continue
        if " " in surface and surface[0].islower():
            continue
        yield Finding(match.start(), match.start() + len(surface), entity, 0.8, "kontext", certain=len(surface) >= 5)


def _own(sheet: Sheet, templates: Sequence[re.Pattern[str]], entity: str) -> Iterator[Finding]:
    """Numbers of this municipality, wherever they stand."""
    for pattern in templates:
        for match in sheet.scan(pattern):
            yield Finding(*match.span(), entity, 0.9, "format")


def _find_case(sheet: Sheet, own: Sequence[re.Pattern[str]]) -> Iterator[Finding]:
    yield from _own(sheet, own, "CASE_NUMBER")
    yield from _labelled(sheet, "CASE", "CASE_NUMBER")
    for _, end in sheet.hits("REGISTER"):
        registered = _REGISTERED.match(sheet.text, end)
        if registered:
            yield Finding(*registered.span(1), "CASE_NUMBER", 0.7, "kontext")
    if sheet.has("/"):
        for match in sheet.scan_numbers(_COURT, 3):
            if not _PUBLIC.search(sheet.line_left(match.start(), 60)):
                yield Finding(*match.span(), "CASE_NUMBER", 0.75, "format")
    for match in sheet.scan_numbers(_SHAPES, 3):
        left = sheet.line_left(match.start(), 60)
        if not (_NOT_SHAPE.search(left) or _PUBLIC.search(left) or _CVE.match(match[0])):
            yield Finding(*match.span(), "CASE_NUMBER", 0.6, "format", certain=len(match[0]) >= 8)


def _find_cash(sheet: Sheet, own: Sequence[re.Pattern[str]], creditors: frozenset[str]) -> Iterator[Finding]:
    yield from _own(sheet, own, "CASH_NUMBER")
    yield from _labelled(sheet, "CASH", "CASH_NUMBER")
    if creditors and sheet.has("ZZZ"):
        for match in sheet.scan_numbers(_CREDITOR, 4):
            if compact(match[0]) not in creditors:
                yield Finding(*match.span(), "CASH_NUMBER", 0.8, "format")
    for match in sheet.scan_numbers(_BENEFIT, 9):
        yield Finding(*match.span(), "CASH_NUMBER", 0.8, "format")
    for match in sheet.scan_numbers(_DOTTED, 6):
        if not _DOTTED_DATE.match(match[0]):
            yield Finding(*match.span(), "CASH_NUMBER", 0.6, "format")


def _find_parcel(sheet: Sheet) -> Iterator[Finding]:
    if sheet.hits("PARCEL"):
        for pattern in (_PARCEL, _FLUR):
            for match in sheet.scan(pattern):
                yield Finding(*match.span(), "PARCEL", 0.8, "kontext")
    if sheet.hits("LAND_REGISTER"):
        for match in sheet.scan(_SHEET):
            if sheet.near("LAND_REGISTER", match.start(), 120):
                yield Finding(*match.span(), "PARCEL", 0.8, "kontext")
    if sheet.has("_"):
        for match in sheet.scan_numbers(_ALKIS, 11):
            yield Finding(*match.span(), "PARCEL", 0.9, "format")


def case_rule(own: Sequence[re.Pattern[str]] = ()) -> Rule:
    """Return the recognizer of file numbers; `own` are further patterns of this municipality."""
    return Rule("CASE_NUMBER", ("CASE_NUMBER",), partial(_find_case, own=own), {
        "CASE": "az aktenzeichen aktenzeichens gz geschäftszeichen geschäftszeichens "
        "application reg zeichen akte vorgang vorgangsnummer vorgangsnr fallnummer "
        "fallnr fallakte"
                " aktennummer azr registernummer urkundennummer tagebuchnummer reference ref referenz ticketnummer"
                " meldungsnummer antragsnummer gesch -aktenzeichen",
        "REGISTER": "geburtenregister eheregister sterberegister geburtsregister heiratsregister geburtseintrag "
        "eheeintrag"
                    " sterbeeintrag"},
        digits=True)


def cash_rule(own: Sequence[re.Pattern[str]] = (), creditors: frozenset[str] = frozenset()) -> Rule:
    """Return the recognizer of customer numbers; `creditors` are the own SEPA identifiers: others are findings."""
    return Rule("CASH_NUMBER", ("CASH_NUMBER",), partial(_find_cash, own=own, creditors=creditors), _CASH, digits=True)


_CASH: Final = {
    "CASH": "kassenzeichen kassenzeichens kassenz kz kundennummer kundennr kd "
    "personalnummer personalnr persnr bg bgnummer wg "
    "wohngeldnummer"
            " wohngeldnr mandatsreferenz mandatsref mandat buchungszeichen personenkonto debitor debitorennummer "
            "steuermarke"
            " hundemarke mitgliedsnummer leserausweis bibliotheksausweis leserausweisnummer kindergeldnummer "
            "vertragskonto"
            " vertragskontonummer zählernummer rechnungsnummer bescheidnummer beitragsnummer kundenkonto wohngeld"
            " abgabenkonto objektnummer bürgernummer schülernummer matrikelnummer teilnehmernummer kundennumer"
            " customer"}
PARCEL_RULE: Final = Rule("PARCEL", ("PARCEL",), _find_parcel, {
    "PARCEL": "flurstück flurstücke flurstücks flurstücknummer flst flurst gemarkung flurnummer parzelle "
    "flurstücksnummer",
    "LAND_REGISTER": "grundbuch grundbuchs grundbuchblatt grundbuche wohnungsgrundbuch "
    "grundschuld hypothek grundschulden"}, digits=True)
