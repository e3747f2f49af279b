"""Health: the list ``special_health.txt``, grades and codes, and what people write in everyday words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.phrases import phrases
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

_GRADE: Final = re.compile(
    r"""(?:\((?:GdB|GdS)\))?(?:[ ]?["'*:=]{1,3})?[ ]?
    (?:(?:ist|beträgt|liegt|von|mindestens|bei|jetzt|weiterhin|unbefristet|festgestellt)[ ]){0,3}
    (?:\d{1,3}(?![\d.,]\d)(?:[ ]?(?:%|v\.[ ]?H\.|Prozent))?|[IV]{1,3}(?!\w)|["'„]?(?:aG|G|H|Bl|GL|Gl|RF|TBl|B)(?!\w)
    (?:(?:,[ ]?|[ ]und[ ]|[ ])(?:aG|G|H|Bl|GL|Gl|RF|TBl|B)(?!\w)){0,4})""", re.X)
_ICD: Final = re.compile(r"(?<![\w.-])[A-TV-Z]\d{2}(?:\.\d{1,2}|(?![\d.-]\d|-))[GVAZRLB]?[!*+]?(?!\w)")

HEALTH: Final = Category(
    "HEALTH", "special_health.txt", phrases("phrases_health.txt"),
    "diagnose diagnosen erkrankung erkrankungen vorerkrankung vorerkrankungen krankheit krankheiten behinderung "
    "medikation medikamente allergie allergien impfstatus krankheitsbild befund unverträglichkeiten einschränkung "
    "gesundheitszustand therapie anamnese",
    {"HEALTH.grade": "gdb gds pflegegrad pflegestufe merkzeichen mde pg pflegegrades merkzeichens",
     "HEALTH.icd": "icd diagnose diagnosen attest befund dg diagnoseschlüssel bescheinigung au arztbrief gutachten"})


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield everything about health."""
    yield from HEALTH.find(sheet, link)
    for start, end in sheet.hits("HEALTH.grade"):
        match = _GRADE.match(sheet.text, end)
        if match and (link.linked(start, end, "sure") or link.is_note(start, end)):
            yield HEALTH.finding(start, match.end(), 0.8, "format")
    for start, end in sheet.hits("HEALTH.icd"):
        match = _ICD.search(sheet.text, end, end + 60)
        if match and (link.linked(start, match.end(), "sure") or link.is_note(start, end)):
            yield HEALTH.finding(*match.span(), 0.7, "format")
