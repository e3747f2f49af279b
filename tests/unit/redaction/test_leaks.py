"""The leak alarm rings for what was replaced and came back all the same, and for nothing else."""

from __future__ import annotations

import pytest

from gateway.redaction.leaks import leaks

SENT = ["Antwort an Frau [PERSON1], IBAN [IBAN1], wegen Herrn Weber"]


@pytest.mark.parametrize(("answer", "values", "count"), [
    ("Sehr geehrte Frau [PERSON1]", ["Krüger"], 0),
    ("Sehr geehrte Frau Krüger", ["Krüger"], 1),
    ("Frau KRÜGERS Antrag", ["Krüger"], 1),
    ("das Krügerdenkmal", ["Krüger"], 0),
    ("Herr Weber", ["Weber"], 0),  # stood in what was sent: the model quotes
    ("Bo war da", ["Bo"], 0),  # too short to be more than chance
    ("Krüger und DE89 3704", ["Krüger", "DE89 3704", "Müller"], 2),
])
def test_the_alarm_counts_values_that_nobody_sent(answer: str, values: list[str], count: int) -> None:
    assert leaks([answer], values, SENT) == count
