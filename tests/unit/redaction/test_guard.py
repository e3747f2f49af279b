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
