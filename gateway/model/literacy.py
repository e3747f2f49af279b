"""The report about AI literacy: groups of people and numbers, never a person. What is None is not told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

STANDINGS: Final = ("gilt", "galt", "offen")
"""How a pass stands, coarsely: valid (also in grace), no longer (expired, a new agreement), not yet or blocked."""


@dataclass(frozen=True, slots=True)
class Line:
    """Departments that are told together; empty: the small ones."""

    department: str
    people: int
    told: Mapping[str, Mapping[str, int | None]]
    """Per scope: how many people stand how."""


@dataclass(frozen=True, slots=True)
class Content:
    """A version of a document or course on which evidence that counts now rests; an empty version: others."""

    title: str
    version: str
    people: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. Everything in it may be published in the house."""

    organisation: str
    day: date
    policy: str
    scopes: Mapping[str, str]
    people: int
    states: Mapping[str, Mapping[str, int]]
    """Per scope: the states of the whole house, with rare ones put together (``a+b``)."""
    lines: tuple[Line, ...]
    contents: tuple[Content, ...]
    quarters: tuple[tuple[str, int], ...]
    """How many steps were finished when."""
