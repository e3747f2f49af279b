"""Names that only their place gives away: a surname alone behind a role, in a duty roster, a double name, "sen.".

What it is: parts of the rule for names (`gateway.detection.recognizers.person`). They take surnames that are given
names, weekdays or things as well ("Vertretung: Sonntag", "Mo Ruprecht"), because where they stand nothing else does.

What it keeps true: a surname that is an ordinary word counts only if it is a listed one and ends its field, and it is
never sure enough to be looked for elsewhere. A hyphenated word is a name only behind a given name.

What it does not know: rosters that are tables with the days as their head; rosters that nothing calls one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import words
from gateway.detection.names import is_given, is_ordinary, is_surname_too, read_name, skip_titles
from gateway.detection.sheet import Sheet

_WORD: Final = re.compile(r"[^\W\d_a-zäöüß][^\W\d_]+(?![-\w])")
_FIELD_END: Final = re.compile(r"[ \t]*(?:\Z|[\n,;|)\"/.<])(?![ ]?\d)")
_DAYS: Final = "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonnabend|Sonntag|Mo|Di|Mi|Do|Fr|Sa|So"
_WEEKDAYS: Final = words("montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag")
_DUTY: Final = re.compile(
    rf"(?:(?<=[\n,;|:(\t/])|(?<=[-–*•>]))[ \t]{{0,4}}(?:{_DAYS})\b\.?"
    r"(?:,?[ ]?\d{1,2}\.[ ]?\d{1,2}\.(?:\d{2,4})?)?"
    r"(?:,?[ ]?\d{1,2}(?:[:.]\d\d)?[ ]?[-–][ ]?\d{1,2}(?:[:.]\d\d)?(?:[ ]?Uhr)?)?"
    r"[ \t]{0,3}[:=|–-]?[ \t]{0,4}(?=[^\W\d_a-zäöüß])")
_ALSO: Final = re.compile(r"[ ]?[/+&][ ]?|[ ](?:und|u\.)[ ]")
_SALUTED: Final = re.compile(r"(?:Herrn?|Frau|Hr\.|Fr\.)[ ]")
_NO_DUTY: Final = re.compile(
    r"(?:\w*(?:dienst|schicht|urlaub|gruppe|team|büro|treffen|sitzung|kurs|stunde|zeit|tag|besprechung|abend|morgen|"
    r"mittag|bereitschaft|ausgleich|office|runde)|frei|krank\w*|nacht|früh|spät|alle|niemand|keine[rs]?|ab|bis|von|"
    r"geschlossen|offen|nur|wie|n\.?n)\Z", re.I)
_TIMES: Final = words("abend morgen nacht mittag früh spät")
_REGION: Final = 500
"""How far a roster goes from the word that calls it one, unless a blank line ends it or the next begins."""
_DOUBLE: Final = re.compile(
    r"(?<=[ ])[^\W\d_a-zäöüß][^\W\d_]+(?:-[^\W\d_a-zäöüß][^\W\d_]+){1,2}(?![-\w])")
_JOINED: Final = re.compile(r"-[^\W\d_a-zäöüß]")
"""What is in every double name, and told faster."""
_GIVEN_BEFORE: Final = re.compile(
    r"(?<![\w.-])((?:[^\W\d_][\w'’-]*\.?[ ]){1,4})\Z")
_SAINT: Final = re.compile(r"\b(?:St\.|Sankt|Skt\.|Sta\.|Santa|San)[ ]\Z")
_ELDER: Final = re.compile(
    r"(?<![\w-])((?:[^\W\d_a-zäöüß][\w'’-]{1,40}[ ]){0,2}[^\W\d_a-zäöüß][\w'’-]{1,40}),?[ ]"
    r"(?:(?:sen|jun|sr|jr)\.|(?:senior|junior)\b)")

_ELDER_HINTS: Final = (" sen.", " jun.", " sr.", " jr.", " senior", " junior")
ROSTER: Final = """dienstplan dienstplanung einsatzplan schichtplan vertretungsplan bereitschaftsplan rufbereitschaft
    bereitschaft bereitschaftsdienst rufdienst notdienst telefondienst hausdienst aufsichtsplan pausenaufsicht
    urlaubsplan wochenplan schichten diensteinteilung einteilung putzplan fahrdienst wochenenddienst"""
"""What a duty roster is called."""
ROLES: Final = """tochter sohn bruder schwester ehemann ehefrau ehegatte ehegattin mutter vater oma opa großmutter
    großvater onkel tante nichte neffe
    enkel enkelin schwiegermutter schwiegervater schwiegersohn schwiegertochter lebensgefährte lebensgefährtin
    lebenspartner lebenspartnerin
    stiefvater stiefmutter kindesmutter kindesvater pflegemutter pflegevater pflegekind mann kollege kollegin
    kollegen nachbar nachbarin pfarrer
    bürgermeister bürgermeisterin oberbürgermeister oberbürgermeisterin landrat landrätin rechtsanwalt rechtsanwältin
    anwalt anwältin richter
    richterin zeuge zeugin zeugen vermieter vermieterin mieter mieterin betreuer betreuerin hundehalter hundehalterin
    halter halterin
    eigentümer eigentümerin antragsteller antragstellerin sachbearbeiter sachbearbeiterin lehrer lehrerin schüler
    schülerin erzieherin
    kinder kind zwilling zwillinge geschwister ratsmitglied stadtrat stadträtin dezernent dezernentin amtsleiter
    amtsleiterin
    hausmeister kämmerer kämmerin schulleiter schulleiterin geschädigte geschädigter beschuldigter beschuldigte
    betroffener witwe witwer
    bewerber bewerberin geschwisterkind exmann partner partnerin freundin freund baby auszubildende auszubildender
    praktikant praktikantin
    arzt ärztin hausarzt hausärztin notar notarin bewohner bewohnerin patientin patient klientin klient
    kläger klägerin klägers beklagte beklagter beklagten mandant mandantin mandanten schriftführer schriftführerin
    antragsgegner antragsgegnerin beschwerdeführer beschwerdeführerin widerspruchsführer widerspruchsführerin
    angeklagte angeklagter verteidiger verteidigerin gutachter gutachterin protokollant protokollantin schöffe schöffin
    dolmetscher dolmetscherin kassenwart kassenwartin beisitzer beisitzerin"""
"""What somebody is to somebody, or in a procedure."""


def surname_alone(text: str, position: int, *, day: bool = True) -> int | None:
    """Return where a surname ends that is an ordinary word as well and all that stands in its field, or None.

    `day`: it may be a weekday.
    """
    word = _WORD.match(text, position)
    if word is None or not is_surname_too(word[0]) or not _FIELD_END.match(text, word.end()):
        return None
    return word.end() if day or word[0].lower() not in _WEEKDAYS else None


def rosters(sheet: Sheet) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it is surely a name) of whoever is on duty: "Dienstplan: Mo Ruprecht, Di Sonntag"."""
    text = sheet.text
    called = sheet.hits("ROSTER")
    for number, (_, end) in enumerate(called):
        limit = min(sheet.end, end + _REGION, *(start for start, _ in called[number + 1:number + 2]))
        blank = text.find("\n\n", end + 40, limit)
        for day in _DUTY.finditer(text, end, limit if blank < 0 else blank):
            at: int = day.end()
            for _ in range(4):
                saluted = _SALUTED.match(text, at)
                at = skip_titles(text, saluted.end() if saluted else at)
                found = _on_duty(text, at)
                if found is None:
                    break
                yield at, *found
                also = _ALSO.match(text, found[0])
                if also is None:
                    break
                at = also.end()


def _on_duty(text: str, at: int) -> tuple[int, bool] | None:
    word = _WORD.match(text, at)
    if word and word[0].lower() in _TIMES:
        return None
    if word and is_surname_too(word[0]) and (_FIELD_END.match(text, word.end()) or _ALSO.match(text, word.end())):
        return word.end(), False
    if word and _NO_DUTY.match(word[0]):
        return None
    end = read_name(text, at, words=3, trust_first=False)
    return None if end is None else (end, True)


def double_names(sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Yield given names with the hyphenated surname behind them, be its halves places: "Sabine Krüger-Bernburg"."""
    text = sheet.text
    for match in _doubles(sheet):
        if is_ordinary(match[0]) and not is_surname_too(match[0].rsplit("-", 1)[1]):
            continue
        before = _GIVEN_BEFORE.search(text, max(sheet.begin, match.start() - 60), match.start())
        if before is None:
            continue
        start = match.start()
        for word in reversed(list(re.finditer(r"\S+", before[1]))):
            if not (is_given(word[0]) or (word[0].endswith(".") and len(word[0]) == 2 and word[0][0].isupper())):
                break
            start = before.start(1) + word.start()
        if start < match.start() and text[start + 1] != "." and not _SAINT.search(text, max(0, start - 8), start):
            yield start, match.end()


def _doubles(sheet: Sheet) -> Iterator[re.Match[str]]:
    """Yield the matches of `_DOUBLE`: only the word around a hyphen can be one."""
    text, behind = sheet.text, sheet.begin
    for joined in sheet.scan(_JOINED):
        if joined.start() >= behind:
            match = _DOUBLE.match(text, max(behind, text.rfind(" ", behind, joined.start()) + 1), sheet.end)
            if match:
                behind = match.end()
                yield match


def generations(sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Yield names with "sen." or "jun." behind them: it tells father and son apart."""
    for match in sheet.scan(_ELDER) if any(map(sheet.has, _ELDER_HINTS)) else ():
        start, stop = match.span(1)
        found = skip_titles(sheet.text, start)
        saluted = _SALUTED.match(sheet.text, found)
        at = skip_titles(sheet.text, saluted.end() if saluted else found)
        end = read_name(sheet.text, at, words=3, trust_first=saluted is not None) if at < stop else None
        first = sheet.text[at:stop].split(" ")[0]
        if end == stop and (saluted or is_given(first)):
            yield at, match.end()
