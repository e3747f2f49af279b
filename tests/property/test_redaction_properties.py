"""Properties 1 to 6 of the house plan: redaction and restoration over all texts, findings and cuts."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model.entities import ENTITIES
from gateway.model.finding import Finding
from gateway.redaction.placeholder import MAX_LENGTH
from gateway.redaction.redact import plan, redact
from gateway.redaction.restore import Restorer, restore
from tests.support.chunking import joined_in_every_way

FRAGMENTS = st.sampled_from([
    "[PERSON1]", "[PERSON", "[IBAN12]", "\\[PERSON\\_1\\]", "\\\\[Person1\\\\]", "［PERSON_1］", "&#91;PERSON1&#93;",
    "W", "X2]", "s", "s ", "'s",
    "[person 1", "[", "]", "\\", "&", "_1]", "1", "2]", "PERSON1", "TEXT1]", "[TEXT1]", " ", "\n", "\n\n", "](",
    "https://a.de/?n=", "<a href=\"", "<", ">", "=",
    "Frau Krüger", "Krügers", "Müller", "mueller", "Fuchs", "Marxs", "DE89 3704", "ß", "İ", "😀",
    "**", "mailto:", "//", "www.", "\"", "'",
])
TEXTS = st.lists(st.one_of(FRAGMENTS, st.text(max_size=6)), max_size=14).map("".join)
KINDS = st.sampled_from(sorted(set(ENTITIES) - {"LITERAL"}))


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[str], list[list[Finding]]]:
    texts = draw(st.lists(TEXTS, min_size=1, max_size=4))
    findings = []
    for text in texts:
        found = []
        for _ in range(draw(st.integers(0, 4)) if text else 0):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, min(len(text), start + 20)))
            found.append(Finding(start, end, draw(KINDS), 0.9, draw(st.sampled_from(["pruefziffer", "anrede"])),
                                 certain=draw(st.booleans())))
        findings.append(found)
    return texts, findings


def replaced(texts: list[str], findings: list[list[Finding]]):  # type: ignore[no-untyped-def]
    return redact(texts, findings, {}, lambda action, entity, value: "***")


@given(requests())
@example((["[PERSON1"], [[]]))
@example((["a\\Krüger\\]"], [[Finding(2, 8, "PERSON", 1, "anrede")]]))
@example((["https://a.de/?n=Krüger und Krüger"], [[Finding(16, 22, "PERSON", 1, "anrede")]]))
def test_what_was_redacted_comes_back_byte_for_byte(request: tuple[list[str], list[list[Finding]]]) -> None:
    texts, findings = request
    result = replaced(texts, findings)
    assert [restore(text, result.values) for text in result.texts] == texts


@given(requests())
def test_every_character_of_a_finding_is_gone(request: tuple[list[str], list[list[Finding]]]) -> None:
    """The first text with one finding made of letters no placeholder contains: nothing of it is left."""
    texts, _ = request
    canary = "Ωκανάρι"
    text = texts[0] + canary + texts[0]
    found = [Finding(len(texts[0]), len(texts[0]) + len(canary), "PERSON", 1, "anrede")]
    result = replaced([text, *texts, "davor " + canary + " danach", canary.upper()],
                      [found, *[[] for _ in texts], [], []])
    for left in (result.texts[0], result.texts[-2], result.texts[-1]):
        assert canary not in left
        assert canary.upper() not in left


@given(requests())
def test_the_same_value_has_one_placeholder_and_two_values_never_share_one(
        request: tuple[list[str], list[list[Finding]]]) -> None:
    values = replaced(*request).values
    assert len(set(values.values())) == len(values)


@given(requests())
def test_restoration_does_not_depend_on_where_the_answer_was_cut(
        request: tuple[list[str], list[list[Finding]]]) -> None:
    texts, findings = request
    result = replaced(texts, findings)
    for answer in [*result.texts, *texts]:
        def machine():  # type: ignore[no-untyped-def]
            restorer = Restorer(result.values)
            return restorer.feed, restorer.close
        assert joined_in_every_way(answer, machine) == restore(answer, result.values)


@given(TEXTS, st.data())
def test_no_more_is_held_back_than_one_placeholder(text: str, data: st.DataObject) -> None:
    restorer = Restorer({"[PERSON1]": "Krüger", "[PERSON12]": "Müller", "[TEXT1]": "[PERSON1]"})
    position = 0
    while position < len(text):
        step = data.draw(st.integers(1, 5))
        restorer.feed(text[position:position + step])
        position += step
        assert len(restorer._carry) <= MAX_LENGTH


@given(st.text(alphabet=st.characters(blacklist_characters="[\\［⟦&")))
def test_text_without_a_sentinel_passes_with_no_delay(text: str) -> None:
    restorer = Restorer({"[PERSON1]": "Krüger"})
    assert restorer.feed(text) == text
    assert restorer.close() == ""


@given(TEXTS)
def test_text_that_looks_like_a_placeholder_survives_unchanged(text: str) -> None:
    """A user writes what we would issue, beside a real name: each comes back as it was, also when it is quoted."""
    whole = f"{text} Krüger"
    found = [Finding(len(whole) - 6, len(whole), "PERSON", 1, "anrede")]
    result = replaced([whole], [found])
    assert restore(result.texts[0], result.values) == whole
    quoted = "Sie schrieben: " + result.texts[0] + " (Ende)"
    assert restore(quoted, result.values) == "Sie schrieben: " + whole + " (Ende)"


@given(TEXTS, TEXTS)
def test_joined_tool_arguments_parse_and_equal_the_restored_value(name: str, other: str) -> None:
    values = {"[PERSON1]": name, "[IBAN1]": other}
    source = json.dumps({"wer": "[PERSON1]", "text": "an [IBAN1], Gruß \n [PERSON1]"}, ensure_ascii=False)

    def machine():  # type: ignore[no-untyped-def]
        restorer = Restorer(values, json_string=True)
        return restorer.feed, restorer.close
    parsed = json.loads(joined_in_every_way(source, machine), strict=False)
    if not any(mark in name + other for mark in ("//", "](", ":", "www.", "<")):
        assert parsed == {"wer": name, "text": f"an {other}, Gruß \n {name}"}


@given(requests())
def test_no_certain_value_is_left_outside_a_replaced_stretch(request: tuple[list[str], list[list[Finding]]]) -> None:
    """Property 3 and the residual check: whatever was found with confidence is gone everywhere."""
    texts, findings = request
    assert plan(texts, findings, {}).residue == 0
