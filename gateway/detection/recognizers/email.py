"""E-mail addresses: Unicode local parts and domains, "(at)" forms. Function mailboxes are nobody's personal data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from gateway.detection.data import words
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_LOCAL: Final = re.compile(r"[\w.!#$%&'*+=?^{|}~-]{1,64}\Z")
_DOMAIN: Final = re.compile(
    r"[^\W_](?:[\w-]{0,61}[^\W_])?(?:(?:\.|[ ]?[\[({](?:dot|punkt)[\])}][ ]?|[ ](?-i:DOT|PUNKT)[ ])"
    r"[^\W_](?:[\w-]{0,61}[^\W_])?){1,6}", re.I)
_AT: Final = re.compile(r"[ ]?[\[({][ ]?(?:at|ät|klammeraffe)[ ]?[\])}][ ]?|"
                      r"[ ](?-i:AT|ÄT)[ ](?=[\w-]{1,60}(?:\.|[ ](?-i:DOT|PUNKT)))", re.I)
_WRAPPED: Final = re.compile(r"[ ]?\n[ \t>]{0,4}(?=[\w-]{1,60}\.[a-z]{2})|[ ](?=[\w-]{1,60}\.[a-z]{2,}\b)")
"""What may follow an at sign before its domain: the end of a line, a space."""
_PARTS: Final = re.compile(r"[._+-]|(?<=[a-z])(?=\d)")

_OFFICE: Final = (
    "abteilung", "amt", "arbeit", "archiv", "aufsicht", "ausschuss", "beauftragte", "beauftragter", "behoerde",
    "behörde", "beirat", "beratung", "bereich", "bibliothek", "buero", "büro", "desk", "dezernat", "dienst",
    "dienste", "entwicklung", "feuerwehr", "fraktion", "geld", "gericht", "gmbh", "hilfe", "info", "kasse", "kultur",
    "mailer", "meisterin", "ministerium", "museum", "pflege", "planung", "portal", "rathaus", "redaktion", "referat",
    "schule", "schulen", "schutz", "sekretariat", "service", "sport", "stelle", "steuer", "steuern", "support",
    "team", "technik", "verein", "verkehr", "verwaltung", "vorschuss", "werke", "wesen", "wirtschaft", "zentrale",
    "zentrum", "zulassung")
"""Endings that offices have and people do not."""
_ABSTRACT: Final = ("ung", "heit", "keit", "schaft", "tion", "ismus")
"""The same for longer words: "Hartung" is a name."""
_UNIT: Final = re.compile(r"(?:amt|fb|fd|sg|abt|team|ref|dez|gb|eb|og|ag|az|sb)")
"""Before a number these are departments: "fb50", "sg51-3"."""
_FUNCTIONS: Final = words("""
abfall abgaben abuse admin amt amtsgericht anfrage anfragen anmeldung anonym archiv asd asyl ausbildung auskunft
azubi bafoeg bafög bauhof berichte beschwerde bewerbung bewerbungen bibliothek bildung buchung buergeramt
buergerbuero buergermeister buergerservice bund bundespost bürgeramt bürgerbüro bürgermeister bürgerservice contact
controlling datenschutz denkmalschutz dienst dienste digital do dsb e ehrenamt einkauf elterngeld empfang ewo
feedback feuerwehr finanzamt finanzen forst friedhof fundbuero fundbüro gebuehren gebühren gemeinde geschaeftsstelle
geschäftsstelle gewerbe gis git gleichstellung gremien gruenflaechen grundsteuer grünflächen gs hallo hauptamt hello
help helpdesk hilfe hochbau hort hostmaster hundesteuer info infos inklusion integration internet it jobcenter jobs
jugend jugendamt justiziariat kaemmerei karriere kasse kfz kiga kita klima kommunikation kontakt kreis kultur
kämmerei land landkreis landraetin landrat landratsamt landrätin leitstelle leitung mail mailbox marketing
meldestelle ministerium musikschule newsletter no noreply not ob oberbuergermeister office online ordnung ordnungsamt
organisation personal personalamt personalrat pflege polizei post postfach postmaster poststelle presse pressestelle
protokoll rat rathaus ratsbuero ratsinfo rechnung rechnungen recht redaktion rente reply rettungsdienst root sales
schulamt schule schulen sekretariat selbsthilfe senioren service servicestelle social sozialamt soziale soziales
spenden sport stab stadt stadtkasse stadtrat stadtverwaltung stadtwerke standesamt steueramt steuern support team
technik termin termine ticket tickets tiefbau tourismus touristik touristinfo umwelt unterhalt uvk veranstaltungen
verein vergabe verkehr vermessung versand verwaltung vhs volkshochschule vorstand vorzimmer wahl wahlamt wahlen
wasser web webmaster wirtschaft wohnen wohngeld zentral zentrale zoo zulassung zulassungsstelle
""")
_BETWEEN: Final = words("fuer für und u der des die im in an am zu zur of for the nord sued süd ost west mitte innen "
                        "aussen außen neu alt b c a v w nrw sh bw by he ni rlp mv de")
"""Small parts of the name of an office."""


def _is_function(local: str, own: frozenset[str], address: str) -> bool:
    """A mailbox of an office, not of a person: every part of its name is the name of a function or belongs to one."""
    if address.lower() in own:
        return True
    parts = [part for part in _PARTS.split(local.lower()) if part]
    numbered = any(part.isdigit() for part in parts)
    named = [part for part in parts if not (part.isdigit() or part in _BETWEEN)]
    return bool(named) and all(
        part in _FUNCTIONS or _is_office(part) or (numbered and _UNIT.fullmatch(part)) for part in named)


def _is_office(part: str) -> bool:
    return part.isalpha() and ((part.endswith(_OFFICE) and part not in _OFFICE) or (
        len(part) > 8 and part.endswith(_ABSTRACT)))


def _ats(sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Where an at sign stands, also in brackets with a space around it."""
    text = sheet.text
    at = text.find("@", sheet.begin, sheet.end)
    while at >= 0:
        wrapped = _WRAPPED.match(text, at + 1)
        yield at - (wrapped is not None and text[at - 1] == " "), wrapped.end() if wrapped else at + 1
        at = text.find("@", at + 1, sheet.end)
    if any(sheet.has(sign) for sign in ("(", "[", "{", " AT ", " ÄT ")):
        for match in sheet.scan(_AT):
            yield match.span()


def _find(sheet: Sheet, own: frozenset[str]) -> Iterator[Finding]:
    text = sheet.text
    for start, end in _ats(sheet):
        local = _LOCAL.search(text, max(0, start - 64), start)
        domain = _DOMAIN.match(text, end) if local else None
        if local is None or domain is None:
            continue
        name = local[0].lstrip(".!#$%&'*+=?^{|}~-")
        last = domain[0].rsplit(".", 1)[-1]
        if not name or last.isdigit():
            continue
        if _is_function(name, own, f"{name}@{domain[0]}"):
            continue
        yield Finding(local.end() - len(name), domain.end(), "EMAIL", 1.0, "format")


def rule(own: frozenset[str] = frozenset()) -> Rule:
    """Return the recognizer; `own` are further addresses (lower case) that belong to no person."""
    return Rule("EMAIL", ("EMAIL",), partial(_find, own=own))
