"""Special categories for all texts: windows change nothing, and what is noticed stays inside its text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection import DetectorOptions, build_detector, reading
from gateway.detection.recognizers.special import RULE
from gateway.detection.sheet import Lexicon, Sheet, lexicon
from gateway.model.finding import Passage

RULES = build_detector(DetectorOptions(names="keine"))
WORDS = lexicon([RULE])
FOLDER = Path(__file__).parents[1] / "unit" / "detection" / "special"
LINES = [line.replace("\\n", "\n").replace("[[", "").replace("]]", "") for path in sorted(FOLDER.glob("*.txt"))
         for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
FILLER = ["Der Bescheid ist heute bei uns eingegangen und wird geprüft.", "Er", "Sie", "Frau Krug", "krank", "§ 2",
          "Bitte um Antwort bis zum 3. März.", "Wenn", "Menschen mit", "Diagnose:", "GdB 50", "geb. in Oran",
          "aus Syrien"]
GAPS = st.sampled_from([" ", "\n", "\n\n", ", ", ""])
PARTS = st.lists(st.tuples(st.sampled_from(LINES + FILLER), GAPS), max_size=40)
SHORT = st.sampled_from([
    "ist", "nicht", "mehr", "ich", "Frau", "Krug", "krank", "aus", "Syrien", "kann", "trinkt", "AU", "Kopf", "GdB",
    "50", ":", "\n", ".", "Pole", "Kirche", "Mitglied", "der", "wegen", "Haft", "VS", "-",
    "NfD", "bis", "in", "Klinik"])
ENDINGS = st.dictionaries(st.text("abcd", min_size=4, max_size=6), st.just(("X",)), max_size=20)


@given(PARTS, st.integers(150, 900))
def test_special_findings_are_the_same_in_windows(parts: list[tuple[str, str]], window: int) -> None:
    text = "".join(line + gap for line, gap in parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "WINDOW", 1 << 30)
        whole = RULES.find(Passage(text))
        patch.setattr(reading, "WINDOW", window)
        assert RULES.find(Passage(text)) == whole


@given(st.lists(SHORT, max_size=60).map(" ".join))
def test_every_special_finding_lies_in_its_text_and_is_not_empty(text: str) -> None:
    for finding in RULE.find(Sheet(text, WORDS)):
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.noted


@given(st.text("abcd", max_size=12), ENDINGS)
def test_an_ending_is_found_wherever_a_word_ends_so(word: str, endings: dict[str, tuple[str]]) -> None:
    found = Lexicon({}, endings).kinds(word)
    assert len(found) == sum(word.endswith(ending) for ending in endings)
