"""Tables: text with ``[[TYPE|surface]]`` -> exactly these findings (noted ones aside), and texts that hold none."""

from __future__ import annotations

import re

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from gateway.model.finding import Finding, Passage

MARK = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


def unmark(marked: str) -> tuple[str, list[tuple[str, str]]]:
    return MARK.sub(lambda m: m[2], marked), [(m[1], m[2]) for m in MARK.finditer(marked)]


def found(detector: RuleDetector, text: str) -> list[Finding]:
    return [f for f in detector.find(Passage(text)) if not f.noted]


POSITIVE = [
    # e-mail
    "Schreiben Sie an [[EMAIL|sabine.lindqvist@example.org]].",
    "Mail: [[EMAIL|müller@städte.example]], danke",
    "[[EMAIL|erika.muster(at)stadt.example]]",
    "[[EMAIL|erika.muster [at] stadt [dot] example]]",
    # telephone
    "Tel. [[PHONE|05241 / 98 76 54]]",
    "mobil [[PHONE|0171-2345678]] erreichbar",
    "Telefon: [[PHONE|+49 (0)5241 98 76 55]]",
    "Rufnummer [[PHONE|(030) 231 25 311]]",
    "Sie erreichen ihn unter [[PHONE|0049 221 471093]].",
    "Durchwahl [[PHONE|-234]]",
    "Telefonnummer [[PHONE|4 81 12 26]]",
    # IBAN
    "IBAN [[IBAN|DE89 3704 0044 0532 0130 00]]",
    "auf [[IBAN|DE89370400440532013000]] überweisen",
    "[[IBAN|de89 3704 0044 0532 0130 00]]",
    "[[IBAN|DE89-3704-0044-0532-0130-00]]",
    "[[IBAN|DE89 3704 0044\n0532 0130 00]]",
    "[[IBAN|DE89\u00a03704\u00a00044\u202f0532\u00a00130\u00a000]]",
    "[[IBAN|DE88 3704 0044 0532 0130 00]] (Zahlendreher)",
    "[[IBAN|GB82 WEST 1234 5698 7654 32]] und mehr",
    "Kto. [[IBAN|532013000]]",
    # cards
    "Karte [[CARD|4111 1111 1111 1111]]",
    "[[CARD|4111-1111-1111-1111]]",
    "[[CARD|5500 0000 0000 0005]]",
    # tax
    "[[TAX_ID|86 095 742 719]]",
    "[[TAX_ID|86095742719]]",
    "[[TAX_ID|86\u202f095\u202f742\u202f719]]",
    "IdNr. [[TAX_ID|86 095 742 718]]",
    "Steuer-ID: [[TAX_ID|12345678901]]",
    "Steuernummer [[TAX_NUMBER|351/5123/4567]]",
    "St.-Nr.: [[TAX_NUMBER|5351051234567]]",
    # social security and health
    "[[SOCIAL_SECURITY|15 070649 C 103]]",
    "[[SOCIAL_SECURITY|15070649C103]]",
    "[[SOCIAL_SECURITY|15000049C109]]",
    "RVNR [[SOCIAL_SECURITY|15 070649 C 104]]",
    "[[HEALTH_INSURANCE|A000500015]]",
    "KVNR: [[HEALTH_INSURANCE|A000500016]]",
    # papers
    "[[ID_CARD|L01X00T47]]",
    "Personalausweis [[ID_CARD|L01X00T471]]",
    "Reisepass [[PASSPORT|C01X00T47]]",
    "[[PASSPORT|C01X00T478]]",
    "passport [[PASSPORT|G2841097]]",
    "Aufenthaltstitel Nr. [[RESIDENCE_PERMIT|Y12345678]]",
    "[[ID_CARD|IDD<<L01X00T471<<<<<<<<<<<<<<<]]",
    "Führerschein [[DRIVER_LICENCE|B072RRE2I55]]",
    "[[DRIVER_LICENCE|B072RRE2I55]]",
    # plates
    "[[PLATE|GT-SK 1984]] war geparkt",
    "Der Pkw [[PLATE|B-AB 123E]]",
    "Kennzeichen: [[PLATE|GT SK 984]]",
    "Das Auto mit [[PLATE|HH-MM 12]]",
    # addresses
    "wohnhaft [[ADDRESS|Friedrich-Ebert-Str. 117a, 33330 Gütersloh]].",
    "Sie wohnt in der [[ADDRESS|Lindenstraße 3]].",
    "zieht nach [[ADDRESS|31134 Hildesheim]] um",
    "[[ADDRESS|Hinter der Mauer 12]]",
    "Frau [[PERSON|Alt]], [[ADDRESS|Lange Reihe 7\n18055 Rostock]]",
    "Anschrift: [[ADDRESS|Am Alten Markt 5 b, 61348 Bad Homburg]]",
    "[[ADDRESS|Postfach 1234]]",
    # dates
    "geb. am [[BIRTHDATE|07.11.1984]]",
    "geboren am [[BIRTHDATE|7. November 1984]] in Gütersloh",
    "(*[[BIRTHDATE|18.10.1944]])",
    "Geburtsdatum: [[BIRTHDATE|1985-03-17]]",
    "am [[BIRTHDATE|2. Februar 1971]] geboren",
    "geschieden seit dem [[DATE_SENSITIVE|12.05.2021]]",
    "verstorben am [[DATE_SENSITIVE|3. März 2024]]",
    # references
    "Az. [[CASE_NUMBER|50.2-WG-2024/004711]]",
    "Aktenzeichen: [[CASE_NUMBER|32.3-H-2025/041]]",
    "Unser Zeichen: [[CASE_NUMBER|51-UV-1234/25]]",
    "Staatsanwaltschaft, [[CASE_NUMBER|12 Js 345/24]]",
    "Kassenzeichen [[CASH_NUMBER|8.8001.1234.5678.9]]",
    "Kundennummer: [[CASH_NUMBER|4711-0815]]",
    "BG-Nummer [[CASH_NUMBER|35502//0012345]]",
    "Personalnr. [[CASH_NUMBER|0048213]]",
    "Mandatsreferenz [[CASH_NUMBER|MR-2024-00815]]",
    "[[PARCEL|Gemarkung Gütersloh, Flur 7, Flurstück 123/4]]",
    "Grundbuch von Gütersloh [[PARCEL|Blatt 4711]]",
    # network
    "IP [[IP|198.51.100.23]]",
    "[[IP|2001:db8::8a2e:370:7334]]",
    "account [[USERNAME|bvogel2]]",
    "Benutzername: [[USERNAME|amueller]]",
    # persons
    "Sehr geehrte Frau [[PERSON|Krüger]],",
    "Sehr geehrte Frau Dr. [[PERSON|Arslan]], sehr geehrter Herr Prof. Dr. med. [[PERSON|Öztürk]],",
    "Herrn [[PERSON|Walid Saleh]]",
    "Herr [[PERSON|von der Heide]] rief an",
    "Frau [[PERSON|Müller-Lüdenscheidt]] kommt",
    "Frau [[PERSON|Freitag]] ist krank",
    "Frau [[PERSON|Müller]] Wohngeld bewilligen",
    "Frau [[PERSON|Anna Richter]] Wohngeld bewilligen",
    "Herr [[PERSON|M. K.]] wartet",
    "Eheleute [[PERSON|Anna]] und [[PERSON|Bernd Alt]]",
    "Herr Bürgermeister [[PERSON|Hasselfeldt]]",
    "Name: [[PERSON|Nguyen, Van Anh]]",
    "Antragsteller: [[PERSON|Mehmet Yıldırım]]",
    "Sachbearbeiter/in: [[PERSON|Kowalska]]",
    'x {"nachname": "[[PERSON|Haddad]]", "vorname": "[[PERSON|Rania]]"}',
    "Zeugen: [[PERSON|Karl-Heinz Brömme]], [[PERSON|Ümit Yılmaz]]",
    "Ausweisnr. [[ID_CARD|L8ZK 92 XR1]], gültig",
    "gez. [[PERSON|Schmitz]]",
    "Mit freundlichen Grüßen\n\nIm Auftrag\n[[PERSON|Kerstin Hollmann]]\nStadt Musterstadt",
    "Viele Grüße\n[[PERSON|Zoran]]",
    "Hallo [[PERSON|Frank]],\nwie geht es?",
    "meine Tochter [[PERSON|Irina Feldmann]] kommt",
    "Ich heiße [[PERSON|Elfriede Lang]], geborene [[PERSON|Bäcker]].",
    "Mr [[PERSON|Doğan]] called",
    "Name\tTelefon\n[[PERSON|Kaiser, Gundula]]\t[[PHONE|0171 3920040]]\n[[PERSON|Wang Lei]]\t[[PHONE|0171 3920041]]",
    "| Kind | geb. |\n|---|---|\n| [[PERSON|Defne]] | [[BIRTHDATE|03.04.22]] |",
]


@pytest.mark.parametrize("marked", POSITIVE)
def test_exactly_the_marked_spans_are_found(detector: RuleDetector, marked: str) -> None:
    text, expected = unmark(marked)
    got = found(detector, text)
    spans = [(f.entity, text[f.start:f.end]) for f in got]
    for one in expected:
        assert one in spans
    covered = {i for f in got for i in range(f.start, f.end)}
    assert sum(len(surface) for _, surface in expected) == len(covered), spans


NEGATIVE = [
    "Nach § 19 WoGG und Art. 3 GG in der Fassung vom 24.09.2008 (BGBl. I S. 1856) gilt Abs. 2 Nr. 3.",
    "Die Kosten betragen 12345 Euro, davon 1.234.567,89 EUR aus Produkt 06.36.03.",
    "Die Antwort kostet 12345 Euro.",
    "DIN EN 1090 und VDI 6022, ISO 27001, II-B-12, bis zu 30, um ca 14, am Do 12, ist so 18, von ca 500",
    "vor dem 1. Januar 1964 geboren; Zeichen 242.1 und (Zeichen 224); Verfahren nach den Sätzen 1 und 2",
    "BSG vom 14.04.2011 - B 8 SO 19/09 R",
    "Zimmer 117, Raum 2.05, 3. Stock",
    "Sehr geehrte Damen und Herren,",
    "Sehr geehrte Frau Bürgermeisterin, sehr geehrter Herr Landrat,",
    "Die Frau des Bürgermeisters kam.",
    "Herr und Frau haben gleiche Rechte. Jede Frau Anspruch auf Schutz.",
    "Rufen Sie die 115 an, im Notfall 110 oder 112, den Bereitschaftsdienst unter 116 117. Telefon 115",
    "poststelle@stadt.example, info@musterstadt.example und presse@kreis.example",
    "Sitzung am 12.03.2026 um 17:30 Uhr, Vorlage 2026/044, Beschluss 12/2025",
    "Das Rathaus, Rathausplatz 1, 12345 Musterstadt, ist geöffnet.",
    "Stadt Musterstadt, Bahnhofstraße 5, 12345 Musterstadt",
    "BVerwG, Urteil vom 3.5.2012 - 5 C 12.20; BGH VIII ZR 123/20",
    "http://127.0.0.1:8080/healthz meldet 0.0.0.0, Version 1.14.2, Netz 10.0.0.0/8",
    "Im Jahr 2024 gab es 212 Anträge, am 1. Januar 2028 beginnt die Frist; Im Mai 2025 war Schluss.",
    "Mit freundlichen Grüßen\nIhre Stadtverwaltung",
    "Hallo zusammen, liebe Kolleginnen und Kollegen, guten Tag!",
    "Name der Behörde: Stadt Musterstadt. Kontakt: siehe Anlage",
    "Der Antragsteller muss einen Antrag stellen. Die Mutter Kind Kur wird gezahlt.",
    "Der user kann sich nicht einloggen, der Account ist gesperrt.",
    "Blatt 2 von 3, Flur im 2. Stock",
    "Die Erfurter Straße wird gesperrt. Im Schillerpark fehlt Licht.",
    "HRB 12345, USt-IdNr. DE136695976",
    "i. V. m. § 220 AO; i. S. d. § 82 SGB XII",
    "Dr.-Külz-Straße wird saniert",
    "- [ ] 1. Punkt\n- [ ] 2. Punkt\n* Liste 12\n** fett **",
    "def find(self, x: int = 0x1F) -> None: return 404",
]


@pytest.mark.parametrize("text", NEGATIVE)
def test_ordinary_text_stays(detector: RuleDetector, text: str) -> None:
    assert [(f.entity, text[f.start:f.end]) for f in found(detector, text)] == []


@pytest.mark.parametrize(("text", "entity"), [
    ("Frau Alt ist an Parkinson erkrankt.", "HEALTH"),
    ("Mein Sohn hat GdB 50.", "HEALTH"),
    ("Herr Alt ist katholisch.", "RELIGION"),
    ('{"name": "x", "staatsangehoerigkeit": "SYR"}', "ORIGIN"),
    ("Herr Alt ist vorbestraft.", "CRIME"),
    ("Frau Alt ist Gewerkschaftsmitglied.", "ART9"),
    ("Mein Sohn ist schwul.", "ART9"),
    ("Herr Alt hat Mietschulden und eine Kontopfändung.", "FINANCE"),
    ("Es gilt das Offenbarungsverbot.", "ADDRESS_BLOCK"),
    ("VS-NfD", "CLASSIFIED"),
    ("VS – NUR FÜR DEN DIENSTGEBRAUCH", "CLASSIFIED"),
    ("Es besteht eine Auskunftssperre.", "ADDRESS_BLOCK"),
])
def test_special_details_are_noted_and_stay_in_the_text(detector: RuleDetector, text: str, entity: str) -> None:
    assert entity in {f.entity for f in detector.find(Passage(text)) if f.noted}


def test_an_illness_in_a_question_about_a_statute_is_not_noted(detector: RuleDetector) -> None:
    assert detector.find(Passage("Gilt § 37 SGB V auch bei Epilepsie oder Diabetes?")) == ()


def test_a_genitive_s_stays_outside_when_the_name_stands_nearby(detector: RuleDetector) -> None:
    text = "Frau Krüger war da. Herrn Krügers Antrag liegt vor."
    assert "Krügers" not in {text[f.start:f.end] for f in found(detector, text)}
    followed = "Herr Grabowski kam. Herrn Grabowskis Zipfelblatt fehlt."
    assert {followed[f.start:f.end] for f in found(detector, followed)} == {"Grabowski"}
    alone = "Herr Peters war da."
    assert {alone[f.start:f.end] for f in found(detector, alone)} == {"Peters"}


def test_validated_numbers_may_be_propagated_and_uncertain_dates_not(detector: RuleDetector) -> None:
    text = "IBAN DE89 3704 0044 0532 0130 00, verstorben am 3. März 2024"
    certain = {f.entity: f.certain for f in found(detector, text)}
    assert certain == {"IBAN": True, "DATE_SENSITIVE": False}


@pytest.mark.parametrize(("label", "text", "entity"), [
    ("nachname", "Haddad", "PERSON"), ("vorname", "rania", "PERSON"), ("geburtsdatum", "1985-03-17", "BIRTHDATE"),
    ("plz", "06110", "ADDRESS"),
    ("ort", "Halle", "ADDRESS"), ("telefon", "4711226", "PHONE"), ("kassenzeichen", "471108", "CASH_NUMBER"),
    ("geb", "01.02.2003", "BIRTHDATE"),
    ("iban", "DE88 3704 0044 0532 0130 00", "IBAN"), ("strasse", "Turmstraße", "ADDRESS"),
])
def test_the_key_of_a_json_value_is_its_context(detector: RuleDetector, label: str, text: str, entity: str) -> None:
    whole = [(f.start, f.end) for f in detector.find(Passage(text, label)) if f.entity == entity]
    assert whole == [(0, len(text))]


