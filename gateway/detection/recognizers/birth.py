"""Birth dates: behind a label or key, behind "*", before "geboren", behind the name of a child in a list.

A date that divides groups ("vor dem 1. Januar 1964 geboren") is nobody's, and a year alone counts only right behind a
word that says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.dates import DATE, DATE_RE, GROWN, SHORT, WHEN, WHEN_RE, YEAR
from gateway.detection.names import is_given
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_BLANKS: Final = (
    r"(?=[\d.,/]{0,11}[ ])\d[ ]?\d?[ ]?[.,/][ ]?\d[ ]?\d?[ ]?[.,/][ ]?(?:1[ ]?9|2[ ]?0)[ ]?\d[ ]?\d(?!\d)")
"""A date in which a scanner saw blanks: "17. 05. 19 61"."""
_AFTER: Final = re.compile(
    rf"""(?:[-_. ]{{0,2}}(?:datum|dat|tag|date|day|jahr|year|of[_ ]birth)(?![^\W_]))?     # "Geb.-Datum", "birth_date"
    (?:[ ](?:des|der|meine[srn]|ihre[srn]|seine[srn]|unsere[srn]|vom?)[ ][\w-]{{2,24}}(?=[ ]?:))?  # "des Kindes:"
    (?:\.?[ ]am)?
    (?:[ ]?(?:/|,|und|u\.)[ ]?(?:in(?![^\W_])|-?[a-zäöü]{{0,8}}(?:ort|datum|tag)))?   # "Geburtsdatum/-ort"
    (?:_[a-z]{{2,12}})?["'”)*_\]`]{{0,3}}\.?[ \t]?(?:\([^)\n]{{1,20}}\))?["'”*]{{0,3}}
    (?:[ .·_]{{2,40}}(?=[:\d])|[ \t]{{0,2}})[:=|>–—-]{{0,2}}
    (?:[*_`]{{1,3}}|</?[a-z]{{1,6}}>){{0,4}}[ \t]{{0,24}}`?                           # bold, code, the cells of a page
    (?:[ ]?(?:value|wert)=|(?:(?:STR_)?TO_DATE|CAST|DATE|VALUES?)(?:\(|[ ]))?
    (?:\n[ \t]{{0,4}})?["'„“(*]{{0,3}}(?:wert[ ])?
    (?:(?:am|den|is|ist|on|war|der|lautet|im|in|Jahre?|ca\.|etwa|of|year|wurden?|bin|ich|er|sie|wir|worden)[ ]){{0,4}}
    (?:(?-i:[A-ZÄÖÜ][\w-]{{1,30}})(?:[ ](?-i:[A-ZÄÖÜ][\w-]{{1,30}}))?,?[ ](?:(?:am|den|[*])[ ]?)?)??  # "geb. Alt am"
    (?:(?:in|zu)[ ][^\n\d,;]{{2,40}}?,?[ ](?:(?:am|on|im|den)[ ])?)??
    (?P<date>{_BLANKS}|{DATE}|{WHEN}|\d{{8}}(?!\d)|\d{{6}}(?!\d))""", re.X | re.I)
_AGED: Final = re.compile(rf"\.?:?[ ]{{0,2}}(?P<date>(?:19|20)?\d{{2}}(?!\d|[.,/-]?\d))(?:/\d{{2}}(?!\d))?|"
                          rf"[ ](?P<date2>{YEAR})", re.I)
_STAR: Final = re.compile(rf"\*(?P<gap>[ ]?)(?:am[ ])?(?P<date>{DATE}|{SHORT}|{YEAR})", re.I)
_BULLET: Final = re.compile(r"(?:^|\n)[ \t>]*\Z")
_ITEM_ENDS: Final = re.compile(r"[ \t]?(?:\n|\Z|,|[ ]in[ ][^\W\d_])")
_DIFFERS_REACH: Final = 140
_CUE: Final = re.compile(
    r"\b(?:laut|lt\.|sollte|müsste|richtig|statt|stattdessen|gab|angegeben|gibt|korrekt|tatsächlich|eigentlich|hingegen|"
    r"dagegen|abweichend|falsch|berichtigt|geändert|should|stated|says|instead|correct|actually|passport)\b", re.I)
_BORN_RIGHT: Final = re.compile(r"(?:[ ,]+(?:in|zu)[ ][^\n\d.;]{2,40}?)?[ ,]+(?:geboren|geb\b|zur Welt|auf die Welt)",
                                re.I)
_LIMIT: Final = re.compile(r"(?:vor|nach|ab|bis|zwischen|seit)(?:\s(?:dem|zum))?\s\Z", re.I)
_OLD: Final = re.compile(r"[ ][^\n.]{0,30}?\bJahre[ ](?:alt|werde|jung)")
_TURNS: Final = re.compile(r"[^\n.]{0,30}?\b(?:Geburtstag|wird|werde|wurde|turns|turned)\b")
_BIRTH_OF: Final = re.compile(
    rf"(?:[ ](?:des|der|[^\W\d_]{{2,8}}[rs]|von)(?:[ ][\w-]{{2,30}}){{1,3}}?)?[ ,:(]{{1,3}}"
    rf"(?:war[ ])?(?:am[ ])?(?P<date>{DATE})"
    rf"|[\"']\s{{0,2}}:\s{{0,2}}\{{\s{{0,8}}[\"'](?:datum|tag|date)[\"']\s{{0,2}}:\s{{0,2}}[\"']"
    rf"(?P<date2>{DATE})", re.I)
_NAMED: Final = re.compile(
    rf"(?:[,:][ ]|[ ]\(|[ ][–-][ ]|[ ]|\t)(?:\*[ ]?)?(?P<date>{DATE})"
    rf"(?=[ \t]?(?:[,;)\n|]|\.(?!\d)|und\b|u\.|\Z))", re.I)
_PERSON: Final = re.compile(r"(?-i:[A-ZÄÖÜÀ-Þ])[^\W\d_]+(?:[-' ][^\W\d_„“\"]+|[ ][„“\"][^\W\d_]+[“”\"]){0,3}")
_DIGIT: Final = re.compile(r"\d")
_REACH: Final = 100
"""A label without a digit so close behind it is not worth a closer look."""
_FOUR: Final = re.compile(r"\d{4}")
_PART: Final = re.compile(r"\n|[a-zäöü]{3} \Z")
"""A year alone below a label, or behind a word ("Die geb. Kosten 2025"), is none."""
_BELOW: Final = re.compile(r"(?:Geburts|Birth)[ -]?(?:jahr|datum|year|date):?[ \t]*\n[ \t]*", re.I)
"""But not below one that can mean nothing else."""
_CHILDREN_REACH: Final = 300


def _find(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for start, end in sheet.hits("BIRTH"):
        match = _AFTER.match(text, end) if _DIGIT.search(text, end, end + _REACH) else None
        alone = match is not None and _FOUR.fullmatch(match["date"]) and not _BELOW.fullmatch(
            text, start, match.start("date"))
        if match and not (alone and _PART.search(text, end, match.start("date"))):
            yield Finding(*match.span("date"), "BIRTHDATE", 0.95, "kontext", certain=len(match["date"]) > 4)
            yield from _differing(text, match.end())
    for _, end in sheet.hits("COHORT"):
        match = _AGED.match(text, end)
        if match:
            yield Finding(*match.span("date" if match["date"] else "date2"), "BIRTHDATE", 0.8, "kontext", certain=False)
    if sheet.has("*"):
        yield from _stars(sheet)
    for follow in (_BORN_RIGHT, _OLD, _TURNS):
        kind = "TURNS" if follow is _TURNS else "BORN_RIGHT"
        for start, _ in sheet.hits(kind):
            for match in WHEN_RE.finditer(text, max(0, start - 70), start):
                if follow.match(text, match.end()) and not _LIMIT.search(sheet.left(match.start(), 14)):
                    yield Finding(*match.span(), "BIRTHDATE", 0.7, "kontext", certain=follow is not _TURNS)
    for _, end in sheet.hits("BIRTH_OF"):
        match = _BIRTH_OF.match(text, end)
        if match:
            yield Finding(*match.span("date" if match["date"] else "date2"), "BIRTHDATE", 0.7, "kontext", certain=False)
    yield from _children(sheet)


def _differing(text: str, position: int) -> Iterator[Finding]:
    """ "geb. 17.05.1961, laut Melderegister 17.06.1961", "... should be 15/07/1961": within two sentences."""
    end = text.find("\n\n", position, position + _DIFFERS_REACH)
    stretch = text[position:end if end >= 0 else position + _DIFFERS_REACH]
    cue = _CUE.search(stretch)
    for match in DATE_RE.finditer(text, position + cue.start(), position + len(stretch)) if cue else ():
        if GROWN.search(match[0]):
            yield Finding(*match.span(), "BIRTHDATE", 0.6, "kontext", certain=False)


def _stars(sheet: Sheet) -> Iterator[Finding]:
    """ "*07.11.1984", "* 1950", "*12.03."; not the stars of Markdown and of lists."""
    for match in sheet.scan(_STAR):
        before = sheet.text[max(0, match.start() - 12):match.start()]
        if before.endswith("*") or before.rstrip()[-1:].isdigit():
            continue
        if match["gap"] and _BULLET.search(before) and not (
                GROWN.search(match["date"]) and _ITEM_ENDS.match(sheet.text, match.end())):
            continue
        if match["date"].isdigit() and sheet.text[match.end():match.end() + 1] in ("*", "%"):
            continue
        yield Finding(*match.span("date"), "BIRTHDATE", 0.9, "kontext", certain=len(match["date"]) > 6)


def _children(sheet: Sheet) -> Iterator[Finding]:
    """Dates right behind names where children or a household are spoken of: "Kinder: Emma (04.05.2016), Noah ..."."""
    text = sheet.text
    seen: set[int] = set()
    for _, end in sheet.hits("CHILDREN"):
        for name in _PERSON.finditer(text, end, end + _CHILDREN_REACH):
            match = _NAMED.match(text, name.end()) if name.end() not in seen else None
            seen.add(name.end())
            if match and any(is_given(word) for word in name[0].split()[:2]):
                yield Finding(*match.span("date"), "BIRTHDATE", 0.7, "kontext", certain=False)


RULE: Final = Rule("BIRTH", ("BIRTHDATE",), _find, {
    "BIRTH": "geb geboren geborene geborener gebürtig geburtsdatum gebdatum gebdat geburtstag geburtsdat born birth "
    "dob birthdate dateofbirth geburtsdaten geborn gebor"
             " geburtsjahr birthday geburtstage gebtag birthyear bday geburts geburtsort birthdt gebdate gebd",
    "COHORT": "jahrgang jg jhg geburtsjahrgang",
    "BORN_RIGHT": "geboren geb welt alt jung geborene geborenen geborener geborenes",
    "BIRTH_OF": "geburt",
    "TURNS": "geburtstag birthday",
    "CHILDREN": "kinder kindern kind söhne töchter geschwister enkel zwillinge haushaltsmitglieder "
    "haushaltsangehörige familienmitglieder children"}, digits=True)
