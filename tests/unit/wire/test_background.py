"""Calls that a chat client makes of its own accord: told by header or shape, answered in the form that it reads."""

from __future__ import annotations

import json

import pytest

from gateway.wire.background import TASKS, recognise, reply

HISTORY = ("<chat_history>\nUSER: Bitte prüfen Sie den Antrag von Sabine Krüger auf Wohngeld\nASSISTANT: Gern.\n"
           "</chat_history>")
TITLE = f"### Task:\nGenerate a concise title.\n### Output:\nJSON format: {{ \"title\": \"your title\" }}\n{HISTORY}"
FOLLOW = f"### Task:\nSuggest 3-5 follow-up questions.\nJSON: {{ \"follow_ups\": [\"Question 1?\"] }}\n{HISTORY}"
TAGS = f"### Task:\nGenerate 1-3 broad tags.\nJSON format: {{ \"tags\": [\"tag1\"] }}\n{HISTORY}"


@pytest.mark.parametrize(("header", "task"), [
    ("title_generation", "title"), (" Tags_Generation ", "tags"), ("follow_up_generation", "follow_ups"),
    ("query_generation", "queries"), ("title", "title"), ("etwas anderes", None)])
def test_what_the_client_says_counts(header: str, task: str | None) -> None:
    assert recognise(header, "Wie geht es?", 1) == task


@pytest.mark.parametrize(("last", "task"), [(TITLE, "title"), (FOLLOW, "follow_ups"), (TAGS, "tags")])
def test_the_templates_of_open_webui_are_known_by_their_shape(last: str, task: str) -> None:
    assert recognise(None, last, 1) == task
    assert recognise("{{TASK}}", last, 1) == task


@pytest.mark.parametrize("last", [
    "Bitte schlagen Sie einen Titel für das Gespräch mit Frau Krüger vor.", "### Task: Bitte fassen Sie zusammen",
    "Was bedeutet <chat_history>?", ""])
def test_what_a_person_asks_is_no_background_call(last: str) -> None:
    assert recognise(None, last, 3) is None


def test_a_title_is_how_the_conversation_began() -> None:
    assert json.loads(reply("title", TITLE)) == {"title": "Bitte prüfen Sie den Antrag von Sabine Krüger auf Wohngeld"}


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_has_the_form_that_the_client_reads(task: str) -> None:
    said = reply(task, "")  # type: ignore[arg-type]
    if task not in ("emoji", "summary"):
        assert isinstance(json.loads(said), dict)
