"""What the house calls things, in German. One place, so that all pages say the same."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.kipass.messages import STATES
from gateway.model.decision import Action
from gateway.model.entities import ENTITIES

BERLIN: Final = ZoneInfo("Europe/Berlin")

ROLES: Final = {"staff": "Beschäftigte", "ki-pass-stelle": "KI-Pass-Stelle", "dpo": "Datenschutzbeauftragte",
                "personalrat": "Personalrat", "it": "IT", "leitung": "Leitung"}

DECISIONS: Final = {"allowed": "durchgelassen", "denied": "abgelehnt"}
HERE: Final = "im Haus beantwortet"
"""Neither: a program's own call that no model saw."""

OUTCOMES: Final = {"ok": "beantwortet", "aborted": "abgebrochen", "failed": "fehlgeschlagen"}

MARKS: Final = {"ok": "ok", "aborted": "stop", "failed": "no"}
"""The shape beside an outcome."""

CODES: Final = {
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
}

TYPES: Final = {
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
    "retention.delete": "Löschung nach Frist", "prune": "Anfang gelöscht", "key.rotate": "Prüfschlüssel gewechselt",
    "anchor.sent": "Anker versandt",
    "reid.request": "Auflösung eines Pseudonyms beantragt", "reid.approve": "Auflösung: zugestimmt",
    "reid.deny": "Auflösung abgelehnt", "reid.handout": "Auflösung: Siegel ausgegeben",
    "reid.resolve": "Pseudonym aufgelöst", "reid.inform": "Person informiert", "reid.expire": "Auflösung verfallen",
    "content_mode.request": "Inhaltsmodus beantragt", "content_mode.approve": "Inhaltsmodus: zugestimmt",
    "content_mode.on": "Inhaltsmodus eingeschaltet", "content_mode.off": "Inhaltsmodus beendet",
    "content.handout": "Inhalt: Siegel ausgegeben", "content.read": "Inhalt gelesen",
}

GROUPS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "anfragen": ("Anfragen an Modelle", ("intent", "denied")),
    "nebenanfragen": ("Nebenanfragen von Programmen, im Haus beantwortet", ("local",)),
    "ergebnisse": ("Ergebnisse", ("outcome", "outcome.unknown", "outcome.late")),
    "ki-pass": ("KI-Pässe", tuple(t for t in TYPES if t.startswith("pass."))),
    "personen": ("Personen und Schlüssel", tuple(t for t in TYPES if t.startswith(("person.", "key.", "client.")))),
    "einsichten": ("Einsichten und Prüfungen", ("view", "verify.result", "export", "content.handout",
                                                "content.read")),
    "inhaltsmodus": ("Inhaltsmodus", tuple(t for t in TYPES if t.startswith("content_mode."))),
    "betrieb": ("Betrieb", ("writer.start", "writer.stop", "heartbeat", "gap.detected", "policy.change",
                            "model.stopped", "model.started", "config.reload", "demo.reset", "retention.delete",
                            "prune", "key.rotate", "anchor.sent")),
    "alle": ("alle Einträge", ()),
}
"""What the filter by type offers: the address, the word, the types of records."""

DONE: Final[dict[Action, str]] = {
    "keep": "stehen gelassen", "note": "stehen gelassen und gezählt", "generalise": "vergröbert",
    "hash": "durch einen Prüfwert ersetzt", "placeholder": "ersetzt und in der Antwort wieder eingesetzt",
    "mask": "unkenntlich gemacht", "refuse": "nicht gesendet",
}
"""What happened to a value, after the fact."""

APIS: Final = {"chat": "Chat", "completions": "Vervollständigung", "responses": "Responses",
               "embeddings": "Einbettungen", "messages": "Messages",
               "transcriptions": "Mitschrift einer Tonaufnahme", "translations": "Übersetzung einer Tonaufnahme"}

TASKS: Final = {"title": "Titel", "tags": "Stichwörter", "follow_ups": "Folgefragen", "queries": "Suchbegriffe",
                "image_prompt": "Bildbeschreibung", "autocomplete": "Vorschlag beim Tippen", "emoji": "Emoji",
                "summary": "Zusammenfassung"}
"""What a chat program asks for of its own accord."""

RISKS: Final = {"minimal": "minimal", "begrenzt": "begrenzt", "hoch": "hoch"}

ZONES: Final = {"haus": "im Haus", "DE": "Deutschland", "EU": "EU und EWR", "drittland": "Drittland"}
AI_ROLES: Final = {"betreiber": "Betreiber", "anbieter": "Anbieter"}
"""The town's role under the AI Act."""

PASS_STATES: Final = STATES

PARTS: Final = {"meta": "Angaben", "subject": "Pseudonym", "content": "Inhalt"}

_DAYS: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")


SOURCES: Final = {"selbst": "selbst erledigt", "lms_csv": "aus dem Lernsystem", "moodle": "aus Moodle",
                  "xapi": "aus dem Lernsystem", "oidc_claim": "aus der Anmeldung", "badge": "aus einem Zertifikat",
                  "verwaltung": "eingetragen"}
"""Where evidence comes from."""
EVENTS: Final = {"erteilt": "KI-Pass erteilt", "gesperrt": "KI-Pass gesperrt", "entsperrt": "Sperre aufgehoben",
                 "entzogen": "KI-Pass entzogen", "verlängert": "KI-Pass verlängert"}
OFFICES: Final = {"kommandozeile": "Befehlszeile", "selbst": "die Person selbst", "ki-pass-stelle": "KI-Pass-Stelle"}
"""Who wrote something into the file."""


def entity(key: str) -> str:
    """Return the name of a kind of finding."""
    known = ENTITIES.get(key)
    return known.name if known else key


def action(key: str) -> str:
    """Return what an action did."""
    return next((text for name, text in DONE.items() if name == key), key)


def number(value: int | float) -> str:
    """Return a number as it is written here: 184.203 and 1.234,5."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def many(count: int, one: str, more: str) -> str:
    """Return ``1 Eintrag`` or ``184.203 Einträge``."""
    return f"{number(count)} {one if count == 1 else more}"


def day(value: datetime | date) -> str:
    """Return a day in Berlin: 22.11.2026."""
    local = value.astimezone(BERLIN).date() if isinstance(value, datetime) else value
    return f"{local:%d.%m.%Y}"


def iso_day(value: datetime) -> str:
    """Return a day in Berlin for the name of a file: 2026-11-22."""
    return value.astimezone(BERLIN).date().isoformat()


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
    return f"{value.astimezone(BERLIN):%H:%M} Uhr"


def moment(value: datetime) -> str:
    """Return day and time in Berlin: 22.11.2026, 14:05 Uhr."""
    return f"{day(value)}, {time(value)}"


def exact(value: datetime) -> str:
    """Return a moment to the thousandth of a second, for timelines: 14:05:12,345 Uhr."""
    local = value.astimezone(BERLIN)
    return f"{local:%H:%M:%S},{local.microsecond // 1000:03d} Uhr"


def long_day(value: datetime) -> str:
    """Return a day with its name: Sonntag, 22.11.2026."""
    return f"{_DAYS[value.astimezone(BERLIN).weekday()]}, {day(value)}"


def duration(milliseconds: int) -> str:
    """Return a duration: 320 ms, 1,2 s, 2 min 5 s."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{number(milliseconds / 1000)} s"
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{number(minutes)} min {seconds} s"


def left(deadline: datetime, now: datetime) -> str:
    """Return how long it is until a deadline: noch 51 Std. 12 Min.; after it: seit 2 Tagen 3 Std. vorbei."""
    minutes_left = int(abs((deadline - now).total_seconds()) // 60)
    days, rest = divmod(minutes_left, 24 * 60)
    hours, odd = divmod(rest, 60)
    over = now > deadline
    if days > 3:
        text = f"{days} Tage" + ("n" if over else "")
    elif days and over:
        text = f"{many(days, 'Tag', 'Tagen')} {hours} Std."
    else:
        text = f"{days * 24 + hours} Std. {odd} Min." if days or hours else f"{odd} Min."
    return f"seit {text} vorbei" if over else f"noch {text}"


def size(octets: int) -> str:
    """Return an amount of data: 812 Byte, 4,2 kB."""
    return f"{octets} Byte" if octets < 1000 else f"{number(octets / 1000)} kB"


def minutes(count: int) -> str:
    """Return a time needed: etwa 5 Minuten."""
    return "etwa 1 Minute" if count == 1 else f"etwa {number(count)} Minuten"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: a, b und c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} und {names[-1]}" if names else ""


def address(person_name: str) -> str:
    """Return the greeting. The register knows no title and no sex, so it is the name as written."""
    return f"Guten Tag, {person_name}"
