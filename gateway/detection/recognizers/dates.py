"""Birth dates, and dates of death, marriage, divorce and illness. Other dates say nothing about a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.dates import DATE, DATE_RE, YEAR
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_AFTER: Final = re.compile(
    rf"""["'”)*_]{{0,3}}\.?[ \t]?(?:\([^)\n]{{1,20}}\))?["'”]?
    [ \t]{{0,2}}[:=|–-]?[ \t]{{0,3}}(?:\n[ \t]{{0,4}})?["'„“(]{{0,2}}
    (?:(?:am|den|is|ist|on|war|der|lautet)[ ]){{0,2}}(?:in[ ][^\n\d,;]{{2,40}}?,?[ ](?:am[ ]|on[ ])?)?
    (?P<date>{DATE}|{YEAR})""", re.X | re.I)
_STAR: Final = re.compile(rf"(?:\*|†|✝)[ ]?(?:am[ ])?({DATE}|{YEAR})", re.I)
_BORN_RIGHT: Final = re.compile(r"(?:[ ,]+(?:in|zu)[ ][^\n\d.;]{2,40}?)?[ ,]+(?:geboren|geb\b|zur Welt)", re.I)
_LIMIT: Final = re.compile(r"(?:vor|nach|ab|bis|zwischen)(?:[ ](?:dem|zum))?[ ]\Z")
"""A date that divides groups ("vor dem 1. Januar 1964 geboren") is nobody's."""
_OLD: Final = re.compile(r"[ ][^\n.]{0,30}?\bJahre[ ](?:alt|werde)")
_SENSITIVE_RIGHT: Final = re.compile(r"(?:[ ,]+[^\n.;\d]{0,30}?)?\b(?:gestorben|verstorben|geschieden|verheiratet|"
    r"geheiratet|heimgegangen|"
                                     r"verschieden|entbunden|verwitwet|getrennt|arbeitsunfähig|krank|"
                                     r"krankgeschrieben)\b", re.I)
_GAP: Final = re.compile(rf"[^\n;§]{{0,32}}?(?<![\d.])({DATE})|[^\n;§\d.]{{0,12}}?({YEAR})", re.I)
_SHORT: Final = re.compile(r"[^\n;§\d]{0,20}?(?<![\d.])(\d{1,2}\.\d{1,2}\.)(?!\d)")


def _find(sheet: Sheet) -> Iterator[Finding]:
    for _, end in sheet.hits("BIRTH"):
        match = _AFTER.match(sheet.text, end)
        if match:
            yield Finding(*match.span("date"), "BIRTHDATE", 0.95, "kontext")
    if sheet.has("*") or sheet.has("†"):
        yield from _signs(sheet)
    yield from _before_word(sheet)
    for _, end in sheet.hits("SENSITIVE"):
        match = _GAP.match(sheet.text, end) or _SHORT.match(sheet.text, end)
        if match:
            span = next(match.span(group) for group in range(1, (match.lastindex or 1) + 1) if match[group])
            yield Finding(*span, "DATE_SENSITIVE", 0.6, "kontext", certain=False)


def _signs(sheet: Sheet) -> Iterator[Finding]:
    """ "*07.11.1984", "† 2. Mai 2020"; not the stars of Markdown."""
    for match in sheet.scan(_STAR):
        if sheet.text[match.start() - 1:match.start()] == "*":
            continue
        born = match[0][0] == "*"
        yield Finding(*match.span(1), "BIRTHDATE" if born else "DATE_SENSITIVE", 0.9, "kontext",
                      certain=born and len(match[1]) > 4)


def _before_word(sheet: Sheet) -> Iterator[Finding]:
    """The date in front of its word: "am 7. November 1984 geboren"."""
    for kind, follow, entity in (("BORN_RIGHT", _BORN_RIGHT, "BIRTHDATE"), ("BORN_RIGHT", _OLD, "BIRTHDATE"),
                                 ("SENSITIVE", _SENSITIVE_RIGHT, "DATE_SENSITIVE")):
        for start, _ in sheet.hits(kind):
            for match in DATE_RE.finditer(sheet.text, max(0, start - 70), start):
                if follow.match(sheet.text, match.end()) and not _LIMIT.search(sheet.left(match.start(), 14)):
                    yield Finding(*match.span(), entity, 0.7, "kontext", certain=entity == "BIRTHDATE")


RULE: Final = Rule("DATES", ("BIRTHDATE", "DATE_SENSITIVE"), _find, {
    "BIRTH": "geb geboren geborene geborener geburtsdatum gebdatum gebdat geburtstag geburtsdat born birth dob "
    "birthdate jahrgang"
             " geburtsjahr birthday geburtstage",
    "BORN_RIGHT": "geboren geb welt alt",
    "SENSITIVE": "gestorben verstorben verst sterbedatum todestag todesdatum sterbetag verheiratet geheiratet "
    "eheschließung"
                 " heirat heiratete hochzeit trauung geschieden scheidung ehescheidung getrennt arbeitsunfähig krank"
                 " krankgeschrieben entbindungstermin entbindung heimgegangen verwitwet krankmeldung aufgelöst au"
                 " entbunden krankheitsbedingt married divorced died deceased"}, digits=True)
