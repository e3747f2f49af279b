"""The project's own evaluation sets: what must hold so that their figures mean something.

A number written as valid must carry the right check digit and one listed as mistyped a wrong one; every kind must be
there; every name must have an origin; and no document may be one of the reserved ones (the development set), of which
only hashes are kept here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stdnum import iban, luhn

from gateway.detection.recognizers.insurance import is_health, is_pension
from gateway.detection.recognizers.papers import icao_digit, is_licence
from gateway.detection.recognizers.tax import is_tax_id
from gateway.evaluation import Document, read_documents, read_origins
from gateway.evaluation.counting import GROUP
from gateway.evaluation.score import telling_words

FOLDER = Path(__file__).parents[2] / "evaluation"
Pair = tuple[Document, dict[str, Any]]


def load(name: str) -> list[Pair]:
    """Return each document of a set as it is read and as it is written."""
    lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")
    return list(zip(read_documents(FOLDER / name), [json.loads(line) for line in lines if line], strict=True))


WORKED_ON, HELD_OUT = load("documents.jsonl"), load("held_out.jsonl")
ALL = WORKED_ON + HELD_OUT
each_set = pytest.mark.parametrize("pairs", [WORKED_ON, HELD_OUT], ids=["documents", "held_out"])
KINDS = {"PERSON", "ADDRESS", "PHONE", "EMAIL", "BIRTHDATE", "DATE_SENSITIVE", "CASE_NUMBER", "CASH_NUMBER", "IBAN",
         "CARD", "TAX_ID", "TAX_NUMBER", "SOCIAL_SECURITY", "HEALTH_INSURANCE", "ID_CARD", "PASSPORT",
         "RESIDENCE_PERMIT", "DRIVER_LICENCE", "PLATE", "PARCEL", "IP", "USERNAME", "HEALTH", "RELIGION", "ORIGIN"}
VALID: dict[str, Callable[[str], bool]] = {
    "IBAN": lambda n: bool(iban.is_valid(n, check_country=False)), "CARD": lambda n: bool(luhn.is_valid(n)),
    "TAX_ID": is_tax_id, "SOCIAL_SECURITY": is_pension, "HEALTH_INSURANCE": is_health, "DRIVER_LICENCE": is_licence}


def compact(surface: str) -> str:
    return re.sub(r"\W", "", surface)


def numbers() -> list[tuple[str, str, bool]]:
    return [(gold.kind, gold.surface, gold.surface in document.mistyped)
            for document, _ in ALL for gold in document.gold if gold.kind in VALID]


@each_set
def test_there_are_enough_documents_with_and_without_personal_data(pairs: list[Pair]) -> None:
    assert sum(bool(d.gold) for d, _ in pairs) >= 64
    assert sum(not d.gold for d, _ in pairs) >= 16


def test_every_document_says_what_it_is() -> None:
    for _, raw in ALL:
        assert all(raw[key] for key in ("id", "kind", "lang", "register", "text")), raw["id"]


@each_set
def test_every_kind_of_the_conventions_is_there(pairs: list[Pair]) -> None:
    found = Counter(gold.kind for document, _ in pairs for gold in document.gold)
    assert set(found) == KINDS
    assert all(found[kind] >= 2 for kind in KINDS)


@pytest.mark.parametrize(("kind", "surface", "mistyped"), numbers())
def test_a_number_is_valid_unless_it_is_listed_as_mistyped(kind: str, surface: str, mistyped: bool) -> None:
    assert VALID[kind](compact(surface)) is not mistyped


@each_set
def test_what_is_listed_as_mistyped_stands_in_the_document(pairs: list[Pair]) -> None:
    listed = [(surface, raw) for _, raw in pairs for surface in raw.get("mistyped", ())]
    assert len(listed) >= 4
    for surface, raw in listed:
        assert f"|{surface}]]" in raw["text"]


@each_set
def test_the_tenth_character_of_an_identity_number_is_its_check_digit(pairs: list[Pair]) -> None:
    long = [compact(g.surface) for d, _ in pairs for g in d.gold if g.kind == "ID_CARD"
            and len(compact(g.surface)) == 10 and g.surface not in d.mistyped]
    assert long
    assert all(icao_digit(number[:9]) == number[9] for number in long)


def test_every_name_has_an_origin_and_every_origin_a_name() -> None:
    origins = read_origins(FOLDER / "origins.json")
    assert set(origins) == {gold.surface for document, _ in ALL for gold in document.gold if gold.kind == "PERSON"}


@each_set
def test_every_group_of_origin_is_large_enough_to_be_compared(pairs: list[Pair]) -> None:
    origins = read_origins(FOLDER / "origins.json")
    words: Counter[str] = Counter()
    for gold in (g for document, _ in pairs for g in document.gold if g.kind == "PERSON"):
        words[origins[gold.surface]] += len(list(telling_words(gold)))
    assert len(words) == 10
    assert min(words.values()) >= GROUP


def full_names(pairs: list[Pair]) -> set[str]:
    return {g.surface for d, _ in pairs for g in d.gold if g.kind == "PERSON" and len(list(telling_words(g))) > 1}


def test_no_person_of_the_held_out_set_stands_in_the_other() -> None:
    assert not full_names(HELD_OUT) & full_names(WORKED_ON)


def shingles(document: Document) -> set[str]:
    words = re.findall(r"[^\W_]+", document.text.lower())
    return {hashlib.blake2b(" ".join(words[i:i + 5]).encode(), digest_size=4).hexdigest()
            for i in range(max(1, len(words) - 4))}


def test_no_document_is_or_resembles_a_reserved_one() -> None:
    """Each line of the file holds the 32 smallest hashes of the word fives of one reserved document."""
    reserved = [set(sketch) for sketch in json.loads((FOLDER / "reserved.json").read_text(encoding="utf-8"))]
    assert len(reserved) >= 20
    for document, _ in ALL:
        own = shingles(document)
        assert all(len(sketch & own) <= 2 for sketch in reserved), document.id


def test_no_document_resembles_another() -> None:
    own = [(document.id, shingles(document)) for document, _ in ALL]
    for number, (name, one) in enumerate(own):
        for other, two in own[number + 1:]:
            assert len(one & two) <= 0.2 * min(len(one), len(two)), (name, other)
