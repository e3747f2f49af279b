""""Frau Albers" and "Herr Albers" are two people, although their name is written in the same way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.finding import Finding
from gateway.redaction.redact import Redaction, redact
from gateway.redaction.restore import restore

NAMES = re.compile(r"Sabine Albers|Peter Albers|Kim Albers|Albers|DE89 3704")
TOKEN = re.compile(r"(Frau|Herrn?)? ?\[PERSON(\d+)([A-Z]*)\d*\]")


def redacted(*texts: str) -> Redaction:
    """Redact, and prove that every text comes back as it was."""
    found = [tuple(Finding(m.start(), m.end(), "IBAN" if m[0][:2] == "DE" else "PERSON", 0.9, "x")
                   for m in NAMES.finditer(text)) for text in texts]
    done = redact(texts, found, {"PERSON": "placeholder", "IBAN": "placeholder"}, lambda *_: "")
    assert [restore(text, done.values) for text in done.texts] == list(texts)
    assert not any("Albers" in text for text in done.texts)
    return done


@pytest.mark.parametrize(("text", "leaves"), [
    ("Frau Albers rief an. Herr Albers war da.", "Frau [PERSON1W] rief an. Herr [PERSON2M] war da."),
    ("Herrn Albers, Frau Dr. Albers, Herr Albers", "Herrn [PERSON1M], Frau Dr. [PERSON2W], Herr [PERSON1M]"),
    ("Frau Albers, Herr Albers; Albers", "Frau [PERSON1W], Herr [PERSON2M]; [PERSON3]"),
    ("Frau Sabine Albers, Herr Albers, Frau Albers", "Frau [PERSON1W], Herr [PERSON2M], Frau [PERSON1WN]"),
    ("Herr Albers, Frau Albers, Peter Albers", "Herr [PERSON1MN], Frau [PERSON2W], [PERSON1M]"),
    ("Frau Kim Albers, Herr Kim Albers", "Frau [PERSON1], Herr [PERSON1]"),
    ("Frau Albers, Albers", "Frau [PERSON1W], [PERSON1W]")])
def test_each_of_the_two_has_a_placeholder_of_its_own(text: str, leaves: str) -> None:
    assert redacted(text).texts == [leaves]


def test_they_are_told_apart_over_all_messages_and_the_first_keeps_hers_when_he_comes_up() -> None:
    before = redacted("Frau Albers fragt.")
    after = redacted("Frau Albers fragt.", "Und Herr Albers? DE89 3704", "Frau Albers nicht.")
    assert before.texts == after.texts[:1] == ["Frau [PERSON1W] fragt."]
    assert after.texts[1:] == ["Und Herr [PERSON2M]? [IBAN1]", "Frau [PERSON1W] nicht."]


@given(st.lists(st.sampled_from(["Frau Albers", "Herr Albers", "Herrn Albers", "Albers", "Sabine Albers",
                                 "Herr Peter Albers", "Frau Sabine Albers", "DE89 3704"]), max_size=8),
       st.sampled_from([". ", ", ", "\n"]))
def test_no_placeholder_stands_after_frau_and_after_herr(mentions: list[str], between: str) -> None:
    done = redacted(between.join(mentions), *mentions)
    after: dict[str, set[str]] = {}
    for text in done.texts:
        for salutation, number, suffix in TOKEN.findall(text):
            after.setdefault(number, set()).add({"Frau": "W", "Herr": "M", "Herrn": "M"}.get(salutation, ""))
            assert not (salutation and suffix) or suffix[0] == {"F": "W", "H": "M"}[salutation[0]]
    assert all(not {"W", "M"} <= genders for genders in after.values())
