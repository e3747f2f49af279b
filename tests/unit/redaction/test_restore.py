"""Answers as models write them, and what the reader gets: the forms one by one, for every way of cutting."""

from __future__ import annotations

import pytest

from gateway.redaction.placeholder import instruction, token
from gateway.redaction.restore import Restorer
from tests.support.chunking import joined_in_every_way

VALUES = {
    "[PERSON1W]": "Sabine Krüger", "[PERSON1WN]": "Krüger", "[PERSON1WN2]": "KRÜGER", "[PERSON12M]": "Otto Fuchs",
    "[PERSON3]": "Müller", "[PERSON3X2]": "Müllers", "[IBAN1]": "DE89 3704", "[IBAN1X2]": "DE893704",
    "[FUEHRERSCHEIN1]": "B072RRE2I55", "[ADRESSE1]": 'Weg "5"\n12345 X',
}


def restored(answer: str, *, json_string: bool = False) -> str:
    def machine():  # type: ignore[no-untyped-def]
        restorer = Restorer(VALUES, json_string=json_string)
        return restorer.feed, restorer.close
    return joined_in_every_way(answer, machine)


@pytest.mark.parametrize(("answer", "shown"), [
    ("Sehr geehrte Frau [PERSON1WN],", "Sehr geehrte Frau Krüger,"),
    ("[PERSON_1_W] und [Person 12 M]", "Sabine Krüger und Otto Fuchs"),
    ("[person1wn2]", "KRÜGER"),
    ("**[PERSON1W]** [**PERSON1W**] [`PERSON1W`]", "**Sabine Krüger** Sabine Krüger Sabine Krüger"),
    ("\\[PERSON\\_1\\_WN\\] [PERSON1WN\\]", "Krüger Krüger"),
    ("&#91;PERSON12M&#93; &lbrack;IBAN1&rbrack;", "Otto Fuchs DE89 3704"),
    ("［PERSON3］ 【PERSON3】 ⟦PERSON3⟧", "Müller Müller Müller"),
    ("[PERSON\u20113] [PERSON\u00a03] [PERSON\u200b3]", "Müller Müller Müller"),
    ("[IBAN1X2] [IBAN1_2] [IBAN 1 X2] [IBAN1X9]", "DE893704 DE893704 DE893704 DE89 3704"),
    ("[FÜHRERSCHEIN1]", "B072RRE2I55"),
    ("[PERSON1] [PERSON12] [PERSON1N] [PERSON1V]", "Sabine Krüger Otto Fuchs Krüger Sabine Krüger"),
    ("[PERSON3 wohnt, [PERSON12M, [PERSON3\n", "Müller wohnt, Otto Fuchs, Müller\n"),
    ("[PERSON3 2024] [PERSON1 2.500 Euro", "[PERSON3 2024] [PERSON1 2.500 Euro"),
    ("[[PERSON3]] [PERSON4] [PERSON] PERSON3 <PERSON3>", "[Müller] [PERSON4] [PERSON] PERSON3 <PERSON3>"),
])
def test_what_a_model_makes_of_a_placeholder_is_read(answer: str, shown: str) -> None:
    assert restored(answer) == shown


@pytest.mark.parametrize(("answer", "shown"), [
    ("[PERSON3]s Antrag", "Müllers Antrag"),
    ("[PERSON12]s Antrag", "Otto Fuchs’ Antrag"),
    ("Antrag [PERSON12M]s", "Antrag Otto Fuchs’"),
    ("ANTRAG [PERSON12]S", "ANTRAG Otto Fuchs’"),
    ("[PERSON3X2]s Antrag", "Müllers Antrag"),
    ("[PERSON3s] und [PERSON12's] und [PERSON_12_Ms]", "Müllers und Otto Fuchs’ und Otto Fuchs’"),
    ("[PERSON12s Antrag", "Otto Fuchs’ Antrag"),
    ("[PERSON12]'s Antrag", "Otto Fuchs's Antrag"),
    ("[PERSON12]str. [PERSON12]s_1 [PERSON12]ss", "Otto Fuchsstr. Otto Fuchss_1 Otto Fuchsss"),
    ("[PERSON12][PERSON12]s[PERSON12]", "Otto FuchsOtto Fuchs’Otto Fuchs"),
    ("[PERSON12] s", "Otto Fuchs s"),
])
def test_a_genitive_fits_the_name(answer: str, shown: str) -> None:
    assert restored(answer) == shown


def test_behind_a_name_only_what_may_be_its_ending_is_held_back() -> None:
    restorer = Restorer(VALUES)
    assert restorer.feed("[PERSON12]") == "Otto Fuchs"
    assert restorer.feed("s") == ""
    assert restorer.feed(" A") == "’ A"
    assert restorer.feed("[PERSON3]s") == "Müllers"
    assert restorer.close() == ""


def test_in_tool_arguments_a_value_is_escaped_for_the_json_it_lands_in() -> None:
    assert restored('{"wo":"[ADRESSE1]"}', json_string=True) == r'{"wo":"Weg \"5\"\n12345 X"}'
    assert (restored(r'{"body":"{\"wo\":\"[ADRESSE1]\"}"}', json_string=True)
            == r'{"body":"{\"wo\":\"Weg \\\"5\\\"\\n12345 X\"}"}')
    assert (restored(r'{"code":"{ let wo = \"[ADRESSE1]\" }","t":"[1] siehe \"[ADRESSE1]\""}', json_string=True)
            == r'{"code":"{ let wo = \"Weg \"5\"\n12345 X\" }","t":"[1] siehe \"Weg \"5\"\n12345 X\""}')
    assert restored(r'{"t":"\\[PERSON3\\], \\[PERSON\\_3\\]"}', json_string=True) == '{"t":"Müller, Müller"}'


def test_a_suffix_is_explained_only_where_it_says_something() -> None:
    assert "W weiblich" in instruction([token("IBAN", 1), token("PERSON", 1, "WN2")])
    assert "W weiblich" not in instruction([token("IBAN", 1), token("IBAN", 1, "2"), token("PERSON", 1, "2")])


@pytest.mark.parametrize(("issued", "form"), [
    (token("PERSON", 12), "[PERSON12]"), (token("PERSON", 12, "WN2"), "[PERSON12WN2]"),
    (token("IBAN", 3, "2"), "[IBAN3X2]"), (token("IBAN", 3, "100"), "[IBAN3X100]"),
])
def test_a_placeholder_is_one_word(issued: str, form: str) -> None:
    assert issued == form
    assert issued[1:-1].isalnum()
