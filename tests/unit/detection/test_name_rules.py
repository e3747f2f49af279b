"""Names that something announces: where they end, and which of their words are ordinary ones."""

import pytest

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from gateway.detection.names import ordinary_words
from gateway.model.finding import Passage
from gateway.redaction.normalise import normalise

RULES = build_detector(DetectorOptions(names="keine", cache_entries=0))


def names(text: str, detector: RuleDetector = RULES) -> list[str]:
    return [text[f.start:f.end] for f in detector.find(Passage(text)) if f.entity == "PERSON"]


@pytest.mark.parametrize(("text", "expected"), [
    ("Zimmer, Anna; Sommer, Paul; Dahl, Merle", ["Zimmer, Anna", "Sommer, Paul", "Dahl, Merle"]),
    ("- Frost, Jan\n- Baum, Eva (Leitung)", ["Frost, Jan", "Baum, Eva"]),
    ("| Koch, Lena | 3 |", ["Koch, Lena"]),
    ("Berlin, Paris\nMontag, Dienstag\nAnna, Peter", []),
    ("Das Zimmer, Anna sagt es auch, ist frei.", []),
])
def test_a_surname_before_a_given_name_alone_in_an_entry_is_a_name_however_ordinary(
        text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("Telefonat mit Frau Schu-\nmacher wegen der Rate", ["Schu-\nmacher"]),
    ("Frau Müller-\nund Frau Alt", ["Müller", "Alt"]),
    ("FRAU YILDIZ BITTET UM RÜCKRUF", ["YILDIZ"]),
    ("HERR MEHMET KAYA WURDE NICHT EINGELADEN", ["MEHMET KAYA"]),
    ("Die Schwester Beata vom Pflegedienst kommt.", ["Beata"]),
    ("Frau Anna vom Stein kommt.", ["Anna vom Stein"]),
    ("Ich bin Halyna Moroz von Ukraine.", ["Halyna Moroz"]),
    ("Frau Ute von Grafenstein kommt.", ["Ute von Grafenstein"]),
])
def test_a_name_ends_where_the_sentence_goes_on_and_goes_on_where_the_line_ends(
        text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_a_finding_says_which_words_of_a_name_are_ordinary_ones() -> None:
    assert ordinary_words("Anna Zimmer") == (1,)
    assert ordinary_words("Zimmer, Anna") == (0,)
    assert ordinary_words("Yılmaz") == ()


def test_what_is_ordinary_survives_tables_labels_and_windows() -> None:
    padding = "Die Frist läuft. " * 700
    text = f"{padding}\n\nSehr geehrte Frau\u00a0Zimmer,\n\n{padding}"
    assert normalise(text).text
    for passage in (Passage(text), Passage("Frau Zimmer", "kontakt")):
        found = [f for f in RULES.find(passage) if f.entity == "PERSON"]
        assert [f.ordinary for f in found] == [(0,)]
