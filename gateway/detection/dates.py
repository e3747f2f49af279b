"""How a date looks in German (and a little English) text. Shared by birth dates, sensitive dates and tables."""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = (
    r"(?:Jan(?:uar|uary|\.)?|Jän(?:ner|\.)?|Feb(?:ruar|ruary|\.)?|M(?:är|aer|ar)z?(?:\.|ch)?|Apr(?:il|\.)?|Ma[iy]|"
    r"Jun(?:i|e|\.)?|"
    r"Jul(?:i|y|\.)?|Aug(?:ust|\.)?|Sep(?:t(?:ember|\.)?|\.)?|O[kc]t(?:ober|\.)?|Nov(?:ember|\.)?|De[zc](?:ember|\.)?)")
DATE: Final = (
    r"(?:\d{4}-\d{1,2}-\d{1,2}(?!\d)"
    r"|\d{1,2}[./-][ ]?\d{1,2}[./-][ ]?(?:\d{4}|\d{2})(?!\d)"
    r"|\d{1,2}[ ]\d{2}[ ]\d{4}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?[ ]?{_MONTHS}(?:[ ,]{{1,2}}\d{{4}}(?!\d))?(?![a-zäöü])"
    rf"|{_MONTHS}[ ]\d{{1,2}},?[ ]\d{{4}}(?!\d))")
DATE_RE: Final = re.compile(DATE, re.I)
YEAR: Final = r"(?:(?:19|20)\d{2})(?![\d.,/-]?\d)"
"""A year alone: only right behind a label."""
