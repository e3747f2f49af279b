"""Ethnic origin, nationality, status of residence: ``special_origin.txt`` and the table ``countries.txt``.

A country alone is nobody's origin ("fährt nach Polen"): it counts behind "stammt aus", "Frau Salihi aus", before
"geflohen", behind "Staatsangehörigkeit". An adjective counts before somebody or his passport, a language where
somebody speaks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import lines, words
from gateway.detection.names import is_ordinary
from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.phrases import phrases
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

_ROWS: Final = [line.split(";") for line in lines("countries.txt")]
_COUNTRIES: Final = [word.lower() for row in _ROWS for word in row[0].split(",")]
_ADJECTIVES: Final = [part for row in _ROWS for word in row[1].split(",") for part in word.split("-")[-1:]]
_CODES: Final = frozenset(row[3] for row in _ROWS)
_LANGUAGES: Final = (
    "tigrinya amharisch dari farsi paschtu urdu hindi somali romanes mandarin suaheli kurmandschi sorani punjabi "
    "deutsch bengali tamil thai wolof mandinka fula haussa oromo pashto aramäisch hebräisch katalanisch")
_ENDINGS: Final = ("", "e", "en", "er", "es", "em")
_INFLECTED: Final = " ".join(word + ending for word in _ADJECTIVES for ending in _ENDINGS)
_NATIONS: Final = frozenset((*_INFLECTED.split(), *_COUNTRIES))


def _people() -> str:
    """Return the words for people of a country, in singular and plural."""
    out: list[str] = []
    for word in (word for row in _ROWS for word in row[2].split(",")):
        if word.endswith("in"):
            plural: tuple[str, ...] = ("nen",)
        elif word.endswith("e"):
            plural = ("n",)
        else:
            plural = ("n", "s") if word.endswith("er") else ("en",)
        out.extend((word, *(word + ending for ending in plural)))
    return " ".join(out)


_CAPITAL: Final = words("pole ire iren este esten lette letten inder däne finne kopte")
"""Words that mean somebody only with a capital letter."""
_LAND: Final = words("Polen Niger Mali")
_ONE: Final = re.compile(r"\b(?:dem|den|des|einen|einem|eines|vom|zum|beide|zwei|sind|Eltern)[ ]\Z", re.I)
_NOUN: Final = re.compile(r"[ ][A-ZÄÖÜ][a-zäöü]")
_NO_PERSON: Final = re.compile(r"(?:Herrn?|Frau|Hr\.|Fr\.|Familie|Dr\.|nach|in|für)[ ]\Z|-\Z")
_NATION: Final = re.compile(
    r"""(?:en)?["'”)*]{0,3}[ \t]?[:=|]?[ \t]{0,8}["'„*]{0,2}(?P<value>[A-Za-zÄÖÜäöüß-]{2,25})""")
_NO_NATION: Final = words("""der des und oder ist wird besitzt nach durch kann sind muss hat die das im in von für zu
    bei mit nicht eine einer ohne soll als auf aus an sich bitte siehe ja nein angeben ungeklärt geht werden war
    deutsch deutsche deutscher deutschen""")
_PLACE: Final = re.compile(
    r"""(?:ort|en)?\.?["'”*]{0,2}(?:[ ]?:[ ]?["'„]?|[^\n;.!?]{0,12}?
    (?:\d{1,2}\.[ ]?(?:\d{1,2}\.|[A-Z][a-zä]{1,10})[ ]?\d{2,4}|\d{4}(?:-\d\d){0,2})?[^\n;.!?]{0,12}?\b(?:in|zu)[ ]
    (?:der[ ]|dem[ ])?)(?P<x>[A-ZÄÖÜ][\w-]{2,30}(?:[ ][A-ZÄÖÜ][\w-]{2,20})?
    (?:[,/][ ]?[A-ZÄÖÜ]\w{2,20}|[ ]\([A-ZÄÖÜ]\w{2,20}\))?)""", re.X)
_NO_PLACE: Final = words("""januar februar märz april mai juni juli august september oktober november dezember
    familie ehe zeit jahr haushalt deutschland""")
_FROM: Final = re.compile(
    r"(?:(?:stamm|komm|flücht|Flucht|Flüchtling|heimat)\w{0,12}|kam|floh|ursprünglich|gebürtig|geflohen|geflüchtet|"
    r"eingereist|ist|sind|bin|(?:Herrn?|Frau|Familie|Sohn|Tochter|Mann|Mutter|Vater|Kind|Kinder|Eltern|Mädchen|Junge|"
    r"(?:Bewohner|Student|Schüler|Freund|Partner)(?:in)?|Kollege|Kollegin)\b)(?:[ ,]{1,2}[\w.-]{1,20}){0,3},?[ ]"
    r"(?:aus|von) (?:der |dem |den )?\Z|(?:heimatland|herkunftsland|heimat) (?:\w{1,12} )?\Z", re.I)
_OUT: Final = re.compile(r"\b(?:aus|in|von) (?:der |dem |den )?\Z", re.I)
_THEN: Final = re.compile(
    r"(?: und \w{1,20})? (?:stamm\w{1,6}|komm(?:t|e|end)|geboren|geflohen|geflüchtet|eingereist|zugezogen|zugewandert|"
    r"gekommen|verheiratet|aufgewachsen|nach Deutschland|abgeschoben)\b", re.I)
_SENT: Final = re.compile(r"\bnach \Z", re.I)
_BACK: Final = re.compile(r" (?:abgeschoben|zurückgeschoben|ausgewiesen|rückgeführt)", re.I)

ORIGIN: Final = Category(
    "ORIGIN", "special_origin.txt",
    phrases("phrases_origin.txt", {"adjectives": _INFLECTED, "languages": f"{' '.join(_ADJECTIVES)} {_LANGUAGES}"}),
    "herkunft ethnie volkszugehörigkeit muttersprache heimatland familiensprache erstsprache",
    {"ORIGIN.nation": "staatsangehörigkeit staatsangehoerigkeit staatsbürgerschaft nationalität nationality "
                      "citizenship herkunftsland geburtsland staatsang staatsangeh nationalitaet stang geburtsstaat",
     "ORIGIN.people": _people(), "ORIGIN.country": " ".join(_COUNTRIES), "ORIGIN.born": "geb geboren geburtsort"})


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield everything about origin."""
    text = sheet.text
    yield from ORIGIN.find(sheet, link)
    for _, end in sheet.hits("ORIGIN.nation"):
        match = _NATION.match(text, end)
        if match and _is_nation(match["value"], text[end:match.start("value")]):
            yield ORIGIN.finding(*match.span("value"), 0.7)
    for kind, holds in (("ORIGIN.people", _is_somebody), ("ORIGIN.country", _is_left)):
        for start, end in sheet.hits(kind):
            if holds(text, start, end) and link.linked(start, end, "telling"):
                yield ORIGIN.finding(start, end, 0.6)
    for _, end in sheet.hits("ORIGIN.born"):
        match = _PLACE.match(text, end)
        if match:
            first = match["x"].split()[0]
            if first.lower() not in _NO_PLACE and not is_ordinary(first):
                yield ORIGIN.finding(*match.span("x"), 0.6)


def _is_nation(value: str, gap: str) -> bool:
    """Whether what stands behind "Staatsangehörigkeit" is one: any word behind a colon, else one of the table."""
    low = value.lower()
    return low not in _NO_NATION and (any(c in gap for c in ":=|\t") or value in _CODES or low in _NATIONS)


def _is_left(text: str, start: int, end: int) -> bool:
    """Whether the country is where somebody came from or is sent back to."""
    before = max(0, start - 70)
    return (_FROM.search(text, before, start) is not None
            or (_OUT.search(text, before, start) is not None and _THEN.match(text, end) is not None)
            or (_SENT.search(text, before, start) is not None and _BACK.match(text, end) is not None))


def _is_somebody(text: str, start: int, end: int) -> bool:
    """Whether a word such as "Pole" is somebody: no country, no surname, no people as a whole, no adjective."""
    word, before = text[start:end], text[max(0, start - 12):start]
    if word in _LAND or (word.lower() in _CAPITAL and not word[0].isupper()):
        return False
    if word.endswith("en") and not _ONE.search(before):
        return False
    if word.endswith("er") and _NOUN.match(text, end):
        return False
    return not _NO_PERSON.search(before) and text[end:end + 1] != "-"
