"""Birth dates that nothing announces but a name right before them: lists of persons.

"Petersen, Jan, 03.11.1975, Husum", "Jan Petersen (3.11.75)", "Zi. 2: Detlef Stein, 1964". What comes after a name may
as well be the day of a letter or of a talk: only years that make a grown-up count, a common given name or the form of
a list must show that it is a name, and a line that speaks of writing, meeting or signing tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.dates import DATE
from gateway.detection.names import is_given, is_ordinary
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_LISTED: Final = re.compile(
    rf"(?:,[ ]?|;[ ]?|[ ]?\([ ]?|\t|[ ]{{2,9}}|[ ][|/–-][ ])(?P<date>{DATE})"
    r"(?=[ \t]?(?:[,;)\n|/]|\.?\Z|\t|[ ]{2}|[ ](?:in|wohnh\w*|aus)\b|[ ][|–-][ ]))", re.I)
_YEAR_ALONE: Final = re.compile(r",[ ]((?:19|20)\d{2})(?=[,;)])|[ ]\(((?:19|20)\d{2})\)")
_GROWN: Final = re.compile(r"(?<!\d)(?:19\d{2}|200\d|201[0-3])(?!\d)|(?<=[./-])['’]?[3-9]\d\Z")
"""Born before 2014; younger children are found where children are spoken of, or below a header."""
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
    for match in sheet.scan_numbers(_LISTED, 4):
        if not _GROWN.search(match["date"]):
            continue
        line = sheet.line_left(match.start(), 90)
        if _is_person(sheet, line, match.start()) and not _BUSINESS.search(line):
            yield Finding(*match.span("date"), "BIRTHDATE", 0.65, "kontext", certain=False)
    for match in sheet.scan_numbers(_YEAR_ALONE, 4):
        words = [word.strip("„“\"”,.:()") for word in sheet.line_left(match.start(), 45).split()[-4:]]
        if len(words) > 1 and words[-1][:1].isupper() and not is_ordinary(words[-1]) and any(
                word[:1].isupper() and is_given(word) for word in words[:-1]):
            yield Finding(*match.span(1 if match[1] else 2), "BIRTHDATE", 0.6, "kontext", certain=False)


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


RULE: Final = Rule("LISTS", ("BIRTHDATE",), _find, digits=True)
