"""Addresses as one span: street, number, flat, postal code and town; postal code with town alone; Postfach.

A bare town is no address, and neither is the address of an authority: where the same line (or the one above) names an
authority and no person in between, it stays, as do the squares in front of town halls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from gateway.detection.names import is_given, is_ordinary
from gateway.detection.own import plain_address
from gateway.detection.recognizers.streets import FLAT, HOUSE, MAYBE_HOUSE, NUMBER, Proof, is_candidate, read_street
from gateway.detection.sheet import Rule, Sheet, value_at
from gateway.model.finding import Finding

_UP: Final = "[A-ZÄÖÜÀ-ÖØ-Þ]"
_TOWN: Final = (
    rf"(?:(?:Bad|Sankt|St\.|Markt|Hansestadt|Lutherstadt|Groß|Klein|Alt|Neu|Ober|Nieder|Hohen|Königs|Burg|Porta|Hann\.|"
    rf"Hannoversch|Schwäbisch|Deutsch|Wendisch|Kurort|Ostseebad|Nordseebad|Seebad|Heilbad|Flecken|Horn|Castrop|Rheda|"
    rf"Villingen|Annaberg|Clausthal|Rotenburg|Unter)[ ])?(?:Bad[ ])?{_UP}[^\W\d_]+(?:[-/]{_UP}?[^\W\d_]+)*"
    rf"(?:-\n[ \t>]{{0,4}}(?!(?:und|oder|sowie|bzw)\b)[a-zäöüß]{{2,14}}\b)?"
    r"(?:(?<=er)[ ](?:Strand|Heide|Höhe|Moor|Land|Berg|See|Wald|Grund|Mark|Marsch|Hütte|Kreuz|Mühle|Feld|Hof|Siel|"
    r"Hafen|Ort|Stadt)(?!\w))?(?:[ ](?:OT|Ortsteil)[ ][A-ZÄÖÜ][^\W\d_]+)?"
    r"(?:[ ](?:am|an[ ]der|a\.[ ]?d\.|a\.|an|im|i\.|in[ ]der|ob[ ]der|o\.[ ]?d\.|vor[ ]der|v\.[ ]?d\.|bei|b\.)[ ]?"
    r"(?:Main|Rhein|Neckar|Inn|Lech|See|Harz|Ruhr|Weser|Aller|Elbe|Saale|Oder|Donau|Weinstraße|Höhe|Tauber|"
    r"Bergstraße|Isar|Ilm|Brenz|"
    r"Steige|Fils|Murr|Enz|Lahn|Sieg|Spree|Havel|Pegnitz|Aisch|Rems|Rott|Vils|Mosel|Nahe|Breisgau|Allgäu|Odenwald|"
    r"Schwarzwald|Taunus|"
    r"Erzgebirge|Vogtland|Westfalen|Oldenburg|Holstein|Bremen|Leine|Ems|Lippe|Berg|Sand|Bodensee|Ammersee|Wald|"
    r"Rübenberge|Ried)"
    rf"(?!\w)(?:[ ][Rr]übenberge)?)?(?:[ ]\({_UP}[\w .-]{{2,20}}\))?")
_PLZ: Final = re.compile(r"(?<![\w.,/+-])(?:D-|DE-|D )?(\d{5})(?=\s|\Z|</)")
_TOWN_BEHIND: Final = re.compile(rf"[ ]{{1,3}}({_TOWN})(?!\w)")
_LOWER_TOWN: Final = re.compile(r"[ ]{1,2}([a-zäöü]{3,}(?:[ -][a-zäöü]{3,})?)(?!\w)")
_POSTBOX: Final = re.compile(
    rf"(?<!\w)Postfach[ ](?:Nr\.?[ ])?\d{{1,3}}(?:[ ]?\d{{2,3}}){{0,2}}"
                      rf"(?:,?[ \n]{{1,2}}\d{{5}}[ ]{_TOWN})?(?!\w)")
_ANY_STREET: Final = re.compile(rf"((?:{_UP}[\w.'’-]*|der|den|dem|des|von|am|an|im|zum|zur)(?:[ ](?:{_UP}[\w.'’-]*|"
    rf"der|den|dem|des|von)){{0,4}}[ ]{NUMBER}{FLAT})")
_UNIT: Final = re.compile(r"(?:Euro|EUR|Einwohner|Stück|Menschen|Personen|Kilometer|Quadratmeter|Tonnen|Liter|Mark|"
    r"Dollar|Franken|Jahre)", re.I)
_PUBLIC: Final = re.compile(
    r"\b(?:\w*(?:rathaus|verwaltung|ministerium|gericht|behörde|kasse|polizei|präsidium|wache|(?<!zur )amt|ämter|büro|"
    r"bibliothek|bücherei|schule|gymnasium|museum|kita|kindergarten|stelle|werke?|klinikum|krankenhaus|kreishaus|"
    r"feuerwehr|friedhof|zentrum|halle|bürgerhaus|jobcenter|universität|theater|bauhof|sparkasse|landesbetrieb|bad)"
    r"(?:es|s|n)?|Bürger(?:service|amt|büro)\w*|Staatsanwaltschaft|Landratsamt|Stadtwerke|Zentrale|Sitzungssaal|"
    r"Ratssaal|Verwaltungsgebäude|Dienstgebäude|finden uns|Hausanschrift|"
    r"Besuch(?:er|s)(?:adresse|anschrift)|Kirche|Sportplatz|Spielplatz|Baustelle|Haltestelle|Landrat|"
    r"(?:Stadt|Gemeinde|Kreis|Landkreis|Magistrat der Stadt|Verbandsgemeinde|Samtgemeinde)[ ][A-ZÄÖÜ]\w+)\b", re.I)
_PRIVATE: Final = re.compile(
    r"\b(?:Herrn?|Frau|Familie|Fam|Eheleute|wohn\w*|Wohn(?:ung|haft|sitz|ort|anschrift)\w*|Anschrift|Adresse|Name|geb|"
    r"gemeldet|lebt|zieht|zog|umgezogen|Umzug|Mieter\w*|Vermieter\w*|Eigentümer\w*|Halter\w*|Antragsteller\w*|Mutter|"
    r"Vater|Sohn|Tochter|ich|Ich|Mann|c/o|Nachbar\w*|Zeug(?:e|in))\b")
_HALL: Final = re.compile(r"(?:Am Rathaus|Rathaus(?:platz|straße|str\.|markt|gasse)|Am Alten Rathaus|"
    r"Behördenzentrum|Schlossplatz 1\b)")
_WORDS: Final = re.compile(r"[^\W\d_]+")


def _is_public(sheet: Sheet, start: int) -> bool:
    """Whether the nearest word before the address that says whose it is names an authority."""
    text = sheet.text
    if _HALL.match(text, start):
        return True
    line = sheet.line_left(start, 100)
    if not line.strip(" \t>*-|·,"):
        line = sheet.left(start, 90).rstrip(" \t\n>*-|").rpartition("\n")[2]
    public = private = -1
    for match in _PUBLIC.finditer(line):
        if match[0][0].isupper():
            public = match.end()
    if public < 0:
        return False
    for match in _PRIVATE.finditer(line):
        private = match.start()
    return public > private and not any(is_given(word) for word in _WORDS.findall(line, public))


_FOLLOW: Final = re.compile(
    rf"[ \t]*(?:,|;|[-–|·•]|[ ]/[ ]|\n)?[ \t\n]{{0,4}}(?:in[ ])?(?:D-|DE-|D )?(\d{{5}})[ ]{{1,3}}(?:{_TOWN}(?!\w)|"
    r"(?!(?:und|oder|bis|von|ist|hat|mit|aus|für|bei|sowie|der|die|das|euro)\b)[a-zäöü]{3,}(?!\w))")


def _find(sheet: Sheet, own: frozenset[str]) -> Iterator[Finding]:
    for start, end, score, certain in _spans(sheet):
        if _is_public(sheet, start) or (own and plain_address(sheet.text[start:end]) in own):
            continue
        yield Finding(start, end, "ADDRESS", score, "format", certain)


def _spans(sheet: Sheet) -> Iterator[tuple[int, int, float, bool]]:
    text = sheet.text
    taken: set[int] = set()
    for number in _houses(sheet):
        follow = _FOLLOW.match(text, number.end())
        if follow and not "01001" <= follow[1] <= "99998":
            follow = None
        street = read_street(text, number, Proof.CERTAIN if follow else Proof.NONE)
        if street is None and not follow and _FRAMED.match(text, number.end()):
            proof = _proof(sheet, number)
            street = read_street(text, number, proof) if proof else None
        if street and follow:
            taken.add(follow.start(1))
        if street:
            yield street.start, follow.end() if follow else street.end, 0.9 if follow else 0.8, street.sure
    yield from _towns(sheet, taken)
    if sheet.has("ostfach") or sheet.has("POSTFACH"):
        for match in sheet.scan(_POSTBOX):
            yield *match.span(), 0.7, True
    yield from _announced(sheet)


def _houses(sheet: Sheet) -> Iterator[re.Match[str]]:
    """Numbers that may be house numbers, with what says which door."""
    for maybe in sheet.scan_numbers(MAYBE_HOUSE):
        if is_candidate(sheet.text, maybe.start(), maybe[0]):
            number = HOUSE.match(sheet.text, maybe.start())
            if number:
                yield number


def _announced(sheet: Sheet) -> Iterator[tuple[int, int, float, bool]]:
    """Behind "wohnhaft" and the like, and English streets."""
    text = sheet.text
    for start, end in sheet.hits("ENGLISH"):
        english = _ENGLISH.search(text, max(sheet.begin, start - 50), end)
        if english:
            yield english.start(), end, 0.7, False
    for _, end in sheet.hits("ADDRESS_LABEL"):
        found = value_at(sheet, end, _ANY_STREET)
        house = HOUSE.search(text, found.start() + 2, found.end() + 1) if found else None
        if found and house:
            street = read_street(text, house, Proof.CERTAIN)
            if street and found.start() <= street.start:
                yield found.start(), street.end, 0.8, True


def _towns(sheet: Sheet, taken: set[int]) -> Iterator[tuple[int, int, float, bool]]:
    """Postal code and town without a street before them."""
    text = sheet.text
    for match in sheet.scan_numbers(_PLZ, 5):
        behind = _TOWN_BEHIND.match(text, match.end())
        if match.start(1) in taken or not "01001" <= match[1] <= "99998":
            continue
        if behind is None:
            lower = _LOWER_TOWN.match(text, match.end())
            if lower and _is_lived(sheet, match.start()) and not _UNIT.match(lower[1]):
                yield match.start(), lower.end(), 0.6, False
            continue
        if _UNIT.match(behind[1]) or _NO_POSTAL.search(sheet.line_left(match.start(), 24)):
            continue
        if is_ordinary(behind[1]) and behind[1] not in ("Essen", "Halle", "Hof", "Berg", "Wald", "Weiden"):
            continue
        yield match.start(), behind.end(), 0.75, True


_REACH: Final = 70
_FRAMED: Final = re.compile(r"[ \t]*(?:[,;).\n|·•]|\Z|[-–/][ ]|(?:und|hat|ist|gehört|seit|in|bei|sowie|nach|zu|wegen|"
                            r"an)\b)")
_NEXT_LINE: Final = re.compile(
    r"[ \t]*,?\n[ \t>]*(?:(?:D-)?\d{5}[ ]|Tel|Fon|Mobil|E-?Mail|[\w.+-]{1,40}@|"
    r"[A-ZÄÖÜ][\w-]+(?:[ ][A-ZÄÖÜ][\w-]+)?\s*(?:\n|\Z))")
_NO_POSTAL: Final = re.compile(r"(?:ticket|nr\.?|nummer|az\.?|id|konto|pid|port|build|kB|code|summe)[ :#]*$", re.I)


def _is_lived(sheet: Sheet, position: int) -> bool:
    """Whether somebody is said to live here: a word such as "wohnt" or "Frau" before it in the same line."""
    line = sheet.line_left(position, _REACH)
    stop = max(line.rfind(". ", 0, -4), line.rfind("; "))
    return sheet.near("LIVES", position, len(line) - stop - 1)


def _proof(sheet: Sheet, number: re.Match[str]) -> Proof:
    """What else says that a street stands here: a person or a verb before it, or an address of several lines."""
    text, start = sheet.text, number.start()
    if _is_lived(sheet, start):
        return Proof.PERSON
    line = sheet.line_left(start, _REACH)
    before, _, _ = line.rpartition(",")
    if before and any(is_given(word) for word in _WORDS.findall(before)[-3:]):
        return Proof.PERSON
    if line.count(" ") <= 4 and _NEXT_LINE.match(text, number.end()):
        head = start - len(line)
        above = sheet.left(head, 60).rstrip("\n").rpartition("\n")[2]
        if sheet.near("LIVES", head, len(above) + 1) or any(is_given(word) for word in _WORDS.findall(above)):
            return Proof.PERSON
    return Proof.NONE


_ENGLISH: Final = re.compile(r"(?<![\w.,/-])\d{1,4}[a-zA-Z]?[ ](?:[A-Z][\w'’]+[ ]){1,3}"
                                  r"(?:Street|Road|Avenue|Lane|Drive)\Z")
_PARTS: Final = re.compile(r"""[^"'”\n,;|<}]{1,60}""")
_QUOTED_LABEL: Final = re.compile(r"""["']\s?:""")


def _find_fields(sheet: Sheet) -> Iterator[Finding]:
    """Fields of forms and JSON: street, house number, postal code; a town only where it is a quoted key."""
    for kind in ("ADDRESS_FIELD", "TOWN_FIELD"):
        for start, end in sheet.hits(kind):
            quoted = _QUOTED_LABEL.match(sheet.text, end) or sheet.text[start - 1:start] in ("<", ":")
            if not quoted and (kind == "TOWN_FIELD" or sheet.text[end:end + 1] not in (":", "=", ">")):
                continue
            found = value_at(sheet, end, _PARTS)
            surface = found[0].strip() if found else ""
            if found and surface and (surface[0].isupper() or surface[0].isdigit()):
                end = found.start() + len(found[0].rstrip())
                yield Finding(found.start(), end, "ADDRESS", 0.7, "kennwort", certain=False)


def rule(own: frozenset[str] = frozenset()) -> Rule:
    """Return the recognizer; `own` are addresses of the authority, as `plain_address` writes them."""
    return Rule("ADDRESS", ("ADDRESS",), partial(_find, own=own), {
        "ADDRESS_LABEL": "wohnhaft wohne wohnt wohnen anschrift adresse wohnanschrift meldeanschrift address "
        "wohnadresse lieferadresse"
                         " rechnungsadresse wohnte wohnsitz lives live", "ENGLISH": "street road avenue lane drive",
        "LIVES": "wohnhaft wohne wohnt wohnen wohnte wohnung wohnsitz wohnort wohnanschrift lebt lebe leben lebte "
        "gemeldet verzogen gezogen umgezogen zieht ziehe zog umzug mieter mieterin mieters mieterinnen haus anwesen "
        "nachbar nachbarin nachbarn halter halterin halters eigentümer eigentümerin eigentümers vermieter vermieterin "
        "bewohner bewohnerin anschrift adresse zeuge zeugin antragsteller antragstellerin frau herr herrn fam familie "
        "eheleute zugestellt aufhältig lives live living meldeadresse wohnadresse abgemeldet angemeldet ummeldung "
        "hundehalter hundehalterin gemeldete unterkunft"}, digits=True)


FIELD_RULE: Final = Rule("ADDRESS_FIELD", ("ADDRESS",), _find_fields, {
    "ADDRESS_FIELD": "strasse straße street hausnr hausnummer plz postleitzahl zip wohnort postcode",
    "TOWN_FIELD": "ort stadt city town"}, wakes=frozenset(("ADDRESS_FIELD", "TOWN_FIELD")))
