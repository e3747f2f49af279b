"""The categories of numbers in municipal text, and the ordinary words that their labels are made of.

Text with ``[[TYPE|surface]]`` -> exactly these findings; those that are only noted are marked ``[[TYPE?|surface]]``.
"""

from __future__ import annotations

import re

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from gateway.model.finding import Passage

MARK = re.compile(r"\[\[([A-Z_]+)(\??)\|(.*?)\]\]", re.S)


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


MARKED = [
    "Wirtschafts-Id [[TAX_NUMBER|DE123456789-00001]]",
    "MRZ:\n[[ID_CARD|IDD<<L01X00T471<<<<<<<<<<<<<<<]]\n[[ID_CARD|6408125<2702283D<<<<<<<<<<<<<4]]\n"
    "[[ID_CARD|MUSTERMANN<<ERIKA<<<<<<<<<<<<<]]",
    "[[PASSPORT|P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<]]",
    "AZR-Nummer [[CASE_NUMBER|123456789012]]", "AKN-Nr.: [[CASE_NUMBER|130405012345]]",
    "Aufenthaltstitel [[RESIDENCE_PERMIT|Y9CVK2R71]]",
    "Fahrgestellnummer: [[PLATE|WVWZZZ1JZXW000001]]", "Der Wagen ([[PLATE|WVWZZZ1JZXW000001]]) steht dort.",
    "Kto. [[IBAN|532013000]] BLZ 37040044", "Kontonummer: [[IBAN|532 013 000]]",
    "Kindergeldnummer: [[CASH_NUMBER|111FK396431]]", "Kindergeld-Nr. [[CASH_NUMBER|111 FK 396431]]",
    "BG-Nr. [[CASH_NUMBER|35502//0012345]]", "Kundennummer [[CASH_NUMBER|123A456789]]",
    "Wohngeldnummer: [[CASH_NUMBER|05-1234-567890]]", "Mandatsreferenz: [[CASH_NUMBER|GST-000815-01]]",
    "BAföG-Förderungsnummer [[CASE_NUMBER|2201234567]]", "Elterngeld-Az.: [[CASE_NUMBER|EG 12/2025-0815]]",
    "Schwerbehindertenausweis Nr. [[CASE_NUMBER|44/12-0815]]", "Az. Schwerbehindertenrecht: [[CASE_NUMBER|44/12-0815]]",
    "Unterhaltsvorschuss-Aktenzeichen [[CASE_NUMBER|51-UV-4711]]",
    "LANR [[CASH_NUMBER|123456601]], BSNR: [[CASH_NUMBER|021234567]]", "Betriebsnummer: [[CASH_NUMBER|12345678]]",
    "Wählerverzeichnisnummer [[CASH_NUMBER|0104/217]]", "Nr. im Wählerverzeichnis: [[CASH_NUMBER|217]]",
    "Schüler-Nr. [[CASH_NUMBER|4711/2025]]", "Kita-Nr. [[CASH_NUMBER|0815]]",
    "Bibliotheksausweis [[CASH_NUMBER|2001 4711]]", "Bibliotheksausweis-Nr.: [[CASH_NUMBER|B-200147]]",
    "Dienstausweis-Nr. [[CASH_NUMBER|22817]]", "Mitarbeiter-ID: [[CASH_NUMBER|48213]]",
    "Personal-Nr. [[CASH_NUMBER|00471]]", "Jagdschein Nr. [[CASH_NUMBER|117/2024]]",
    "eingetragen unter [[CASE_NUMBER?|HRB 12345]] und [[CASE_NUMBER?|VR 4711]], früher [[CASE_NUMBER?|GnR 12]]",
]


@pytest.mark.parametrize("marked", MARKED)
def test_exactly_the_marked_numbers_are_found(detector: RuleDetector, marked: str) -> None:
    text = MARK.sub(lambda m: m[3], marked)
    found = {(f.start, f.end, f.entity, f.noted) for f in detector.find(Passage(text))}
    outer = [one for one in found if not any(a <= one[0] and one[1] <= b and (a, b) != one[:2] for a, b, *_ in found)]
    assert [(entity, noted, text[start:end]) for start, end, entity, noted in sorted(outer)] == [
        (m[1], m[2] == "?", m[3]) for m in MARK.finditer(marked)]


@pytest.mark.parametrize("text", [
    "Die Kita Nr. ist bekannt. Schüler 12 bis 14 Jahre, 3 Kitas, 12 Bibliotheken",
    "Schüler und Lehrer; Kita 2025 geschlossen; Bibliothek 8 bis 18 Uhr; Dienst 24/7",
    "BIC COBADEFFXXX", "Gläubiger-ID DE98ZZZ09999999999", "USt-IdNr. DE136695976",
    "Die Mitarbeiter-Zeitung Nr. erscheint. Der Jagdschein kostet 60 Euro.",
    "Personal 2026: 14 Stellen; Betriebs- und Nebenkosten 2024: 812 Euro",
    "ABCDEFGHJKLMNPRST und 12345678901234567 und 0x1F2E3D4C5B6A7988",
    "HR-Abteilung, PR 2025, VR-Brille", "DE123456789-1",
])
def test_ordinary_words_and_public_numbers_stay(detector: RuleDetector, text: str) -> None:
    assert [(f.entity, text[f.start:f.end]) for f in detector.find(Passage(text)) if not f.noted] == []
