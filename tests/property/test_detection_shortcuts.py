"""What makes detection cheap changes nothing that it finds: cheaper looks ahead, rules that are not asked, batches."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection import build_detector
from gateway.detection.dates import GROWN
from gateway.detection.ner import NameRecognizer
from gateway.detection.ner.features import describe, distinct, numbers
from gateway.detection.ner.frequent import frequent
from gateway.detection.ner.network import embed
from gateway.detection.ner.tokens import tokenize
from gateway.detection.reading import Reading, Task, work
from gateway.detection.recognizers import all_rules, duties, lists, person, phone
from gateway.detection.service import RuleDetector
from gateway.detection.sheet import Lexicon, Sheet, digits, lexicon
from gateway.model.finding import Finding, Passage

PIECES = st.sampled_from([
    " ", " ", " ", "\n", "-", "-", ",", ", ", ".", ";", "(", ")", "/", "*", "gez. ", "gez ", "Gez.", "i. A. ", "I.V. ",
    "ppa. ", "Anna", "Krüger", "Krüger-Bernburg", "-Müller", "Sabine", "Zimmer", "İ", "É", "A", "St.", "sen.", ", jun.",
    " senior", "Herr ", "Frau ", "Kinder", "19", "1961", "(1961)", ", 1975,", "2024", "17.05.1961", "3.11.75", "'75",
    "Diagnose", "Diagnose: ", "Epilepsie", "leidet an ", "katholisch", "GdB 50", "ICD F32", "VS-NfD", "Auskunftssperre",
    "Straße", "Ort: ", "PLZ: 12345", "Polen", "geflohen aus ", "Strafe", "der ", "ich ", "insolvent", "_", "\u00a0"])
TEXTS = st.lists(PIECES, max_size=14).map("".join)
SLEEPERS = [rule for rule in all_rules() if rule.wakes]


@pytest.fixture(scope="module")
def words() -> Lexicon:
    return lexicon(all_rules())


@pytest.fixture(scope="module")
def detector() -> Iterator[RuleDetector]:
    made = build_detector()
    yield made
    made.close()


@given(text=TEXTS)
@settings(max_examples=200)
def test_a_rule_that_is_not_asked_would_have_found_nothing(words: Lexicon, text: str) -> None:
    sheet = Sheet(text, words)
    for rule in SLEEPERS:
        if rule.wakes.isdisjoint(sheet.kinds):
            assert list(rule.find(sheet)) == []


@given(text=TEXTS, lo=st.integers(0, 12), hi=st.integers(0, 12))
@settings(max_examples=200)
def test_a_cheaper_look_ahead_misses_no_name(words: Lexicon, text: str, lo: int, hi: int) -> None:
    sheet = Sheet(text, words)
    sheet.begin, sheet.end = min(lo, len(text)), max(min(lo, len(text)), len(text) - hi)
    assert [m.span() for m in duties._doubles(sheet)] == [m.span() for m in sheet.scan(duties._DOUBLE)]
    for pattern, hint in ((person._TURNED, any(sheet.scan(person._TURNED_END))),
                          (person._SIGNED, any(map(sheet.has, person._SIGNED_HINTS))),
                          (duties._ELDER, any(map(sheet.has, duties._ELDER_HINTS)))):
        assert hint or not any(sheet.scan(pattern))


@given(text=TEXTS)
@settings(max_examples=200)
def test_a_cheaper_look_ahead_misses_no_date(words: Lexicon, text: str) -> None:
    def spans(pattern: re.Pattern[str], hint: re.Pattern[str] | None) -> list[tuple[int, int]]:
        found = Sheet(text, words).scan_numbers(pattern, 4, hint)
        return [m.span() for m in found if "date" not in m.groupdict() or GROWN.search(m["date"])]

    assert spans(lists._LISTED, lists._GROWN_HINT) == spans(lists._LISTED, None)
    assert spans(lists._YEAR_ALONE, lists._YEAR_HINT) == spans(lists._YEAR_ALONE, None)


@given(surface=st.from_regex(phone._CANDIDATE, fullmatch=True))
@settings(max_examples=200)
def test_a_number_with_a_german_prefix_is_possible_without_asking(surface: str) -> None:
    number = digits(surface)
    if len(number) >= 7:
        assert phone._is_phone(surface, number) == phone._is_possible(surface, number)


def test_what_lies_ready_of_a_frequent_word_is_what_would_be_computed() -> None:
    model = NameRecognizer.load()
    some = distinct(tokenize(frequent()[::-1][:3000][::-1] + " die von und Sabine 0000 Zimmer"))
    computed = embed(numbers(describe(some, model._resources), model._resources), model._weights.embedding)
    assert (model._embedded(some) == computed).all()


class _Ticket:
    """A request that somebody waits for."""

    unwanted = False

    def __init__(self, task: Task) -> None:
        self.task, self.ended, self.size = task, False, 1

    def end(self, error: Exception | None = None) -> None:
        self.ended = True
        if error is not None:
            raise error


def _alone(detector: RuleDetector, passage: Passage) -> tuple[Finding, ...]:
    reading = Reading(passage, detector._setup)
    for sheet in reading.sheets:
        reading.look(sheet, None)
    return reading.findings()


@given(texts=st.lists(st.tuples(TEXTS, st.sampled_from(["", "", "name", "Straße", "Diagnose"])), max_size=8))
@settings(max_examples=40, deadline=None)
def test_many_passages_have_together_what_each_has_alone(detector: RuleDetector, texts: list[tuple[str, str]]) -> None:
    passages = [Passage(text, label) for text, label in texts]
    task = Task(passages, detector._setup, float("inf"))
    work([_Ticket(task)])  # type: ignore[list-item]  # all that is asked of a ticket
    if passages:
        assert task.found == [_alone(detector, passage) for passage in passages]
