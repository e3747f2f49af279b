"""Tables in text: which cells stand below which header. Tabs, pipes, semicolons or commas separate the cells.

Read once for the whole text, because a header may stand far above its cells. A table ends at a line with a
different number of cells.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.sheet import Cell

_HEADERS: Final = {
    "PERSON": "name vorname nachname familienname kind eltern mutter vater ansprechpartner kontoinhaber "
    "antragsteller mieter bewohner"
              " person teilnehmer mitarbeiter mitarbeiterin sachbearbeiter zuname geburtsname bearbeiter vertreter "
              "vermieter halter eigentümer"
              " bewerber schüler ansprechperson lastname firstname name1 names kunde bürger erziehungsberechtigte "
              "betreuer empfänger"
              " sorgeberechtigte",
    "BIRTHDATE": "geb geburtsdatum gebdatum geboren gebdat geburtstag birthdate dob birth born dateofbirth jahrgang jg "
    "geburtsjahr gebtag birthday gebjahr",
    "PHONE": "telefon tel mobil handy rufnummer fax telefonnummer phone festnetz",
    "ADDRESS": "anschrift adresse straße strasse plz wohnort hausnr hausnummer wohnanschrift postleitzahl address",
    "CASH_NUMBER": "kassenzeichen kundennummer personalnummer kundennr personalnr persnr mandatsreferenz "
    "buchungszeichen",
    "CASE_NUMBER": "aktenzeichen az gz geschäftszeichen",
    "USERNAME": "benutzername username login account kennung user benutzer",
    "DATE_SENSITIVE": "sterbedatum todestag eheschließung heirat verstorben gestorben scheidung heiratsdatum "
    "scheidungsdatum todesdatum krank krankmeldung au entbindung entbindungstermin",
}
_KIND: Final = {word: kind for kind, words in _HEADERS.items() for word in words.split()}
_SEPARATORS: Final = ("\t", "|", ";", ",")
_COMMAS: Final = re.compile(r"^[\w\"' -]{2,40}(?:,[\w\"' .-]{0,40}){2,40}\r?$", re.M)
"""A line that may head a table of comma-separated values."""
_QUOTED: Final = re.compile(r'"[^"]*"')
_HEAD_WORD: Final = re.compile(r"[^\W\d_]+")


def cells(text: str) -> list[Cell]:
    """Return the cells of all tables whose column says what stands in it, in order."""
    found: list[Cell] = []
    for separator in _SEPARATORS:
        if separator in text and (separator != "," or _COMMAS.search(text)):
            found.extend(_read(text, separator))
    return sorted(found, key=lambda cell: cell.start)


def _read(text: str, separator: str) -> list[Cell]:
    found: list[Cell] = []
    header: list[str] = []
    position = 0
    least, slack = (2, 0) if separator == "," else (1, 1)  # commas stand in every sentence
    for line in text.split("\n"):
        spans = _split(line, position, separator) if separator in line else []
        position += len(line) + 1
        if len(spans) < 2:
            header = []
        elif header and abs(len(spans) - len(header)) <= slack:
            found.extend(Cell(a, b, kind) for (a, b), kind in zip(spans, header, strict=False) if kind and a < b)
        else:
            header = [_kind(text[a:b]) for a, b in spans]
            told = sum(map(bool, header)) >= least and (slack or _COMMAS.fullmatch(line) is not None)
            header = header if told else []
    return found


def _split(line: str, offset: int, separator: str) -> list[tuple[int, int]]:
    """Return the spans of the cells of one line, trimmed."""
    spans: list[tuple[int, int]] = []
    at = offset
    if separator == "," and '"' in line:
        line = _QUOTED.sub(lambda m: m[0].replace(",", "\0"), line)
    parts = line.split(separator)
    for number, part in enumerate(parts):
        start = at + len(part) - len(part.lstrip(' \r"*'))
        end = at + len(part.rstrip(' \r"*'))
        at += len(part) + 1
        if separator == "|" and number in (0, len(parts) - 1) and not part.strip():
            continue
        spans.append((start, max(start, end)))
    return spans


def _kind(title: str) -> str:
    if len(title) > 40:
        return ""
    return next((_KIND[word] for word in _HEAD_WORD.findall(title.lower()) if word in _KIND), "")
