"""The condition of the house, as IT and monitoring see it: each part that can fail, how it stands, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Standing = Literal["ok", "warn", "no"]
"""In order; somebody should look at it; it keeps requests from being served."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the house."""

    key: str
    name: str
    standing: Standing
    sentences: tuple[str, ...]
    """What is to be said about it."""
    todo: str
    """What helps; empty while it is in order."""
    since: datetime | None
    """Since when it stands like that; None: since this process began."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a model answered this process lately."""

    answered: datetime | None = None
    failed: datetime | None = None
    code: str = ""
    """The error code of the last failure."""
    failures: int = 0
    """How many in a row."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the installation, and which policies it runs."""

    id: str
    digest: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """All of it, as of one moment."""

    parts: tuple[Part, ...]
    lines: Mapping[str, Line]
    processes: tuple[Process, ...]
    digest: str
    reloaded: datetime
    """When this process took over the policies that it runs."""
    version: str
