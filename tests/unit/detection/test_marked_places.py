"""Lists, records, dictation, logs, headings: where no label stands right before what is personal."""

from __future__ import annotations

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from tests.support.marked import faults


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


POSITIVE = [
    ("BuKr   Kreditor-Konto   Name                 Betrag\n"
     "1000   [[CASH_NUMBER|70014711]]         Malerbetrieb West    1.200,00\n"
     "1000   [[CASH_NUMBER|70014890]]         Elektro Nord           310,55"),
    ("Debitor      Name 1                    Saldo\n"
     "[[CASH_NUMBER|10004455]]     Schröder Karin             120,00\n"
     "[[CASH_NUMBER|10004456]]     Petersen Uwe                55,10"),
    ("INSERT INTO leser (vorname, nachname, ausweis, geboren) VALUES ('Karin', 'Schröder', "
     "'[[CASH_NUMBER|L204477]]', '[[BIRTHDATE|1961-05-17]]');"),
    ("insert into ausleihe (medium, leserkarte, faellig) values ('Atlas', '[[CASH_NUMBER|B-10293]]', "
     "'2025-03-01'), ('Roman', '[[CASH_NUMBER|B-22011]]', '2025-03-04');"),
    "Ihre Debitornummer [[CASH_NUMBER|200345]] bleibt gleich, Debitor-Nr.: [[CASH_NUMBER|200345]].",
    ("Beitragskonto [[CASH_NUMBER|4455-667]] ist ausgeglichen. Beitrags-Nr. [[CASH_NUMBER|88123]] bitte "
     "angeben. Grundsicherungs-Nr. [[CASH_NUMBER|GS-4410]] und GruSi-Nr. [[CASH_NUMBER|55010]]."),
    ("Betriebsnummer [[CASH_NUMBER|276 05 334 0021]] (Landwirtschaft). Bibliotheksausweis-Nr. [[CASH_NUMBER|B "
     "004 711]]. Betriebsnr.: [[CASH_NUMBER|12345678]]"),
    ("mitarbeiter:\n"
     "  - id: [[CASH_NUMBER|P-30412]]\n"
     "    name: Karin Schröder\n"
     "  - id: [[CASH_NUMBER|P-30413]]\n"
     "    name: Uwe Petersen"),
    "Karin Schröder [[BIRTHDATE|17.05.1961]]",
    ("1. Karin Schröder, [[BIRTHDATE|17.05.1961]]\n"
     "2. Uwe Petersen [[BIRTHDATE|02.11.1958]]\n"
     "3. Mehmet Yıldız, [[BIRTHDATE|30.01.1990]]"),
    ("Teilnehmer:\n"
     "- Karin Schröder [[BIRTHDATE|17.5.61]]\n"
     "- Uwe Petersen, [[BIRTHDATE|2.11.58]]"),
    ("Geburtstag.........: [[BIRTHDATE|17.05.1961]]\n"
     "Geboren am         : [[BIRTHDATE|17.05.1961]] in Husum\n"
     "geb. am ..........: [[BIRTHDATE|2.3.1977]]"),
    "Der Bruder Uwe ([[BIRTHDATE|1958]]) und die Schwester Karin ([[BIRTHDATE|1961]]) erben.",
    "Kinder: Lena ([[BIRTHDATE|3. Mai 2015]]) und Ole ([[BIRTHDATE|12. Juni 2018]])",
    ("Geb. am [[BIRTHDATE|17.05.1961]], laut Melderegister [[BIRTHDATE|17.06.1961]]. Richtig sollte "
     "[[BIRTHDATE|17.05.1961]] heißen."),
    ("Als Geburtsdatum ist der [[BIRTHDATE|17.05.1961]] eingetragen, sie gab aber den [[BIRTHDATE|15.07.1961]] "
     "an."),
    "*[[BIRTHDATE|12.05.]] hat Oma Lisbeth",
    "* [[BIRTHDATE|12.05.1950]] in Husum",
    "geb. [[BIRTHDATE|17. 05. 19 61]] wohnhaft in Husum",
    "Geburtsdatum: [[BIRTHDATE|1 7.05.1961]]",
    "Kfz-Kennzeichen [[PLATE|NF - KS 412]] und [[PLATE|NF- KS 413]], Halter [[PLATE|NF -KS 414]]",
    ("Name;Vorname;PLZ\n"
     "Schröder;Karin;[[ADDRESS|25813]]\n"
     "Petersen;Uwe;[[ADDRESS|25813]]"),
    ("1. Schröder, Karin, [[ADDRESS|25813]]\n"
     "2. Petersen, Uwe, [[ADDRESS|25821]]\n"
     "3. Nissen, Antje, [[ADDRESS|25813]]"),
    ("Schröder Karin   [[ADDRESS|25813]]\n"
     "Petersen Uwe     [[ADDRESS|25821]]\n"
     "Nissen Antje     [[ADDRESS|25813]]"),
    "ja also ich wohne in der [[ADDRESS|lerchenstraße vierzehn]] in [[ADDRESS|zwei fünf acht eins drei husum]]",
    "sie wohnt im [[ADDRESS|amselweg sieben]] und ist neu hier",
    "[[ADDRESS|Hafenweg 3, 25813 Bad Segeberg]]",
    "wohnhaft [[ADDRESS|Lerchenstr. 4, 25813 Klein Rönnau]], früher [[ADDRESS|Hafenweg 3, 24105 Neu Wulmstorf]]",
    ("wohnhaft [[ADDRESS|Lerchenstraße 4, 24105 Neumüns-\n"
     "ter]], verzogen"),
    "Anschrift: [[ADDRESS|Hafenweg 3, 25813 Sankt Peter]]",
    "Anschrift: [[ADDRESS|Hafenweg 3, 23669 Timmendorfer Strand]]",
    ("Die Eheleute leben seit [[DATE_SENSITIVE|März]] getrennt. Herr Schröder ist seit "
     "[[DATE_SENSITIVE|Oktober]] krank."),
    ("Frau Petersen ist im [[DATE_SENSITIVE|Herbst]] verstorben, der Mann starb schon im "
     "[[DATE_SENSITIVE|Sommer]]."),
    ("Er ist seit [[DATE_SENSITIVE|Weihnachten]] krankgeschrieben. Die Mutter ist an [[DATE_SENSITIVE|Ostern "
     "2023]] gestorben."),
    ("Sie trennten sich im [[DATE_SENSITIVE|Frühjahr]]. Trennung im [[DATE_SENSITIVE|Mai]], seitdem lebt sie "
     "bei der Schwester."),
    "Sie hat sich letzten [[DATE_SENSITIVE|Winter]] scheiden lassen.",
    "Im [[DATE_SENSITIVE|Februar]] hatte sie eine Fehlgeburt.",
    ("Jubiläen: Goldene Hochzeit Eheleute Petersen am [[DATE_SENSITIVE|14.06.]], Diamantene Hochzeit Eheleute "
     "Nissen [[DATE_SENSITIVE|21.06.2025]], 50. Hochzeitstag [[DATE_SENSITIVE|3. Juli]]"),
    "Eiserne Hochzeit: Familie Nissen, [[DATE_SENSITIVE|14.06.2025]]",
    ("Verstorben am [[DATE_SENSITIVE|03.04.2025]], [[DATE_SENSITIVE|14:35 Uhr]] in Husum. Todeszeitpunkt: "
     "[[DATE_SENSITIVE|03.04.2025, 14.35 Uhr]]"),
    ("Dienstunfall am [[DATE_SENSITIVE|12.02.2025]], seither arbeitsunfähig. Seit dem Einsatz am "
     "[[DATE_SENSITIVE|3.3.2025]] leidet er an Schlafstörungen."),
    "Niederschrift Widerspruchsverfahren Petersen – [[CASE_NUMBER|50-2024/117]]",
    "Betreff: Anhörung Schröder – [[CASE_NUMBER|32.1/4711/24]]",
    "Wohngeld Nissen / [[CASE_NUMBER|WG 2024/0815]]",
    ("Urkunde: [[CASE_NUMBER|UR 412/2023]] des Notars Dr. Petersen. UR-Nr. [[CASE_NUMBER|88/2024]], URNr. "
     "[[CASE_NUMBER|91/2024]]"),
    "<antrag id=\"[[CASE_NUMBER|BA-20417]]\" art=\"neu\"><vorgang id='[[CASE_NUMBER|WG-00123]]'/></antrag>",
    "siehe az [[CASE_NUMBER|12 js 345/24]] und az. [[CASE_NUMBER|710 js 1822/23]] v.",
    ("Polizeibericht ([[CASE_NUMBER|ST/0412/2025]]) liegt vor. Die Polizei hat den Vorfall aufgenommen "
     "([[CASE_NUMBER|20250412/0311/7]])."),
    "Protokoll Nr. [[CASE_NUMBER|SR-2024-17b]]? Index [[CASE_NUMBER|K4471]]",
    ("Konto [[USERNAME|kschroed]] gesperrt, Konto: [[USERNAME|upeters]]. Bitte das Konto [[USERNAME|a.nissen]] "
     "entsperren."),
    ("2025-03-01 10:22:11 INFO login user=[[USERNAME|kschroed]] ok\n"
     "Mar 01 10:22:11 srv sshd[311]: Accepted password for [[USERNAME|kschroed]] from [[IP|10.1.1.4]]"),
    ("Ablage unter \\\\fs01\\home$\\[[USERNAME|kschroed]] und "
     "\\\\srv-datei\\users\\[[USERNAME|upeters]]\\Dokumente sowie C:\\Users\\[[USERNAME|kschroed]]\\Desktop"),
    ("# geändert von [[USERNAME|kschroed]]\n"
     "Anordnende: [[USERNAME|kschroed]]"),
    "Versichertennummer [[HEALTH_INSURANCE|A123456780]], richtig ist [[HEALTH_INSURANCE|A123456798]].",
    ("Die KVNR lautet [[HEALTH_INSURANCE|M123456789]], auf der Karte steht dagegen "
     "[[HEALTH_INSURANCE|M123456798]]."),
    ("Geburtsjahr\n"
     "[[BIRTHDATE|1961]]"),
    "geboren am [[BIRTHDATE|siebzehnten Mai neunzehnhunderteinundsechzig]] in Husum",
    "ich bin am [[BIRTHDATE|dritten vierten einundsechzig]] geboren",
    "geb. [[BIRTHDATE|17. Mai neunzehnhunderteinundsechzig]]",
    "Wohnhaft: [[ADDRESS|Kiebitzhörn 7]]",
    "Petersen, Uwe, [[ADDRESS|Rosenhag 12]], Husum",
    "Sie erreichen mich unter [[PHONE|90 11 23]]. Oder Rückruf unter [[PHONE|04841 / 12 34]].",
    "ruf mich an [[PHONE|null eins sieben zwei drei drei vier fünf sechs sieben]]",
    "Auf dem Grundstück [[PARCEL|117/4]] und den Grundstücken [[PARCEL|118/2]] steht Wald.",
]
NEGATIVE = [
    ("Baujahr\n"
     "1961"),
    ("Termin 12.05. um 10 Uhr, Sitzung am 03.03.2025, Frist bis 30.04.2025. Herr Petersen kam im Mai zur "
     "Beratung."),
    "Im Sommer ist das Freibad offen, im Winter geschlossen. Frau Petersen leitet es seit März.",
    "Konto 5431000 (Geschäftsaufwendungen), Konto ausgeglichen, das Konto wurde gesperrt. Konto eröffnen.",
    "Beschluss – 12/2024 Vorlage, Drucksache 17/2024, TOP 3 – 4/2025",
    "Er zahlt unter 90 Euro, unter 25 Jahre, unter 12 34 ist nichts.",
    "Die zwei bis drei Räume sind frei, eins zwei drei vier fünf Kinder kamen nicht.",
    "In der Straße zwei Unfälle.",
    "auf dem Weg zwei Rehe gesehen",
    "am dritten Mai geht es los",
    "im Mai neunzehnhundertneunundachtzig fiel die Entscheidung",
    "Konto gesperrt, Konto prüfen, Konto wieder frei",
    "Das Konto wurde gelöscht, geändert von uns am Montag.",
    "erstellt von der Verwaltung, bearbeitet durch das Amt",
    "Status: id: 4711",
    ("- id: A100\n"
     "  name: Tisch"),
    "Sommerfest im Juli, Frau Petersen hält die Rede",
    "Im Winter ist das Bad zu, Herr Petersen öffnet im Mai.",
    "Die Hochzeitsmesse ist am 12.03.2025.",
    "Rathaus – Zimmer 12, Vorlage – 17/2025",
    "Öffnungszeiten – 08:00-12:00",
    "Haushalt 2025 – 4.1.2",
    "Version – 10.2.14",
    "Kapitel 3 – 12.03.2025",
    "Protokoll Nr. 4/2024",
    "Index 12",
    "Polizei (110)",
    "Anzeige (siehe Anlage 3)",
    "Grundstück 3/2024",
    "Grundstück mit 512 qm",
    "unter 1234 Stimmen erreicht",
    "Sie erreichen unter 25 Jahre alte Kinder",
    ("Liste\n"
     "Hauptstraße 25813\n"
     "Nebenstraße 25821"),
    ("Produkt, Tisch, 25813\n"
     "Produkt, Stuhl, 25821"),
    ("Bezeichnung 1   Menge\n"
     "Stuhl   12"),
    "Kaiser Karl (1519)",
    "der Rat (1958) beschloss",
    "Bauwerk von 1961, Schule (1958)",
    "Das Ausweisen von Bauland, laut Plan am 12.05.1999 beschlossen",
    "\\\\fs01\\daten\\amt50",
    "Accepted change for review",
    "Ostern und Weihnachten bleibt das Amt zu, Herr Petersen ist da.",
]


@pytest.mark.parametrize("text", POSITIVE)
def test_what_is_personal_is_found(detector: RuleDetector, text: str) -> None:
    assert faults(detector, text) == []


@pytest.mark.parametrize("text", NEGATIVE)
def test_what_is_not_stays(detector: RuleDetector, text: str) -> None:
    assert faults(detector, text) == []
