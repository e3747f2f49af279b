"""Asks the questions of the first set-up at a terminal.

Kept true: a wrong answer is asked again with a sentence that says why; a secret is neither shown nor taken from the
command line; nothing is written here. The order is that of the steps; who is asked about what (contacts) follows from
the first people and is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gateway.model.first_setup import Question, Step, completed, together

Ask = Callable[[str], str]
"""Shows a line and returns what was typed. May raise EOFError."""
_NOT_ASKED: Final = ("contact_it", "contact_dpo", "contact_pass", "contact_council")


def ask_all(asked: tuple[Step, ...], suggestions: Mapping[str, str], ask: Ask, ask_secret: Ask,
            say: Callable[[str], None]) -> dict[str, str]:
    """Return answers without a fault."""
    answers: dict[str, str] = {}
    for number, step in enumerate(asked, 1):
        say(f"\n{number} von {len(asked)}: {step.title}\n{step.lead}")
        for question in step.questions:
            if question.key in _NOT_ASKED:
                continue
            _settle(replace(question, default=suggestions.get(question.key, question.default)), answers, ask,
                    ask_secret, say)
        while wrong := [q for q in step.questions if q.key in _apart(asked, answers, number)]:
            for question in wrong:
                say(f"  {_apart(asked, answers, number).get(question.key, '')}")
                answers.pop(question.key, None)
                _settle(question, answers, ask, ask_secret, say)
    return completed(asked, answers)


def _apart(asked: tuple[Step, ...], answers: Mapping[str, str], number: int) -> dict[str, str]:
    """Return what does not fit together among what was asked so far."""
    known = {q.key for step in asked[:number] for q in step.questions}
    blank = {q.key: "" for step in asked for q in step.questions}
    return {key: text for key, text in together(blank | dict(answers)).items() if key in known}


def _settle(question: Question, answers: dict[str, str], ask: Ask, ask_secret: Ask, say: Callable[[str], None]) -> None:
    if not question.asked(answers):
        return
    if question.hint:
        say(f"  ({question.hint})")
    options = list(question.options)
    for place, key in enumerate(options, 1):
        say(f"  {place:2}  {question.options[key]}")
    while True:
        typed = (ask_secret if question.kind == "secret" else ask)(_line(question, options)).strip()
        given = _meant(question, options, typed) or question.default
        problem = question.problem({**answers, question.key: given})
        if not problem:
            answers[question.key] = given
            return
        say(f"  {problem}")


def _line(question: Question, options: list[str]) -> str:
    default = question.default
    if default in options:
        default = str(options.index(default) + 1)
    many = {"several": " (Nummern mit Leerzeichen dazwischen)", "lines": " (mit Semikolon dazwischen)"}
    more = many.get(question.kind, "") + (" (freiwillig)" if question.optional else "")
    return f"{question.label.rstrip('?:')}{more}{f' [{default}]' if default else ''}: "


def _meant(question: Question, options: list[str], typed: str) -> str:
    """Return the answer behind what was typed: numbers stand for options, semicolons for lines."""
    if question.kind == "lines":
        return "\n".join(part.strip() for part in typed.split(";") if part.strip())
    if not options:
        return typed
    words = typed.replace(",", " ").split()
    return "\n".join(options[int(word) - 1] if word.isascii() and word.isdigit() and 0 < int(word) <= len(options)
                     else word for word in words)
