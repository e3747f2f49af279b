"""How a date looks in German (and a little English) text. Shared by birth dates, sensitive dates and tables.

`DATE` is a date that is one by itself. `WHEN` is whatever people write behind a word such as "verstorben": also a
month, a feast, a season, a year alone, and a stretch of time from one to the other. It is only looked for where a
word says whose date it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_MONTHS: Final = (
    r"(?:Jan(?:uar|uary|\.)?|Jän(?:ner|\.)?|Feb(?:ruar|ruary|r?\.)?|M(?:är|aer|ar)z?(?:\.|ch)?|Apr(?:il|\.)?|Ma[iy]|"
    r"Jun(?:i|e|\.)?|"
    r"Jul(?:i|y|\.)?|Aug(?:ust|\.)?|Sep(?:t(?:ember|\.)?|\.)?|O[kc]t(?:ober|\.)?|Nov(?:ember|\.)?|De[zc](?:ember|\.)?)")
_TIME: Final = r"T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
DATE: Final = (
    rf"(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}(?:{_TIME})?(?!\d)"
    r"|\d{4}[./]\d{1,2}[./]\d{1,2}(?![\d/])"
    r"|\d{1,2}[./-][ ]?\d{1,2}[./-][ ]?(?:\d{4}|['’]?\d{2})(?!\d)"
    r"|\d{1,2}\.[ ]?(?-i:I{1,3}|I?V|VI{1,3}|I?X|XI{1,2})\.?[ ]?(?:\d{4}|['’]?\d{2})(?!\d)"
    r"|\d{1,2}[ ]\d{2}[ ]\d{4}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th|ter|ten|\.)?[ \n]?{_MONTHS}(?:[ ,\n]{{1,2}}(?:\d{{4}}|['’]\d{{2}})(?!\d))?(?![a-zäöü])"
    rf"|{_MONTHS}[ ]\d{{1,2}},?[ ]\d{{4}}(?!\d))")
MONTH: Final = (r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)(?!\w|[ ]\d)")
"""A month alone: only where somebody is spoken of."""
ALONE: Final = (
    rf"(?:{MONTH}|(?:Frühjahr|Frühling|Sommer|Herbst|Winter|Spätsommer|Spätherbst)(?!\w)(?![ ](?:19|20)\d\d)|"
    r"(?:Ostern|Pfingsten|Weihnachten|Silvester|Neujahr|Fasching|Karneval|Advent|Heiligabend)"
    r"(?!\w)(?![ ](?:19|20)\d\d))")
"""A month, a season or a feast without a year: the same."""
DATE_RE: Final = re.compile(DATE, re.I)
YEAR: Final = r"(?:(?:19|20)\d{2})(?![\d.,/-]?\d)"
"""A year alone: only right behind a label."""
SHORT: Final = r"\d{1,2}\.[ ]?\d{1,2}\.(?![ ]?\d)"
"""Day and month without a year."""
_FEAST: Final = (
    r"(?:(?:[1-4]|erste[nr]?|zweite[nr]?|dritte[nr]?|vierte[nr]?)\.?[ ](?:Advent|Weihnachts(?:feier)?tag)|"
    r"Heilig(?:en[ ])?abend|Weihnachten|Silvester|Neujahr|Ostern|Oster(?:sonntag|montag)|"
    r"Karfreitag|Pfingst(?:en|sonntag|montag)|"
    r"Himmelfahrt|Totensonntag|Allerheiligen|Rosenmontag|Nikolaus(?:tag)?)(?:[ ](?:\d{4})(?!\d))?")
_PERIOD: Final = (
    rf"(?:{_MONTHS}|Früh(?:jahr|ling)|Sommer|Herbst|Winter|Anfang|Mitte|Ende|Jahreswechsel)"
    rf"(?:[ ]{_MONTHS})?[ ]{YEAR}|(?:0?[1-9]|1[0-2])/(?:19|20)\d{{2}}(?![\d/])")
_ONE: Final = rf"(?:{DATE}|{SHORT}|{_FEAST}|{_PERIOD})"
TO: Final = (
    r"(?:[ ]?[-–][ ]?|[ ]?(?:,[ ])?(?:bis|to|until)[ ]"
    r"(?:(?:einschl(?:ießlich|\.)?|zum|inkl\.|voraussichtlich)[ ])?)")
WHEN: Final = rf"(?:(?:{_ONE}|{YEAR}|\d{{1,2}}\.){TO}(?:{_ONE}|{YEAR})|{_ONE}|{YEAR})"
"""A date, a part of one, or a stretch of time."""
WHEN_RE: Final = re.compile(rf"(?<![\w./-])(?<!\d,)(?<!§[ ])(?:{WHEN})(?![^\W_])", re.I)
GROWN: Final = re.compile(r"(?<!\d)(?:19\d{2}|200\d|201[0-3])(?!\d)|(?<=[./-])['’]?[3-9]\d\Z")
"""In a date: born before 2014. Younger children are found where children are spoken of, or below a header."""
_UNTIL: Final = re.compile(r"(?<=[\w.])(?:,[ ]|[ ])(?:bis|to|until)[ ](?:(?:einschl(?:ießlich|\.)?|zum|inkl\.|"
                          r"voraussichtlich)[ ])?")


def ends(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the dates of a stretch of time written with a word: "vom 3.2. bis 14.2.2025"; "bis" tells nobody."""
    until = _UNTIL.search(text, start, end)
    if until is None:
        yield start, end
    else:
        yield start, until.start()
        yield until.end(), end
