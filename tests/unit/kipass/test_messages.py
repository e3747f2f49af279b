"""What a person reads when refused: short, complete, polite, and never a riddle."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kipass import Document, KiPassConfig, Module, Scope
from gateway.kipass.messages import LIMIT, Words, ascii_only

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DV = Document("dienstvereinbarung", "9", "DV", "0" * 64, date(2026, 6, 1))


def words(titles: list[str], scope: str = "basis", name: str = "Grundlagen", host: int = 54,
          contact: int = 50) -> Words:
    modules = tuple(Module(f"{i}{'m' * 47}", "schulung", title, 600) for i, title in enumerate(titles))
    config = KiPassConfig({m.key: m for m in modules}, {}, {}, "x" * host + "/pass", "c" * contact)
    return Words(config, Scope(scope, name, tuple(m.key for m in modules)), modules)


def every(sentence: Words) -> list[str]:
    return [sentence.missing(), sentence.expired(NOW), sentence.overtaken(DV), sentence.blocked(), sentence.grace(NOW)]


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), max_size=9),
       st.text(min_size=1, max_size=24))
def test_no_sentence_is_longer_than_promised_for_names_that_the_loader_allows(titles: list[str], name: str) -> None:
    for scope in ("basis", "other"):
        assert all(len(s) <= LIMIT for s in every(words(titles, scope, name)))


@given(st.text())
def test_a_notice_is_fit_for_a_header_whatever_it_names(text: str) -> None:
    assert all(" " <= c <= "~" for c in ascii_only(text))


def test_umlauts_are_spelled_out_in_a_notice() -> None:
    assert ascii_only("Prüfung – größer „Ähre“") == "Pruefung - groesser 'Aehre'"


def test_a_sentence_says_what_happened_why_and_what_to_do() -> None:
    short = words(["Schulung", "Leitlinien"], host=20)
    assert short.missing() == (
        "Ihre Anfrage wurde nicht gesendet, weil Ihnen der KI-Pass noch fehlt. Offen: Schulung, Leitlinien "
        f"(etwa 1200 Minuten). Hier geht es weiter: {'x' * 20}/pass – danach können Sie sofort loslegen.")


def test_where_the_names_do_not_fit_the_first_is_named_and_the_others_are_counted() -> None:
    long = words([c * 40 for c in "abc"], host=30)
    assert f"Offen: {'a' * 40} und 2 weitere Schritte" in long.missing()
    assert f"Offen: {'a' * 40} und 1 weiterer Schritt" in words([c * 40 for c in "ab"], "s", "n" * 24).missing()


def test_one_open_step_is_linked_itself_and_several_lead_to_the_page_of_all() -> None:
    one, two = words(["Schulung"], host=10), words(["Schulung", "Leitlinien"], host=10)
    for sentence in (one.missing(), one.expired(NOW), one.overtaken(DV), one.grace(NOW)):
        assert f"{'x' * 10}/pass/schritt/0{'m' * 47}" in sentence
    for sentence in (*every(two), words([], host=10).missing(), one.blocked()):
        assert f"{'x' * 10}/pass" in sentence
        assert "/schritt/" not in sentence


@pytest.mark.parametrize("sentence", every(words(["Schulung"])))
def test_the_tone_is_calm(sentence: str) -> None:
    assert "!" not in sentence
    assert "403" not in sentence
    assert "Administrator" not in sentence
