"""User names and the numbers of people's records: by their label, in a log line, in a path, as ``id:`` of a person.

User names of town halls are short and of letters alone ("kschroed"), so behind a word that ordinary words may follow
as well ("Konto gesperrt") one must look like none: with a digit or dot, or made of the letters of a name in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import words
from gateway.detection.sheet import Rule, Sheet, value_at
from gateway.model.finding import Finding

_USER: Final = re.compile(r"[A-Za-z_][\w.\\-]{1,40}[\w]")
_PATH: Final = re.compile(
    r"(?:/home/|[\\/]Users[\\/]+|(?<!\\)(?<![A-Z])[A-Z]{3,15}\\|"
    r"\\\\[\w.-]{2,40}\\(?:(?i:home|homes|user|users|benutzer|profile|profiles|privat|personal|homedrive|roaming)\$?)\\)"
    r"([A-Za-z][\w.-]{2,30})")
_COLON: Final = re.compile(r"""["'”)]{0,2}\s{0,2}[:=]""")
_NO_USER: Final = words("admin root true false null none default public shared system mir uns ihm ihr ihnen dem der "
                        "den hand amt team service extern intern unbekannt keine keiner nobody")
_LOGGED: Final = re.compile(
    r"(?:[ ][\w-]{1,20}){0,3}?[ ](?:for|by|of|fuer|für)(?:[ ](?:invalid[ ])?user)?[ ]([a-z][\w.-]{2,30})"
    r"(?=[ ,;(]|\.?(?:\n|\Z))")
_PLAIN: Final = re.compile(r"(:?)[ ]([a-z][a-z0-9]*(?:[._-][a-z0-9]+){0,3})(?![\w@-])(?!\.\w)")
_DONE_BY: Final = re.compile(r"(?:[ ](?:von|durch|by):?[ ]|:[ ]|=)([a-z][a-z0-9._-]{3,24})"
                             r"(?=[ ]?[\n,;)\]]|\.?\Z|\.?\n|[ ](?:am|um|on|at)[ ])")
_CAPITALISED: Final = re.compile(r"[A-ZÄÖÜ][^\W\d_]{2,}")
_FOLD: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SHORT_FOLD: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s"})
_AROUND: Final = 400
_RECORD: Final = re.compile(r"[\"']?[ ]?:[ ]{0,2}[\"']?([A-Z]{1,4}[-/]?\d{3,10}|\d{4,10})(?=[\"']?[ ]*(?:[,}\n]|\Z))")
_KEY: Final = re.compile(r"(?:^|[{,\n])[ \t-]{0,20}[\"']?\Z")
_ABOUT: Final = re.compile(r"[\"']?[ ]?:")


def _find(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for _, end in sheet.hits("USERNAME"):
        found = value_at(sheet, end, _USER)
        if found is None or found[0].lower() in _NO_USER or "\n" in text[end:found.start()]:
            continue
        said = _COLON.match(text, end) is not None and text[found.end():found.end() + 2] != ": "
        telling = any(c.isdigit() or c in "._\\" for c in found[0])
        if telling or (said and found[0].islower()):
            yield Finding(*found.span(), "USERNAME", 0.7, "kontext")
    if sheet.has("\\") or sheet.has("/home/") or sheet.has("/Users/"):
        for match in sheet.scan(_PATH):
            if match[1].lower() not in _NO_USER:
                yield Finding(*match.span(1), "USERNAME", 0.7, "format")
    yield from _announced(sheet)
    yield from _records(sheet)


def _announced(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    for _, end in sheet.hits("LOG"):
        logged = _LOGGED.match(text, end)
        if logged and logged[1] not in _NO_USER:
            yield Finding(*logged.span(1), "USERNAME", 0.65, "kontext")
    for _, end in sheet.hits("DONE"):
        done = _DONE_BY.match(text, end)
        if done and done[1] not in _NO_USER and _is_no_word(sheet, done[1], end):
            yield Finding(*done.span(1), "USERNAME", 0.6, "kontext", certain=False)
    for _, end in sheet.hits("ACCOUNT"):
        plain = _PLAIN.match(text, end)
        if plain and len(plain[2]) > 3 and (_is_no_word(sheet, plain[2], end) or _is_whole_value(text, plain)):
            yield Finding(*plain.span(2), "USERNAME", 0.6, "kontext", certain=False)


def _is_whole_value(text: str, match: re.Match[str]) -> bool:
    """ "Konto: upeters" and nothing more; but "Konto: gesperrt"."""
    return match[1] == ":" and _ENDS.match(text, match.end()) is not None and not _STATE.search(match[2])


_ENDS: Final = re.compile(r"[ \t]*(?:[\n,;)]|\.?\Z|\.[ ])")
_STATE: Final = re.compile(r"(?:t|en|ig|bar|lich|end|iv|los|er|e)\Z")


def _is_no_word(sheet: Sheet, user: str, position: int) -> bool:
    """Whether this is hardly a German word: digits, dots, or a name of the text with letters of another before it."""
    if any(c in "._" or c.isdigit() for c in user):
        return True
    if _UNSPEAKABLE.match(user):
        return True
    text = sheet.text
    for name in _CAPITALISED.finditer(text, max(sheet.begin, position - _AROUND), min(sheet.end, position + _AROUND)):
        low = name[0].lower()
        for known in {low.translate(_FOLD), low.translate(_SHORT_FOLD)}:
            for tail in (user[1:], user[2:], user[:-1], user):
                if len(tail) > 3 and known.startswith(tail[:6]) and (len(tail) <= 6 or known.startswith(tail)):
                    return True
    return False


_UNSPEAKABLE: Final = re.compile(
    r"(?!(?:sch|st|sp|ch|bl|br|dr|fl|fr|gl|gn|gr|kl|kn|kr|pf|ph|pl|pr|ps|qu|schl|th|tr|ts|tsch|wr|zw|sk|sl|sm|sn|sz|cl|cr|"
    r"rh|tw|sw|sh|wh|sc|gh|mb|ng|dw|dsch)[aeiouyäöülrnmwt])[b-df-hj-np-tv-xz]{2}")
"""No German word begins so: "kschroed"."""


def _records(sheet: Sheet) -> Iterator[Finding]:
    """``id:`` beside the keys of a person, in YAML and JSON."""
    for start, end in sheet.hits("RECORD"):
        value = _RECORD.match(sheet.text, end)
        about = value and _KEY.search(sheet.text, max(0, start - 24), start) and any(
            abs(at - start) <= 160 and _ABOUT.match(sheet.text, stop) for at, stop in sheet.hits("ABOUT"))
        if value and about:
            yield Finding(*value.span(1), "CASH_NUMBER", 0.6, "kontext", certain=value[1][0].isalpha())


RULE: Final = Rule("USERS", ("USERNAME", "CASH_NUMBER"), _find, {
    "USERNAME": "account benutzer benutzername username user login benutzerkennung userid kennung nutzername "
    "nutzerkennung benutzerkonto loginname anmeldename",
    "LOG": "password publickey session authentication login logon",
    "DONE": "geändert angelegt freigegeben erfasst bearbeitet erstellt gelöscht anordnende anordnender bearbeiter "
    "ersteller erfasser author committer owner besitzer modified created updated changed anordnungsbefugter "
    "sachbearbeiter zugewiesen assignee reviewer geprüft",
    "ACCOUNT": "konto benutzerkonto account nutzer benutzer nutzerkonto profil kennung",
    "RECORD": "id nr",
    "ABOUT": "vorname nachname geburtsdatum geb mitarbeiter mitarbeiterin mitarbeitende beschäftigte personal person "
    "personen kunde kunden bürger antragsteller mieter schüler kind kinder teilnehmer bewerber firstname lastname "
    "employee employees staff birthdate geburtstag familienname"})
