"""Whatever a model makes of a placeholder, the right person comes back or nobody; for every way of cutting."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model.entities import ENTITIES
from gateway.model.finding import Finding
from gateway.redaction.placeholder import LABELS, MAX_LENGTH, Issued, lookalikes, token
from gateway.redaction.redact import redact
from gateway.redaction.restore import Restorer, restore
from tests.support.chunking import joined_in_every_way

SUFFIXES = st.sampled_from(["", "W", "M", "N", "V", "WN", "MV", "2", "WN2", "W12"])
NUMBERS = st.integers(1, 120)
TOKENS = st.builds(token, st.sampled_from(LABELS), NUMBERS, SUFFIXES)
BRACKETS = st.sampled_from([("[", "]"), ("\\[", "\\]"), ("\\\\[", "\\\\]"), ("[", "\\]"), ("［", "］"), ("⟦", "⟧"),
                            ("【", "】"), ("&#91;", "&#93;"), ("&lbrack;", "&rbrack;"), ("&lsqb;", "&rsqb;"),
                            ("&#x5B;", "&#x5d;"), ("[", "］")])
GAPS = st.sampled_from(["", " ", "\u00a0", "**", "_", "`", "\n", " * "])
BREAKS = st.sampled_from(["", "_", "\\_", "\\\\_", " ", "-", "\u2011", "\u00a0", "\u200b", "_ "])
CASES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str, str.lower, str.title, str.upper])
AROUND = st.text(alphabet="ab1, .]\n[*\\&_-sS", max_size=6)


def machine(values: dict[str, str], *, json_string: bool = False) -> Callable[[], Any]:
    issued = Issued(values)

    def start() -> Any:
        restorer = Restorer(issued, json_string=json_string)
        return restorer.feed, restorer.close
    return start


@st.composite
def mangled(draw: st.DrawFn, label: str, number: int, suffix: str) -> str:
    """One spelling of a token that a model may come up with."""
    opening, closing = draw(BRACKETS)
    case = draw(CASES)
    name = case(label.replace("UE", "Ü") if draw(st.booleans()) and "EUE" not in label else label)
    between = draw(BREAKS) if not suffix[:1].isdigit() else "_"
    return (opening + draw(GAPS) + name + draw(BREAKS) + "0" * draw(st.integers(0, 1)) + str(number)
            + (between[:3] + case(suffix) if suffix else "") + draw(GAPS) + closing)


@given(st.sampled_from(LABELS), NUMBERS, SUFFIXES, st.data())
def test_every_spelling_of_a_placeholder_is_read(label: str, number: int, suffix: str, data: st.DataObject) -> None:
    spelled = data.draw(mangled(label, number, suffix))
    values = {token(label, n, suffix): f"<{n}>" for n in (number, 10 * number, 10 * number + 7, number // 10)}
    assert joined_in_every_way(f"An {spelled}, hier", machine(values)) == f"An <{number}>, hier"
    assert [(0, len(spelled))] == list(lookalikes(spelled))


@given(st.lists(st.one_of(TOKENS, AROUND, TOKENS.map(lambda t: t[:-1]), TOKENS.map(str.lower)), max_size=8),
       st.dictionaries(TOKENS, st.sampled_from(["Krüger", "Fuchs", "[PERSON2]", "Marx", 'a"b', "s", ""]), max_size=6))
@example(["[PERSON1", " W]"], {"[PERSON1]": "Krüger", "[PERSON1W]": "Ute Krüger"})
@example(["[PERSON1]", "s", "[PERSON1]", "s"], {"[PERSON1]": "Fuchs"})
@example(["[PERSON1", "s", " "], {"[PERSON1]": "Fuchs"})
@example(["[PERSON1", "W"], {"[PERSON1]": "Fuchs"})
def test_no_answer_depends_on_where_it_was_cut(parts: list[str], values: dict[str, str]) -> None:
    answer = "".join(parts)
    assert joined_in_every_way(answer, machine(values)) == restore(answer, values)
    joined_in_every_way(answer, machine(values, json_string=True))


@given(st.lists(st.one_of(TOKENS, AROUND), max_size=8).map("".join), st.integers(1, 7))
def test_what_is_counted_as_unresolved_does_not_depend_on_the_cut(answer: str, size: int) -> None:
    values = {"[PERSON1]": "Krüger", "[IBAN2]": "DE89"}
    whole, cut = Restorer(values), Restorer(values)
    whole.feed(answer)
    for at in range(0, len(answer), size):
        cut.feed(answer[at:at + size])
    whole.close()
    cut.close()
    assert (whole.unresolved, whole.withheld) == (cut.unresolved, cut.withheld)


FORGED = st.sampled_from([
    "PERSON1", "PERSON1]", "(PERSON1)", "{PERSON1}", "<PERSON1>", "&lt;PERSON1&gt;", "%5BPERSON1%5D", "[PERSON]", "[]",
    "[PERSONEN1]", "[XPERSON1]", "[PERSON 1 2 3]", "[PERSON 1 2]", "[PERSON1a2b]", "[PERSON1WNV]", "[PERSON\u0661]",
    "[PERSON1x", "[PER SON1]", "[PERSON12345678]", "[PERSON:1]", "[P1]", "[1]", "[PERSON1 2024",
])


@given(st.dictionaries(st.builds(token, st.sampled_from(LABELS), st.integers(1, 60), SUFFIXES), st.just("geheim")),
       st.lists(st.one_of(FORGED, st.builds(token, st.sampled_from(LABELS), st.integers(61, 999), SUFFIXES))))
def test_foreign_and_forged_placeholders_are_inert(issued: dict[str, str], parts: list[str]) -> None:
    answer = " ".join(parts)
    assert joined_in_every_way(answer, machine({"[PERSON1]": "geheim", "[IPADRESSE2]": "geheim", **issued})) == answer


@given(st.sampled_from(LABELS), NUMBERS, SUFFIXES, NUMBERS, SUFFIXES, st.data())
def test_two_people_are_never_confused(label: str, one: int, first: str, other: int, second: str,
                                       data: st.DataObject) -> None:
    values = {token(label, one, first): "Krüger"}
    spelled = data.draw(mangled(label, other, second))
    restored = restore(f"({spelled})", values)
    assert restored == (f"({'Krüger'})" if one == other else f"({spelled})")


@given(st.sampled_from(["[", "［", "&#91;", "\\[", "&lbrack;"]), st.sampled_from(LABELS), NUMBERS, SUFFIXES)
def test_an_unfinished_placeholder_at_the_end_is_never_guessed(opening: str, label: str, number: int,
                                                               suffix: str) -> None:
    start = machine({token(label, n, suffix): "Krüger" for n in (number, 10 * number, 10 * number + 7)})
    whole = f"{opening}{token(label, number, suffix)[1:-1]}"
    for end in range(1, len(whole) + 1):
        assert joined_in_every_way(whole[:end], start) == whole[:end]


def test_no_spelling_is_longer_than_what_may_be_held_back() -> None:
    label = max(LABELS, key=len)
    spelled = f"&lbrack; * {label}\\\\_\\\\_1234567\\\\_\\\\_WN1234567\\\\_’s * &rbrack;"
    assert [(0, len(spelled))] == list(lookalikes(spelled))
    assert len(spelled) <= MAX_LENGTH
    assert joined_in_every_way(spelled, machine({token(label, 1234567, "WN1234567"): "Krüger"})) == "Krügers"


@given(st.sampled_from(["[PERSON7", "[1]", "[siehe", "[x] erledigt", "&", "\\", "[PERSON2", "[IBAN1", "a[0", "&nbsp;",
                        "[PERSON1 wohn", "[PERSON1]"]))
def test_only_what_may_become_an_issued_placeholder_is_held_back(text: str) -> None:
    restorer = Restorer({"[PERSON1]": "Krüger", "[PERSON12]": "Müller"})
    shown = restorer.feed(text)
    assert shown == {"&": "", "\\": "", "[PERSON1]": "Krüger", "[PERSON1 wohn": "Krüger wohn"}.get(text, text)


NAMES = st.sampled_from(["Fuchs", "Krüger", "Marx", "Müllers", "Müller", "FRANZ", "Weiß", "Fuchss", "Marxs", "Krügers"])
AFTER = st.sampled_from(["", "s", "S", "ss", "s ", "s_", "sä", "'s", "’", "s[", "s\n", "-s", "s1", "s̈", "sFuchs"])


@given(st.lists(st.tuples(NAMES, AFTER, st.sampled_from([" ", "", "\n", ", "])), max_size=6),
       st.sampled_from(["PERSON", "ADDRESS"]), st.booleans())
def test_whatever_ending_the_user_wrote_comes_back(parts: list[tuple[str, str, str]], kind: str, sure: bool) -> None:
    text, found = "", []
    for name, after, space in parts:
        found.append(Finding(len(text), len(text) + len(name), kind, 1, "anrede", certain=sure))
        text += name + after + space
    result = redact([text], [found], {}, lambda action, entity, value: "***")
    assert joined_in_every_way(result.texts[0], machine(result.values)) == text
    source = json.dumps({"t": result.texts[0]})
    assert json.loads(joined_in_every_way(source, machine(result.values, json_string=True))) == {"t": text}


VALUES = st.text(alphabet="aü\"\\\n\u2028\x07{[,", min_size=1, max_size=5)


@given(VALUES, VALUES, st.integers(0, 4), st.booleans(), st.booleans())
def test_a_value_is_escaped_as_often_as_json_lies_in_json(value: str, other: str, levels: int, ascii_only: bool,
                                                         in_list: bool) -> None:
    def wrapped(name: str, second: str) -> str:
        data: Any = [1.5, None, name] if in_list else {"wer": name}
        text = json.dumps(data, ensure_ascii=ascii_only)
        for _ in range(levels):
            text = json.dumps({"a": True, "body": text, "und": f"an {second}"}, ensure_ascii=ascii_only)
        return text
    values = {"[PERSON1]": value, "[IBAN1]": other}
    shown = joined_in_every_way(wrapped("[PERSON1]", "[IBAN1]"), machine(values, json_string=True))
    expected, found = json.loads(wrapped(value, other)), json.loads(shown)
    for _ in range(levels):
        assert found["und"] == expected["und"]
        found, expected = json.loads(found["body"]), json.loads(expected["body"])
    assert found == expected


def test_every_label_can_be_read_without_a_separator() -> None:
    assert all(entity.label.isascii() and entity.label.isalpha() and entity.label.isupper()
               for entity in ENTITIES.values())


@given(st.sets(TOKENS, max_size=6), st.sampled_from(["[", "\\[", "［"]),
       st.sampled_from(["", "P", "PERSON", "person", "IBAN", "IB", "TEXT"]),
       st.sampled_from(["", "0", "1", "01", "12", "120"]), st.sampled_from(["", "W", "_", "]", "s"]))
def test_only_what_can_become_an_issued_placeholder_is_waited_for(
        issued: set[str], opening: str, label: str, number: str, rest: str) -> None:
    """A number is complete as soon as something else follows; what then follows may get lost or change."""
    bases = {match[1] for name in issued if (match := re.match(r"\[([A-Z]+[0-9]+)", name))}
    rest = rest if number else ""
    start = label.upper() + number.lstrip("0")
    possible = start in bases if rest else any(base.startswith(start) for base in bases)
    assert Issued(dict.fromkeys(issued, "x")).may_become(opening + label + number + rest) is possible
