"""Ordinary words that are surnames as well: the person is replaced everywhere, the thing nowhere.

Only what was found behind a salutation (or as a full name) is given to the plan; the rest is propagation.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.detection.names import ordinary_words
from gateway.evaluation.documents import Document, read_documents
from gateway.model.finding import Finding
from gateway.redaction.redact import plan, redact

DOCUMENTS = Path(__file__).parent / "data" / "ordinary_names.jsonl"
SALUTED = re.compile(r"(?:Herrn?|Frau|Eheleuten?|Familie|Dr\.) \Z")


def finding(text: str, start: int, end: int) -> Finding:
    return Finding(start, end, "PERSON", 1, "anrede", ordinary=ordinary_words(text[start:end]))


def is_replaced(context: str, name: str = "Frau Zimmer", word: str = "Zimmer") -> bool:
    """Whether `word` is replaced in `context` when another message of the request tells who `name` is."""
    start = name.index(" ") + 1 if name.startswith(("Frau", "Herr")) else 0
    found = [[finding(name, start, len(name))], []]
    assert plan([name, context], found, {}).residue == 0
    return word not in redact([name, context], found, {}, lambda a, e, v: "***").texts[1]


@pytest.mark.parametrize("context", [
    "Frau Zimmer rief an", "frau Zimmer", "Fr. Zimmer", "Familie Zimmer", "bei den Eheleuten Zimmer",
    "an Dr. Zimmer", "A. Zimmer", "Frau\nZimmer", "Frau\u00a0Zimmer", "Kollegin Zimmer", "gez. Zimmer", "Zimmer, A.",
    "Zimmer (geb. 1980)", "Zimmer bittet um Rückruf.", "Erledigt. Zimmer bittet um Rückruf.",
    "- Zimmer bringt Unterlagen mit", "Akte Zimmer", "Antrag Zimmer liegt vor", "laut Zimmer", "Rückruf bei Zimmer",
    "Schreiben von Zimmer", "daraufhin sagte Zimmer ab", "bat Zimmer um Geduld",
    "Sie gab an, Zimmer habe das gewusst", "dass Zimmer kommt", "weil Zimmer fehlte",
    "Mit freundlichen Grüßen\nZimmer", "Zimmer", "Kuhn;Zimmer;0221", "a\n**Zimmer**\nb", "antrag_Zimmer.pdf",
    "Zimmer_antrag.docx", "C:\\Users\\Zimmer\\", "Zimmer: Ja, das stimmt.", "Zimmers Antrag",
])
def test_the_person_is_replaced(context: str) -> None:
    assert is_replaced(context, word="Zimmer")


@pytest.mark.parametrize("context", [
    "das Zimmer im Obergeschoss", "Im Zimmer brennt Licht", "ein helles Zimmer", "das große Zimmer", "Zimmer 12",
    "in Zimmer 12", "Zimmer Nr. 4", "Zimmer: 214", "Zimmer:\n", "drei Zimmer", "3 Zimmer", "3 freie Zimmer",
    "drei möblierte Zimmer", "mein Zimmer", "dieses Zimmer", "kein Zimmer", "ohne Zimmer", "Bad, Zimmer und Küche",
    "Küche und Zimmer", "ein Zimmer-Schlüssel", "2-Zimmer", "jedes Zimmer", "zum Zimmer", "ein zimmer",
    "Anzahl Zimmer", "das\u00a0Zimmer", "wir vermieten schöne Zimmer", "im letzten Zimmer",
    "nur noch ein sehr kleines Zimmer",
])
def test_the_thing_stays(context: str) -> None:
    assert not is_replaced(context, word="immer")


@pytest.mark.parametrize("context", [
    "Anna Zimmer kommt", "Zimmer, Anna", "das ist Anna Zimmer", "der Anna Zimmer ihr Kind", "Anna und Zimmer",
    "Anna Maria Zimmer, das ist sie",
])
def test_a_known_given_name_beside_it_makes_it_a_name(context: str) -> None:
    assert is_replaced(context, "Anna Zimmer")


def test_a_name_that_is_no_word_counts_everywhere() -> None:
    assert is_replaced("das krüger im Obergeschoss", "Frau Krüger", "krüger")


def test_the_given_name_of_an_ambiguous_surname_counts_everywhere() -> None:
    assert is_replaced("das Formular der Anna", "Anna Zimmer", "Anna")


def test_the_recogniser_is_never_overruled() -> None:
    text = "ein Zimmer"
    assert redact([text], [[finding(text, 4, 10)]], {}, lambda a, e, v: "***").texts == ["ein [PERSON1]"]


def _readable(document: Document) -> tuple[int, int, int, int]:
    """Return mentions, readable mentions, words that are the same but no name, and how many of these were replaced."""
    text = document.text
    people = [g for g in document.gold if " " in g.surface or SALUTED.search(text[:g.start])]
    found = [finding(text, g.start, g.end) for g in people]
    cuts = plan([text], [found], {}).cuts[0]
    words = {w for g in people for w in re.findall(r"[^\W\d_]+", g.surface)}
    known = [g for g in document.gold if words.issuperset(re.findall(r"[^\W\d_]+", g.surface))]
    inside = [any(c.start <= g.start and g.end <= c.end for c in cuts) for g in known]
    things = [m for m in re.finditer(r"[^\W\d_]+", text) if m[0].removesuffix("s") in words
              and not any(g.start <= m.start() < g.end for g in document.gold)]
    taken = [any(c.start <= m.start() < c.end for c in cuts) for m in things]
    return len(inside), inside.count(False), len(things), sum(taken)


def test_people_and_things_are_told_apart_in_forty_documents() -> None:
    mentions, readable, things, taken = map(sum, zip(*map(_readable, read_documents(DOCUMENTS)), strict=True))
    assert mentions > 120
    assert things > 75
    assert readable == 0
    assert taken <= things // 6
