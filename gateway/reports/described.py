"""Sections that describe this house, for several papers: the way of a request, what is kept, and for how long."""

from __future__ import annotations

from gateway.paper.report import Check, Column, Section, Table
from gateway.reports.situation import InForce
from gateway.reports.wording import CLASSES
from gateway.web import register, words


def flows() -> Section:
    """Return what happens to a request, step by step."""
    return Section("Datenflüsse", (Table("fluesse", "Weg einer Anfrage", (Column("Schritt"), Column("Was geschieht"),
                                                                        Column("Was bleibt")), (
        ("1 Annahme", "Schlüssel, KI-Pass, Amt und Zweck werden geprüft", "bei Ablehnung: ein Eintrag"),
        ("2 Suche", "Der Text wird nach Angaben zu Personen durchsucht, im Haus", "Anzahl je Art"),
        ("3 Entscheidung", "Die Richtlinie entscheidet, ob und wohin gesendet wird", "Regeln und Prüfsumme"),
        ("4 Ersetzung", "Gefundene Angaben werden ersetzt", "Zuordnung nur im Arbeitsspeicher"),
        ("5 Protokoll", "Ein Eintrag wird dauerhaft geschrieben, bevor etwas gesendet wird", "Eintrag ohne Inhalt"),
        ("6 Modell", "Der Anbieter erhält den ersetzten Text", "beim Anbieter nach Vertrag"),
        ("7 Antwort", "Angaben werden wieder eingesetzt", "Ergebnis im Protokoll, ohne Inhalt"))),))


def data(house: InForce) -> Section:
    """Return what is kept where."""
    kept = house.policies.organisation.conversations.keep_hours
    conversations = f"Gespräche, verschlüsselt, für {kept} Stunden" if kept else "Gespräche werden nicht aufbewahrt"
    return Section("Kategorien von Daten", (
        Table("daten", "Was verarbeitet wird", (Column("Daten"), Column("Wo")), (
            ("Inhalt von Anfragen und Antworten", "nur während der Anfrage, im Arbeitsspeicher"),
            ("Zuordnung ersetzter Angaben", "nur während der Anfrage, im Arbeitsspeicher"),
            (conversations, "Datenbank der KI-Pforte" if kept else "–"),
            ("Zeit, Amt, Modell, Zweck, Entscheidung, Anzahl gefundener Angaben je Art", "Protokoll"),
            ("Pseudonym der Person, je Quartal ein anderes", "Protokoll"),
            ("Name, dienstliche E-Mail-Adresse, Amt, Rollen", "Verzeichnis der KI-Pforte"),
            ("Nachweise und Stand des KI-Passes, ohne Ergebnisse von Prüfungen", "Verzeichnis der KI-Pforte"),
            ("Schlüssel und Anmeldungen, nur als Prüfwert", "Verzeichnis der KI-Pforte"))),))


def retention(house: InForce) -> Section:
    """Return how long something stays: here, and with those who receive it."""
    others = tuple((f"Anfragen bei: {model.name}", register.retention(model))
                   for model in register.in_service(house.policies) if not model.in_house)
    return Section("Löschfristen", (
        Table("fristen", "Wie lange etwas bleibt", (Column("Was"), Column("Frist")), (
            *own_periods(house), ("Verzeichnis der Personen", "bis zum Ausscheiden, danach nach Hausregel"), *others)),
        Check("Die Frist für das Verzeichnis der Personen legen Sie fest.")))


def own_periods(house: InForce) -> tuple[tuple[str, str], ...]:
    """Return what KI-Pforte itself keeps, and for how long."""
    kept = house.policies.organisation.conversations.keep_hours
    return (*((CLASSES.get(name, name), words.many(days, "Tag", "Tage"))
              for name, days in sorted(house.retention.items())),
            ("Gespräche", words.many(kept, "Stunde", "Stunden") if kept else "keine Aufbewahrung"))
