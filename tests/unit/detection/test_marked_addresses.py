"""Addresses of people as they are really written, and places that belong to everybody."""

from __future__ import annotations

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from tests.support.marked import faults


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


STREETS = [
    "Am Alten Markt 3", "Im Winkel 12", "Unter den Linden 5", "Hinterm Deich 4", "An der Au 7a", "Lange Reihe 8",
    "Schloßgarten 4", "Kiebitzhörn 2", "Zur Alten Mühle 14", "Auf dem Brink 9", "Beim Zeugamt 3", "Op de Wisch 11",
    "Achtern Diek 5", "Hoher Kamp 17", "Rosenhag 6", "Alte Dorfstr. 22", "Dr.-Ernst-Kurz-Str. 5",
    "Große Burgstraße 31", "Sankt-Jürgen-Ring 40", "Hans-Böckler-Allee 7", "Straße der Einheit 12",
    "Platz der Freiheit 1a", "Carl-von-Ossietzky-Straße 19", "Musterstr. 12 a", "Musterstr. 12-14", "Musterstr. 12/3",
    "Musterstraße Nr. 4", "Musterstr.5", "Musterweg 12, Whg. 3", "Musterweg 12, 2. OG links", "Am Sportplatz 3b",
    "Zum Bahnhof 19", "In den Wiesen 8", "Im Alten Dorf 7", "Zu den Eichen 2", "Von-Stein-Weg 4", "Möwenkoog 3",
    "Bremer Heerstr. 101", "An den Drei Brunnen 6", "Obere Gasse 2", "Vor dem Tore 5", "St.-Annen-Gang 3",
    "Am Kiel-Kanal 12", "Neuer Wall 80", "Graf-Adolf-Platz 4", "Brunsbütteler Chaussee 55", "Rosa-Luxemburg-Straße 3",
    "Kirchhofsallee 30", "Lerchenau 7", "Wiesengrund 15", "Buchenhain 3", "Am Wehr 2", "Twiete 5", "Klosterkoppel 9",
    "Eichenlohe 18",
]


@pytest.mark.parametrize("around", [
    "Sie wohnt {}, 24103 Kiel.", "wohnhaft {}", "Anschrift: {}", "{}\n24103 Kiel",
    "Frau [[PERSON|Ute Hansen]]\n{}\n24103 Kiel",
    "Ute Hansen · {} · 24103 Kiel", "Ute Hansen | {} | 24103 Kiel", "Ute Hansen, {}, Kiel", "Adresse {}, D-24103 Kiel",
    "Herrn Jan Petersen\n{}\nSchleswig", "Ich wohne {} und habe",
    "Mieterin der Wohnung {}, meldet", "Halter: Jan Petersen, {}",
])
def test_streets_of_every_kind_are_found(detector: RuleDetector, around: str) -> None:
    wrong = {}
    for street in STREETS:
        marked = f"[[ADDRESS|{street}, 24103 Kiel]]" if around == "Sie wohnt {}, 24103 Kiel." else ""
        text = around.replace("{}, 24103 Kiel", marked) if marked else around.replace("{}", f"[[ADDRESS|{street}]]")
        text = text.replace("24103 Kiel", "[[ADDRESS|24103 Kiel]]") if not marked else text
        found = [one for one in faults(detector, text) if not one.endswith((": D", ": Kiel"))]
        if found:
            wrong[street] = found
    assert not wrong


POSITIVE = [
    "sie wohnt in der [[ADDRESS|musterstr. 5]]", "In der [[ADDRESS|Kiefernstr. 9a]] wohnen nur wir.",
    "An der [[ADDRESS|Hafenstraße 4]] steht ein Zaun.", "Auf der [[ADDRESS|Königsallee 7]] gesehen",
    "bin umgezogen, neue adresse: [[ADDRESS|lindenweg 12, 24103 kiel]]",
    "ich wohne [[ADDRESS|am alten markt 3 in 24103 kiel]]",
    "wohnt jetzt [[ADDRESS|hafenstraße 7b]], vorher unbekannt",
    "MUSTERSTRASSE 5, [[ADDRESS|24103 KIEL]]".replace("MUSTERSTRASSE 5, [[ADDRESS|", "[[ADDRESS|MUSTERSTRASSE 5, "),
    "HERRN JAN PETERSEN\n[[ADDRESS|AM ALTEN MARKT 3]]\n[[ADDRESS|24103 KIEL]]",
    "wohnhaft [[ADDRESS|Hans-Böckler-\nAllee 7, 24103 Kiel]]", "wohnhaft in der [[ADDRESS|Fried-\nrichstraße 12]]",
    "wohnhaft in [[ADDRESS|24103 Kiel, Musterstraße 5]]",
    "in [[ADDRESS|24103 Kiel]] in der [[ADDRESS|Musterstraße 5]]", "zieht nach [[ADDRESS|D-24103 Kiel]]",
    "aus [[ADDRESS|24103 Kiel]]", "PLZ/Ort: [[ADDRESS|24103 Kiel]]", "PLZ: [[ADDRESS|24103]]",
    "Ute Hansen, [[ADDRESS|Postfach 12 34, 24103 Kiel]]", "c/o Lund, [[ADDRESS|Hafenstraße 7]]",
    "Ute Hansen (wohnhaft [[ADDRESS|Hafenstraße 7]])", "Straße: [[ADDRESS|Hafenstraße]]\nHausnummer: [[ADDRESS|7]]",
    ('{"strasse": "[[ADDRESS|Kiebitzhörn]]", "hausnummer": "[[ADDRESS|2]]", "plz": "[[ADDRESS|24103]]", '
     '"ort": "[[ADDRESS|Kiel]]"}'),
    "<strasse>[[ADDRESS|Kiebitzhörn 2]]</strasse><plz>[[ADDRESS|24103]]</plz><ort>[[ADDRESS|Kiel]]</ort>",
    "Grüße\nUte Hansen\n[[ADDRESS|Kiebitzhörn 2]]\nTel. [[PHONE|0431 123456]]",
    ("| Name | Straße | PLZ | Wohnort |\n|---|---|---|---|\n| Lund | [[ADDRESS|Rosenhag 6]] | "
     "[[ADDRESS|24103]] | [[ADDRESS|Kiel]] |"),
    "Name;Straße;Hausnr;PLZ;Ort\nLund;[[ADDRESS|Rosenhag]];[[ADDRESS|6]];[[ADDRESS|24103]];[[ADDRESS|Kiel]]",
    "zwischen der [[ADDRESS|Hafenstraße 7]] (Lund) und [[ADDRESS|Hafenstraße 9]] (Petersen)",
    "Die Eheleute Lund, [[ADDRESS|Am Deich 3]], beschweren sich über den Nachbarn ([[ADDRESS|Am Deich 5]]).",
    "Herr Petersen wohnt in der [[ADDRESS|Hafenstr. 7, Hinterhaus, 3. Stock rechts]].",
    "Meldeadresse: [[ADDRESS|Kiebitzhörn 2, 24103 Kiel]]", "gemeldet unter [[ADDRESS|Kiebitzhörn 2]]",
    "Wohnsitz [[ADDRESS|Kiebitzhörn 2]] seit 2019",
    "verzogen nach [[ADDRESS|Kiebitzhörn 2, Kiel]]".replace(", Kiel]]", "]], Kiel"),
    "letzte bekannte Anschrift [[ADDRESS|Kiebitzhörn 2]]", "Haus [[ADDRESS|Kiebitzhörn 2]] gehört Frau Lund",
    "Mieter im [[ADDRESS|Rosenhag 6]]", "Frau Lund, [[ADDRESS|Rosenhag 6]], hat angerufen",
    "lebt im [[ADDRESS|Rosenhag 6]]",
    "from [[ADDRESS|12 Baker Street, London]]".replace("12 Baker Street, London", "12 Baker Street"),
    "wohnt in [[ADDRESS|Kiel, Rosenhag 6]]".replace("[[ADDRESS|Kiel, ", "Kiel, [[ADDRESS|"),
    "Umzug von [[ADDRESS|Hafenstr. 7]] nach [[ADDRESS|Rosenhag 6]]", "Fam. Lund - [[ADDRESS|Rosenhag 6]] - Kontrolle",
    "[[ADDRESS|24103 Kiel-Gaarden]]", "[[ADDRESS|23701 Eutin]] / Lund", "[[ADDRESS|Rosenhag 6, 25813 Husum-Rödemis]]",
    "[[ADDRESS|Dorfstraße 5, 25885 Ahrenviöl]]", "OT Rosendorf, [[ADDRESS|Dorfstraße 5]]",
]


@pytest.mark.parametrize("marked", POSITIVE)
def test_addresses_of_people_are_found(detector: RuleDetector, marked: str) -> None:
    assert faults(detector, marked) == []


NEGATIVE = [
    "Infrastruktur: Die Bundesstraße 216 und die Landesstraße 77 werden saniert.",
    "Anhang 3 und Absatz 2", "Quartal 3", "im Quartal 2025", "Portal 2.0", "Fragebogen 2", "Formular Meldebogen 3",
    "Stellplatz 12", "Platz 1 der Liste", "auf Platz 3", "Rechtsgrund 3", "Handlungsfeld 2", "Eingabefeld 7",
    "Bahnsteig 3", "Zeile 12", "Reihe 3", "Spielfeld 2", "Arbeitsmarkt 2030", "Moderator 3", "Faktor 2", "Kapitel 4",
    "Vorschlag 3", "Bebauungsplan 12", "Beschlussvorschlag 2", "Zuschlag 5 Euro", "im Zusammenhang 2", "Überblick 2",
    "Bauhof 2 sucht Personal", "Mehrfachnennung 3", "Auf der Sitzung 12", "Im Haushalt 2025", "Im Teilplan 5",
    "Am Montag 12 Uhr", "In der Anlage 3", "Im Schnitt 5 Tage", "Zum Stichtag 31.12.", "Zur Vorlage 12", "Im Monat 3",
    "In der Klasse 5", "Zum Tagesordnungspunkt 5", "Im Ergebnis 3 Stimmen", "Unter Punkt 4", "Am Ende 3",
    "In Zimmer 5", "Die Buslinie 12", "Im Abschnitt 4", "In den Jahrgängen 5", "Im Kreis 4", "In Gruppe 3",
    "Auf Seite 12", "Rathaus, Am Markt 1, 24103 Musterstadt",
    "Bürgerbüro, Hafenstraße 7, 24103 Musterstadt, geöffnet Mo bis Fr",
    "Amtsgericht Musterstadt, Gerichtsplatz 2, 24103 Musterstadt", "Jobcenter, Rosenhag 6",
    "Das Finanzamt, Deichweg 4", "Sie finden uns im Verwaltungsgebäude Am Deich 3, Zimmer 12.",
    "Kita Regenbogen, Dorfstraße 5", "Die Hafenstraße wird von Hausnummer 7 bis 21 saniert.",
    "Sperrung der Bahnhofstraße ab 12. Mai", "Die Feuerwehrwache Deichweg 4", "Stadtbücherei, Am Alten Markt 3",
    "Grundschule am Park, Parkallee 7", "Zweigstelle der Stadtwerke, Hafenstraße 9",
    "Friedhofsverwaltung · Kirchweg 2 · 24103 Musterstadt",
    "Der Landrat des Kreises Musterland, Kreishaus, Deichweg 40, 24103 Musterstadt",
    "Wochenmarkt auf dem Rathausplatz", "12345 Euro", "12345 Stück", "Kosten von 24103 EUR", "Landeshauptstadt Kiel",
    "in Kiel", "Kreis Plön", "Die Stadt Husum", "Stand Mai 2025", "Das Projekt Smart City 2030",
    "Windows 11 und Office 2021", "Die Linie Neumünster 4", "Die Version Berlin 3", "Variante Nord 2", "Team Ost 3",
    "Titel Kultur 2024", "Agenda 2030", "Aktion Mensch 5", "Horizont 2020", "Bad Segeberg 2025", "TOP 7", "Modul 3",
    "Phase Planung 2", "Ich habe Frage 3 und Punkt 7", "Die Gruppe Rot 5", "Sommer 2024", "Lehrgang Basis 2",
    "Objekt Kläranlage 2", "Halle 3", "Produkt Straßenunterhaltung 5", "Konto 4711", "Corona 2020",
    "Frau Lund, Gruppe 3", "Die Ampel Ecke Hafenstraße", "Parkplatz 12", "Schule am Berg", "Bauabschnitt 2",
    "Frau Lund, Seite 3, Punkt 4", "Anna und Ben, Klasse 5", "Herr Lund, Stufe 3, Sachgebiet 4",
    "wohnt seit Mai 2019 hier", "Ute Hansen, Mai 2025", "Frau Lund, Entgeltgruppe 9", "Herr Lund, Block 4",
    "mietet Garage 12", "wohnt in Zimmer 12", "wohnt mit Hund 3 Jahre", "Anschrift: siehe Anlage 3",
    "Sie wohnt 5 km entfernt", "Ich wohne Etage 3", "ich wohne schon 12 jahre hier",
]


@pytest.mark.parametrize("text", NEGATIVE)
def test_public_places_and_ordinary_numbers_stay(detector: RuleDetector, text: str) -> None:
    assert faults(detector, text) == []
