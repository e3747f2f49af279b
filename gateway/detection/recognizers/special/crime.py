"""Criminal convictions and offences (Art. 10): ``special_crime.txt``, file numbers of prosecutors, accusations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.phrases import phrases
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

_FILE: Final = re.compile(r"(?<![\w/])\d{1,4}[ ](?:Js|Ds|Ls|Cs|Ks|KLs|Ns|UJs|BRs|VRs|Gs)[ ]\d{1,6}/\d{2}(?!\d)")
CRIME: Final = Category(
    "CRIME", "special_crime.txt", phrases("phrases_crime.txt"),
    "vorstrafe vorstrafen delikt straftat tatvorwurf tatverdacht strafe straftatbestand",
    {"CRIME.file": "js ds ls cs ks kls ns ujs brs vrs gs"})


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield everything about offences."""
    yield from CRIME.find(sheet, link)
    for start, end in sheet.hits("CRIME.file"):
        for match in _FILE.finditer(sheet.text, max(0, start - 5), end + 12):
            yield CRIME.finding(*match.span(), 0.8, "format")
