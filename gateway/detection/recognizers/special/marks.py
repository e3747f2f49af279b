"""Marks of classification and the lock on an address: they speak of the paper itself, so nobody has to stand near.

What it keeps true: a mark counts as a mark: in capitals or abbreviated as the rules write it (VSA), not the word
"geheim" in a sentence. A lock on an address counts unless the sentence only asks how to get one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.phrases import phrases
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

_VS: Final = re.compile(
    r"""\bVS[ ]?[-–—][ ]?(?:NfD|NFD|(?i:nur[ ]für[ ]den[ ]Dienstgebrauch|vertraulich|geheim))(?!\w)
    |(?<!\w)(?:NUR[ ]FÜR[ ]DEN[ ]DIENSTGEBRAUCH|(?i:nur[ ]für[ ]den[ ]Dienstgebrauch)(?=[ \t]{0,4}(?:\n|\Z)))(?!\w)
    |(?<![\w-])STRENG[ ]GEHEIM(?!\w)|\bVERSCHLUSSSACHE\b|\bAMTLICH[ ]GEHEIMGEHALTEN\b
    |(?:^|(?<=\n)|(?<=[:|–-][ ])|(?<=eingestuft[ ]als[ ]))[ \t*„"-]{0,4}GEHEIM
     (?=[ \t*“"]{0,4}(?:\n|\Z|amtlich|[-–.,]))
    |\b(?:NATO|EU)[ ](?:RESTRICTED|CONFIDENTIAL|SECRET)\b|\bRESTREINT[ ]UE\b|\bCONFIDENTIEL[ ]UE\b""", re.X)
_ASKED: Final = re.compile(
    r"was (?:bedeutet|heißt|ist)|unterschied zwischen|sachenanweisung|\bVSA\b|wie (?:kennzeichnet|stuft)", re.I)
_HOW: Final = re.compile(
    r"\b(?:wie|was|wann|wer|falls|wenn|welche\w?|Absatz|Satz|Meldebehörde)\b|voraussetzung|merkblatt|formular|vordruck|"
    r"muster|\bAbs\.|nach \d+ Jahren|eine (?:Auskunfts|Übermittlungs)sperre (?:ist|wird|kann|gilt)", re.I)

CLASSIFIED: Final = Category("CLASSIFIED", more={
    "CLASSIFIED.word": "vs geheim dienstgebrauch verschlusssache geheimgehalten restricted secret confidential "
                       "restreint confidentiel"})
ADDRESS_BLOCK: Final = Category("ADDRESS_BLOCK", phrases=phrases("phrases_marks.txt"), more={
    "ADDRESS_BLOCK.word": "auskunftssperre auskunftssperren auskunftsperre sperrvermerk sperrvermerke sperrvermerks "
                          "melderegistersperre meldesperre adresssperre übermittlungssperre übermittlungssperren "
                          "offenbarungsverbot offenbarungsverbots inkognitoadoption personenstandssperre"})


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield marks and locks."""
    seen = -1
    for start, end in sheet.hits("CLASSIFIED.word"):
        for match in _VS.finditer(sheet.text, max(sheet.begin, start - 40), min(sheet.end, end + 40)):
            holds = match.start() <= start < match.end() and match.start() > seen
            if holds and not _ASKED.search(sheet.text, *link.sentence(start, end)):
                seen = match.start()
                yield CLASSIFIED.finding(*match.span(), 0.9, "format")
    yield from ADDRESS_BLOCK.find(sheet, link)
    for start, end in sheet.hits("ADDRESS_BLOCK.word"):
        a, b = link.sentence(start, end)
        if not _HOW.search(sheet.text, a, b) or link.names_somebody(a, b):
            yield ADDRESS_BLOCK.finding(start, end, 0.9, "format")
