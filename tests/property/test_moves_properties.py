"""Places in a redacted text and in the client's own: the stretch between two places is the same on both sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.finding import Finding
from gateway.redaction.redact import redact
from gateway.redaction.restore import Restorer, restore
from gateway.wire import positions
from gateway.wire.citations import back, there
from gateway.wire.positions import Positions
from tests.support.moved import moved

REPLACE = {"Sabine Krüger": "[PERSON1]", "Weg 5\n12345 X": "[ADRESSE1]", "L01X00T47": "***", "Ö": "etwas Langes"}
PIECES = st.lists(st.sampled_from(["Antrag ", "von ", "😀 ", "\n", ". ", *REPLACE]), max_size=9)


@given(PIECES, st.data())
def test_a_cited_stretch_is_the_same_one_in_the_clients_text_and_back(pieces: list[str], data: st.DataObject) -> None:
    edges = [len("".join(pieces[:n])) for n in range(len(pieces) + 1)]
    first, last = sorted((data.draw(st.sampled_from(edges)), data.draw(st.sampled_from(edges))))
    whole = moved("".join(pieces), REPLACE)
    cited = moved(whole.before[first:last], REPLACE).after
    start = len(moved(whole.before[:first], REPLACE).after)
    provider = {"type": "char_location", "document_index": 1, "cited_text": cited, "start_char_index": start,
                "end_char_index": start + len(cited)}
    client = back(provider, [None, whole])
    if first == last:
        assert client is not None
        return
    assert client == {**provider, "cited_text": whole.before[first:last], "start_char_index": first,
                      "end_char_index": last}
    assert there(client, [None, whole]) == {**client, "start_char_index": start, "end_char_index": start + len(cited)}


@given(PIECES, st.integers(-2, 90), st.integers(-2, 90), st.text(max_size=4))
def test_a_citation_that_does_not_fit_is_left_out_and_never_wrong(pieces: list[str], start: int, end: int,
                                                                  said: str) -> None:
    whole = moved("".join(pieces), REPLACE)
    given_ = {"type": "char_location", "document_index": 0, "cited_text": said, "start_char_index": start,
              "end_char_index": end}
    client = back(given_, [whole])
    if client is not None:
        cited = whole.before[client["start_char_index"]:client["end_char_index"]]
        assert client["cited_text"] == cited
        assert said.split() == whole.after[start:end].split()
        assert set(said.split()) <= set(moved(cited, REPLACE).after.split()) or len(cited) > len(said)


@given(PIECES)
def test_redaction_says_what_it_moved(pieces: list[str]) -> None:
    text = "".join(pieces)
    findings = [Finding(at, at + len(name), "PERSON", 1.0, "x") for name in ["Sabine Krüger"]
                for at in range(len(text)) if text.startswith(name, at)]
    done = redact([text, text], [findings, findings], {"PERSON": "placeholder"}, lambda *_: "")
    one, nothing = done.moves([text, text], [1, None])
    assert nothing is None
    assert one is not None
    assert (one.before, one.after) == (text, done.texts[1])
    for finding in findings:
        start, end = one.there(finding.start, finding.end)
        assert restore(one.after[start:end], done.values) == text[finding.start:finding.end]
        assert one.back(start, end) == (finding.start, finding.end)
        assert one.back(start + 1, end - 1) == (finding.start, finding.end)


@given(PIECES, st.integers(-1, 80))
def test_a_place_in_an_answer_is_where_the_text_before_it_ends_or_nowhere(pieces: list[str], position: int) -> None:
    values = {"[PERSON1]": "Sabine Krüger", "[ADRESSE1]": "Weg 5\n12345 X"}
    raw = moved("".join(pieces), {value: token for token, value in values.items()}).after
    place = Positions(lambda _: Restorer(values)).place(raw, position)
    inside = any(raw.startswith(token, at) and at < position < at + len(token) for token in values
                 for at in range(len(raw)))
    if inside or not 0 <= position <= len(raw):
        assert place is None
    else:
        assert place == len(restore(raw[:position], values))


def test_an_answer_that_is_all_annotations_costs_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "MOST", 100)
    places = Positions(lambda _: Restorer({"[PERSON1]": "Sabine Krüger"}))
    text = "[PERSON1] " * 5
    assert places.place(text, 10) == 14
    assert places.place(text, 50) == 70, "the same text once more costs nothing"
    assert places.place(text, 40) == 56
    assert places.place(text, 30) is None
