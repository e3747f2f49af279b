"""Numbers in words: what people dictate, and what a programme writes down when they speak.

"in der lerchenstraße vierzehn", a postal code or telephone number spoken digit by digit, "am siebzehnten mai
neunzehnhunderteinundsechzig geboren". A number word alone says nothing: a street, a row of digits or a word about
birth must stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.detection.data import words
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_ONES: Final = "(?:ein|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun)"
_TEENS: Final = "(?:zehn|elf|zwölf|dreizehn|vierzehn|fünfzehn|sechzehn|siebzehn|achtzehn|neunzehn)"
_TENS: Final = "(?:zwanzig|dreißig|dreissig|vierzig|fünfzig|sechzig|siebzig|achtzig|neunzig)"
_SMALL: Final = rf"(?:{_ONES}und{_TENS}|{_TEENS}|{_TENS}|eins|{_ONES})"
_YEAR: Final = (
    rf"(?:(?:neunzehn|achtzehn)[ -]?hundert(?:und)?[ -]?{_SMALL}?|zwei[ -]?tausend(?:und)?[ -]?{_SMALL}?)")
_ORDINAL: Final = (
    rf"(?:{_ONES}und{_TENS}ste[rn]?|{_TENS}ste[rn]?|(?:drei|vier|fünf|sech|sieb|acht|neun)zehnte[rn]?|"
    r"(?:ers|zwei|drit|vier|fünf|sechs|sieb|ach|neun|zehn|elf|zwölf)te[rn]?|siebente[rn]?)")
_MONTH: Final = (r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juno|Juli|August|September|Oktober|November|Dezember|"
                 rf"{_ORDINAL})")
_DATE: Final = re.compile(
    rf"(?<!\w)(?:{_ORDINAL}[ \n]{{1,2}}{_MONTH}(?:[ \n]{{1,2}}(?:{_YEAR}|{_SMALL})(?!\w|[ ]Jahre))?|"
    rf"\d{{1,2}}\.[ \n]{{1,2}}{_MONTH}[ \n]{{1,2}}{_YEAR})(?!\w)", re.I)
_DIGITS: Final = re.compile(
    r"(?<!\w)(?:null|eins|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun)"
    r"(?:,?[ \n](?:null|eins|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun)){4,16}(?!\w)", re.I)
_COUNTED: Final = re.compile("eins,? zwei,? drei", re.I)
_TOWN: Final = re.compile(r"[ ,]{1,2}(?:in[ ])?([^\W\d_]{4,24})(?!\w)")
_NO_TOWN: Final = words("""aber also dann das dass denn der deren dessen diese dieser dort eine einen einer euro habe
    haben hallo heute hier ich ist jetzt kann mehr mein meine mich morgen nein noch oder sind und wenn wohne wohnt
    zimmer warum weil weiter wieder wird""")
_BEFORE: Final = re.compile(
    r"(?<!\w)((?:(?:am|an[ ]der|auf[ ]dem|alte[rn]?|neue[rn]?|große[rn]?|kleine[rn]?|lange[rn]?)[ ])?"
    r"([^\W\d_]{3,30}))[ ](?:hausnummer[ ]|nummer[ ])?\Z", re.I)
"""A street before the word for its number."""
_DOOR: Final = re.compile(r"[ ][a-f](?!\w)")
_SURE: Final = ("straße", "strasse", "gasse", "allee", "chaussee", "stieg", "twiete")
_LIKELY: Final = ("weg", "platz", "ring", "damm", "ufer", "kamp", "steig", "pfad", "hof", "wall", "markt", "berg",
                  "graben", "garten", "feld")
_NO_STREET: Final = words("""hauptstraße landstraße bundesstraße kreisstraße autostraße einbahnstraße straße strasse
    gasse allee weg platz ring feld hof markt berg parkplatz spielplatz arbeitsplatz sitzplatz stellplatz kitaplatz
    umweg ausweg rückweg hinweg feldweg radweg gehweg schulweg fußweg bereich nachweg bahnhof friedhof bauhof
    arbeitsmarkt supermarkt wochenmarkt weihnachtsmarkt flohmarkt""")
_REACH: Final = 60


def _find(sheet: Sheet) -> Iterator[Finding]:
    numbers = sheet.hits("NUMBER_WORD")
    yield from _streets(sheet, numbers)
    if len(numbers) > 4:
        yield from _rows(sheet, numbers)
    last = -1
    for start, end in sheet.hits("SPOKEN_BIRTH"):
        for match in _DATE.finditer(sheet.text, max(sheet.begin, start - 100, last), end + _REACH):
            last = match.end()
            yield Finding(*match.span(), "BIRTHDATE", 0.7, "kontext", certain=False)


def _streets(sheet: Sheet, numbers: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    text = sheet.text
    for start, end in numbers:
        before = _BEFORE.search(text, max(sheet.begin, start - _REACH), start)
        low = before[2].lower() if before else ""
        if before is None or low in _NO_STREET or not (low.endswith(_SURE) or (
                low.endswith(_LIKELY) and sheet.near("SPOKEN_LIVES", before.start(), 50))):
            continue
        door = _DOOR.match(text, end)
        yield Finding(before.start(), door.end() if door else end, "ADDRESS", 0.6, "kontext", certain=False)


def _rows(sheet: Sheet, numbers: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """Digits spoken one by one: five of them before a town are a postal code, more of them a telephone number."""
    last = -1
    for (start, _), (fifth, _) in zip(numbers, numbers[4:], strict=False):
        match = _DIGITS.match(sheet.text, start) if start > last and fifth - start < _REACH else None
        if match is None:
            continue
        last = match.end()
        if match[0].count(" ") + match[0].count("\n") > 4:
            yield Finding(*match.span(), "PHONE", 0.6, "format", certain=False)
            continue
        if _COUNTED.match(match[0]) or not sheet.near("SPOKEN_LIVES", start, 2 * _REACH):
            continue
        town = _TOWN.match(sheet.text, match.end())
        end = town.end() if town and town[1].lower() not in _NO_TOWN else match.end()
        yield Finding(match.start(), end, "ADDRESS", 0.6, "format", certain=False)


def _number_words() -> str:
    ones, teens, tens = (part[3:-1].split("|") for part in (_ONES, _TEENS, _TENS))
    low = ["null", "eins", *ones[1:], *teens, *tens, *(f"{one}und{ten}" for one in ones for ten in tens)]
    hundreds = ["hundert", "einhundert", "hunderteins", "einhunderteins", *(f"hundert{word}" for word in low[1:])]
    return " ".join((*low, *hundreds))


RULE: Final = Rule("SPOKEN", ("ADDRESS", "PHONE", "BIRTHDATE"), _find, {
    "NUMBER_WORD": _number_words(),
    "SPOKEN_BIRTH": "geboren geb geburtsdatum geburtstag geborene geborener born",
    "SPOKEN_LIVES": "wohne wohnt wohnen wohnhaft wohnte adresse anschrift lebe lebt gezogen ziehe postleitzahl plz"})
