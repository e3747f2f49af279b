"""Dates of a person, in the words people use; and the dates of offices and statutes, which stay."""

from __future__ import annotations

import re

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from gateway.model.finding import Passage

MARK = re.compile(r"\[\[([BD])\|(.*?)\]\]", re.S)
KINDS = {"B": "BIRTHDATE", "D": "DATE_SENSITIVE"}


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return build_detector(DetectorOptions(names="keine"))


def dates(detector: RuleDetector, text: str) -> list[tuple[str, str]]:
    found = {(f.start, f.end, f.entity) for f in detector.find(Passage(text)) if f.entity in KINDS.values()}
    return [(entity, text[start:end]) for start, end, entity in sorted(found)]


MARKED = [
    # death
    "Mein Vater ist am [[D|3. März 2021]] gestorben.",
    "Herr Alt verstarb im [[D|Mai 2012]] in Trier.",
    "Sterbedatum: [[D|04.02.2024]]",
    "Meine Frau ist [[D|Weihnachten 2019]] verstorben.",
    "Todestag [[D|1. Advent 2003]]",
    "Er starb am [[D|Heiligabend 1999]], allein.",
    "† [[D|12. Oktober 2018]]",
    "Verwitwet seit [[D|2017]]",
    "His wife died on [[D|3 March 2020]].",
    # marriage and divorce
    "Die Ehe wurde im [[D|Juni 2009]] geschlossen und [[D|2016]] aufgelöst.",
    "Ehe mit Frau Alt (geschlossen [[D|1998]], aufgehoben [[D|2004]])",
    "Sie ist seit dem [[D|4.5.2019]] geschieden, die Scheidung ist seit [[D|12.07.2019]] rechtskräftig.",
    "Wir haben [[D|Ostern 2014]] geheiratet.",
    "Hochzeit war [[D|2008]], getrennt leben wir seit [[D|Herbst 2020]].",
    "Im Jahr [[D|2011]] heiratete sie erneut.",
    "Die Eheleute haben am [[D|06.06.1986]] vor dem Standesamt Kassel die Ehe geschlossen.",
    "Heiratsdatum;[[D|12.09.1998]]",
    "married since [[D|June 2015]], divorced in [[D|2020]]",
    # illness
    "Frau Brandt ist vom [[D|3.]] bis [[D|17. Mai 2024]] krankgeschrieben.",
    "Ich bin krank, voraussichtlich bis [[D|22.11.]]",
    "Er hatte am [[D|05.06.2023]] einen Schlaganfall.",
    "AU vom [[D|03.02.2025]] bis [[D|14.02.2025]] liegt vor.",
    "OP am [[D|14.3.]], danach drei Wochen Reha ab [[D|2. April]].",
    "Entbindungstermin: [[D|30.09.2025]]",
    "Seit dem [[D|01.08.2025]] ist er arbeitsunfähig.",
    "Mich hat die Grippe erwischt, ich falle bis einschl. [[D|09.02.]] aus.",
    # birth
    "geboren im [[B|Mai 1980]]", "geb. [[B|03/1980]]", "geb. Müller am [[B|12.03.1961]]", "Jahrgang [[B|1957]]",
    "Detlef Stein, Jg. [[B|1964]], ledig", "Detlef Stein, Jg. [[B|64]]", "Anna Weber ([[B|1971]]), Krankenschwester",
    "Bett 3: Detlef „Kalle“ Stein, [[B|1964]], schläft", "Geburtsdatum und -ort: [[B|12.03.1961]], Bonn",
    "Geb.-Datum: [[B|12.3.61]]", "Geburtsjahr: [[B|1949]]", "geb. [[B|120361]]", "Anna *[[B|12.03.]]",
    "(* [[B|1950]] in Oppeln)", "Er ist [[B|1950]] geboren.", "geboren [[B|1950]] in Oppeln",
    "Er hat am [[B|12.03.]] Geburtstag.", "Sie wird am [[B|3. Juni]] 80 Jahre alt.",
    "Geburt des Kindes am [[B|03.05.2024]]", "Geburt meiner Tochter am [[B|3. Mai 2024]]",
    '{"birth_date": "[[B|1961-03-12]]", "dateOfBirth":"[[B|12.03.1961]]"}',
    "<geburtsdatum>[[B|1961-03-12]]</geburtsdatum>",
    "Kinder: Emma ([[B|04.05.2016]]), Noah [[B|28.09.2018]], Lina *[[B|12.03.]]",
    "Unsere Kinder Mia, [[B|3.4.2015]], und Ben, [[B|7.8.2018]], gehen zur Schule.",
    "name,vorname,geburtsdatum,ort\nAlt,Anna,[[B|1961-03-12]],Bonn\nNeu,Bernd,[[B|12.04.1970]],Trier",
    '"name","geburtsdatum","ort"\n"Alt, Anna","[[B|1961-03-12]]","Bonn"',
    "Nr;Name;geb.;Bem.\n1;Alt, Anna;[[B|03/1961]];keine\n2;Neu;[[B|1970]];x",
    "| Name | Geb.-Datum |\n|---|---|\n| Alt, Anna | [[B|12.03.1961]] |\n| Neu, Bernd | [[B|1970]] |",
    "| Geburtsdatum | [[B|12.03.1980]] |",
    "Teilnehmer\tTag\nKaiser, Gundula ([[B|12.03.1961]])\tMo",
]


@pytest.mark.parametrize("marked", MARKED)
def test_exactly_the_dates_of_persons_are_found(detector: RuleDetector, marked: str) -> None:
    text = MARK.sub(lambda m: m[2], marked)
    assert dates(detector, text) == [(KINDS[m[1]], m[2]) for m in MARK.finditer(marked)]


@pytest.mark.parametrize("text", [
    "Der Verein wurde 2016 aufgelöst.",
    "Der Vertrag wurde am 12.03.2024 geschlossen, die Ausschreibung 2023 aufgehoben.",
    "Sterbeurkunde vom 3.4.2024, eingegangen am 5.4.2024",
    "Die Hochzeit im Rathaus findet statt, Öffnungszeiten ab 1. Mai 2025.",
    "Bei Krankheit gilt ab 1. Januar 2025 eine neue Regel.",
    "Wer krank ist, meldet sich bis 9 Uhr; die Regelung gilt seit 2019.",
    "Trauungen sind am 12.12.2025 im Rathaus möglich.",
    "Am 3. März habe ich Ihren Bescheid erhalten, mein Mann ist krank.",
    "Die Sitzung am 12.03.2026 fällt wegen Krankheit aus.",
    "Im Todesfall gilt § 1922 BGB. § 1998 Tod des Erben",
    "Für Kinder, die nach dem 31.12.2020 geboren sind, gilt § 2.",
    "Wer vor dem 1. Januar 1964 geboren ist, geht früher in Rente.",
    "Im Haushalt leben Personen, die am 1. Januar 2024 gemeldet waren.",
    "* 2024 wurde die Halle gebaut\n* 12.03.2024 Sitzung\n**2024** war gut, 5 * 2020 auch",
    "Die Stadt Bonn, 1998, S. 12; Müller (2004) und Meier 2005",
    "Haushalt 2026: Die Kinder der Kita Regenbogen feiern am 12.03.2026 ihr Fest.",
    "Die Frist beginnt am 1. März 2025 und endet mit dem Tod der Antragstellerin.",
    "Wir suchen Kinder, Eltern, Lehrer\nund Betreuer, Köche, Helfer",
    "Elternzeit kann ab dem 01.01.2025 beantragt werden.",
])
def test_dates_of_offices_and_statutes_stay(detector: RuleDetector, text: str) -> None:
    assert dates(detector, text) == []


def test_a_date_found_by_a_word_beside_it_is_never_looked_for_elsewhere(detector: RuleDetector) -> None:
    found = detector.find(Passage("Mein Vater ist am 3. März 2021 gestorben, Herr Neu 2019. Kinder: Mia, 3.4.2015."))
    assert [f.certain for f in found if f.entity in KINDS.values()] == [False, False]
