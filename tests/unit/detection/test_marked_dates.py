"""Dates of people in every shape that files, forms, tables and programs have; and the dates of ordinary business."""

from __future__ import annotations

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from tests.support.marked import faults


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


SPELLINGS = [
    "12.05.1980", "12.05.80", "12. Mai 1980", "12.5.1980", "1980-05-12", "12.V.1980", "12. V. 1980", "19800512",
    "12/05/1980", "12-05-1980", "12 05 1980", "12.Mai 1980", "Mai 1980", "12. 05. 1980", "12ter Mai 1980", "05/1980",
    "1980/05/12", "12.05.'80", "12. Mai", "1980",
]
BORN = [
    "geb. am {}", "geboren: {}", "Geburtsdatum: {}", "Geb.-Datum {}", "GebDat: {}", "geb.{}", "Geburtsdatum\n{}",
    '"geburtsdatum": "{}"', "<geburtsdatum>{}</geburtsdatum>", "dob={}", '"dateOfBirth" : "{}"',
    "Geburtsdatum (TT.MM.JJJJ): {}", "geburts_datum: '{}'",
]


@pytest.mark.parametrize("before", BORN)
def test_a_birth_date_is_found_behind_every_label_in_every_spelling(detector: RuleDetector, before: str) -> None:
    wrong = {}
    for spelling in SPELLINGS:
        marked = before.replace("{}", f"[[BIRTHDATE|{spelling}]]")
        found = faults(detector, marked) if len(spelling) > 4 or ":" in before or "am" in before else []
        if found:
            wrong[spelling] = found
    assert not wrong


POSITIVE = [
    "**Geburtsdatum:** [[BIRTHDATE|12.12.1990]]", "**Geb.:** [[BIRTHDATE|12.12.1990]]",
    "__Geburtsdatum:__ [[BIRTHDATE|12.12.1990]]", "<b>geb.:</b> [[BIRTHDATE|12.12.1990]]",
    "<td>geb.</td><td>[[BIRTHDATE|12.12.1990]]</td>", "`Geburtsdatum`: `[[BIRTHDATE|12.12.1990]]`",
    "Geburtsdatum — [[BIRTHDATE|12.12.1990]]", "Geburtsdatum ____[[BIRTHDATE|12.12.1990]]",
    "Sie ist seit [[DATE_SENSITIVE|Februar]] getrennt, der Mann zog aus.",
    "Kollege Lund ist krank seit [[DATE_SENSITIVE|März]].", "Müller, Anna, [[BIRTHDATE|12.05.1980]], Kiel",
    "1. Petersen, Jan, [[BIRTHDATE|03.11.1975]], Husum\n2. Hansen, Ute, [[BIRTHDATE|29.2.1964]], Niebüll",
    "- Yılmaz, Emre ([[BIRTHDATE|01.09.1990]])\n- Özkan, Leyla ([[BIRTHDATE|17.12.1988]])",
    "Anna Petersen (*[[BIRTHDATE|12.05.1980]])",
    "Anna Petersen (* [[BIRTHDATE|12.5.80]], † [[DATE_SENSITIVE|3.4.2021]])",
    "Karl Hansen (geb. [[BIRTHDATE|1.1.1950]], gest. [[DATE_SENSITIVE|2.2.2020]])",
    "Jan Petersen, geb. [[BIRTHDATE|3/11/75]] in Husum",
    "Zeugin: Ute Hansen, [[BIRTHDATE|29.02.1964]], wohnhaft in Niebüll",
    "Nachname: Hansen; Vorname: Ute; geb.: [[BIRTHDATE|29.02.64]]",
    "Herr Jan Petersen, geb. am [[BIRTHDATE|3. November 1975]] in Husum,",
    "Frau Ute Hansen geborene Lund, geb. [[BIRTHDATE|29.02.1964]]", "Jan Petersen ([[BIRTHDATE|3.11.1975]])",
    "Jan Petersen ([[BIRTHDATE|03.11.1975]]), Hafenweg", "die am [[BIRTHDATE|3. November 1975]] geborene Ute Hansen",
    "der am [[BIRTHDATE|3.11.1975]] in Husum geborene", "Geburtstag des Kindes: [[BIRTHDATE|14.02.2019]]",
    "Geburt des Kindes am [[BIRTHDATE|14.02.2019]]", "Jg. [[BIRTHDATE|1956]]", "Geburtsjahrgang [[BIRTHDATE|1956]]",
    "wird am [[BIRTHDATE|3. November]] 80 Jahre alt", "DoB: [[BIRTHDATE|3 Nov 1975]]",
    "born on [[BIRTHDATE|3 November 1975]]", "Geb.: [[BIRTHDATE|00.00.1975]]",
    "Geburtsdatum und -ort: [[BIRTHDATE|03.11.1975]], Husum",
    "Geburtsort und -datum: Husum, [[BIRTHDATE|03.11.1975]]",
    "Geboren wurde ich am [[BIRTHDATE|3.11.1975]] in Husum.", "ich bin [[BIRTHDATE|1975]] geboren",
    "Geburtsname Lund, geboren [[BIRTHDATE|3.11.75]]",
    "| Name | Geb.-Datum | Ort |\n|---|---|---|\n| Hansen | [[BIRTHDATE|29.02.1964]] | Niebüll |",
    "Name\tgeb. am\tStatus\nHansen\t[[BIRTHDATE|29.02.64]]\toffen\nLund\t[[BIRTHDATE|3.11.75]]\toffen",
    "Name;Geburtsdatum;Sterbetag\nHansen;[[BIRTHDATE|1964-02-29]];[[DATE_SENSITIVE|2021-04-03]]",
    "lfd. Nr.,Name,Geb.-Datum,Ort\n1,Hansen,[[BIRTHDATE|29.02.1964]],Niebüll",
    ("Name          Geb.-Datum     Ort\nHansen        [[BIRTHDATE|29.02.1964]]     Niebüll\nLund          "
     "[[BIRTHDATE|03.11.1975]]     Husum"),
    "Name, Vorname            geb. am       seit\nHansen, Ute              [[BIRTHDATE|29.02.64]]      2019",
    ("Name    | Geburtstag\n--------+-----------\nHansen  | [[BIRTHDATE|29.02.1964]]\nLund    | "
     "[[BIRTHDATE|03.11.1975]]"),

    "Nachname  Vorname   Geburtsdatum\n========  ========  ============\nHansen    Ute       [[BIRTHDATE|29.02.1964]]",
    "| Kind | * | Kita |\n|---|---|---|\n| Mia | [[BIRTHDATE|14.02.2019]] | Nord |",
    "Name | gest. am\n--- | ---\nKarl Hansen | [[DATE_SENSITIVE|2.2.2020]]",
    "Name\tEheschließung am\tBescheid vom\nHansen\t[[DATE_SENSITIVE|17.06.2005]]\t03.03.2025",
    ("Mitarbeiter;AU von;AU bis;Bemerkung\n"
     "Hansen;[[DATE_SENSITIVE|03.02.2025]];[[DATE_SENSITIVE|14.02.2025]];Attest liegt vor"),
    ("PersNr,Name,krank_von,krank_bis\n"
     "[[CASH_NUMBER|00471]],Lund,[[DATE_SENSITIVE|2025-02-03]],[[DATE_SENSITIVE|2025-02-14]]"),
    "INSERT INTO person (name, vorname, geburtsdatum) VALUES ('Hansen', 'Ute', '[[BIRTHDATE|1964-02-29]]');",
    ("INSERT INTO buerger (id, name, geb_dat, ort) VALUES\n(17, 'Hansen', '[[BIRTHDATE|1964-02-29]]', "
     "'Niebüll'),\n(18, 'Lund', '[[BIRTHDATE|1975-11-03]]', 'Husum');"),
    "UPDATE person SET birth_date = DATE '[[BIRTHDATE|1980-05-12]]' WHERE id = 4",
    "WHERE geburtsdatum = TO_DATE('[[BIRTHDATE|12.05.1980]]', 'DD.MM.YYYY')",
    '<person geburtsdatum="[[BIRTHDATE|1980-05-12]]" sterbedatum="[[DATE_SENSITIVE|2021-04-03]]"/>',
    '<birthDate value="[[BIRTHDATE|1980-05-12]]"/>',
    "<xmeld:geburtsdatum>[[BIRTHDATE|1980-05-12]]</xmeld:geburtsdatum>",
    '{"geburt": {"datum": "[[BIRTHDATE|1980-05-12]]", "ort": "Husum"}}'.replace('"Husum"', "null"),
    '{"birth_date":"[[BIRTHDATE|1980-05-12T00:00:00Z]]"}', "birthdate: [[BIRTHDATE|1980-05-12]]",
    '{"sterbedatum": "[[DATE_SENSITIVE|2021-04-03]]", "heiratsdatum": "[[DATE_SENSITIVE|2005-06-17]]"}',
    "Feld GEBDAT Wert [[BIRTHDATE|19800512]]", "GEBDAT=[[BIRTHDATE|19800512]];ORT=", "BDAY:[[BIRTHDATE|19800512]]",
    "verst. [[DATE_SENSITIVE|03.04.2021]]", "† [[DATE_SENSITIVE|3.4.2021]]",
    "Todestag: [[DATE_SENSITIVE|3. April 2021]]", "Sterbetag [[DATE_SENSITIVE|03.04.2021]]",
    "verstarb am [[DATE_SENSITIVE|03.04.2021]] in Husum", "ist am [[DATE_SENSITIVE|3. April 2021]] verstorben",
    "Der Erbfall trat am [[DATE_SENSITIVE|03.04.2021]] ein.",
    "der am [[DATE_SENSITIVE|03.04.2021]] verstorbenen Ute Hansen", "gest. [[DATE_SENSITIVE|03.04.21]]",
    "Todeszeitpunkt: [[DATE_SENSITIVE|03.04.2021]], [[DATE_SENSITIVE|04:15 Uhr]]",
    "tot aufgefunden am [[DATE_SENSITIVE|03.04.2021]]",
    "Sterbefall vom [[DATE_SENSITIVE|03.04.2021]]", "der am [[DATE_SENSITIVE|3.4.21]] Verstorbene",
    "Tag des Todes: [[DATE_SENSITIVE|03.04.2021]]", "Die Beerdigung fand am [[DATE_SENSITIVE|09.04.2021]] statt.",
    "Nach dem Tod meines Mannes am [[DATE_SENSITIVE|3. April]] komme ich nicht zurecht.",
    "verh. seit [[DATE_SENSITIVE|17.06.2005]]", "Eheschließung am [[DATE_SENSITIVE|17.06.2005]] in Husum",
    "verh. [[DATE_SENSITIVE|2005]], gesch. [[DATE_SENSITIVE|2016]]", "gesch. seit [[DATE_SENSITIVE|12.05.2016]]",
    "Scheidung rechtskräftig seit [[DATE_SENSITIVE|12.05.2016]]", "verwitwet seit [[DATE_SENSITIVE|03.04.2021]]",
    "Scheidung, rechtskräftig seit dem [[DATE_SENSITIVE|12. Mai 2016]]", "verw. seit [[DATE_SENSITIVE|2021]]",
    "Familienstand: geschieden ([[DATE_SENSITIVE|12.05.2016]])",
    "Familienstand: verheiratet seit [[DATE_SENSITIVE|17.06.2005]]", "Trennung am [[DATE_SENSITIVE|1.3.2015]]",
    "Trennungsdatum: [[DATE_SENSITIVE|01.03.2015]]", "dauernd getrennt lebend seit [[DATE_SENSITIVE|01.03.2015]]",
    "seit dem [[DATE_SENSITIVE|1. März 2015]] leben wir getrennt", "Trennungszeitpunkt [[DATE_SENSITIVE|März 2015]]",
    "Hochzeit: [[DATE_SENSITIVE|17.6.2005]]", "Wir haben am [[DATE_SENSITIVE|17.06.2005]] geheiratet.",
    "Ehe geschlossen am [[DATE_SENSITIVE|17.06.2005]]", "Die Ehe wurde am [[DATE_SENSITIVE|12.05.2016]] geschieden.",
    "Tag der Eheschließung: [[DATE_SENSITIVE|17.06.2005]]",
    "Ehescheidung rechtskräftig am [[DATE_SENSITIVE|12.05.2016]]",
    "Lebenspartnerschaft begründet am [[DATE_SENSITIVE|5.5.2012]]", "Trautermin: [[DATE_SENSITIVE|28.03.2026]]",
    "AU vom [[DATE_SENSITIVE|03.02.2025]] bis [[DATE_SENSITIVE|14.02.2025]]",
    "krank seit [[DATE_SENSITIVE|3.2.2025]]",
    "arbeitsunfähig vom [[DATE_SENSITIVE|03.02.]] bis [[DATE_SENSITIVE|14.02.2025]]",
    "AU-Bescheinigung ab [[DATE_SENSITIVE|03.02.2025]]", "krankgeschrieben bis [[DATE_SENSITIVE|14.02.2025]]",
    "Erkrankt seit: [[DATE_SENSITIVE|03.02.2025]]", "Krankheitsbeginn: [[DATE_SENSITIVE|03.02.2025]]",
    "Entbindungstermin: [[DATE_SENSITIVE|14.08.2025]]",
    "voraussichtlicher Entbindungstermin [[DATE_SENSITIVE|14.8.2025]]",
    "ET: [[DATE_SENSITIVE|14.08.2025]] (errechneter Termin)",
    "errechneter Geburtstermin: [[DATE_SENSITIVE|14.08.2025]]", "Unfalltag: [[DATE_SENSITIVE|07.01.2025]]",
    "Unfalldatum [[DATE_SENSITIVE|07.01.2025]]", "Dienstunfall vom [[DATE_SENSITIVE|07.01.2025]]",
    "stationär vom [[DATE_SENSITIVE|07.01.]] bis [[DATE_SENSITIVE|21.01.2025]]",
    "Klinikaufenthalt vom [[DATE_SENSITIVE|07.01.2025]] bis zum [[DATE_SENSITIVE|21.01.2025]]",
    "Reha ab [[DATE_SENSITIVE|1.2.2025]]", "OP am [[DATE_SENSITIVE|7. Januar 2025]]",
    "Mutterschutz ab [[DATE_SENSITIVE|03.07.2025]]", "Beginn der Mutterschutzfrist: [[DATE_SENSITIVE|03.07.2025]]",
    "wiedereingliederung ab [[DATE_SENSITIVE|03.03.2025]]", "Kollege Lund ist bis [[DATE_SENSITIVE|14.11.]] krank.",
    "Krankmeldung Lund: [[DATE_SENSITIVE|03.02.2025 - 14.02.2025]]",
    "Diagnose gestellt am [[DATE_SENSITIVE|07.01.2025]]",
    "Aufnahme meiner Mutter in die Psychiatrie am [[DATE_SENSITIVE|07.01.2025]]",
]


@pytest.mark.parametrize("marked", POSITIVE)
def test_dates_of_a_person_are_found(detector: RuleDetector, marked: str) -> None:
    assert faults(detector, marked) == []


NEGATIVE = [
    "Im August heiraten besonders viele Paare.", "Das Standesamt bietet Trauungen bis Ende September an.",
    "Bescheid vom 12.05.2025", "Ihr Schreiben vom 12. Mai 2025", "Sitzung am 12.05.2026 um 17 Uhr",
    "Frist bis 31.12.2025", "Kiel, den 12.05.2025", "Kiel, 12.05.2025", "Datum: 12.05.2025", "Stand: 12.05.2025",
    "Antrag gestellt am 12.05.2025", "Der Vertrag läuft vom 01.01.2025 bis 31.12.2025.", "Rechnung vom 12.05.2025",
    "gültig bis 12.05.2030", "eingegangen am 12.05.2025", "Termin: 12.05.2025, 9:30 Uhr",
    "seit dem 1. Mai 2025 geltenden Recht", "Satzung vom 12.05.2010 in der Fassung der 3. Änderung vom 17.06.2015",
    "BGBl. I 2010 S. 1856", "Bauantrag vom 12.05.2025, Baubeginn 01.07.2025", "Umzug am 01.03.2025",
    "Wohngeld ab 01.03.2025", "Die Satzung tritt am 1. Januar 2026 in Kraft.", "Wahl am 23.02.2025",
    "Urteil vom 12.05.2010", "Die Kita ist vom 22.12.2025 bis 02.01.2026 geschlossen.",
    "Haushaltsjahr 2025, Produkt 31.1.01", "Schulferien: 12.10. bis 24.10.2025", "Öffnungszeiten ab 01.04.2025",
    "2025-05-12 10:33:12 INFO started", "[12/May/2025:10:33:12 +0200] GET /index", "erstellt: 2025-05-12",
    '{"created_at": "2025-05-12T10:33:12Z"}', "created_date: 2025-05-12, version: 2.3.1",
    "INSERT INTO log (id, ts, status) VALUES (17, '2025-05-12', 'ok');",
    "| Datum | Thema | Ort |\n|---|---|---|\n| 12.05.2025 | Haushalt | Ratssaal |", "Rückmeldung bis 14.11. erbeten",
    "Name\tEingang\tBescheid\nHansen\t12.05.2025\t17.06.2025", "Vorlage 2025/044 vom 12.05.2025",
    "Der Verein wurde am 12.05.1999 aufgelöst.", "Die Stelle ist ab 01.07.2025 zu besetzen.",
    "Der Erlass vom 12.05.2010 ist aufgehoben.", "Die Müllabfuhr verschiebt sich vom 03.10. auf den 04.10.2025.",
    "Die Untersuchung des Trinkwassers am 12.05.2025 ergab keine Beanstandung.",
    "Grundsteuer B, fällig am 15.05.2025", "Die Trennung des Abwassers beginnt am 01.07.2025.",
    "Besprechung mit Herrn Lund, 12.05.2025, 9 Uhr", "Erfasst von Ute Hansen, 12.05.2025",
    "Protokoll: Ute Hansen, 12.05.2025", "gez. Hansen, 12.05.2025", "Vermerk (Hansen, 12.05.2025)",
    "Umlaufbeschluss, Kiel, 12.05.2010", "Ausbau der Trasse: Trennung der Spuren, Beginn 03/2026",
    "In der Krankenhausplanung 2025 und bis 2030", "Krankenhausfinanzierungsgesetz vom 10. April 1991",
    "Der Ausschuss für Soziales tagte am 12.05.2025 zum Thema Tod und Trauer.",
    "Unfallstatistik 2024: 312 Unfälle, davon 4 mit Todesfolge", "Hochzeitsmesse am 17.01.2026 in der Stadthalle",
    "Die Trauzimmer sind am 12.05.2025 geschlossen.", "Das Trauzimmer kann ab 2026 gebucht werden.",
    "Kinder- und Jugendfest am 12.05.2025", "Die geb. Kosten 2025", "Bestattungsgebührensatzung vom 12.05.2010",
    "Elternzeitgesetz 2015", "Reha-Zentrum seit 1985", "Friedhofssatzung in der Fassung vom 03.04.2021",
]


@pytest.mark.parametrize("text", NEGATIVE)
def test_dates_of_ordinary_business_stay(detector: RuleDetector, text: str) -> None:
    assert faults(detector, text) == []
