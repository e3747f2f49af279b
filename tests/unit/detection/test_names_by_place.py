"""Surnames that are given names, weekdays, things or places as well: only where they stand makes names of them."""

from __future__ import annotations

import pytest

from gateway.detection import DetectorOptions, build_detector
from gateway.detection.names import is_surname_too
from gateway.model.finding import Passage

RULES = build_detector(DetectorOptions(names="keine", cache_entries=0))


def _names(text: str) -> list[str]:
    found = {(f.start, f.end) for f in RULES.find(Passage(text)) if f.entity == "PERSON"}
    widest = [a for a in found if not any(b != a and b[0] <= a[0] and a[1] <= b[1] for b in found)]
    return [text[start:end] for start, end in sorted(widest)]


@pytest.mark.parametrize(("text", "expected"), [
    ("Sabine Krüger-Bernburg war da", ["Sabine Krüger-Bernburg"]),
    ("Es rief Peter Meyer-Potsdam an.", ["Peter Meyer-Potsdam"]),
    ("Gestern kam Anna-Lena Schmidt-Köln.", ["Anna-Lena Schmidt-Köln"]),
    ("laut Hans J. Petersen-Oldenburg", ["Hans J. Petersen-Oldenburg"]),
    ("Frau Müller-Lüdenscheid kommt.", ["Müller-Lüdenscheid"]),
    ("Frau Krüger-Stein und Herr Schmidt-Sonntag", ["Krüger-Stein", "Schmidt-Sonntag"]),
    ("Akte Eva Baum-Winter liegt vor", ["Eva Baum-Winter"]),
])
def test_a_double_name_is_one_name_be_its_halves_places_or_things(text: str, expected: list[str]) -> None:
    assert _names(text) == expected


@pytest.mark.parametrize("text", [
    "Der Kreis Rhein-Neckar plant.", "Die Hans-Böckler-Straße ist gesperrt.", "Die Müller-Straße ist gesperrt.",
    "Die Region Köln-Bonn wächst.", "Kita St. Anna Köln-Nippes", "Sankt Peter Köln-Ehrenfeld",
    "Der Flughafen Halle-Leipzig meldet.", "Die Anna Seghers-Schule hat frei.",
    "Garmisch-Partenkirchen und Berlin-Mitte",
])
def test_hyphenated_places_streets_and_regions_are_no_names(text: str) -> None:
    assert _names(text) == []


@pytest.mark.parametrize("label", [
    "Kläger", "Klägerin", "Beklagte", "Mandant", "Schriftführer", "Stellv.", "Protokoll", "Vertretung", "Antragsgegner",
    "Urlaubsvertretung", "Gutachterin", "Vorsitzende", "Verteidiger", "Kassenwart", "Zeuge"])
@pytest.mark.parametrize("surname", ["Ruprecht", "Kullmann", "Sommer", "Zimmer", "Sonntag", "Albrecht", "Ernst"])
def test_a_surname_alone_behind_a_role_is_a_name_whatever_else_it_means(label: str, surname: str) -> None:
    assert _names(f"{label}: {surname}") == [surname]
    assert _names(f"Ort: Rathaus\n{label}: {surname}\nEnde: 18 Uhr") == [surname]


@pytest.mark.parametrize("text", [
    "Vertretung: Zimmer 12", "Vertretung: Montag bis Freitag", "Kläger: Stadt Musterhausen", "Protokoll: Termin",
    "Vertretung: Sonntag 12 Uhr", "Der Kläger beantragt Zahlung.", "Beklagte: Land Hessen", "Protokoll: Antrag",
    "Der Mandant Sonntag früh angerufen", "Zeuge Zimmer 4", "Kläger: s. o.", "Die Beklagte Termin versäumt",
    "Vertretung: Bauamt", "Protokoll: Nr. 4711", "Vertr.: Az. 12/3", "RA 12 und PHK 3",
])
def test_what_stands_behind_a_role_and_is_no_name_stays(text: str) -> None:
    assert _names(text) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("Mandant Ruprecht", ["Ruprecht"]), ("Der Kläger Ruprecht beantragt", ["Ruprecht"]),
    ("Die Beklagte Zimmer, vertreten", ["Zimmer"]), ("StR Kullmann", ["Kullmann"]), ("OStRin Sommer", ["Sommer"]),
    ("RiAG Kullmann", ["Kullmann"]), ("PHK Ruprecht", ["Ruprecht"]), ("RA Sommer schreibt", ["Sommer"]),
])
def test_a_surname_behind_a_role_or_a_rank_is_a_name(text: str, expected: list[str]) -> None:
    assert _names(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("Dienstplan: Mo Ruprecht, Di Sonntag", ["Ruprecht", "Sonntag"]),
    ("Dienstplan KW 12:\nMo Ruprecht\nDi Sonntag / Zimmer\nMi: Kullmann und Sommer",
     ["Ruprecht", "Sonntag", "Zimmer", "Kullmann", "Sommer"]),
    ("Rufbereitschaft: Montag 12.05.: Ruprecht; Dienstag: Frau Winter", ["Ruprecht", "Winter"]),
    ("Telefondienst (Mo 8-12 Uhr Kullmann, Do Ernst)", ["Kullmann", "Ernst"]),
    ("Einsatzplan\n- Sa: Dr. Freitag\n- So: Anna Alt", ["Freitag", "Anna Alt"]),
])
def test_who_is_on_duty_is_a_name_even_if_it_is_a_weekday(text: str, expected: list[str]) -> None:
    assert _names(text) == expected


@pytest.mark.parametrize("text", [
    "Dienstplan: Mo Frühdienst, Di Spätdienst, Mi frei, Do Urlaub, Fr Schulung", "Mo Fisch, Di Salat, Mi Wurst",
    "Öffnungszeiten: Mo 8-12, Di geschlossen", "Dienstplan: Mo Teamsitzung, Di Homeoffice, Mi Krank, Do Frei",
    "Der Dienstplan gilt ab Montag. Dienstag Abend ist frei.", "Einteilung: Mo Nacht, Di Früh, Mi Spät",
])
def test_shifts_and_menus_are_no_names(text: str) -> None:
    assert _names(text) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("Herr Hans Alt sen. und Herr Hans Alt jun.", ["Hans Alt sen.", "Hans Alt jun."]),
    ("Eigentümer ist Karl Sommer, sen.", ["Karl Sommer, sen."]), ("Herr Zimmer junior kommt", ["Zimmer junior"]),
])
def test_elder_and_younger_belong_to_the_name(text: str, expected: list[str]) -> None:
    assert _names(text) == expected


def test_a_name_that_is_an_ordinary_word_is_never_sure_for_its_place_alone() -> None:
    for text in ("Vertretung: Sonntag", "Dienstplan: Mo Zimmer", "Mandant Zimmer"):
        assert [f.certain for f in RULES.find(Passage(text)) if f.entity == "PERSON"] == [False]


def test_words_for_matters_and_places_are_no_surnames() -> None:
    assert all(map(is_surname_too, ["Zimmer", "Sonntag", "Koch"]))
    assert not any(map(is_surname_too, ["Termin", "Antrag", "Straße", "Land", "Kunde"]))


@pytest.mark.parametrize(("text", "found"), [
    ("Krüger-Bernburg rief gestern an.", "Krüger-Bernburg"),
    ("Der Antrag von Zeynep Arslan-Lüneburg liegt vor.", "Zeynep Arslan-Lüneburg")])
def test_a_double_name_that_only_the_model_finds_is_whole(text: str, found: str) -> None:
    detector = build_detector(DetectorOptions())
    assert [text[f.start:f.end] for f in detector.find(Passage(text)) if f.entity == "PERSON"] == [found]
