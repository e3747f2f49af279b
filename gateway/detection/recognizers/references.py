"""File numbers, register and court numbers; Kassenzeichen, customer and other numbers.

They differ from town to town, so the label decides; some shapes tell enough by themselves. Own patterns of the
municipality come from configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from gateway.detection.labels import CASE, CASH
from gateway.detection.sheet import GAP, Rule, Sheet, compact
from gateway.model.finding import Finding

_VALUE: Final = re.compile(
    r"(?=[^\n,;]{0,24}\d)[A-Za-zÄÖÜ0-9][\w./*+-]{0,40}(?:(?:[ ]?[-–/][ ]?|[ ])(?=[\w./-]*\d|"
    r"[A-ZÄÖÜ][A-Za-z]{0,3}[ ]\d|[a-z]{1,3}[ ]\d{1,6}/\d)[\w./*-]+){0,5}")
_INITIALS: Final = re.compile(
    r"[ ](?!Im|In|An|Am|Es|Er|Zu|Ab|Der|Die|Das|Bis|Von|Mit|Und|Für|Wir|Sie|Ich)[A-Z][a-z]{1,2}(?=[,;.)\n]|\Z)")
"""Initials of the official behind a file number: "32-77/25 Lu"."""
_BACKWARDS: Final = re.compile(
    r"(?<![\w.,/-])([A-Za-zÄÖÜ0-9][\w./*+-]{0,40}(?:[ ][\w./*-]*\d[\w./*-]*){0,4})"
    r"[ ]?(?:\([ ]?|=[ ]?|[ ][–-][ ]|[ ]als[ ])"
    r"(?:(?:[uU]nser|[iI]hr|[mM]ein|das|Ihr|neues|altes)(?:e[srn]?)?[ ])?\Z")
"""A number whose label stands behind it: "7734.0091.2 (Kassenzeichen)"."""
_SPOKEN: Final = re.compile(r"\.?(?:[ ][A-ZÄÖÜ][\w-]{2,30}){1,2}[ ]?:[ ]{0,2}")
"""What a label may name before its colon: "Az. Schwerbehindertenrecht: 44/12"."""
_DIGIT: Final = re.compile(r"\d")
_OURS: Final = re.compile(r"(?:[uU]nser|[iI]hr|[mM]ein|[dD]ein|Geschäfts|Akten)e?n?[ -]\Z")
_NUMBERED: Final = re.compile(r"-(?:Nr|Nummer|No|ID)", re.I)
_ABBREVIATED: Final = re.compile(r"(?<!\w)(?:[Gg]esch?\.?[ -]{0,2}Z(?:eichen|\.|(?=:))|[uUiImM]\.[ ]?Z(?:\.|(?=:)))")
_YEAR: Final = re.compile(r"(?:19|20)\d{2}(?:/\d{2})?")
_NUMBER_WORD: Final = re.compile(r"(?:nummern?|nr|zeichens?|id)\W*\Z", re.I)
_REGISTERED: Final = re.compile(
    r"(?:[^\n\d]{0,40}?\bNr\.?:?[ ]|s?[ :–-]{1,3})((?:[A-Z]{1,2}[ ]?)?\d{1,6}/\d{2,4})(?!\w)")
_DATE: Final = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{2,4})?$|\d{4}-\d{2}-\d{2}$|\d{1,2}:\d{2}")
_COURT: Final = re.compile(
    r"(?<![\w.])(?:[LSB][ ](?=\d))?(?:\d{1,4}[ ](?:Ds|Ls|Cs|KLs|Ks|Ns|OWi|Gs)[ ])?"
    r"(?:\d{1,4}|[IVX]{1,5}[a-z]?)[ ]?[a-z]?[ ](?:U?Js|Gs|Ds|Ls|Cs|Ks|Ns|KLs|OWi|OWiG|AR|AZR|BR|Ca|Sa|C|F|"
    r"O|S|T|U|K|L|M|N|A|B|E|"
    r"IN|IK|XVII|XIV|VI|VR|HRA|HRB|ZR|R|SO|AS|SB|KR|P|W|WF|UF|AL|BvR)[ ]\d{1,6}/\d{2,4}(?!\w)")
_COURT_MORE: Final = re.compile(r"[ ](?:ER|PKH|B|SO|EASO|VA|WF)(?!\w)")
_CIVIL: Final = re.compile(r"(?<![\w.])[GSEHB][ ]?(?:Nr\.?[ ])?\d{1,5}/(?:19|20)\d{2}(?![\w/])")
"""Entries of the registers of births, marriages and deaths."""
_PUBLIC: Final = re.compile(r"(?:\b(?:BGH|BVerwG|BVerfG|BSG|BAG|BFH|EuGH|EGMR|OLG|OVG|VGH|LSG|KG|Urteil|Beschluss|"
    r"Urt|Beschl)\b"
                            r"[^\n]{0,40})$")
_SHAPES: Final = re.compile(
    r"(?<![\w./-])(?:"
    r"\d{1,3}(?:[.-]\d{1,3}){0,2}[-/ ]{1,3}(?!Uhr|Euro|EUR)[A-ZÄÖÜ][A-Za-zÄÖÜäöü]{0,5}[-/ ]{0,3}"  # 50.2-WG
    r"\d{2,4}[-/]\d{1,7}"
    r"|\d{2,3}\.\d{1,3}[-/][A-ZÄÖÜ]{1,4}[-/]\d{2,4}[-/.]\d{1,6}"
    r"|[A-ZÄÖÜ]{1,3}[ -]?(?:19|20)\d{2}/\d{2,6}"
    r"|(?!VO|DS|BV|AN|MV|SV|AF)[A-Z]{2,4}/\d{5,8}/(?:19|20)\d{2}"                            # ST/0123456/2024
    r"|[A-ZÄÖÜ][A-Za-zÄÖÜ]{1,5}-\d{4}-\d{3,8}"                                              # GSi-2024-11093
    r")(?![\w/])")
_NOT_SHAPE: Final = re.compile(
    r"(?:vorlage|drucksache|ds|beschluss|antrag|produkt|din|iso|cve|kb|version|bv|satzung|art|artikel|§|abs|verordnung|"
    r"richtlinie|haushaltsstelle|hhst|\w*konto|kostenstelle|kostenträger|buchungsstelle|finanzposition|psk|kontierung|"
    r"aktenplan|gliederung|kapitel|titel|isbn|issn|build|release|v|modell|typ|art-nr|artikel-nr|b-plan|bebauungsplan|"
    r"invest|projekt|auftrag|pos|lv-pos|tarif|los|vergabe|ausschreibung|cpv|leika|ags|gemeindeschlüssel|maßnahme|investition|produktsachkonto|abschnitt)"
    r"\.?:?[- ]{0,2}(?:nr\.?[ ])?$", re.I)
_CVE: Final = re.compile(r"(?:CVE|ISO|RFC|DIN|EU|EN|KB|DS|BV|VO)\b")
_DOTTED: Final = re.compile(r"(?<![\w.,/-])(?=[\d.]*\d{4})\d{1,4}(?:\.\d{1,8}){2,4}(?![\w.]|,\d)")
_DOTTED_DATE: Final = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}$|\d{2,4}\.\d{1,2}\.\d{1,2}$")
_BENEFIT: Final = re.compile(r"(?<![\w/])(?:\d{5}//\d{4,8}|\d{3}[ ]?FK[ ]?\d{6}|\d{3}[A-Z]\d{6})(?![\w/])")
_CREDITOR: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}[ ]?ZZZ[ ]?\d(?:[ ]?\d){4,14}(?!\w)")


def labelled(sheet: Sheet, start: int, end: int, entity: str, behind: int | None = None) -> Finding | None:
    """Return the number that belongs to the label ``[start, end)``: behind it, or in front of a label in brackets.

    `behind`: where the label ends together with "-Nr." and the like, when that was read already.
    """
    text = sheet.text
    gap = GAP.match(text, end if behind is None else behind)
    position = gap.end() if gap else end if behind is None else behind
    match = _VALUE.match(text, position)
    if (match is None or not _DIGIT.search(match[0])) and (spoken := _SPOKEN.match(text, end)):
        match = _VALUE.match(text, spoken.end())
    if match is not None:
        surface = match[0].rstrip("./-*+ ")
        sure = behind is not None or _NUMBER_WORD.search(text, start, position) is not None
        if is_number(surface) and (sure or not _YEAR.fullmatch(surface)):
            stop = match.start() + len(surface)
            initials = _INITIALS.match(text, stop) if entity == "CASE_NUMBER" else None
            stop = initials.end() if initials else stop
            return Finding(match.start(), stop, entity, 0.8, "kontext", certain=len(surface) >= 5)
    before = _BACKWARDS.search(text, max(sheet.begin, start - 60), start)
    if before and is_number(before[1]) and len(before[1]) >= 5:
        return Finding(*before.span(1), entity, 0.75, "kontext")
    return None


def is_number(surface: str) -> bool:
    """Whether this is written like a number that somebody gave, not like a date or a time."""
    if len(surface) < 3 or _DATE.match(surface) or _DIGIT.search(surface) is None:
        return False
    first = surface.split(" ")[0]
    named = first[1:].islower() and len(first) > (3 if len(surface) - len(first) <= 3 else 4)  # "Name 1", the next head
    word = first.isalpha() and (len(first) > 6 or named)
    return not (" " in surface and (surface[0].islower() or word))


def _labelled(sheet: Sheet, kind: str, entity: str) -> Iterator[Finding]:
    text = sheet.text
    for start, end in sheet.hits(kind):
        if text[start:end] == "Zeichen" and text[end:end + 1] != ":" and not _OURS.search(sheet.left(start, 14)):
            continue  # a traffic sign
        joined = text[end:end + 1] == "-" and not _NUMBERED.match(text, end)
        if end - start <= 2 and (joined or text[start - 1:start] == "-"):
            continue  # "WG" inside "50.2-WG-2024" is part of a number, no label
        if text[start:end] == "wg":
            continue  # "wegen"
        found = labelled(sheet, start, end, entity)
        if found:
            yield found


def _own(sheet: Sheet, templates: Sequence[re.Pattern[str]], entity: str) -> Iterator[Finding]:
    """Numbers of this municipality, wherever they stand."""
    for pattern in templates:
        for match in sheet.scan(pattern):
            yield Finding(*match.span(), entity, 0.9, "format")


def _find_case(sheet: Sheet, own: Sequence[re.Pattern[str]]) -> Iterator[Finding]:
    yield from _own(sheet, own, "CASE_NUMBER")
    yield from _labelled(sheet, "CASE", "CASE_NUMBER")
    if sheet.has("Z.") or sheet.has("Z:"):
        for match in sheet.scan(_ABBREVIATED):
            found = labelled(sheet, *match.span(), "CASE_NUMBER")
            if found:
                yield found
    if sheet.has("/"):
        yield from _registers(sheet)
        yield from _courts(sheet)
    yield from _placed(sheet)
    for match in sheet.scan_numbers(_SHAPES, 3):
        left = sheet.line_left(match.start(), 60)
        if not (_NOT_SHAPE.search(left) or _PUBLIC.search(left) or _CVE.match(match[0])):
            yield Finding(*match.span(), "CASE_NUMBER", 0.6, "format", certain=len(match[0]) >= 8)


def _placed(sheet: Sheet) -> Iterator[Finding]:
    """Numbers that their place tells: in ``id="BA-20417"``, at the end of a heading, in brackets behind the police."""
    if sheet.has("=\"") or sheet.has("='"):
        for match in sheet.scan_numbers(_ATTRIBUTE, 4):
            yield Finding(*match.span(1), "CASE_NUMBER", 0.6, "format")
    for match in sheet.scan_numbers(_HEADING, 6):
        if not (_DATE.match(match[1]) or match[1][0] == "0" or _NOT_SHAPE.search(sheet.left(match.start(), 40))):
            yield Finding(*match.span(1), "CASE_NUMBER", 0.6, "format")
    if sheet.hits("POLICE"):
        for match in sheet.scan_numbers(_BRACKETED, 5):
            if sheet.near("POLICE", match.start(), 90):
                yield Finding(*match.span(1), "CASE_NUMBER", 0.6, "kontext")
    for _, end in sheet.hits("PROTOCOL"):
        numbered = _PROTOCOL.match(sheet.text, end)
        if numbered:
            yield Finding(*numbered.span(1), "CASE_NUMBER", 0.6, "kontext")


_ATTRIBUTE: Final = re.compile(r"(?<![^\W_])(?:id|nr|ref|key)=[\"']([A-ZÄÖÜ]{1,4}-?\d{4,10})[\"']", re.I)
_HEADING: Final = re.compile(
    r"(?<=[^\W\d][ ])[–—/-][ ](\d{1,8}[A-Z]?(?:[./-](?:[A-Z]{1,4}[./-]?)?\d{1,8}){2,4})"
    r"(?=[ \t]*(?:\n|\Z))")
_BRACKETED: Final = re.compile(r"\([ ]?((?:[A-ZÄÖÜ]{1,4}[/-])?\d{2,8}/\d{2,8}(?:/\d{1,8})?)[ ]?\)")
_PROTOCOL: Final = re.compile(r"(?:[ -]?Nr\.?|nummer)?:?[ ]{1,2}([A-Z]{1,4}[-/ ]?\d{3,8}[\w/-]{0,12})(?!\w)")


def _registers(sheet: Sheet) -> Iterator[Finding]:
    """Entries of the registers of births, marriages and deaths."""
    for _, end in sheet.hits("REGISTER"):
        registered = _REGISTERED.match(sheet.text, end)
        if registered:
            yield Finding(*registered.span(1), "CASE_NUMBER", 0.7, "kontext")
    if sheet.hits("CIVIL"):
        for match in sheet.scan_numbers(_CIVIL, 5):
            if sheet.near("CIVIL", match.start(), 60, 30):
                yield Finding(*match.span(), "CASE_NUMBER", 0.7, "kontext")


def _courts(sheet: Sheet) -> Iterator[Finding]:
    """Numbers of courts and prosecutors; decisions that are quoted belong to everybody."""
    for match in sheet.scan_numbers(_COURT, 3):
        if not _PUBLIC.search(sheet.line_left(match.start(), 60)):
            more = _COURT_MORE.match(sheet.text, match.end())
            yield Finding(match.start(), (more or match).end(), "CASE_NUMBER", 0.75, "format")


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
        if not (_DOTTED_DATE.match(match[0]) or _NOT_SHAPE.search(sheet.line_left(match.start(), 30))):
            yield Finding(*match.span(), "CASH_NUMBER", 0.6, "format")


def case_rule(own: Sequence[re.Pattern[str]] = ()) -> Rule:
    """Return the recognizer of file numbers; `own` are further patterns of this municipality."""
    return Rule("CASE_NUMBER", ("CASE_NUMBER",), partial(_find_case, own=own), {
        "CASE": CASE,
        "REGISTER": "geburtenregister eheregister sterberegister geburtsregister heiratsregister geburtseintrag "
        "eheeintrag sterbeeintrag geburtenbuch familienbuch heiratsbuch sterbebuch geburtsurkunde eheurkunde "
        "heiratsurkunde sterbeurkunde urkunde",
        "POLICE": "polizei polizeibericht polizeimeldung polizeiwache polizeiinspektion polizeistation anzeige "
        "strafanzeige unfallaufnahme unfallbericht tagebuchnummer kriminalpolizei polizeilich polizeiliche "
        "polizeilichen polizeirevier",
        "PROTOCOL": "index protokoll protokollnummer protokollnr",
        "CIVIL": "standesamt standesamts standesamtes geburtenregister eheregister sterberegister geburtsurkunde "
        "eheurkunde sterbeurkunde personenstandsregister registernummer beurkundung geburtseintrag"}, digits=True)


def cash_rule(own: Sequence[re.Pattern[str]] = (), creditors: frozenset[str] = frozenset()) -> Rule:
    """Return the recognizer of customer numbers; `creditors` are the own SEPA identifiers: others are findings."""
    return Rule("CASH_NUMBER", ("CASH_NUMBER",), partial(_find_cash, own=own, creditors=creditors), {"CASH": CASH},
                digits=True)
