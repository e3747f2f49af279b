"""Special categories: two halves of phrases, one written before the rules and never used to change them.

The lines stand in ``special/``: ``[[KIND|what has to be noticed]]`` in the positive ones; in the negative ones nothing
may be noticed. The blind half is counted, not listed: whoever corrects a rule by one of its lines spoils it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.detection import DetectorOptions, build_detector
from gateway.detection.recognizers.special.lists import NEVER, read
from gateway.detection.recognizers.special.phrases import phrases
from gateway.model.finding import Finding, Passage

MARK = re.compile(r"\[\[([A-Z_0-9]+)\|(.*?)\]\]", re.S)
KINDS = {"HEALTH", "RELIGION", "ORIGIN", "ART9", "CRIME", "CLASSIFIED", "ADDRESS_BLOCK"}
FOLDER = Path(__file__).with_name("special")
DETECTOR = build_detector(DetectorOptions(names="keine"))
KNOWN_FALSE = {"Herr Stock hat den Verkehr behindert, weil sein Lkw auf der Fahrbahn stand.",
               "(2) Der Betreuer hat die Krankheit des Betreuten zu lindern."}
"""Noticed although nothing special is said: whose state it is, no rule of words can tell."""


def lines(name: str) -> list[str]:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line.replace("\\n", "\n") for line in text.splitlines() if line and not line.startswith("#")]


def noticed(text: str) -> list[Finding]:
    return [f for f in DETECTOR.find(Passage(text)) if f.entity in KINDS]


def missed(marked: str) -> list[tuple[str, str]]:
    """What should have been noticed and was not."""
    gold: list[tuple[str, int, int]] = []
    text, at = "", 0
    for match in MARK.finditer(marked):
        text += marked[at:match.start()]
        gold.append((match[1], len(text), len(text) + len(match[2])))
        text, at = text + match[2], match.end()
    text += marked[at:]
    found = noticed(text)
    return [(kind, text[a:b]) for kind, a, b in gold
            if not any(f.entity == kind and f.start < b and a < f.end for f in found)]


@pytest.mark.parametrize("marked", lines("tuned_positive"))
def test_what_is_said_of_somebody_is_noticed(marked: str) -> None:
    assert missed(marked) == []


@pytest.mark.parametrize("text", lines("tuned_negative"))
def test_what_is_said_of_nobody_is_not_noticed(text: str) -> None:
    found = [(f.entity, text[f.start:f.end]) for f in noticed(text)]
    assert bool(found) == (text in KNOWN_FALSE), found


def test_the_blind_half_is_noticed_nearly_whole() -> None:
    marked = lines("blind_positive")
    wanted = sum(len(MARK.findall(line)) for line in marked)
    lost = sum(len(missed(line)) for line in marked)
    assert wanted >= 110
    assert lost <= wanted * 0.05, f"{lost} of {wanted}"


def test_the_blind_half_gives_few_false_alarms() -> None:
    texts = lines("blind_negative")
    false = sum(bool(noticed(text)) for text in texts)
    assert false <= len(texts) * 0.04, f"{false} of {len(texts)}"


@pytest.mark.parametrize("marked", lines("blind_positive")[::6] + lines("tuned_positive")[::6])
def test_special_findings_only_inform_and_are_looked_for_nowhere_else(marked: str) -> None:
    for finding in noticed(MARK.sub(lambda match: match[2], marked)):
        assert finding.noted
        assert not finding.certain


@pytest.mark.parametrize(("general", "personal"), [
    ("Was hilft gegen Depressionen?", "Was hilft Frau Krug gegen ihre Depressionen?"),
    ("Der Vortrag über Epilepsie fällt aus.", "Frau Krug hat Epilepsie."),
    ("Die Kita ist evangelisch.", "Frau Krug ist evangelisch."),
    ("Der Konvoi aus Syrien kam an.", "Herr Krug kommt aus Syrien."),
    ("Diebstahl wird bestraft.", "Herr Krug hat einen Diebstahl begangen."),
    ("Wie beantragt man eine Auskunftssperre?", "Für Frau Krug besteht eine Auskunftssperre."),
    ("Das ist streng geheim, sagt man.", "STRENG GEHEIM"),
])
def test_the_same_word_counts_only_where_somebody_is_spoken_of(general: str, personal: str) -> None:
    assert noticed(general) == []
    assert noticed(personal) != []


@pytest.mark.parametrize(("label", "text", "kind"), [
    ("religion", "rk", "RELIGION"), ("konfession", "evangelisch", "RELIGION"), ("diagnose", "F32.1", "HEALTH"),
    ("staatsangehoerigkeit", "SYR", "ORIGIN"), ("geburtsland", "Kasachstan", "ORIGIN"),
    ("pflegegrad", "3", "HEALTH"), ("vorstrafen", "Diebstahl 2019", "CRIME")])
def test_the_key_of_a_json_value_tells_what_it_is(label: str, text: str, kind: str) -> None:
    assert kind in {f.entity for f in DETECTOR.find(Passage(text, label))}


def test_the_name_of_somebody_is_no_illness_no_faith_and_no_nation() -> None:
    assert noticed("Herr Christ, Frau Schweizer, Dr. Jude, Philipp Lahm und Frau Taub kommen.") == []


def test_a_word_list_refuses_what_the_index_never_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.detection.recognizers.special.lists.lines", lambda _: ["= sure", "post-covid"])
    with pytest.raises(ValueError, match="post-covid"):
        read("HEALTH", "any")


def test_a_word_list_is_read_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["= sure", "blass* Bote/in MS", "= weak", "-krebs !flusskrebs blass"]
    monkeypatch.setattr("gateway.detection.recognizers.special.lists.lines", lambda _: listed)
    words = read("HEALTH", "any")
    assert {"blass", "blasse", "blassem", "bote", "botein", "ms"} <= set(words.triggers["HEALTH.sure"].split())
    assert words.triggers["HEALTH.weak"] == "-krebs"
    assert words.triggers[NEVER] == "flusskrebs"
    assert words.written["ms"] == "MS"
    assert words.written["bote"] == "Bote"


def test_a_phrase_file_is_read_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["$SAD = trau", "      rig", "weak: ist war", "+ sein", "  (?:ist|war) {SAD}", "  bin", "      geblieben",
              "sure: {colours}", "  rot"]
    monkeypatch.setattr("gateway.detection.recognizers.special.phrases.lines", lambda _: listed)
    weak, sure = phrases("any", {"colours": "rot blau"})
    assert weak.words.split() == ["ist", "war", "sein"]
    assert weak.around("war\ntraurig", 0, 3) == (0, 11, 0, 11)
    assert weak.around("bingeblieben", 0, 3) == (0, 12, 0, 12)
    assert (sure.words, sure.level) == ("rot blau", "sure")
