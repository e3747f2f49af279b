"""Sentences that others in the house speak, said in the language of the reader.

The floors below and the verifier speak German: their sentences also go to the command line, to files and to letters.
Pages that are read in English look them up here. A sentence that stands in the catalogue as it is (what `told_below`
lists, and every sentence of `SOURCES`) is found at once; one with gaps is found by the pattern of its words (`SPOKEN`),
and dates and numbers in the gaps are written anew. What nobody knows stays German and is marked as German.

A test compares `SPOKEN` with what stands in the code below, so that no pattern outlives its sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from markupsafe import Markup, escape

from audit.reid_state import REASONS
from gateway.model import casework, first_questions, incident, reid
from gateway.model.entities import ENTITIES
from gateway.model.findings import RULES
from gateway.model.reporting import KINDS
from gateway.policy.vocabulary import DATA_CLASSES, FORBIDDEN_PURPOSES
from gateway.web import i18n, sayings, words
from gateway.web.i18n import N_, _

SPOKEN: Final = (
    # audit.verdict
    N_("verändert bei Nr. {number}"), N_("verändert vor Nr. {number}"), N_("gekürzt"), N_("lückenhaft"),
    N_("Prüfpunkt verändert"), N_("nicht prüfbar"), N_("unverändert"),
    N_("unverändert, Anfang gelöscht mit gültigem Nachweis"),
    N_("Dazu {count} weitere Stellen."), N_("ein Prüfpunkt"), N_("eine hinterlegte Notiz"),
    N_("Das Protokoll endet nach {count} Einträgen; {source} belegt {number}."),
    N_("Die ersten {count} Einträge sind nicht die, die unterschrieben wurden."),
    N_("Es fehlen Einträge des Schreibers {writer}: Zähler {first} bis {last}."),
    N_("{count} Prüfpunkte sind nicht lesbar oder nicht von uns unterschrieben."),
    N_("Ende nicht prüfbar: Es wurde keine hinterlegte Notiz angegeben. Ob am Ende Einträge fehlen, lässt sich nur mit "
       "einer Notiz sagen, die außerhalb des Hauses aufbewahrt wird."),
    N_("Die hinterlegte Notiz ist mit keinem der bekannten Schlüssel unterschrieben."),
    N_("Die Prüfschlüssel stammen aus dem Protokoll selbst. Mehr beweist ein Schlüssel, den Sie bei der Einrichtung "
       "erhalten haben (--vkey)."),
    N_("Eine hinterlegte Notiz spricht über einen Anfang, der inzwischen gelöscht ist. Für das heutige Protokoll "
       "beweist sie nichts."),
    N_("{count} {these} noch nicht unter einem Prüfpunkt."), N_("{count} {these} noch nicht eingeordnet."),
    N_("Eintrag liegt"), N_("Einträge liegen"), N_("Eintrag ist"), N_("Einträge sind"),
    N_("{count} Abschlüsse gehören zu keinem offenen Vorgang."),
    N_("Prüfpunkte des Protokolls werden an {places} Ort außerhalb aufbewahrt; nötig sind mindestens zwei "
       "(KI_PFORTE_ANCHORS)."),
    N_("keinem"), N_("nur einem"), N_("noch nie"), N_("seit mehr als einem Tag nicht mehr"),
    N_("Der Anker {place} hat {since} einen Prüfpunkt angenommen. {problem}"),
    N_("Der Anker {place} hat {since} einen Prüfpunkt angenommen."),
    # gateway.policy.register_check
    N_("Es ist keine Vereinbarung zur Auftragsverarbeitung (AVV) eingetragen. Ohne sie lässt sich das Modell nicht "
       "einschalten."),
    N_("Die AVV gilt erst ab {day}; bis dahin ist das Modell gesperrt."),
    N_("Die AVV endete am {day}. Das Modell ist seitdem gesperrt. Tragen Sie die neue Vereinbarung ein."),
    N_("Die AVV endet am {day}. Danach ist das Modell gesperrt, bis eine neue eingetragen ist."),
    N_("Der Anbieter darf mit den Eingaben trainieren. Vereinbaren Sie den Ausschluss; vorher lässt sich das Modell "
       "nicht einschalten."),
    N_("Es ist kein C5-Testat des BSI eingetragen, obwohl mehr als interne Texte dorthin dürfen. Fragen Sie den "
       "Anbieter danach."),
    N_("Das C5-Testat galt bis {day}. {follows}"), N_("Wo es verlangt ist, ist das Modell seitdem gesperrt."),
    N_("Lassen Sie sich das neue geben."), N_("Das C5-Testat gilt bis {day}.{follows} Lassen Sie sich das neue geben."),
    N_(" Wo es verlangt ist, ist das Modell danach gesperrt."),
    N_("Wer für den Anbieter arbeitet, ist nicht eingetragen. Die Liste der Unterauftragnehmer gehört zur AVV "
       "(„sub_processors“, leer: [])."),
    N_("Wie lange der Anbieter Anfragen speichert, ist nicht eingetragen („retention_days“, 0: gar nicht)."),
    N_("Für Sozialdaten ist das Modell freigegeben, läuft aber in einem Drittland. Das lässt § 80 SGB X nicht zu."),
    N_("Für Sozialdaten fehlt der Tag der Anzeige bei der Aufsichtsbehörde nach § 80 SGB X („social_notice“)."),
    N_("Für Daten unter Berufs- oder Steuergeheimnis fehlt der Tag, an dem der Anbieter zur Verschwiegenheit "
       "verpflichtet wurde („secrecy“)."),
    N_("Für ein Modell mit hohem Risiko fehlt, was vorher zu tun ist: Beteiligung des Personalrats, "
       "Folgenabschätzung, Registrierung (KI-Verordnung Art. 26, 27, 49)."),
    N_("Für dieses Modell gilt ein Budget in Euro, aber es hat keine Preise. Seine Kosten werden nicht gezählt, das "
       "Budget wirkt hier nicht. Ergänzen Sie „prices“."),
    N_("Der Schlüssel des Anbieters fehlt. Setzen Sie {name} in der Umgebung der KI-Pforte, oder schreiben Sie ihn in "
       "die Datei secrets/{name} in HOME."),
    # gateway.policy.titles
    N_("KI-Pass, Bereich „{scope}“"), N_("Vorgabe der KI-Pforte: {what}"), N_("Register der Modelle"),
    N_("Für das Amt hat noch niemand Regeln geschrieben"), N_("{who}: freigegebene Modelle"),
    N_("{who}: vorgesehene Zwecke"), N_("{who}: vorgesehener Zweck „{purpose}“{more}"),
    N_(": wer Angaben lesbar lassen darf"), N_("Verbotener Zweck: {title}"), N_("{who} arbeitet mit: {what}"),
    N_("{who}: KI-Pass für „{model}“"), N_("{who}: was von Modellen außer Haus verlangt wird"),
    N_("{who}, {side}: KI-Pass für {what}"), N_("{who}, {side}: {what}"), N_("{who}: {what}"),
    N_("Bilder, Tonaufnahmen, Dateien und Werkzeuge beim Anbieter"), N_("Inhalte, die kein Text sind"),
    N_("Vertrag zur Auftragsverarbeitung für „{model}“"), N_("„{model}“ ist angehalten"),
    N_("C5-Testat für „{model}“"), N_("Datenarten, für die „{model}“ freigegeben ist"),
    N_("KI-Pass, den „{model}“ verlangt"), N_("Schnittstellen, die „{model}“ spricht"),
    N_("Modelle im Haus"), N_("Modelle außer Haus"), N_("Auswahl der Modelle"), N_("ausgeschlossene Modelle"),
    N_("Orte, an denen Modelle laufen dürfen"), N_("Auswahl der Zwecke"), N_("ausgeschlossene Zwecke"),
    N_("Zeiten, zu denen Modelle freigegeben sind"), N_("Modelle im Haus für Angaben, die nicht hinaus dürfen"),
    N_("Bilder"), N_("Tonaufnahmen"), N_("Dateien"), N_("Werkzeuge beim Anbieter"),
    # gateway.model.incident, gateway.casework
    N_("{field}: höchstens {count} Zeichen."), N_("{field}: Bitte wählen Sie eine der Möglichkeiten."),
    N_("{field}: Bitte geben Sie einen Tag an, zum Beispiel 22.11.2026."),
    N_("{field}: Bitte geben Sie eine Uhrzeit an, zum Beispiel 14:05."),
    N_("Bitte geben Sie an, wann der Vorfall bekannt wurde. Davon hängt die Frist ab."),
    N_("Der Vorfall kann nicht in der Zukunft bekannt geworden sein."),
    N_("Der Text hat mehr als {count} Zeichen. Bitte kürzen Sie ihn."), N_("Mit {number} erledigt."),
    N_("{form}, {rows} Einträge"), N_("„{model}“ wurde angehalten."), N_("Der Zustand ist vorbei."),
    N_("kleine Bereiche zusammen"), N_("im ganzen Haus"), N_("Weiter als {number}."),
    N_("Personenbezug gelöscht: {count} Teile, {held} werden für einen Fall aufbewahrt."),
    # gateway.founding, gateway.model.first_setup
    N_("Bitte kürzen Sie das auf {count} Zeichen."), N_("Datenschutz"),
    N_("In {folder} liegt schon eine pforte.yaml. Bitte benennen Sie sie um."),
    N_("Im Ordner {folder} liegen schon Richtlinien. Sie werden nicht überschrieben."),
    N_("Es gibt schon eine Datei {name} in {folder}. Sie wird nicht überschrieben."),
    N_("Aus „{name}“ lässt sich kein Kürzel bilden. Bitte nehmen Sie Buchstaben."),
    # gateway.condition
    N_("Datenbank"), N_("Protokoll"), N_("Erkennung"), N_("Richtlinien"), N_("Modelle"), N_("Anker des Protokolls"),
    N_("Versiegelte Identitäten"), N_("Grenzen und Budgets"), N_("Aufbewahrung von Inhalten"), N_("Speicherplatz"),
    N_("Anmeldung"), N_("Eingerichtet."), N_("Ausgeschaltet."), N_("Reicht."), N_("Nur noch {count} GB frei."),
    # gateway.registry
    N_("Bitte geben Sie der Ansicht einen Namen mit höchstens {count} Zeichen."),
    N_("Sie haben schon {count} Ansichten. Bitte entfernen Sie zuerst eine."),
    N_("Bitte nennen Sie einen Grund mit höchstens {count} Zeichen."),
    # gateway.reports
    N_("Diesen Zeitraum gibt es für „{title}“ nicht. Er heißt zum Beispiel {example}."),
    N_("Freigegeben am {day}, Prüfsumme {digest}"), N_("{quarter}. Quartal {year}"), N_("Jahr {year}"),
)
"""With gaps, or from files that are not in `SOURCES`."""
SOURCES: Final = ("gateway.casework.desk", "gateway.casework.incidents", "gateway.casework.matters",
                  "gateway.casework.requests", "gateway.reid", "gateway.reports.desk", "gateway.registry.reviewing",
                  "gateway.registry.switching", "gateway.registry.content_mode", "gateway.condition", "audit.reid",
                  "audit.sealing", "gateway.founding.founding", "gateway.founding.files", "gateway.model.first_checks",
                  "gateway.model.first_setup")
"""Whose refusals are read in English: every whole sentence in them stands in the catalogue."""
_COUNTS: Final = frozenset({"count", "year", "quarter"})
_NUMERALS: Final = r"[\d.]+"
_SHORT: Final = 24
"""A pattern of so few letters of its own fits no whole sentence: its gaps end where a sentence would."""
_GAP: Final = re.compile(r"\{(\w+)\}")
_DAY: Final = re.compile(r"\b(\d\d\.\d\d\.\d{4})\b")
_NUMBER: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{3})+(?![\d.])")


def told_below() -> Iterator[str]:
    """Yield what tables of the floors below say, for the catalogue."""
    for table in (casework.REQUESTS, casework.STEPS, casework.KINDS_OF_PROBLEM, casework.PLACES, DATA_CLASSES,
                  FORBIDDEN_PURPOSES, reid.STATES, reid.WAYS,
                  REASONS):
        yield from table.values()
    yield from (entity.name for entity in ENTITIES.values())
    yield from sayings.TABLES
    yield from first_questions.told()
    for rule in RULES.values():
        yield from (rule.title, rule.what, rule.why, rule.todo)
    for kind in KINDS.values():
        yield from (kind.title, kind.about)
    for group in incident.GROUPS:
        yield from (group.title, group.norm)
        for field in group.fields:
            yield from (field.label, field.hint, *(word for _key, word in field.choices))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    known = sorted({text for text in (*SPOKEN, *sayings.SENTENCES, *told_below()) if _GAP.search(text)},
                   key=lambda text: -len(_GAP.sub("", text)))
    return tuple((re.compile(_pattern(text), re.DOTALL), text) for text in known)


def _pattern(text: str) -> str:
    pieces, seen = _GAP.split(text), set[str]()
    gap = ".*?" if len(_GAP.sub("", text)) > _SHORT else r"[^.!?\n]*?"
    found = ""
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            found += re.escape(piece)
        else:
            found += f"(?P={piece})" if piece in seen else f"(?P<{piece}>{_NUMERALS if piece in _COUNTS else gap})"
            seen.add(piece)
    return found


def told(text: str) -> str:
    """Return a sentence from elsewhere in the language of the reader; as it is where nobody knows it."""
    if not i18n.english() or not text:
        return text
    if (known := _(text)) != text:
        return known
    for pattern, source in _patterns():
        if (match := pattern.fullmatch(text)) is not None:
            return _(source).format(**{name: _gap(value) for name, value in match.groupdict().items()})
    return text


def _gap(text: str) -> str:
    if (known := told(text)) != text:
        return known
    text = _DAY.sub(lambda match: words.day(day) if (day := words.read_day(match[1])) else match[1], text)
    return _NUMBER.sub(lambda match: match[0].replace(".", ","), text)


def data(text: object) -> Markup:
    """Return what the house wrote (a department, a purpose) as it is, marked as German for who reads English."""
    return Markup('<span lang="de">{}</span>').format(text) if i18n.english() and text else escape(text)


def said(text: str) -> Markup:
    """Return a sentence from elsewhere in the house; one without its English is marked as German; Markup stays."""
    if isinstance(text, Markup):
        return text
    found = told(text)
    known = not i18n.english() or not text or found != text
    return escape(found) if known else Markup('<span lang="de">{}</span>').format(text)
