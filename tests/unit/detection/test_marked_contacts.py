"""Telephone numbers and e-mail addresses of people in every form, and those that belong to an office."""

from __future__ import annotations

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from tests.support.marked import faults


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


POSITIVE = [
    "0431/901-1234", "0 43 21 - 12 34 56", "+49 (0)431 901 1234", "+49 431 9011234", "0049 431 9011234",
    "(0431) 901 12 34", "0431 901-12 34", "0431-9011234", "0431.901.1234", "04 31 / 9 01 12 34", "+49-431-9011234",
    "+494319011234", "01511 2345678", "0151/123 456 78", "0171 - 23 45 678", "+49 171 2345678", "(0171) 2345678",
    "+43 1 5125123", "+48 22 123 45 67", "0043 1 5125123", "+90 532 123 45 67", "+380 44 123 4567", "030/2312 50-05",
    "04321/123456",
]
FRAMES = [
    "Tel. {}", "Tel.: {}", "Sie erreichen mich unter {}.", "T {}", "mobil: {}", "Rückruf bitte an {}, danke",
    "Fax {}", "Telefonnummer\n{}", '"telefon": "{}"', "<tel>{}</tel>", "tel:{}", "Ute Hansen ({})", "Handy-Nr. {}",
    "☎ {}", "Rufnr. {}", "Mobil-Nr.: {}", "Telefon privat: {}", "Tel. (privat): {}", "Tel. dienstl.: {}",
    "WhatsApp {}",
]
LABELLED = [
    "Tel. [[PHONE|12345]]", "Telefon: [[PHONE|90 11 23]]", "Handy [[PHONE|2345678]]", "Durchwahl [[PHONE|-4711]]",
    "App. [[PHONE|123]]", "DW [[PHONE|12]]", "DW: [[PHONE|-12]]", "Nebenstelle [[PHONE|4711]]",
    "Apparat [[PHONE|2214]]", "Hausapparat: [[PHONE|2214]]", "Tel. intern [[PHONE|2214]]",
    "Durchwahl: [[PHONE|4711]] (Lund)", "Frau Lund (Tel. [[PHONE|2214]])", "Kurzwahl [[PHONE|4711]]",
    "Ansprechpartnerin: Ute Lund, Tel. [[PHONE|0431 901-2214]]",
    "| Name | Tel. |\n|---|---|\n| Lund | [[PHONE|2214]] |", "Name\tDurchwahl\nLund\t[[PHONE|2214]]",
    "Name    Telefon\nLund    [[PHONE|2214]]\nVoss    [[PHONE|2215]]", "Durchw. [[PHONE|2214]]",
    "[[PHONE|0431 9011234]] oder [[PHONE|0171 2345678]]",
    "0431 901-0, Durchwahl [[PHONE|-2214]]".replace("0431 901-0", "[[PHONE|0431 901-0]]"),
    "Mail: [[EMAIL|ute.lund@example.org]]", "[[EMAIL|u_lund1980@web.example]]", "[[EMAIL|lund@stadt.example]]",
    "[[EMAIL|Ute.Lund@sub.stadt-kiel.example]]", "[[EMAIL|ute.lund(at)example.org]]",
    "[[EMAIL|ute.lund [at] example [punkt] org]]", "[[EMAIL|ute.lund AT example DOT org]]",
    "<[[EMAIL|ute.lund@example.org]]>", "mailto:[[EMAIL|ute.lund@example.org]]", "[[EMAIL|lund+amt@example.org]]",
    "[[EMAIL|müller@städte.example]]", "[[EMAIL|familie.lund@example.org]]", "[[EMAIL|jugend-ute@example.org]]",
    "[[EMAIL|jugendamt.lund@stadt.example]]", "[[EMAIL|lund-bauamt@stadt.example]]",
    "[[EMAIL|praxis.dr.lund@example.org]]", "[[EMAIL|ute.lund@\nexample.org]]", "[[EMAIL|ute.lund @ example.org]]",
    "[[EMAIL|albrecht@stadt.example]]", "[[EMAIL|landwehr@stadt.example]]", "[[EMAIL|breitung@stadt.example]]",
    "[[EMAIL|h.hartung@stadt.example]]", "[[EMAIL|koch@stadt.example]]", "[[EMAIL|richter@stadt.example]]",
    "[[EMAIL|schulz-info@stadt.example]]", "[[EMAIL|jung@stadt.example]]", "[[EMAIL|e.lund@stadt.example]]",
    "[[EMAIL|s.amtmann@stadt.example]]", "[[EMAIL|standesamt.petersen@stadt.example]]",
    "[[EMAIL|lund2@stadt.example]]", "[[EMAIL|ulf@stadt.example]]",
]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_number_is_found_in_every_form_and_place(detector: RuleDetector, frame: str) -> None:
    wrong = {one: found for one in POSITIVE if (found := faults(detector, frame.replace("{}", f"[[PHONE|{one}]]")))}
    assert not wrong


@pytest.mark.parametrize("marked", LABELLED)
def test_labelled_numbers_and_addresses_are_found(detector: RuleDetector, marked: str) -> None:
    assert faults(detector, marked) == []


NEGATIVE = [
    "Rufen Sie die 115 an.", "Behördennummer 115", "Tel. 115", "Notruf 110 und 112",
    "Ärztlicher Bereitschaftsdienst 116117", "Tel.: 116 117", "Sperr-Notruf 116 116", "Hilfetelefon 116 016",
    "Telefonseelsorge 0800 1110111", "0800 111 0 222", "Hotline 0180 6 123456", "Telefonisch am 12.05.2025",
    "Telefonat vom 12.5.", "Tel. 8.4., 9:35", "App 2.0", "App Store", "Handys 2024", "Fax ist defekt",
    "Telefonzentrale: 8 bis 12 Uhr", "Mobilität 2030", "Mobilfunk 5G", "12.05.2025 - 17.06.2025", "2024/004711",
    "12 345 678 Euro", "01.01.2025 bis 31.12.2025", "Vorwahl", "0,15 Prozent", "0815", "Telefon 8-12 Uhr",
    "Tel. Sprechzeit 8:00 - 12:00 Uhr", "Haushaltsstelle 0300.1234.5678", "Zeitraum 01/2024 - 12/2024", "0x1F 0b1010",
    "ISBN 978-3-16-148410-0", "00:00:00", "007", "poststelle@stadt.example", "info@stadt.example",
    "buergerbuero@stadt.example", "presse@stadt.example", "datenschutz@stadt.example",
    "amt-fuer-soziales@stadt.example", "soziale-dienste@stadt.example", "info.bauamt@stadt.example",
    "bauamt-info@stadt.example", "stadtkasse@stadt.example", "vollstreckung@stadt.example",
    "kfz-zulassung@kreis.example", "wohngeldstelle.nord@stadt.example", "team-kita@stadt.example",
    "buergermeisterin@stadt.example", "vorzimmer-ob@stadt.example", "sg51-3@stadt.example", "fb50@stadt.example",
    "amt32@stadt.example", "abt.2@stadt.example", "stab@stadt.example", "gremien@stadt.example",
    "ratsinfo@stadt.example", "stadtentwicklung@stadt.example", "tourismus@stadt.example",
    "kultur-und-sport@stadt.example", "oeffentlichkeitsarbeit@stadt.example", "it-support@stadt.example",
    "servicedesk@stadt.example", "helpdesk-it@stadt.example", "ausbildung@stadt.example",
    "gesundheitsamt@kreis.example", "asd@stadt.example", "uvk@stadt.example", "unterhaltsvorschuss@stadt.example",
    "elterngeld@kreis.example", "bafoeg@kreis.example", "einwohnermeldeamt@stadt.example", "meldewesen@stadt.example",
    "gewerbe@stadt.example", "veterinaeramt@kreis.example", "steuern-abgaben@stadt.example",
    "e-rechnung@stadt.example", "beteiligung@stadt.example", "gleichstellungsbeauftragte@stadt.example",
    "behindertenbeauftragter@stadt.example", "personalservice@stadt.example", "bewerbungsportal@stadt.example",
    "schulamt-sekretariat@stadt.example", "sekretariat.gs-nord@schule.example", "digital@stadt.example",
    "klimaschutz@stadt.example", "waermeplanung@stadt.example", "hundesteuer@stadt.example",
    "abfallberatung@stadt.example", "zentrale-vergabestelle@stadt.example", "wahlbuero@stadt.example",
    "do-not-reply@stadt.example", "noreply-bund@bund.example", "anonym@stadt.example",
    "kommunalaufsicht@kreis.example", "rechtsamt@stadt.example", "kassenaufsicht@stadt.example",
    "de-mail@stadt.example", "ordnungsbehoerde@stadt.example",
]


@pytest.mark.parametrize("text", NEGATIVE)
def test_what_belongs_to_an_office_stays(detector: RuleDetector, text: str) -> None:
    assert faults(detector, text) == []
