"""The recogniser as the product uses it: loads offline, finds names, tells the same twice, fails loudly."""

import json
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from gateway.detection.ner import MASK, ModelError, NameRecognizer
from gateway.detection.ner.places import named_after
from gateway.detection.ner.recognizer import DEFAULT

LETTER = """Sehr geehrte Frau Brömmelkamp,

mein Sohn Jaroslav Wieczorek, geb. am 03.04.2015, besucht die Grundschule. Bitte rufen Sie Herrn Öksüz an.

Mit freundlichen Grüßen
Agnieszka Wieczorek
"""


@pytest.fixture(scope="module")
def recognizer() -> NameRecognizer:
    return NameRecognizer.load()


def found(recognizer: NameRecognizer, text: str) -> list[str]:
    return [text[s.start : s.end] for s in recognizer.find(text)]


def test_names_of_a_letter_are_found_without_salutation(recognizer: NameRecognizer) -> None:
    assert found(recognizer, LETTER) == ["Brömmelkamp", "Jaroslav Wieczorek", "Öksüz", "Agnieszka Wieczorek"]


@pytest.mark.parametrize(
    "text",
    [
        "§ 28 VwVfG verlangt eine Anhörung. Die Frist beträgt einen Monat.",
        "SELECT name, vorname FROM buerger WHERE ort = 'Kiel' ORDER BY name;",
        "Der Bescheid ergeht nach dem Wohngeldgesetz und ist kostenfrei.",
        "=SVERWEIS(A2;Tabelle1!$A$2:$D$400;3;FALSCH)",
        "Das Zimmer 214 ist abgeschlossen, der Richter hat den Termin verlegt.",
        "Die Marie-Juchacz-Schule und der Otto-Wels-Platz werden saniert.",
        "SATZUNG ÜBER DIE ERHEBUNG VON ELTERNBEITRÄGEN",
    ],
)
def test_text_without_people_stays_as_it_is(recognizer: NameRecognizer, text: str) -> None:
    assert found(recognizer, text) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("Marie-Juchacz-Schule", True),
    ("Marie", False),
    ("Otto-Wels-Plätze und", True),
    ("Anna-Maria Schule", False),
    ("Müller-Lüdenscheidt", False),
])
def test_a_place_named_after_somebody_is_told_by_its_last_part(text: str, expected: bool) -> None:
    assert named_after(text, 0, len(text.split("-")[0].split(" ")[0])) is expected


@pytest.mark.parametrize(("given", "surname"), [("Wibke", "Sattler"), ("Jonas", "Vogel"), ("Emine", "Kaya")])
def test_a_surname_behind_a_given_name_is_one_even_if_it_is_a_word(
        recognizer: NameRecognizer, given: str, surname: str) -> None:
    assert found(recognizer, f"Die Unterlagen von {given} {surname} fehlen noch.") == [f"{given} {surname}"]


def test_the_same_text_gives_the_same_spans_in_every_thread(recognizer: NameRecognizer) -> None:
    expected = recognizer.find(LETTER)
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(recognizer.find(LETTER))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


def test_a_lower_threshold_never_finds_fewer_words(recognizer: NameRecognizer) -> None:
    def covered(mask: float) -> set[int]:
        return {i for s in recognizer.find(LETTER, mask=mask) for i in range(s.start, s.end) if LETTER[i].isalpha()}

    assert covered(0.9) <= covered(MASK) <= covered(0.05)


def test_loading_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the recogniser must not use the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert NameRecognizer.load().find("Herr Tadeusz Nowicki ruft an.")


def test_the_model_is_small_enough_to_ship() -> None:
    assert sum(p.stat().st_size for p in DEFAULT.parent.iterdir()) <= 12 * 1024 * 1024


def test_a_missing_model_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"fehlt\.npz"):
        NameRecognizer.load(tmp_path / "fehlt.npz")


def test_a_damaged_model_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "kaputt.npz"
    path.write_bytes(DEFAULT.read_bytes()[:100_000])
    with pytest.raises(ModelError):
        NameRecognizer.load(path)


def test_a_model_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fremd.npz"
    np.savez(path, about=np.array(json.dumps({"format": 999})))
    with pytest.raises(ModelError, match="999"):
        NameRecognizer.load(path)


def test_an_empty_text_has_no_names(recognizer: NameRecognizer) -> None:
    assert recognizer.find("") == []
    assert recognizer.find(" \n\t ") == []


def test_a_second_mention_does_not_depend_on_where_the_text_is_long(recognizer: NameRecognizer) -> None:
    text = LETTER + "Die Unterlagen liegen bei.\n" * 400 + LETTER
    words = found(recognizer, text)
    assert words == ["Brömmelkamp", "Jaroslav Wieczorek", "Öksüz", "Agnieszka Wieczorek"] * 2


def test_a_clear_mention_in_one_text_does_not_speak_for_another(recognizer: NameRecognizer) -> None:
    texts = ["Kurz kommt morgen.", "", "Frau Kurz ruft an. Frau Kurz bittet um Antwort.", "\n", "Kurz kommt morgen."]
    together = recognizer.find_many(texts)
    assert together == [recognizer.find(text) for text in texts]
    assert together[0] == together[-1]
    assert recognizer.find_many([]) == []


@pytest.mark.parametrize("text", [
    "Ich sprach mit Frau Schulz. Schulz will klagen.", "Bescheid für Familie Kern. Kern zahlt."])
def test_a_name_does_not_reach_over_the_end_of_a_sentence(recognizer: NameRecognizer, text: str) -> None:
    assert all("." not in text[span.start:span.end] for span in recognizer.find(text))
