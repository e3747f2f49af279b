"""Asks the five questions of the first set-up at a terminal.

Kept true: a wrong answer is asked again with a sentence that says why; a secret is neither shown nor taken from the
command line; nothing is written here. What has a safe default (``more``) is not asked. A person is one answer: name and
e-mail address on one line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.founding.answers import digest_of
from gateway.model.first_questions import GUIDES
from gateway.model.first_setup import Question, Step, together

Ask = Callable[[str], str]
"""Shows a line and returns what was typed. May raise EOFError."""
_MAIL: Final = re.compile(r"<?([^\s<>,;@]+@[^\s<>,;@]+)>?")
_PERSON: Final = "Name und E-Mail-Adresse"


def ask_all(asked: tuple[Step, ...], suggestions: Mapping[str, str], ask: Ask, ask_secret: Ask,
            say: Callable[[str], None]) -> dict[str, str]:
    """Return answers to the five questions, without a fault."""
    answers: dict[str, str] = {}
    for number in range(len(asked)):
        ask_one(asked, number, suggestions, answers, ask, ask_secret, say)
    return answers


def ask_one(asked: tuple[Step, ...], number: int, suggestions: Mapping[str, str], answers: dict[str, str], ask: Ask,
            ask_secret: Ask, say: Callable[[str], None]) -> None:
    """Ask one of the questions, for the first time or again, and put the answer in."""
    step = asked[number]
    say(f"\n{number + 1} von {len(asked)}: {step.title}\n{step.lead}")
    suggested = {**suggestions, **{q.key: answers[q.key] for q in step.questions if answers.get(q.key)}}
    while True:
        for question in (q for q in step.questions if not q.more):
            answers.pop(question.key, None)
        if _settle(step, suggested, answers, ask, ask_secret, say):
            return


def overview(asked: tuple[Step, ...], answers: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each of the five answers."""
    width = max(len(step.title) for step in asked)
    for number, step in enumerate(asked, 1):
        said = [q.options.get(answers[q.key], answers[q.key]) for q in step.questions
                if q.kind not in ("secret", "digest") and not q.more and answers.get(q.key)]
        yield f"  {number}  {step.title.ljust(width)}  {', '.join(said)}"


def _settle(step: Step, suggested: Mapping[str, str], answers: dict[str, str], ask: Ask, ask_secret: Ask,
            say: Callable[[str], None]) -> bool:
    """Ask what belongs to a step; False: it is to be asked from its beginning."""
    main = {q.key: q for q in step.questions if not q.more}
    if (person := next((key.removesuffix("_name") for key in main if key.endswith("_name")
                        and key.removesuffix("_name") + "_email" in main), "")):
        _settle_person(person, main, suggested, answers, ask, say)
        return True
    for question in main.values():
        if question.asked(answers):
            default = suggested.get(question.key) or question.suggestion(answers)
            if not _settle_one(replace(question, default=default, suggestions={}), answers, ask, ask_secret, say):
                return False
            if guide := GUIDES.get(answers[question.key]) if question.key == "model" else None:
                say(f"  {guide}")
    return True


def _settle_person(person: str, main: Mapping[str, Question], suggested: Mapping[str, str], answers: dict[str, str],
                   ask: Ask, say: Callable[[str], None]) -> None:
    name, email = (main[f"{person}_{what}"] for what in ("name", "email"))
    before = ", ".join(text for key in (name.key, email.key) if (text := suggested.get(key, "")))
    say(f"  {name.hint} Die E-Mail-Adresse gehört auf dieselbe Zeile.")
    while True:
        typed = ask(f"{_PERSON}{f' [{before}]' if before else ''}: ").strip() or before
        found = _MAIL.search(typed)
        given = {email.key: found[1] if found else "",
                 name.key: " ".join((typed.replace(found[0], " ", 1) if found else typed).split()).strip(" ,;")}
        if not found or not given[name.key]:
            say("  Bitte schreiben Sie beides, zum Beispiel: Ida Technik, ida.technik@neudorf.example")
        elif problem := name.problem(given) or email.problem(given) or together({**answers, **given}).get(email.key):
            say(f"  {problem}")
        else:
            answers.update(given)
            return


def _settle_one(question: Question, answers: dict[str, str], ask: Ask, ask_secret: Ask,
                say: Callable[[str], None]) -> bool:
    if question.hint:
        say(f"  {question.hint}")
    options = list(question.options)
    for place, key in enumerate(options, 1):
        say(f"  {place:2}  {question.options[key]}")
    while True:
        typed = (ask_secret if question.kind == "secret" else ask)(_line(question, options)).strip()
        given = {**answers, question.key: _meant(question, options, typed) or question.default}
        apart = ""
        if not (problem := question.problem(given) or (apart := together(given).get(question.key, ""))):
            answers.update(given)
            return True
        say(f"  {problem}")
        if apart and options:  # a choice that does not go with the others is not mended by choosing here again
            return False


def _line(question: Question, options: list[str]) -> str:
    default = question.default
    if default in options:
        default = str(options.index(default) + 1)
    more = " (freiwillig)" if question.optional else ""
    more += " – die Eingabe bleibt unsichtbar" if question.kind == "secret" else ""
    word = question.label.rstrip("?:") + (", Nummer" if options else "")
    word += ", oder der Pfad dieser Datei" if question.kind == "digest" else ""
    return f"{word}{more}{f' [{default}]' if default else ''}: "


def _meant(question: Question, options: list[str], typed: str) -> str:
    """Return the answer behind what was typed: a number stands for an option, a path for the checksum of its file."""
    if question.kind == "digest":
        return digest_of(Path(typed).expanduser()) or typed
    word = typed.rstrip(".")
    if options and word.isascii() and word.isdigit() and 0 < int(word) <= len(options):
        return options[int(word) - 1]
    return typed
