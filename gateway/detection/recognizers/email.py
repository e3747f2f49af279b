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
    r"[^\W_](?:[\w-]{0,61}[^\W_])?(?:(?:\.|[ ]?[\[({](?:dot|punkt)[\])}][ ]?)[^\W_](?:[\w-]{0,61}[^\W_])?){1,6}", re.I)
_AT: Final = re.compile(r"[\[({][ ]?(?:at|ät|klammeraffe)[ ]?[\])}][ ]?", re.I)
_PARTS: Final = re.compile(r"[._+-]")

_OFFICE: Final = re.compile(
    r"[a-zäöüß]{2,24}(?:amt|stelle|buero|büro|kasse|verwaltung|"
    r"behoerde|behörde|abteilung|rathaus)")
_FUNCTIONS: Final = words("""
abfall abuse admin amt amtsgericht anfrage anfragen anmeldung archiv auskunft bauamt bauhof beschwerde bewerbung
bewerbungen
bibliothek buergerbuero bürgerbüro buergeramt bürgeramt buergerservice bürgerservice buergermeister bürgermeister dienst
bundespost contact datenschutz dsb ehrenamt einkauf empfang feedback feuerwehr finanzamt finanzen fundbuero fundbüro
gemeinde
geschaeftsstelle geschäftsstelle git gleichstellung hauptamt help helpdesk hilfe hostmaster info infos it jobcenter jobs
jugendamt kaemmerei kämmerei karriere kasse kita kontakt kreis kultur landkreis landratsamt leitung mail mailbox
marketing
meldestelle ministerium newsletter no-reply noreply office ordnungsamt personal personalamt personalrat polizei post
postfach
postmaster poststelle presse pressestelle rathaus rechnung rechnungen redaktion reply sekretariat service servicestelle
sozialamt stadt stadtkasse stadtverwaltung stadtwerke standesamt steueramt steuern support team touristinfo umwelt
verein vergabe vergabestelle verkehr verwaltung volkshochschule vhs vorstand vorzimmer wahlamt wahlen webmaster wohngeld
wohngeldstelle zentrale zulassung zulassungsstelle gewerbeamt auslaenderbehoerde ausländerbehörde hello hallo sales
denkmalschutz tiefbau hochbau soziales gebuehren ordnung bauordnung stadtplanung
stadtarchiv ratsbuero friedhof gruenflaechen jugend schule schulen wohnen integration asyl rente pflege forst
""")


def _is_function(local: str, own: frozenset[str], address: str) -> bool:
    """A mailbox of an office, not of a person: every part of its name is the name of a function or a number."""
    if address.lower() in own:
        return True
    parts = [part for part in _PARTS.split(local.lower()) if part]
    return (bool(parts) and (local.lower() in _FUNCTIONS or _OFFICE.fullmatch(local.lower()) is not None)) or (
        bool(parts) and parts[0] not in ("it", "mail") and any(part in _FUNCTIONS for part in parts)
        and all(part in _FUNCTIONS or part.isdigit() or part.endswith(("amt", "stelle", "stadt", "kasse", "kreis"))
                for part in parts))


def _ats(sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Where an at sign stands, also in brackets with a space around it."""
    text = sheet.text
    at = text.find("@", sheet.begin, sheet.end)
    while at >= 0:
        yield at, at + 1
        at = text.find("@", at + 1, sheet.end)
    if any(sheet.has(bracket) for bracket in "([{"):
        for match in sheet.scan(_AT):
            start = match.start()
            yield start - (text[start - 1:start] == " "), match.end()


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
