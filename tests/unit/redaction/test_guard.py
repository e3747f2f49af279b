"""What an answer says about people nobody mentioned is hidden, whatever the cuts; what the caller sent is shown."""

from __future__ import annotations

import re

import pytest

from gateway.model.finding import Finding
from gateway.redaction.guard import AnswerGuard
from gateway.redaction.restore import Restorer
from tests.support.chunking import joined_in_every_way

NAME = re.compile(r"Krüger|Müller|Nowak")


def find(text: str) -> list[Finding]:
    return [Finding(m.start(), m.end(), "PERSON", 1, "modell") for m in NAME.finditer(text)]


@pytest.mark.parametrize(("answer", "shown"), [
    ("Guten Tag Frau [PERSON1]. Fragen Sie Herrn Müller. Danke",
     "Guten Tag Frau Krüger. Fragen Sie Herrn [Name entfernt]. Danke"),
    ("Frau Nowak\nund Frau [PERSON1]", "Frau [Name entfernt]\nund Frau Krüger"),
    ("nichts zu verbergen", "nichts zu verbergen"),
    ("Wort " * 300 + "Müller " + "Wort " * 300, "Wort " * 300 + "[Name entfernt] " + "Wort " * 300),
])
def test_people_nobody_sent_are_hidden_for_every_way_of_cutting(answer: str, shown: str) -> None:
    def machine():  # type: ignore[no-untyped-def]
        guard = AnswerGuard(Restorer({"[PERSON1]": "Krüger"}), find, "antwort an frau krüger", {"PERSON"})
        return guard.feed, guard.close
    assert joined_in_every_way(answer, machine) == shown


def test_a_sentence_is_shown_as_soon_as_it_is_complete() -> None:
    guard = AnswerGuard(Restorer({}), find, "", {"PERSON"})
    assert guard.feed("Der erste Satz. Der zwei") == "Der erste Satz. "
    assert guard.feed("te Satz.\n") == "Der zweite Satz.\n"
    assert guard.close() == ""


def test_only_the_kinds_that_are_to_be_hidden_are_and_a_topic_though_it_is_only_noted() -> None:
    def find(text: str) -> list[Finding]:
        marks = {"Krüger": ("PERSON", False), "Diabetes": ("HEALTH", True), "12-345": ("PHONE", False),
                 "17/2026": ("CASE_NUMBER", True)}
        return sorted((Finding(text.index(word), text.index(word) + len(word), kind, 1, "modell", noted=noted)
                       for word, (kind, noted) in marks.items() if word in text), key=lambda f: f.start)
    text = "Frau Krüger hat Diabetes, Tel. 12-345, Az. 17/2026."
    guard = AnswerGuard(Restorer({}), find, "", {"HEALTH", "PHONE", "CASE_NUMBER"})
    assert guard.feed(text) + guard.close() == (
        "Frau Krüger hat [Gesundheitsangabe entfernt], Tel. [Telefonnummer entfernt], Az. 17/2026.")
    assert guard.hidden == {"HEALTH": 1, "PHONE": 1}
    about = AnswerGuard(Restorer({}), find, "was hilft bei diabetes?", {"HEALTH"})
    assert about.feed(text) + about.close() == text, "what the caller asked about is no news"
