"""Calls that a chat client makes of its own accord: a title, tags, follow-up questions, words for a search.

Each repeats the whole conversation, so one question of a person would leave the house three or four times. A client
can say what such a call is for (``X-KIP-Task``); where it does not, the shape of its prompt does: the templates of
Open WebUI begin with ``### Task:`` and hold the conversation between ``<chat_history>`` tags, and the answer they ask
for is a small JSON object.

`reply` answers such a call in the house, in the form that the client reads: from the conversation's first words, with
no model at all. Pure; it does not know what policy wants.
"""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

import orjson

Task = Literal["title", "tags", "follow_ups", "queries", "image_prompt", "autocomplete", "emoji", "summary"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)

_HEADER: Final[dict[str, Task]] = {
    "title_generation": "title", "tags_generation": "tags", "follow_up_generation": "follow_ups",
    "query_generation": "queries", "image_prompt_generation": "image_prompt",
    "autocomplete_generation": "autocomplete", "emoji_generation": "emoji", "moa_response_generation": "summary",
    **{task: task for task in TASKS},
}
_START: Final = re.compile(r"\s*#{1,3} ?(?:Task|Aufgabe)\b", re.IGNORECASE)
_HISTORY: Final = re.compile(r"<chat_history>(.*?)</chat_history>", re.DOTALL)
_KEYS: Final[tuple[tuple[str, Task], ...]] = (
    ('"follow_ups"', "follow_ups"), ('"tags"', "tags"), ('"title"', "title"), ('"queries"', "queries"),
    ('"prompt"', "image_prompt"), ('"text"', "autocomplete"))
"""What the wanted JSON holds -> the task; the order matters, a template may name more than one."""
_TITLES: Final = re.compile(r"\b(?:title|titel)\b.{0,200}\b(?:conversation|chat|unterhaltung|gespräch)", re.IGNORECASE
                            | re.DOTALL)
_SPEAKER: Final = re.compile(r"^\s*(?:USER|Human|User)\s*:\s*", re.MULTILINE)
_LONGEST: Final = 60


def recognise(header: str | None, last: str, turns: int) -> Task | None:
    """Return what a call is for, or None for what a person asked.

    ``header`` is what the client says, ``last`` the text of the last message, ``turns`` the number of messages.
    """
    if header and "{{" not in header:
        return _HEADER.get(header.strip().lower())
    if _START.match(last) and _HISTORY.search(last):
        return next((task for key, task in _KEYS if key in last), "summary")
    if turns <= 2 and len(last) > 200 and _TITLES.search(last[:400]) and _SPEAKER.search(last):
        return "title"
    return None


def reply(task: Task, last: str) -> str:
    """Return an answer to a background call, made without a model."""
    if task == "title":
        return _json({"title": _first_words(last)})
    if task == "tags":
        return _json({"tags": ["Allgemein"]})
    if task == "follow_ups":
        return _json({"follow_ups": []})
    if task == "queries":
        return _json({"queries": []})
    if task == "image_prompt":
        return _json({"prompt": ""})
    if task == "autocomplete":
        return _json({"text": ""})
    return "💬" if task == "emoji" else ""


def _first_words(last: str) -> str:
    """Return how the conversation begins, as a title."""
    history = _HISTORY.search(last)
    text = history[1] if history else last
    said = _SPEAKER.search(text)
    line = text[said.end() if said else 0:].strip().partition("\n")[0]
    words = " ".join(line.split())
    if len(words) > _LONGEST:
        words = words[:_LONGEST].rsplit(" ", 1)[0] + " …"
    return words or "Gespräch"


def _json(value: dict[str, object]) -> str:
    return orjson.dumps(value).decode()
