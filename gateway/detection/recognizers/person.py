"""Names that something announces: salutation, title, office, label, kinship, greeting, signature, "gez.".

Names that nothing announces come from the compact recogniser. Salutation and title stay outside the span, nobility
particles belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import words
from gateway.detection.names import is_given, is_ordinary, ordinary_words, read_name, skip_titles, without_genitive
from gateway.detection.recognizers.duties import ROLES, ROSTER, double_names, generations, rosters, surname_alone
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_FIRST_WORD: Final = re.compile(r"[^\W\d_]+")
_BORN_GAP: Final = re.compile(r"(?:\.[ ]?|[ ])")
_NAMED: Final = re.compile(r"[ ](?:(?:ist|is|war|lautet)[ ])?")
_SPEAKER: Final = re.compile(r"\b(?:I|i|ich|Ich)[ ]\Z")
_BY: Final = re.compile(r"[ ](?:von|durch|mit)[ ](?:(?:die|den|der|ihre|ihren|seine|seinen|meine|"
    r"meinen)[ ])?(?:[A-ZÄÖÜ][a-zäöü]+(?:in|er|vater|mutter|mann|frau)[ ])?")
_SPACE: Final = re.compile(r"\.?[ \t]{0,2}(?:\n[ \t]{0,4})?")
_ALSO: Final = re.compile(r"[ ](?:und|u\.|oder|&|\+|sowie)[ ]|[ ]?/[ ]?|,[ ](?=[^\W\d_]+[ ]und[ ])")
_COMMA_NAME: Final = re.compile(r",[ ]?(?=[^\W\d_])")
_DETERMINER: Final = re.compile(r"\b(?:die|der|eine|einer|jede|jeder|keine|diese|dieser|als|zur|ihre|seine|meine|"
    r"deine|alte|junge)[ ]$", re.I)
_LABEL_GAP: Final = re.compile(
    r"""(?:[ ]?/[ ]?-?(?:in|innen|r)\b|\((?:in|r|n)\)|\*in\b|:in\b)?(?:[ ](?:des|der|erteilt|von)\b(?:[ "
    "][^\W\d_]{3,20})?)?["'”)*_]{0,3}\.?
    [ \t]{0,3}[:=|>][ \t]{0,4}(?:\n[ \t]{0,4})?["'„“*_<]{0,3}""", re.X)
_RULED: Final = re.compile(r"[^\n]{0,300}\n[ \t>]{0,8}\|?[ ]?:?-{2,}")
"""The rest of a line with the rule below it that makes it the head of a table."""
_SALUTED: Final = re.compile(r"(?:(?:Herrn?|Frau|Hr\.|Fr\.|Familie|Fam\.|Eheleute|Mr\.?|Mrs\.?|Ms\.?)[ ])")
_ORGANISATION: Final = re.compile(
    r"(?:[^\n,;]{0,40}\b(?:GmbH|AG|KG|e\.?[ ]?V\.|eG|OHG|UG|mbH|Stadt|Gemeinde|Kreis|Landkreis|Amt|Verein|Bank|"
    r"Sparkasse|Verwaltung|Ministerium|"
    r"Genossenschaft|Stiftung|Bundesagentur|Jobcenter|Finanzamt)\b)")
_LOWER_VALUE: Final = re.compile(r"[^\W\d_]{2,30}(?:[- ][^\W\d_]{2,30}){0,2}(?=[\"'\n,;|<]|[ ]?$)")
_LOWER_LABELS: Final = words("vorname nachname familienname geburtsname firstname lastname surname zuname rufname")
_NO_VALUE: Final = words("null true false none string unbekannt keine text")
_LIST_SEPARATOR: Final = re.compile(r"(?:[ ]?[,/&+;][ ]?|[ ](?:und|u\.|sowie|m\.|mit)[ ])(?=[^\W\d_])")
_CLOSE: Final = re.compile(r"[ \t]*[.,!)\]\"“”]")


def _finding(sheet: Sheet, start: int, end: int, reason: str, score: float = 0.9, *, certain: bool = True) -> Finding:
    first = sheet.text.find(" ", start, end)
    if first > 0 and sheet.text[first - 1] == "s":  # "Grabowskis Attest": a genitive ends the name
        end = first if without_genitive(sheet.text, start, first) < first else end
    end = without_genitive(sheet.text, start, end)
    return Finding(start, end, "PERSON", score, reason, certain, ordinary=ordinary_words(sheet.text[start:end]))


def _find_salutation(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for start, end in sheet.hits("SALUTATION"):
        gap = _SPACE.match(text, end)
        at = skip_titles(text, gap.end() if gap else end)
        if at == end:
            continue
        if "\n" in text[end:at] and text[start:end].lower() not in ("herrn", "frau", "eheleute", "familie", "fam"):
            continue
        trust = not (_DETERMINER.search(text, max(0, start - 12), start) and text[start:end].lower() == "frau")
        stop = read_name(text, at, trust_first=trust)
        if stop is None:
            continue
        yield _finding(sheet, at, stop, "anrede")
        yield from _partner(sheet, stop, text[start:end].lower())


def _partner(sheet: Sheet, stop: int, salutation: str) -> Iterator[Finding]:
    """The second of a pair: "Eheleute Anna und Bernd Alt", "Herr Alt, Bernd"."""
    text = sheet.text
    if salutation in ("eheleute", "familie", "fam", "herren", "herrn", "frauen"):
        also = _ALSO.match(text, stop)
        if also and not _SALUTED.match(text, also.end()):
            at = skip_titles(text, also.end())
            end = read_name(text, at, trust_first=False)
            if end:
                yield _finding(sheet, at, end, "anrede")
    comma = _COMMA_NAME.match(text, stop)
    if comma:
        end = read_name(text, comma.end(), words=2, trust_first=False)
        if end and is_given(text[comma.end():end].split(" ")[0]) and " " not in text[comma.end():end]:
            yield _finding(sheet, comma.end(), end, "anrede", 0.8)


def _find_title(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for start, _ in sheet.hits("TITLE"):
        at = skip_titles(text, start)
        if at == start or text[at - 1] == "-":
            continue
        end = read_name(text, at, trust_first=text[start:start + 2] in ("Dr", "Pr", "St", "OS", "Ri", "VR"))
        if end and text[end:end + 1] != "-":
            yield _finding(sheet, at, end, "titel")


def _find_office(sheet: Sheet) -> Iterator[Finding]:
    """ "Bürgermeister Hasselfeldt", "Tochter Irina Feldmann": a role directly followed by a name."""
    text = sheet.text
    for start, end in sheet.hits("ROLE"):
        if text[end:end + 1] != " " or not text[start].isupper():
            continue
        at = skip_titles(text, end + 1)
        if _SALUTED.match(text, at):
            continue
        stop = read_name(text, at, trust_first=False) or surname_alone(text, at, day=False)
        if stop is None or _ORIGIN.match(text, at):
            continue
        known = " " in text[at:stop] or is_given(text[at:stop])
        yield _finding(sheet, at, stop, "kennwort", 0.85 if known else 0.7, certain=known)
        yield from _siblings(sheet, stop)


def _siblings(sheet: Sheet, stop: int) -> Iterator[Finding]:
    """Further given names after one: "Kinder Sofija und Danylo"."""
    for _ in range(6):
        also = _LIST_SEPARATOR.match(sheet.text, stop)
        if also is None:
            return
        end = read_name(sheet.text, also.end(), words=3, trust_first=False)
        if end is None:
            return
        yield _finding(sheet, also.end(), end, "kennwort", 0.8)
        stop = end


def _find_label(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for kind, strong in (("NAME_LABEL", True), ("ROLE_LABEL", False), ("ROLE", False), ("MAIL_HEADER", False)):
        for start, end in sheet.hits(kind):
            gap = _LABEL_GAP.match(text, end)
            if gap is None or (kind == "MAIL_HEADER" and text[start - 1:start] not in ("", "\n", "*", ">", '"')):
                continue
            at = gap.end()
            saluted = _SALUTED.match(text, at)
            at = skip_titles(text, saluted.end() if saluted else at)
            if "|" in gap[0] and _is_header(sheet, at):
                continue
            yield from _labelled(sheet, at, strong, lower=text[start:end].lower() in _LOWER_LABELS)
            alone = surname_alone(text, at) if kind != "MAIL_HEADER" else None
            if alone:
                yield _finding(sheet, at, alone, "kennwort", 0.7, certain=False)


def _is_header(sheet: Sheet, at: int) -> bool:
    """Whether the next cell of a table row is itself a header, not a value."""
    word = _FIRST_WORD.match(sheet.text, at)
    if word is not None and sheet.lexicon.kinds(word[0].lower()):
        return True
    return _RULED.match(sheet.text, at) is not None


def _find_phrase(sheet: Sheet) -> Iterator[Finding]:
    """ "Mein Name ist ...", "ich heiße ...", "ich bin Anna Alt", "aufgenommen von Anna Alt"."""
    text = sheet.text
    for kind, gap_pattern in (("NAME_PHRASE", _NAMED), ("BY_PHRASE", _BY)):
        for start, end in sheet.hits(kind):
            gap = gap_pattern.match(text, end)
            if gap is None:
                continue
            if text[start:end].lower() == "am" and not _SPEAKER.search(text, max(0, start - 4), start):
                continue
            sure = kind == "NAME_PHRASE" and text[start:end].lower() not in ("bin", "am")
            at = skip_titles(text, gap.end())
            stop = None if _SALUTED.match(text, at) else read_name(text, at, trust_first=False)
            if stop and (sure or " " in text[at:stop] or is_given(text[at:stop])):
                yield _finding(sheet, at, stop, "kennwort")


def _labelled(sheet: Sheet, at: int, strong: bool, *, lower: bool) -> Iterator[Finding]:
    """The name behind a label, also as "Nachname, Vorname"; several after a comma."""
    text = sheet.text
    if _ORGANISATION.match(text, at):
        return
    stop = read_name(text, at, words=5, trust_first=strong)
    if stop is None:
        small = _LOWER_VALUE.match(text, at) if lower else None
        if small and small[0][0].islower() and small[0] not in _NO_VALUE:
            yield _finding(sheet, *small.span(), "kennwort", 0.6, certain=False)
        return
    comma = _COMMA_NAME.match(text, stop)
    if comma and " " not in text[at:stop]:
        end = read_name(text, comma.end(), words=3, trust_first=False)
        if end and (is_given(text[comma.end():end].split(" ")[0]) or _ends_field(text, end)):
            yield _finding(sheet, at, end, "kennwort")
            return
    yield _finding(sheet, at, stop, "kennwort")
    for _ in range(30):  # "Zeugen: Anna Alt, Bernd Baum"
        also = _LIST_SEPARATOR.match(text, stop)
        end = read_name(text, also.end(), trust_first=False) if also and " " in text[at:stop] else None
        if also is None or end is None or " " not in text[also.end():end]:
            return
        yield _finding(sheet, also.end(), end, "kennwort", 0.8)
        at, stop = also.end(), end


def _ends_field(text: str, end: int) -> bool:
    return text[end:end + 1] in ("", "\n", "\t", "|", ";", '"', ")", ",") and end > 0


def _find_born(sheet: Sheet) -> Iterator[Finding]:
    """ "geb. Öztürk", "geborene Bäcker": the name at birth, and the person in front of it."""
    text = sheet.text
    for _, end in sheet.hits("BORN"):
        gap = _BORN_GAP.match(text, end)
        if gap is None:
            continue
        stop = read_name(text, gap.end(), words=3, trust_first=True)
        if stop and not is_ordinary(text[gap.end():stop]) and text[stop:stop + 1] != ":":
            yield _finding(sheet, gap.end(), stop, "kennwort", 0.85)


def _find_greeting(sheet: Sheet) -> Iterator[Finding]:
    """ "Hallo Frank,": a capitalised word between a greeting and a comma, an exclamation mark or the end of the "
    "line."""
    text = sheet.text
    for start, end in sheet.hits("GREETING"):
        if text[end:end + 1] != " " or text[max(0, start - 1):start] not in ("", "\n", " ", "„", '"', ">", "\t"):
            continue
        at = skip_titles(text, end + 1)
        if _SALUTED.match(text, at):
            continue
        stop = read_name(text, at, words=3, trust_first=False)
        if stop and (text[stop:stop + 1] in (",", "!", "\n", "", ".", ";") or is_given(text[at:stop].split(" ")[0])):
            yield _finding(sheet, at, stop, "anrede", 0.85)
            also = _ALSO.match(text, stop) or _LIST_SEPARATOR.match(text, stop)
            end = (read_name(text, also.end(), words=2, trust_first=False) or 0) if also else 0
            if also and end and text[end:end + 1] in (",", "!", "\n"):
                yield _finding(sheet, also.end(), end, "anrede", 0.85)


_ORIGIN: Final = re.compile(
    r"vo[nm][ ](?:de[rm][ ])?(?:[A-Z]{2}|\w*(?:amt|polizei|dienst|verein|behörde|verwaltung)\b)")
"""Whom somebody works for: "Kollegen von DB Netz"."""
_SIGN_LINE: Final = re.compile(r"[ \t]*(?:(?:i\.?[ ]?[AV]\.|I\.?[ ]?[AV]\.|gez\.|Im Auftrag|In Vertretung|Ihre?|"
    r"Eure?|Dein[e]?|–|-|—|/s/|[*_]{1,2})[ ]{0,2}){0,3}")
_SIGN_GAP: Final = re.compile(r"[ ]?(?:aus[ ][^\n]{3,30}|an[ ]alle)?[ \t,.!]{0,4}")
_SIGNED: Final = re.compile(r"(?:gez\.?|Gez\.|i\.[ ]?A\.|i\.[ ]?V\.|I\.[ ]?A\.|I\.[ ]?V\.|"
    r"ppa\.)[ ]{1,2}(?!m\.)(?=[A-ZÄÖÜÀ-Þ])")
_SIGNED_HINTS: Final = ("gez", "Gez", "A. ", "V. ", "ppa.")
_LAST_LINE: Final = re.compile(r"(?:\n[ \t]*\n[ \t]*|[ (][–—-][ ]?)([A-ZÄÖÜÀ-ÞĀ-Ž][^\n:;!?]{1,40})\Z")


def _find_signature(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for start, end in sheet.hits("CLOSING"):
        if text[start:end].lower() == "gruß" and text[end:end + 5] == " und ":
            continue
        gap = _SIGN_GAP.match(text, end)
        yield from _signature(sheet, gap.end() if gap else end)
    for match in sheet.scan(_SIGNED) if any(map(sheet.has, _SIGNED_HINTS)) else ():
        at = skip_titles(text, match.end())
        saluted = _SALUTED.match(text, at)
        at = saluted.end() if saluted else at
        first = _FIRST_WORD.match(text, at)
        stop = read_name(text, at, trust_first=first is not None and not is_ordinary(first[0]))
        if stop:
            yield _finding(sheet, at, stop, "unterschrift")


def _find_last_line(sheet: Sheet) -> Iterator[Finding]:
    """A note that ends with a name on a line of its own, or behind a dash."""
    text = sheet.text
    if sheet.hi < len(text):
        return
    size = len(text.rstrip(" \t\n)]"))
    match = _LAST_LINE.search(text, max(0, size - 60), size)
    if match:
        stop = read_name(text, match.start(1), trust_first=False)
        if stop == size:
            known = is_given(text[match.start(1):stop].split(" ")[0])
            yield _finding(sheet, match.start(1), stop, "unterschrift", 0.7, certain=known)


def _signature(sheet: Sheet, position: int) -> Iterator[Finding]:
    """The name in the rest of the line or in the next four lines that are not empty."""
    text, filled = sheet.text, 0
    while filled < 3 and position <= len(text):
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        line = text[position:line_end]
        if len(line) > 80:
            return
        lead = _SIGN_LINE.match(text, position)
        at = skip_titles(text, lead.end() if lead else position)
        saluted = _SALUTED.match(text, at)
        at = saluted.end() if saluted else at
        if line.strip():
            filled += 1
        stop = read_name(text, at, trust_first=False) if at < line_end else None
        if stop and stop <= line_end and _plausible(text[at:stop], text[stop:line_end]):
            yield _finding(sheet, at, stop, "unterschrift", 0.85)
            also = _LIST_SEPARATOR.match(text, stop)
            end = (read_name(text, also.end(), words=3, trust_first=False) or 0) if also else 0
            if also and end and end <= line_end:
                yield _finding(sheet, also.end(), end, "unterschrift", 0.8)
            return
        position = line_end + 1


def _plausible(name: str, rest: str) -> bool:
    """Whether a line of a signature is a name: what follows it is nothing, a bracket, a comma or another name."""
    if name.isupper() and len(name) <= 3:
        return False
    tail = rest.strip()
    return (not tail or tail[0] in ",(&/|<.–-+*_" or tail.startswith(("und ", "u. ", "mit "))
            or is_given(name.split(" ")[0]))


_TURNED_GIVEN: Final = (
    r",[ ]?([^\W\d_]{2,20}(?:-[^\W\d_]{2,20})?)(?:[ ][^\W\d_]{2,20})?(?=[ \t]*(?:[;\n|)\"(]|\Z|,[ ](?:geb|\d)))")
_TURNED: Final = re.compile(
    r"(?<![^\n;|(:\t\"])[ \t]{0,3}(?:[-*•–][ ]|\d{1,3}[.)][ ])?([^\W\d_]{2,25}(?:-[^\W\d_]{2,25})?)"
    + _TURNED_GIVEN)
_TURNED_END: Final = re.compile(_TURNED_GIVEN)
"""What ends every such entry: told faster, as it begins with a comma."""


def _find_turned(sheet: Sheet) -> Iterator[Finding]:
    """ "Zimmer, Anna" alone in a line, a cell or an entry of a list: a surname, however ordinary, and a given name."""
    if any(sheet.scan(_TURNED_END)):
        for match in sheet.scan(_TURNED):
            if match[1][0].isupper() and match[2][0].isupper() and is_given(match[2]) and not is_given(match[1]):
                yield _finding(sheet, match.start(1), match.end(), "kennwort", 0.85)


def _find_alone(sheet: Sheet) -> Iterator[Finding]:
    for start, end, certain in rosters(sheet):
        yield _finding(sheet, start, end, "kennwort", 0.8 if certain else 0.6, certain=certain)
    for start, end in double_names(sheet):
        yield _finding(sheet, start, end, "kennwort", 0.85)
    for start, end in generations(sheet):
        yield _finding(sheet, start, end, "kennwort", 0.85)


def _find(sheet: Sheet) -> Iterator[Finding]:
    yield from _find_salutation(sheet)
    yield from _find_turned(sheet)
    yield from _find_title(sheet)
    yield from _find_office(sheet)
    yield from _find_label(sheet)
    yield from _find_phrase(sheet)
    yield from _find_born(sheet)
    yield from _find_greeting(sheet)
    yield from _find_signature(sheet)
    yield from _find_last_line(sheet)
    yield from _find_alone(sheet)


RULE: Final = Rule("PERSON", ("PERSON",), _find, {
    "SALUTATION": "herr herrn frau familie fam eheleute ehepaar hr fr mr mrs ms miss herren fräulein geschwister",
    "TITLE": "dr prof professor dipl mag mdb mdl str ostr strin ostrin std stdin ostd ostdin ra rain riag rinag rilg "
    "rinlg vrilg pok pokin phk phkin khk khkin kok kokin phm pom",
    "ROSTER": ROSTER,
    "ROLE": ROLES,
    "NAME_LABEL": "name vorname nachname familienname geburtsname vornamen zuname rufname kontoinhaber "
    "kontoinhaberin lastname firstname"
                  " surname forename ehename mädchenname namen kontakt ansprechpartner ansprechpartnerin "
                  "sachbearbeitung bearbeiter bearbeiterin",
    "ROLE_LABEL": "auskunft absender empfänger empfängerin bevollmächtigte bevollmächtigter zuständig "
    "steuerpflichtiger grundstückseigentümer"
                  " vorsitz schriftführung protokollführer protokollführerin protokoll teilnehmer teilnehmerin "
                  "teilnehmende anwesend"
                  " kindsmutter kindsvater verfasser verfasserin autor kontaktperson notfallkontakt "
                  "erziehungsberechtigte"
                  " bauherr bauherrin gewerbetreibender inhaber inhaberin geschäftsführer geschäftsführerin leitung "
                  "vertreter vertreterin"
                  " stellv stv vertr vertretung stellvertretung stellvertreter stellvertreterin urlaubsvertretung "
                  "diensthabend diensthabender diensthabende protokollführung ansprechperson berichterstatter "
                  "berichterstatterin vorsitzende vorsitzender sachverständige sachverständiger"
                  " bearbeitet erstellt aufgenommen gläubiger schuldner schuldnerin verstorbene verstorbener "
                  "erblasser zeichner",
    "MAIL_HEADER": "von an cc bcc from to kopie gesendet",
    "NAME_PHRASE": "heiße heisse heißt heisst name bin am",
    "BY_PHRASE": "aufgenommen bearbeitet vertreten erstellt unterschrieben unterzeichnet eingereicht gestellt "
    "gemeldet verfasst begleitet begleitung telefonat gespräch rücksprache vermietet verheiratet betreut geschieden",
    "BORN": "geb geborene geborener geborenen verw",
    "GREETING": "hallo moin hi liebe lieber servus hey dear guten tag huhu morgen mahlzeit hello geehrte geehrter",
    "CLOSING": "grüße grüßen gruß grüsse grüssen hochachtungsvoll mfg lg vg regards gruss gruessen gruesse "
    "sincerely yours wishes"
               " bg thanks dank"})
