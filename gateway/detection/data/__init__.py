"""Word lists of the recognizers: one entry a line, ``#`` begins a comment."""

from __future__ import annotations

from importlib import resources


def lines(name: str) -> list[str]:
    """Return the entries of one list."""
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written in the code."""
    return frozenset(text.split())
