"""A course for learning by oneself, and a checklist: what stands in their Markdown files, ready to be shown.

Values only; `gateway.kipass.course` reads them. Texts are Markdown: `body` and `intro` whole paragraphs, the others a
single line or a few. Nothing here knows who learns, and no answer of a person is ever part of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to choose, whether it is right, and the explanation that is shown afterwards, right or wrong."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question; one or more answers are right. `body` is what has to be read before answering, perhaps nothing."""

    text: str
    answers: tuple[Answer, ...]
    body: str = ""

    @property
    def several(self) -> bool:
        """Whether more than one answer is to be chosen."""
        return sum(answer.right for answer in self.answers) > 1


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `key` is part of its address and of stored progress: it stays when the heading is reworded."""

    key: str
    title: str
    minutes: int
    body: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """One version of a course."""

    title: str
    sections: tuple[Section, ...]
    intro: str = ""

    @property
    def minutes(self) -> int:
        """How long the whole course takes, about."""
        return sum(section.minutes for section in self.sections)


@dataclass(frozen=True, slots=True)
class Group:
    """Points of a checklist under one heading; the title is empty where the file has none."""

    title: str
    points: tuple[str, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of a checklist. What somebody ticks is never kept."""

    title: str
    groups: tuple[Group, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody came in a version of a course: the keys of the sections that they read, and nothing else."""

    document_sha256: str
    sections: frozenset[str]
