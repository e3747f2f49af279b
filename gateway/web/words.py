"""What the house calls things, in the language of the reader. One place, so that all pages say the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.kipass.messages import STATES
from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.web import i18n
from gateway.web.i18n import N_, Words, _, ngettext

BERLIN: Final = ZoneInfo("Europe/Berlin")

ROLES: Final = Words({"staff": "Beschäftigte", "ki-pass-stelle": "KI-Pass-Stelle", "dpo": "Datenschutzbeauftragte",
                "personalrat": "Personalrat", "it": "IT", "leitung": "Leitung"})

DECISIONS: Final = Words({"allowed": "durchgelassen", "denied": "abgelehnt"})
HERE: Final = N_("im Haus beantwortet")
"""Neither: a program's own call that no model saw."""

OUTCOMES: Final = Words({"ok": "beantwortet", "aborted": "abgebrochen", "failed": "fehlgeschlagen"})

ENDS: Final = Words({"ok": "beantwortet", "aborted": "abgebrochen", "failed": "fehlgeschlagen",
                     "unknown": "ohne Ergebnis", "open": "läuft noch"})
"""What the filter by result offers."""

MARKS: Final = {"ok": "ok", "aborted": "stop", "failed": "no"}
"""The shape beside an outcome."""

CODES: Final = Words({
    "schluessel_ungueltig": "Schlüssel ungültig", "ki_pass_fehlt": "KI-Pass fehlt",
    "ki_pass_abgelaufen": "KI-Pass abgelaufen", "ki_pass_dv_neu": "neue Dienstvereinbarung nicht bestätigt",
    "ki_pass_gesperrt": "KI-Pass gesperrt", "modell_nicht_erlaubt": "Modell nicht erlaubt",
    "zweck_nicht_erlaubt": "Zweck nicht erlaubt", "zeit_nicht_erlaubt": "Außerhalb der Dienstzeit",
    "avv_abgelaufen": "Vertrag zur Auftragsverarbeitung abgelaufen",
    "modell_gestoppt": "Modell angehalten", "inhalt_gesperrt": "Inhalt nicht erlaubt",
    "anfrage_ungueltig": "Anfrage nicht lesbar", "nicht_pruefbar": "Inhalt nicht prüfbar",
    "modell_unbekannt": "Modell unbekannt", "pfad_unbekannt": "Adresse unbekannt", "zu_gross": "Anfrage zu groß",
    "methode_unbekannt": "Aufruf unbekannt", "gespraech_unbekannt": "Gespräch unbekannt",
    "limit_erreicht": "Grenze erreicht", "budget_erschoepft": "Budget erschöpft",
    "anbieter_fehler": "Fehler beim Anbieter", "anbieter_zeit": "Anbieter antwortet nicht",
    "protokoll_nicht_verfuegbar": "Protokoll nicht verfügbar",
    "pruefung_nicht_verfuegbar": "Prüfung nicht verfügbar", "intern": "Fehler in der KI-Pforte",
})

TYPES: Final = Words({
    "intent": "Anfrage", "denied": "Ablehnung", "outcome": "Ergebnis", "outcome.unknown": "Ergebnis unbekannt",
    "outcome.late": "verspätetes Ergebnis", "local": "Nebenanfrage", "view": "Einsicht", "verify.result": "Prüfung",
    "export": "Export",
    "pass.erteilt": "KI-Pass erteilt", "pass.gesperrt": "KI-Pass gesperrt", "pass.entsperrt": "KI-Pass entsperrt",
    "pass.entzogen": "KI-Pass entzogen", "pass.verlaengert": "KI-Pass verlängert",
    "pass.nachweis": "Nachweis eingetragen", "pass.nachweis_widerrufen": "Nachweis widerrufen",
    "pass.import": "Abschlüsse aus einer Datei übernommen",
    "pass.bescheinigung": "Nummer für eine Bescheinigung vergeben",
    "pass.bescheinigung_zurueckgezogen": "Nummer einer Bescheinigung zurückgezogen",
    "person.added": "Person angelegt",
    "person.imported": "Personen übernommen", "person.disabled": "Person abgemeldet",
    "person.enabled": "Person angemeldet", "person.groups": "Gruppen einer Person geändert",
    "person.changed": "Angaben einer Person geändert",
    "person.invited": "Link für ein Kennwort ausgestellt", "person.password": "Kennwort gewählt",
    "person.signed_out": "Überall abgemeldet",
    "key.created": "Schlüssel angelegt",
    "key.revoked": "Schlüssel widerrufen", "key.owner": "Verantwortung für einen Schlüssel übergeben",
    "client.added": "Anwendung zugelassen",
    "client.revoked": "Zulassung einer Anwendung zurückgenommen", "policy.change": "Regeln geändert",
    "model.stopped": "Modell angehalten", "model.started": "Modell wieder zugelassen",
    "config.reload": "Regeln neu geladen", "demo.reset": "Beispieldaten angelegt", "writer.start": "Start",
    "writer.stop": "Stopp", "heartbeat": "Lebenszeichen", "gap.detected": "Lücke entdeckt",
    "finding.clock": "Uhr ging falsch", "finding.spool": "Einträge mussten auf die Datenbank warten",
    "finding.rollback": "Datenbank passt nicht zu den Unterschriften",
    "log.sealed": "Siegel des Hauses begonnen",
    "finding.forged": "Untergeschobener Eintrag", "finding.pruning": "Angekündigte Löschung nicht ausgeführt",
    "retention.delete": "Löschung nach Frist", "prune": "Anfang gelöscht", "key.rotate": "Prüfschlüssel gewechselt",
    "finding.new": "Befund", "finding.state": "Stand eines Befunds", "finding.note": "Vermerk zu einem Befund",
    "finding.assigned": "Zuständigkeit für einen Befund", "finding.due": "Frist eines Befunds",
    "finding.severity": "Schwere eines Befunds", "finding.deleted": "Befund nach Frist gelöscht",
    "case.new": "Vorgang eröffnet", "case.state": "Stand eines Vorgangs", "case.note": "Vermerk zu einem Vorgang",
    "case.assigned": "Zuständigkeit für einen Vorgang", "case.due": "Frist eines Vorgangs",
    "case.severity": "Schwere eines Vorgangs", "case.form": "Angaben zu einem Vorfall",
    "case.decision": "Entscheidung über einen Vorfall", "case.export": "Akte oder Auskunft ausgegeben",
    "case.step": "Schritt in einem Vorgang", "case.erasure": "Personenbezug auf Antrag gelöscht",
    "case.stopped": "Modell wegen eines Vorfalls angehalten", "case.mail": "E-Mail über offene Vorgänge",
    "case.deleted": "Vorgang nach Frist gelöscht",
    "release": "Unterlage freigegeben", "figures.month": "Zahlen eines Monats festgehalten",
    "anchor.sent": "Anker versandt", "report": "Bericht", "sample.verdict": "Stichprobe angesehen",
    "view.saved": "geteilte Ansicht angelegt", "view.removed": "geteilte Ansicht entfernt",
    "reid.request": "Auflösung eines Pseudonyms beantragt", "reid.approve": "Auflösung: zugestimmt",
    "reid.deny": "Auflösung abgelehnt", "reid.handout": "Auflösung: Siegel ausgegeben",
    "reid.key_set": "Schlüssel für das Siegel abgegeben", "reid.key_approved": "Schlüssel für das Siegel in Kraft",
    "erasure": "Personenbezug gelöscht", "hold.set": "Einträge für einen Fall aufbewahrt",
    "hold.release": "Aufbewahrung für einen Fall beendet", "person.roles": "Rollen einer Person geändert",
    "policy.monitoring": "Regeln zur Überwachung in Kraft gesetzt", "policy.approved": "Zustimmung des Personalrats",
    "policy.promoted": "Regeln in Kraft gesetzt", "policy.promotion_failed": "Regeln nicht in Kraft gesetzt",
    "setup.finished": "Eingerichtet", "casework.watch": "Suche nach Befunden", "reminder.sent": "Erinnerung versandt",
    "reid.resolve": "Pseudonym aufgelöst", "reid.inform": "Person informiert", "reid.expire": "Auflösung verfallen",
    "content_mode.request": "Inhaltsmodus beantragt", "content_mode.approve": "Inhaltsmodus: zugestimmt",
    "content_mode.on": "Inhaltsmodus eingeschaltet", "content_mode.off": "Inhaltsmodus beendet",
    "content.handout": "Inhalt: Siegel ausgegeben", "content.read": "Inhalt gelesen",
})

PAGES: Final = Words({
    "review/protokoll": "Eintrag im Protokoll", "review/ansichten": "Liste des Protokolls", "review/befunde": "Befund",
    "review/vorfaelle": "Vorfall", "review/anfragen": "Anfrage oder KI-Rüge", "case": "Akte",
    "review/person": "Antrag, eine Person festzustellen", "review/person/ergebnis": "Ergebnis: wer die Person ist",
    "review/person/brief": "Brief an die Person",
    "auskunft/eigene": "Auskunft an eine beschäftigte Person",
    "auskunft/betroffene": "Auskunft an eine Bürgerin oder einen Bürger",
})
"""Where somebody looked, as records of kind ``view`` name it."""

GROUPS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "anfragen": (N_("Anfragen an Modelle"), ("intent", "denied")),
    "nebenanfragen": (N_("Nebenanfragen von Programmen, im Haus beantwortet"), ("local",)),
    "ergebnisse": (N_("Ergebnisse"), ("outcome", "outcome.unknown", "outcome.late")),
    "ki-pass": (N_("KI-Pässe"), tuple(t for t in TYPES if t.startswith("pass."))),
    "personen": (N_("Personen und Schlüssel"), tuple(t for t in TYPES if t.startswith(("person.", "key.", "client.")))),
    "einsichten": (N_("Einsichten und Prüfungen"), ("view", "verify.result", "export", "case.export", "content.handout",
                                                "content.read", "report", "release", "sample.verdict", "view.saved",
                                                 "view.removed")),
    "inhaltsmodus": (N_("Inhaltsmodus"), tuple(t for t in TYPES if t.startswith("content_mode."))),
    "vorgaenge": (N_("Befunde, Vorfälle, Anfragen"), tuple(
        t for t in TYPES if t.startswith(("finding.", "case."))
        and not t.endswith((".clock", ".spool", ".rollback", ".forged", ".pruning")))),
    "betrieb": (N_("Betrieb"), ("writer.start", "writer.stop", "heartbeat", "gap.detected", "finding.clock",
                            "finding.spool", "finding.rollback", "finding.forged", "finding.pruning", "policy.change",
                            "model.stopped", "model.started", "policy.monitoring", "policy.approved",
                            "policy.promoted", "policy.promotion_failed", "config.reload", "demo.reset",
                            "setup.finished", "retention.delete", "erasure", "hold.set", "hold.release",
                            "prune", "key.rotate", "log.sealed", "anchor.sent", "figures.month")),
    "alle": (N_("alle Einträge"), ()),
}
"""What the filter by type offers: the address, the word, the types of records."""

DONE: Final[Mapping[Action, str]] = {
    "keep": N_("stehen gelassen"), "note": N_("stehen gelassen und gezählt"), "generalise": N_("vergröbert"),
    "hash": N_("durch einen Prüfwert ersetzt"), "placeholder": N_("ersetzt und in der Antwort wieder eingesetzt"),
    "mask": N_("unkenntlich gemacht"), "refuse": N_("nicht gesendet"),
}
"""What happened to a value, after the fact."""

APIS: Final = Words({"chat": "Chat", "completions": "Vervollständigung", "responses": "Responses",
               "embeddings": "Einbettungen", "messages": "Messages",
               "transcriptions": "Mitschrift einer Tonaufnahme", "translations": "Übersetzung einer Tonaufnahme"})

TASKS: Final = Words({"title": "Titel", "tags": "Stichwörter", "follow_ups": "Folgefragen", "queries": "Suchbegriffe",
                "image_prompt": "Bildbeschreibung", "autocomplete": "Vorschlag beim Tippen", "emoji": "Emoji",
                "summary": "Zusammenfassung"})
"""What a chat program asks for of its own accord."""

RISKS: Final = Words({"minimal": "minimal", "begrenzt": "begrenzt", "hoch": "hoch"})

ZONES: Final = Words({"haus": "im Haus", "DE": "Deutschland", "EU": "EU und EWR", "drittland": "Drittland"})
AI_ROLES: Final = Words({"betreiber": "Betreiber", "anbieter": "Anbieter"})
"""The town's role under the AI Act."""

PASS_STATES: Final = Words(STATES)

PARTS: Final = Words({"meta": "Angaben", "subject": "Pseudonym", "content": "Inhalt"})

_DAYS: Final = (N_("Montag"), N_("Dienstag"), N_("Mittwoch"), N_("Donnerstag"), N_("Freitag"), N_("Samstag"),
                N_("Sonntag"))
_MONTHS: Final = (N_("Januar"), N_("Februar"), N_("März"), N_("April"), N_("Mai"), N_("Juni"), N_("Juli"),
                  N_("August"), N_("September"), N_("Oktober"), N_("November"), N_("Dezember"))


SOURCES: Final = Words({"selbst": "selbst erledigt", "lms_csv": "aus dem Lernsystem", "moodle": "aus Moodle",
                  "xapi": "aus dem Lernsystem", "oidc_claim": "aus der Anmeldung", "badge": "aus einem Zertifikat",
                  "verwaltung": "eingetragen"})
"""Where evidence comes from."""
EVENTS: Final = Words({"erteilt": "KI-Pass erteilt", "gesperrt": "KI-Pass gesperrt", "entsperrt": "Sperre aufgehoben",
                 "entzogen": "KI-Pass entzogen", "verlängert": "KI-Pass verlängert"})
OFFICES: Final = Words({"kommandozeile": "Befehlszeile", "selbst": "die Person selbst",
                        "ki-pass-stelle": "KI-Pass-Stelle"})
"""Who wrote something into the file."""


def entity(key: str) -> str:
    """Return the name of a kind of finding."""
    known = ENTITIES.get(key)
    return _(known.name) if known else key


def action(key: str) -> str:
    """Return what an action did."""
    return next((_(text) for name, text in DONE.items() if name == key), key)


def number(value: int | float) -> str:
    """Return a number as it is written here: 184.203 and 1.234,5."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return text if i18n.english() else text.translate(str.maketrans(",.", ".,"))


def euro(millionths: int) -> str:
    """Return an amount of money: 1.234,50 €, to readers of English €1,234.50."""
    text = f"{millionths / 1_000_000:,.2f}"
    return f"€{text}" if i18n.english() else f"{text.translate(str.maketrans(',.', '.,'))} €"


def many(count: int, one: str, more: str) -> str:
    """Return ``1 Eintrag`` or ``184.203 Einträge``."""
    return f"{number(count)} {one if count == 1 else more}"


def day(value: datetime | date) -> str:
    """Return a day in Berlin: 22.11.2026; in English 22 November 2026."""
    local = value.astimezone(BERLIN).date() if isinstance(value, datetime) else value
    return f"{local.day} {month(local)}" if i18n.english() else f"{local:%d.%m.%Y}"


def short_day(value: date) -> str:
    """Return a day where there is little room, as on an axis: 22.11."""
    return f"{value.day} {_(_MONTHS[value.month - 1])[:3]}" if i18n.english() else f"{value:%d.%m.}"


def month(value: date) -> str:
    """Return a month in words: Oktober 2026."""
    return f"{_(_MONTHS[value.month - 1])} {value.year}"


def iso_day(value: datetime) -> str:
    """Return a day in Berlin for the name of a file: 2026-11-22."""
    return value.astimezone(BERLIN).date().isoformat()


def written_day(text: str) -> str:
    """Return a day that stands as 2026-11-22 as it is written for people."""
    found = read_day(text)
    return day(found) if found is not None else text


def read_day(text: str) -> date | None:
    """Read 2026-11-22 (what a date field sends) or 22.11.2026 (what people type)."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def time(value: datetime) -> str:
    """Return a time of day in Berlin: 14:05 Uhr."""
    return _clock(f"{value.astimezone(BERLIN):%H:%M}")


def _clock(text: str) -> str:
    return text if i18n.english() else f"{text} Uhr"


def moment(value: datetime) -> str:
    """Return day and time in Berlin: 22.11.2026, 14:05 Uhr."""
    return f"{day(value)}, {time(value)}"


def exact(value: datetime) -> str:
    """Return a moment to the thousandth of a second, for timelines: 14:05:12,345 Uhr."""
    local = value.astimezone(BERLIN)
    return _clock(f"{local:%H:%M:%S}{'.' if i18n.english() else ','}{local.microsecond // 1000:03d}")


def long_day(value: datetime) -> str:
    """Return a day with its name: Sonntag, 22.11.2026."""
    return f"{_(_DAYS[value.astimezone(BERLIN).weekday()])}, {day(value)}"


def duration(milliseconds: int) -> str:
    """Return a duration: 320 ms, 1,2 s, 2 min 5 s."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{number(milliseconds / 1000)} s"
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{number(minutes)} min {seconds} s"


def left(deadline: datetime, now: datetime) -> str:
    """Return how long it is until a deadline: noch 51 Std. 12 Min.; after it: seit 3 Std. 5 Min. vorbei."""
    minutes_left = int(abs((deadline - now).total_seconds()) // 60)
    days, rest = divmod(minutes_left, 24 * 60)
    hours, odd = divmod(rest, 60)
    over = now > deadline
    if days > 3:
        return (_("seit {days} Tagen vorbei") if over else _("noch {days} Tage")).format(days=number(days))
    hours += days * 24
    if not hours:
        return (_("seit {m} Min. vorbei") if over else _("noch {m} Min.")).format(m=odd)
    return (_("seit {h} Std. {m} Min. vorbei") if over else _("noch {h} Std. {m} Min.")).format(h=hours, m=odd)


def size(octets: int) -> str:
    """Return an amount of data: 812 Byte, 4,2 kB."""
    return f"{octets} Byte" if octets < 1000 else f"{number(octets / 1000)} kB"


def minutes(count: int) -> str:
    """Return a time needed: etwa 5 Minuten."""
    return ngettext("etwa {count} Minute", "etwa {count} Minuten", count).format(count=number(count))


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: a, b und c."""
    if len(names) < 2:
        return "".join(names)
    return _("{these} und {last}").format(these=", ".join(names[:-1]), last=names[-1])


def address(person_name: str) -> str:
    """Return the greeting. The register knows no title and no sex, so it is the name as written."""
    return _("Guten Tag, {name}").format(name=person_name)
