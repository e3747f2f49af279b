"""Addresses as one span: street, number, flat, postal code and town; postal code with town alone; Postfach.

A bare town is no address, and neither is the address of an authority: where the same line (or the one above) names an
authority and no person in between, it stays, as do the squares in front of town halls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from gateway.detection.data import words
from gateway.detection.names import is_ordinary
from gateway.detection.own import plain_address
from gateway.detection.sheet import Rule, Sheet, value_at
from gateway.model.finding import Finding

_UP: Final = "[A-ZÄÖÜÀ-ÖØ-Þ]"
_TOWN: Final = (
    rf"(?:(?:Bad|Sankt|St\.|Markt|Hansestadt|Lutherstadt|Groß|Klein|Alt|Neu|Ober|"
    rf"Unter)[ ])?{_UP}[^\W\d_]+(?:[-/]{_UP}?[^\W\d_]+)*"
    r"(?:[ ](?:am|an[ ]der|a\.[ ]?d\.|a\.|an|im|i\.|in[ ]der|ob[ ]der|o\.[ ]?d\.|vor[ ]der|v\.[ ]?d\.|bei|b\.)[ ]?"
    r"(?:Main|Rhein|Neckar|Inn|Lech|See|Harz|Ruhr|Weser|Aller|Elbe|Saale|Oder|Donau|Weinstraße|Höhe|Tauber|"
    r"Bergstraße|Isar|Ilm|Brenz|"
    r"Steige|Fils|Murr|Enz|Lahn|Sieg|Spree|Havel|Pegnitz|Aisch|Rems|Rott|Vils|Mosel|Nahe|Breisgau|Allgäu|Odenwald|"
    r"Schwarzwald|Taunus|"
    r"Erzgebirge|Vogtland|Westfalen|Oldenburg|Holstein|Bremen|Leine|Ems|Lippe|Berg|Sand|Bodensee|Ammersee|Wald|"
    r"Rübenberge|Ried)"
    rf"(?!\w)(?:[ ][Rr]übenberge)?)?(?:[ ]\({_UP}[\w .-]{{2,20}}\))?")
_PLZ: Final = re.compile(r"(?<![\w.,/+-])(?:D-|DE-)?(\d{5})(?=\s|\Z)")
_TOWN_BEHIND: Final = re.compile(rf"[ ]{{1,3}}({_TOWN})(?!\w)")
_NUMBER: Final = r"\d{1,4}(?:[ ]?[a-zA-Z](?![^\W_]))?(?:[ ]?[-–/][ ]?\d{1,4}(?:[ ]?[a-z](?!\w))?)?(?![\w]|[.,]\d|[ ]?%)"
_FLAT: Final = (r"(?:,?[ ](?:\d{1,2}\.[ ]?(?:OG|Stock|Etage|Obergeschoss)(?:[ ](?:links|rechts|mitte))?|(?:Whg|"
    r"Wohnung|App|Apartment|Appartement|Zi|Zimmer)\.?"
                r"[ ](?:Nr\.?[ ])?\d{1,4}|EG|DG|Hinterhaus|HH|VH)(?:[ ](?:links|rechts|mitte))?(?!\w)){0,2}")
_SUFFIX: Final = (r"(?:straße|strasse|str\.|weg|platz|allee|gasse|gäßchen|gässchen|ring|damm|ufer|chaussee|steig|"
    r"pfad|stieg|promenade|kamp|"
                  r"graben|winkel|wall|reihe|twiete|redder|zeile|bogen|anger|hof|berg|park|markt|brink|stiege|leite|"
                  r"siedlung|"
                  r"feld|grund|garten|blick|eck|wiese|wiesen|terrasse|brücke|tor|deich|hang|höhe|heide|kai|koppel|"
                  r"aue|horst|tal|born)")
_STREET: Final = re.compile(
    rf"(?<![\w-])(?:(?:(?:{_UP}[\w.'’]*[-]|{_UP}[\w'’]+[ ]|(?:An|Auf|Am|Zum|Zur|In|Im|Bei|Hinter|Unter|"
    rf"Vor)[ ](?:der|den|dem)?[ ]?){{0,3}}"
    rf"(?:{_UP}[\w'’-]*?{_SUFFIX}|(?:[Ss]traße|[Ss]trasse|[Ss]tr\.|[Ww]eg|[Pp]latz|Allee|[Gg]asse|Ring|Damm|Ufer|"
    rf"Chaussee|Steig|Pfad))"
    rf"|{_UP}[\w.'’-]*[Ss]tr\.))[ ]?({_NUMBER}{_FLAT})")
_PLACED: Final = re.compile(
    rf"(?<![\w-])(?:Am|An der|An den|Im|In der|In den|Auf dem|Auf der|Auf den|Hinter der|Hinter dem|Unter den|"
    rf"Unter der|Zum|Zur|"
    rf"Vor dem|Vor der|Beim|Bei der|Alte|Alter|Altes|Lange|Langer|Kleine|Große|Obere|Untere|Neue|"
    rf"Neuer)[ ]({_UP}[\w-]+)[ ]({_NUMBER}{_FLAT})")
_LEFT_STREET: Final = re.compile(
    rf"((?:(?:c/o[ ][^\n,]{{3,40}},[ ])?(?:{_UP}[\w.'’-]*|der|den|dem|des|von|und|am|an|im|zum|"
    rf"zur)[ ]){{1,5}}{_NUMBER}{_FLAT})"
    r"[ \t]*(?:,|;|[-–|·]|\n|,?[ ]in|[ ])[ \t\n]{0,4}\Z")
_POSTBOX: Final = re.compile(
    rf"(?<!\w)Postfach[ ](?:Nr\.?[ ])?\d{{1,3}}(?:[ ]?\d{{2,3}}){{0,2}}"
                      rf"(?:,?[ \n]{{1,2}}\d{{5}}[ ]{_TOWN})?(?!\w)")
_ANY_STREET: Final = re.compile(rf"((?:{_UP}[\w.'’-]*|der|den|dem|des|von|am|an|im|zum|zur)(?:[ ](?:{_UP}[\w.'’-]*|"
    rf"der|den|dem|des|von)){{0,4}}[ ]{_NUMBER}{_FLAT})")
_NAMED_PLACE: Final = re.compile(rf"(?:[a-z]+[ ]){{0,2}}{_UP}")
_UNIT: Final = re.compile(r"(?:Euro|EUR|Einwohner|Stück|Menschen|Personen|Kilometer|Quadratmeter|Tonnen|Liter|Mark|"
    r"Dollar|Franken|Jahre)", re.I)
_PUBLIC: Final = re.compile(
    r"\b(?:Rathaus\w*|Stadtverwaltung|Gemeindeverwaltung|Kreisverwaltung|Verwaltung\w*|Bürger(?:büro|amt|"
    r"service)\w*|\w*(?:ministerium|gericht|behörde|"
    r"kasse|polizei|präsidium)|\w*(?<!zur )amt(?:es|s)?|Jobcenter|Landratsamt|Stadtwerke|Universität|Klinikum|"
    r"Krankenhaus|\w*schule|Kita|"
    r"Feuerwehr\w*|(?:Stadt|Gemeinde|Kreis|Landkreis|Magistrat der Stadt|Verbandsgemeinde|"
    r"Samtgemeinde)[ ][A-ZÄÖÜ]\w+|\w*bibliothek|Museum|"
    r"Staatsanwaltschaft|Landesbetrieb|Zentrale|Sitzungssaal|Ratssaal|Stadthalle|Bürgerhaus|Gesundheitsamt|Kirche|"
    r"Friedhof|Sportplatz|"
    r"Spielplatz|Baustelle|Haltestelle)\b")
_PRIVATE: Final = re.compile(
    r"\b(?:Herrn?|Frau|Familie|Eheleute|wohn\w*|Wohn(?:ung|haft|sitz|ort|anschrift)\w*|Anschrift|Adresse|Name|geb|"
    r"gemeldet|lebt|zieht|zog|umgezogen|Umzug|"
    r"Mieter\w*|Vermieter\w*|Eigentümer\w*|Halter\w*|Antragsteller\w*|Mutter|Vater|Sohn|Tochter|ich|Ich|Mann|c/o)\b")
_HALL: Final = re.compile(r"(?:Am Rathaus|Rathaus(?:platz|straße|str\.|markt|gasse)|Am Alten Rathaus|"
    r"Behördenzentrum|Schlossplatz 1\b)")
_NO_PLACE: Final = words("""zimmer raum haus gebäude absatz abs satz jahr jahre mai juni juli märz april august
    september oktober november
    dezember januar februar ende anfang montag dienstag mittwoch donnerstag freitag samstag sonntag alter anhang teil
    kapitel schnitt
    durchschnitt stand tag monat quartal artikel paragraf vorjahr zeitraum block gleis abschnitt fall januar umfang
    rahmen nr nummer
    fassung stufe phase version auflage klasse gruppe version folge liste anlage""")


def _is_public(sheet: Sheet, start: int) -> bool:
    """Whether the nearest word before the address that says whose it is names an authority."""
    text = sheet.text
    if _HALL.match(text, start):
        return True
    line = sheet.line_left(start, 100)
    if not line.strip(" \t>*-|"):
        line = sheet.left(start, 90).rstrip(" \t\n>*-|").rpartition("\n")[2]
    public = private = -1
    for match in _PUBLIC.finditer(line):
        public = match.start()
    for match in _PRIVATE.finditer(line):
        private = match.start()
    return public > private


_FOLLOW: Final = re.compile(
    rf"[ \t]*(?:,|;|[-–|·]|\n)?[ \t\n]{{0,4}}(?:in[ ])?(?:D-|DE-)?\d{{5}}[ ]{{1,3}}{_TOWN}(?!\w)")


def _find(sheet: Sheet, own: frozenset[str]) -> Iterator[Finding]:
    for start, end, score, certain in _spans(sheet):
        if _is_public(sheet, start) or (own and plain_address(sheet.text[start:end]) in own):
            continue
        yield Finding(start, end, "ADDRESS", score, "format", certain)


def _spans(sheet: Sheet) -> Iterator[tuple[int, int, float, bool]]:
    text = sheet.text
    for match in sheet.scan_numbers(_PLZ, 5):
        behind = _TOWN_BEHIND.match(text, match.end())
        if behind is None or not "01001" <= match[1] <= "99998" or _UNIT.match(behind[1]):
            continue
        town = behind[1]
        left = _LEFT_STREET.search(text, max(0, match.start() - 90), match.start())
        start = _street_start(left) if left else match.start()
        if left is None and is_ordinary(town) and town not in ("Essen", "Halle", "Hof", "Berg", "Wald", "Weiden"):
            continue
        yield start, behind.end(), 0.9 if left else 0.75, True
    for match in _house_numbers(sheet):
        begin = _street_words(match)
        follow = _FOLLOW.match(text, match.end())
        yield begin, follow.end() if follow else match.end(), 0.85, True
    for match in _placed(sheet):
        year = is_ordinary(match[1]) and match[2].isdigit() and int(match[2]) > 400
        if match[1].lower() not in _NO_PLACE and not year:
            follow = _FOLLOW.match(text, match.end())
            yield match.start(), follow.end() if follow else match.end(), 0.7, False
    if sheet.has("Postfach"):
        for match in sheet.scan(_POSTBOX):
            yield *match.span(), 0.7, True
    for _, end in sheet.hits("ADDRESS_LABEL"):
        found = value_at(sheet, end, _ANY_STREET)
        if found and _NAMED_PLACE.match(found[1]) and found[1].split()[0].lower() not in _NO_PLACE:
            follow = _FOLLOW.match(text, found.end())
            yield found.start(1), follow.end() if follow else found.end(1), 0.8, True


_HOUSE: Final = re.compile(r"(?<=[ .a-zß])\d{1,4}(?!\d)")
_ENDINGS: Final = tuple(_SUFFIX[3:-1].replace("\\.", ".").split("|"))
_PREPOSITIONS: Final = words("am an im in auf hinter unter zum zur vor beim bei alte alter altes lange langer "
    "kleine große obere untere"
                                 " neue neuer")


def _house_numbers(sheet: Sheet) -> Iterator[re.Match[str]]:
    """Streets whose name ends like one, found from the house number backwards."""
    text = sheet.text
    for number in sheet.scan_numbers(_HOUSE):
        start = number.start()
        if text[max(0, start - 12):start].rstrip().lower().endswith(_ENDINGS):
            yield from (m for m in _STREET.finditer(text, max(0, start - 70), start + 60) if m.start(1) == start)


def _placed(sheet: Sheet) -> Iterator[re.Match[str]]:
    """Streets that are named after a place ("Hinter der Mauer 12"), found from the house number backwards."""
    text = sheet.text
    for number in sheet.scan_numbers(_HOUSE):
        start = number.start()
        left = text[max(0, start - 40):start].split(" ")[-4:-2]
        if any(word.lower() in _PREPOSITIONS for word in left):
            yield from (m for m in _PLACED.finditer(text, max(0, start - 60), start + 40) if m.start(2) == start)


_LEAD: Final = re.compile(r"(?:(?:Anschrift|Adresse|Wohnort|Wohnanschrift|Herrn?|Frau|Die|Der|Das|In|Wohnung|Haus|"
    r"Miete|Ich|Sie|Er|Umzug|Nach|Objekt|"
                          r"Grundstück|Bauvorhaben|wohnhaft|nach)[ ])+")


def _street_words(match: re.Match[str]) -> int:
    """Return where the street begins: words of the sentence before it ("Die Wohnung Lindenstr. 3") are not part."""
    lead = _LEAD.match(match[0])
    start = match.start() + (lead.end() if lead else 0)
    words = match.string[start:match.start(1)].split(" ")
    while len(words) > 2 and is_ordinary(words[0]) and words[0].lower() not in _PREPOSITIONS:
        start += len(words.pop(0)) + 1
    return start


_NO_START: Final = words("und der den dem des von am an im zum zur")


def _street_start(left: re.Match[str]) -> int:
    """Return where the street left of a postal code begins: after ordinary words, at most three words long."""
    start, street = left.start(1), left[1]
    lead = _LEAD.match(street)
    if lead:
        start, street = start + lead.end(), street[lead.end():]
    words = re.split(r"(?<=[ ])", street)
    number = next((i for i, word in enumerate(words) if word[:1].isdigit()), len(words))
    while number > 1 and words[0].strip().lower() in _NO_START:
        start += len(words.pop(0))
        number -= 1
    while number > 3:
        start += len(words.pop(0))
        number -= 1
    return start


_PARTS: Final = re.compile(r"""[^"'”\n,;|<}]{2,60}""")
_QUOTED_LABEL: Final = re.compile(r"""["']\s?:""")


def _find_fields(sheet: Sheet) -> Iterator[Finding]:
    """Fields of forms and JSON: street, house number, postal code; a town only where it is a quoted key."""
    for kind in ("ADDRESS_FIELD", "TOWN_FIELD"):
        for _, end in sheet.hits(kind):
            quoted = _QUOTED_LABEL.match(sheet.text, end)
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
                         " rechnungsadresse wohnte wohnsitz lives live"}, digits=True)


FIELD_RULE: Final = Rule("ADDRESS_FIELD", ("ADDRESS",), _find_fields, {
    "ADDRESS_FIELD": "strasse straße street hausnr hausnummer plz postleitzahl zip wohnort postcode",
    "TOWN_FIELD": "ort stadt city town"})
