"""A floor under the quality of the committed model, on documents written by hand for this test and never trained on."""

from pathlib import Path

import pytest

from gateway.detection.ner import CERTAIN, MASK, NameRecognizer
from gateway.training.evaluate import Figures, measure, read_marked, with_propagation, with_rules

DOCUMENTS = Path(__file__).with_name("data") / "namen.jsonl"
HARD = Path(__file__).with_name("data") / "schwierig.jsonl"
"""What is easily mistaken: surnames beside the things they mean, lists of things, capitals, English, programs."""


@pytest.fixture(scope="module")
def recognizer() -> NameRecognizer:
    return NameRecognizer.load()


def rates(figures: Figures) -> tuple[float, float]:
    masked, words = sum(figures.masked.values()), sum(figures.words.values())
    return figures.leaked / figures.names, masked / words


def test_the_model_alone_finds_nearly_all_names_and_little_else(recognizer: NameRecognizer) -> None:
    leaked, over = rates(measure(with_propagation(recognizer, MASK, CERTAIN), read_marked(DOCUMENTS)))
    assert leaked <= 0.06
    assert over <= 0.02


def test_with_the_rules_hardly_a_name_is_left(recognizer: NameRecognizer) -> None:
    leaked, over = rates(measure(with_rules(recognizer, MASK, CERTAIN), read_marked(DOCUMENTS)))
    assert leaked <= 0.05
    assert over <= 0.03


def test_things_that_bear_the_name_of_people_stay_mostly_readable(recognizer: NameRecognizer) -> None:
    figures = measure(lambda text: recognizer.find(text), read_marked(HARD))
    assert figures.leaked / figures.names <= 0.08
    assert figures.masked["without"] / figures.words["without"] <= 0.06
    assert figures.masked["with"] / figures.words["with"] <= 0.05
