"""What nothing announces but a name before it in a list of persons: birth dates, postal codes at the end of a line.

"Petersen, Jan, 03.11.1975, Husum", "Jan Petersen (3.11.75)", "Zi. 2: Detlef Stein, 1964". What comes after a name may
as well be the day of a letter or of a talk: only years that make a grown-up count, a common given name or the form of
a list must show that it is a name, and a line that speaks of writing, meeting or signing tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.dates import DATE, GROWN
from gateway.detection.names import is_given, is_ordinary
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_LISTED: Final = re.compile(
    rf"(?P<gap>,[ ]?|;[ ]?|[ ]?\([ ]?|\t|[ ]{{1,9}}|[ ][|/–-][ ])(?=\d|(?-i:[A-Z]))(?P<date>{DATE})"
    r"(?=[ \t]?(?:[,;)\n|/]|\.?\Z|\t|[ ]{2}|[ ](?:in|wohnh\w*|aus)\b|[ ][|–-][ ]))", re.I)
_ALONE: Final = re.compile(r"[ \t>*•·\d.)–-]{0,12}[^\W\d_a-zäöüß][\w'’-]+(?:[ ][^\W\d_][\w.'’-]+){1,3}")
"""All of a line so far: the number of an item, and a name."""
_POSTAL: Final = re.compile(r"(?:,[ ]?|;[ ]?|\t|[ ]{2,30}|[ ][|–-][ ])(?:D-)?(\d{5})(?=[ \t|]*(?:\n|\Z))")
_POSTAL_LINE: Final = re.compile(r"[^\n]{3,90}?[,;\t |–-](?:D-)?\d{5}[ \t|]*(?:\n|\Z)")
_FULL: Final = re.compile(r"[^\W\d_a-zäöüß][\w'’-]+(?:,[ ]?|;[ ]?|[ ]{1,30}|\t|[ ]\|[ ])[^\W\d_a-zäöüß][\w'’-]+")
_BORN_YEAR: Final = re.compile(r"(?:19\d\d|200\d|201[0-3])")
_YEAR_ALONE: Final = re.compile(r",[ ]((?:19|20)\d{2})(?=[,;)])|[ ]\(((?:19|20)\d{2})\)")
_YEAR_HINT: Final = re.compile(r"[ ]\(?(?:19|20)\d\d[,;)]")
_GROWN_HINT: Final = re.compile(r"19\d\d|20[01]\d|[./-]['’]?[3-9]\d")
"""What is in every date in which `GROWN` finds something, and told faster."""
_BUSINESS: Final = re.compile(
    r"\b(?:gez|Protokoll\w*|[Ee]rfass\w*|[Vv]ermerk\w*|[Bb]esprech\w*|[Gg]espräch\w*|[Tt]elef\w*|Telefonat|Sitzung\w*|"
    r"[Ee]rstellt|[Bb]earbeite\w*|[Vv]erfasst|Mail|[Ss]chreiben|Bescheid\w*|[Gg]esendet|Autor\w*|Von|Urteil|Beschluss|"
    r"[Vv]ertrag\w*|[Rr]echnung\w*|[Ff]rist\w*|[Tt]ermin\w*|[Ee]ingang|[Aa]ntrag|[Uu]nterschr\w*|[Hh]rsg|Verlag|"
    r"[Zz]ugriff|[Ff]oto|[Ss]tand|[Ii]m Auftrag|[Kk]onzert|[Ll]esung|[Vv]ortrag|[Gg]enehmig\w*|[Gg]eprüft)\b")
_SURNAME_FIRST: Final = re.compile(r"([^\W\d_][\w'’-]+),[ ]([^\W\d_][^\W\d_’'-]+(?:[- ][^\W\d_]+)?)\Z")
_GIVEN_FIRST: Final = re.compile(r"([^\W\d_][\w'’-]+)(?:[ ][^\W\d_][\w.'’„“\"-]*){0,2}[ ]([^\W\d_][\w'’-]+)\Z")
_LISTED_LINE: Final = re.compile(
    r"[ \t>*•\d.)-]{0,12}[^\W\d_a-zäöüß][\w'’-]+,[ ][^\W\d_a-zäöüß][\w'’-]+(?:[ ][\w'’-]+)?[ ]?[,;(\t|][^\n]{0,20}\d")


def _find(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_LISTED, 4, _GROWN_HINT):
        if not GROWN.search(match["date"]):
            continue
        line = sheet.line_left(match.start(), 90)
        if match["gap"] == " " and not _ALONE.fullmatch(line):
            continue
        if _is_person(sheet, line, match.start()) and not _BUSINESS.search(line):
            yield Finding(*match.span("date"), "BIRTHDATE", 0.65, "kontext", certain=False)
    for match in sheet.scan_numbers(_YEAR_ALONE, 4, _YEAR_HINT):
        words = [word.strip("„“\"”,.:()") for word in sheet.line_left(match.start(), 45).split()[-4:]]
        if _names_end(words) or (match[2] and _is_given_alone(words) and _BORN_YEAR.match(match[2])):
            yield Finding(*match.span(1 if match[1] else 2), "BIRTHDATE", 0.6, "kontext", certain=False)
    yield from _postal_codes(sheet)


def _names_end(words: list[str]) -> bool:
    return len(words) > 1 and words[-1][:1].isupper() and not is_ordinary(words[-1]) and any(
        word[:1].isupper() and is_given(word) for word in words[:-1])


def _is_given_alone(words: list[str]) -> bool:
    """ "die Schwester Karin (1961)"."""
    return bool(words) and words[-1][:1].isupper() and is_given(words[-1]) and not is_ordinary(words[-1])


def _postal_codes(sheet: Sheet) -> Iterator[Finding]:
    """Postal codes alone at the end of lines that are about people, two or more in a row."""
    for match in sheet.scan_numbers(_POSTAL, 5):
        if not "01001" <= match[1] <= "99998":
            continue
        text, begin = sheet.text, sheet.text.rfind("\n", max(0, match.start() - 100), match.start()) + 1
        names = [word for name in _FULL.finditer(text, begin, match.start()) for word in _WORD.findall(name[0])]
        if any(map(is_given, names)) and not _BUSINESS.search(text, begin, match.start()) and _has_like(text, begin,
                                                                                               match.end()):
            yield Finding(*match.span(1), "ADDRESS", 0.6, "kontext", certain=False)


def _has_like(text: str, begin: int, end: int) -> bool:
    """Whether the line above or the one below ends in a postal code as well."""
    above = text.rfind("\n", max(0, begin - 100), max(0, begin - 1)) + 1
    below = text.find("\n", end, end + 4) + 1
    return (begin > 0 and _POSTAL_LINE.match(text, above, begin) is not None) or (
        below > 0 and _POSTAL_LINE.match(text, below) is not None)


def _is_person(sheet: Sheet, line: str, position: int) -> bool:
    """Whether a name ends the line so far: with a common given name, or in a list of such lines."""
    comma = _SURNAME_FIRST.search(line)
    if comma and comma[1][0].isupper() and comma[2][0].isupper():
        if is_given(comma[2].split(" ")[0]):
            return True
        return not (is_ordinary(comma[1]) or is_ordinary(comma[2])) and _in_list(sheet, position)
    full = _GIVEN_FIRST.search(line)
    return full is not None and full[2][0].isupper() and not is_ordinary(full[2]) and any(
        is_given(word) for word in line[full.start():full.start(2)].split())


def _in_list(sheet: Sheet, position: int) -> bool:
    """Whether this line and the one above or below begin with "Surname, Given name"."""
    text = sheet.text
    begin = text.rfind("\n", max(0, position - 120), position) + 1
    above = text.rfind("\n", max(0, begin - 120), max(0, begin - 1)) + 1
    below = text.find("\n", position, position + 120) + 1
    return _LISTED_LINE.match(text, begin) is not None and (
        (begin > 0 and _LISTED_LINE.match(text, above) is not None)
        or (below > 0 and _LISTED_LINE.match(text, below) is not None))


_WORD: Final = re.compile(r"[^\W\d_]+")
RULE: Final = Rule("LISTS", ("BIRTHDATE", "ADDRESS"), _find, digits=True)
