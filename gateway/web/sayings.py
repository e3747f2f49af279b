"""What the lower floors say, in the language of the reader.

Rules, refusals and reasons are put into German words far below the pages, where nobody knows who reads; chat programs
and the command line show the same. Here stand the words and sentences of theirs that pages show, whole or with gaps;
`told` says them in the language of the reader. A gap is told itself, so „Musterstadt: freigegebene Modelle“ needs its
second half only once. What is not in the table stays German, and `said` marks it as German.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from markupsafe import Markup, escape

from gateway.kipass.credential import REFUSALS
from gateway.model.casework import KINDS_OF_PROBLEM, PLACES
from gateway.model.entities import ENTITIES
from gateway.model.reasons import REASONS
from gateway.policy.policyset import DID
from gateway.policy.vocabulary import DATA_CLASSES, FOUND_CLASSES
from gateway.web import i18n
from gateway.web.i18n import N_, _

WORDS: Final = tuple(dict.fromkeys((
    *(entity.name for entity in ENTITIES.values()), *(text for text in DID.values() if text),
    *DATA_CLASSES.values(), *(found.name for found in FOUND_CLASSES.values()), *REASONS.values(),
    *KINDS_OF_PROBLEM.values(), *PLACES.values(), *REFUSALS.values())))
"""Words whose table is below."""

SENTENCES: Final = (
    # what rules say of a request (`gateway.policy.decide`, `words`)
    N_("Die Anfrage darf an „{model}“ gehen."), N_("Zweck „{title}“ ist zulässig."), N_("Der KI-Pass gilt."),
    N_("Der KI-Pass gilt noch in der Kulanzzeit."), N_("Früher im Gespräch: {what}"),
    N_("Wegen der gefundenen Angaben antwortet „{other}“ statt „{model}“."),
    N_("„{model}“ kommt dafür nicht in Frage."), N_("{kind}: gehen ungeprüft mit"),
    # what a rule is about (`gateway.policy.titles`)
    N_("KI-Pass, Bereich „{scope}“"), N_("Vorgabe der KI-Pforte: {what}"),
    N_("Für das Amt hat noch niemand Regeln geschrieben"), N_("Vertrag zur Auftragsverarbeitung für „{model}“"),
    N_("„{model}“ ist angehalten"), N_("C5-Testat für „{model}“"),
    N_("Datenarten, für die „{model}“ freigegeben ist"), N_("KI-Pass, den „{model}“ verlangt"),
    N_("Schnittstellen, die „{model}“ spricht"), N_("Register der Modelle"), N_("{who}: freigegebene Modelle"),
    N_("{who}: vorgesehene Zwecke"), N_("{who}: vorgesehener Zweck „{title}“"), N_("Verbotener Zweck: {title}"),
    N_("{who} arbeitet mit: {what}"), N_("{who}: KI-Pass für „{model}“"), N_("{who}: Auswahl der Modelle"),
    N_("{who}: ausgeschlossene Modelle"), N_("{who}: Orte, an denen Modelle laufen dürfen"),
    N_("{who}: Auswahl der Zwecke"), N_("{who}: ausgeschlossene Zwecke"),
    N_("{who}: Zeiten, zu denen Modelle freigegeben sind"),
    N_("{who}: Modelle im Haus für Angaben, die nicht hinaus dürfen"),
    N_("{who}: was von Modellen außer Haus verlangt wird"), N_("{who}, Modelle im Haus: {what}"),
    N_("{who}, Modelle außer Haus: {what}"), N_("KI-Pass für {what}"), N_("Bilder"), N_("Tonaufnahmen"), N_("Dateien"),
    N_("Werkzeuge beim Anbieter"), N_("Inhalte, die kein Text sind"),
    N_("Bilder, Tonaufnahmen, Dateien und Werkzeuge beim Anbieter"),
    # what comes with a decision (`gateway.policy.explain`)
    N_("Hinweis"), N_("Modell"), N_("Vertretung bei Ausfall"), N_("Bindung"), N_("Kennzeichnung"),
    N_("Fremde Angaben in der Antwort"), N_("Werkzeuge, die nur Platzhalter erhalten"), N_("werden gezeigt"),
    N_("werden gezeigt und gezählt"), N_("werden ausgeblendet"), N_("je Person"), N_("für die Abteilung"),
    N_("für das Modell"), N_("für alle zusammen"), N_("{number} Anfragen je Minute {whose}"),
    N_("{number} Anfragen am Tag {whose}"), N_("{number} Token am Tag {whose}"),
    N_("{number} Token im Monat {whose}"), N_("{number} Anfragen zugleich {whose}"),
    N_("{number} Euro am Tag {whose}"), N_("{number} Euro im Monat {whose}"),
    # which models may be used (`gateway.policy.compile`), and what it takes a KI-Pass for (`pass_demands`)
    N_("„{model}“ ist hier nicht freigegeben."), N_("„{model}“ ist im Bereich „{area}“ nicht freigegeben."),
    N_("„{model}“ ist freigegeben."), N_("Die Auftragsverarbeitung ist vereinbart."),
    N_("{area}: „{model}“ ist nicht freigegeben für {what}."), N_("das Modell „{model}“"), N_("den Zweck „{title}“"),
    N_("„{model}“ verlangt den KI-Pass „{scope}“."), N_("{what}: nur mit dem KI-Pass „{scope}“."),
    N_("{what} in Anfragen an Modelle im Haus"), N_("{what} in Anfragen an Modelle außer Haus"),
    # the public figures (`gateway.reports`)
    N_("Jahr {year}"), N_("Zu diesem Jahr gibt es keine Zahlen."),
    # the last, because they fit much
    N_("{number} × {what}"),
)
SAME: Final = frozenset({"Religion", "IBAN"})
"""What is the same in both languages."""
_GAP: Final = re.compile(r"\\\{(\w+)\\\}")
_TURNED: Final = str.maketrans(",.", ".,")


def told(text: str) -> str:
    """Return a sentence from elsewhere in the language of the reader; as it is where nobody knows it."""
    if not i18n.english() or not text:
        return text
    if (whole := _(text)) != text:
        return whole
    for sentence, form in _forms():
        if (found := form.fullmatch(text)) is not None:
            gaps = {name: part.translate(_TURNED) if name == "number" else told(part)
                    for name, part in found.groupdict().items()}
            return _(sentence).format(**gaps)
    return text


def data(text: object) -> Markup:
    """Return what the house wrote (a department, a purpose) as it is, marked as German for who reads English."""
    return Markup('<span lang="de">{}</span>').format(text) if i18n.english() and text else escape(text)


def said(text: str) -> Markup:
    """Return a sentence from elsewhere in the house; one without its English is marked as German; Markup stays."""
    if isinstance(text, Markup):
        return text
    found = told(text)
    return data(text) if found == text and text not in SAME else escape(found)


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((sentence, re.compile(_GAP.sub(_gap, re.escape(sentence))))
                 for sentence in SENTENCES if "{" in sentence)


def _gap(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'[0-9.,]+' if found[1] == 'number' else '.+?'})"
