"""What the demo says is a pure function, uses the placeholders it saw, and quotes them so that they stay."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.entities import ENTITIES
from gateway.redaction.placeholder import MAX_LENGTH, token
from gateway.redaction.restore import restore
from gateway.upstream.demo import tools
from gateway.upstream.demo.answer import DEMO, QUOTE_LIMIT, Received, compose, pieces, placeholders, quoted

LABELS = sorted({entity.label for entity in ENTITIES.values()})
TOKENS = st.builds(token, st.sampled_from(LABELS), st.integers(1, 99999))


@given(TOKENS)
def test_every_placeholder_of_the_house_is_known_to_the_demo(placeholder: str) -> None:
    assert placeholders(f"a{placeholder}b") == [placeholder]


@given(st.lists(st.one_of(TOKENS, st.text(max_size=12)), max_size=12).map("".join))
def test_restoration_leaves_the_quotation_as_the_provider_saw_it(text: str) -> None:
    values = dict.fromkeys(placeholders(text), "Erika Mustermann")
    assert restore(quoted(text), values) == quoted(text)


@given(st.sampled_from(LABELS), st.integers(1, 999), st.sampled_from(["{0}", " {0} ", "\\[{0}\\]", "**{0}**"]))
def test_even_a_generous_restorer_does_not_know_the_quoted_spelling(label: str, number: int, around: str) -> None:
    generous = re.compile(rf"[\[({{<［]?\s*{label}[\s_\-]*{number}\s*[\])}}>］]?", re.IGNORECASE)
    assert generous.search(quoted(around.format(token(label, number)))) is None


def test_the_answer_greets_with_the_placeholder_names_itself_and_quotes() -> None:
    answer = compose(Received(text="Ich bin [PERSON2], Tel. [TELEFON1].", instructions=1))
    assert answer.startswith("Guten Tag [PERSON2],")
    assert DEMO in answer
    assert "[TELEFON1]" in answer
    assert "> Ich bin ‹PERSON·2›, Tel. ‹TELEFON·1›." in answer
    assert "1 Systemanweisung" in answer
    restored = restore(answer, {"[PERSON2]": "Erika Mustermann", "[TELEFON1]": "0123"})
    assert restored.startswith("Guten Tag Erika Mustermann,")
    assert "‹PERSON·2›" in restored


def test_a_long_message_is_quoted_up_to_the_limit_that_the_answer_states() -> None:
    exact = compose(Received(text="a" * QUOTE_LIMIT))
    longer = compose(Received(text="a" * (QUOTE_LIMIT + 7)))
    assert "a" * QUOTE_LIMIT in exact
    assert "Zitiert" not in exact
    assert "a" * (QUOTE_LIMIT + 1) not in longer
    assert f"die ersten {QUOTE_LIMIT} Zeichen; 7 weitere" in longer


@given(st.text(max_size=300))
def test_the_pieces_of_an_answer_join_to_the_answer(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert all(0 < len(piece) < MAX_LENGTH for piece in pieces(text))


def test_a_placeholder_is_cut_apart_by_the_pieces() -> None:
    assert not any("[GEBURTSDATUM1]" in piece for piece in pieces("x" * 3 + "[GEBURTSDATUM1]" * 4))


SEARCH = {"name": "akte_suchen", "description": "Sucht eine Akte", "parameters": {
    "type": "object", "required": ["name"], "properties": {
        "name": {"type": "string"}, "email": {"type": "string"}, "art": {"enum": ["bau", "sozial"]},
        "anzahl": {"type": "integer"}, "genau": {"type": "boolean"},
        "orte": {"type": "array", "items": {"type": "string"}},
        "zeit": {"type": "object", "properties": {"jahr": {"type": ["number", "null"]}}}}}}
MAIL = {"name": "mail_schreiben", "description": "Schreibt einen Brief", "parameters": {}}


def test_arguments_fit_the_schema_and_use_the_values_of_the_message() -> None:
    text = "Nutze das Werkzeug: 12 Akten zu [PERSON1], [EMAIL1]."
    assert tools.arguments(SEARCH, Received(text=text)) == {
        "name": "[PERSON1]", "email": "[EMAIL1]", "art": "bau", "anzahl": 12, "genau": True, "orte": ["[PERSON1]"],
        "zeit": {"jahr": 12.0}}


def test_a_tool_is_called_when_it_is_demanded_named_or_asked_for_and_else_not() -> None:
    both = [MAIL, SEARCH]
    assert tools.choose(Received(text="Wie geht es?", tools=both)) is None
    assert tools.choose(Received(text="Wie geht es?", tools=both, tool_choice="required")) == MAIL
    assert tools.choose(Received(text="Bitte akte_suchen", tools=both)) == SEARCH
    assert tools.choose(Received(text="Nutze ein Werkzeug für die Akte", tools=both)) == SEARCH
    assert tools.choose(Received(text="Wie geht es?", tools=both, tool_choice="akte_suchen")) == SEARCH
    assert tools.choose(Received(text="Bitte akte_suchen", tools=both, tool_choice="none")) is None
    assert tools.choose(Received(text="Bitte akte_suchen", tools=both, tool_result="gefunden")) is None
    assert tools.choose(Received(text="akte_suchen")) is None
