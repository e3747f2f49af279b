"""One mapping per exchange: which value stands behind which placeholder.

The same value has the same placeholder in every message, two values never share one. Numbers are given in the order
in which values were *found* (not where they were propagated to), so a conversation that comes back whole with every
turn keeps its numbers. A mapping lives as long as its exchange and is never written anywhere.
"""

from __future__ import annotations

from collections import Counter

from gateway.model.entities import ENTITIES
from gateway.redaction.placeholder import token


class Mapping:
    """Values and their placeholders, both ways. ``repr`` shows counts only."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def placeholder(self, value: str, entity: str) -> str:
        """Return the placeholder for `value`, issuing the next number of its kind when the value is new."""
        known = self._tokens.get(value)
        if known is not None:
            return known
        label = ENTITIES[entity].label
        self._numbers[label] += 1
        issued = token(label, self._numbers[label])
        self._tokens[value] = issued
        self._values[issued] = value
        return issued

    @property
    def values(self) -> dict[str, str]:
        """What each issued placeholder stands for."""
        return self._values

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Mapping, {len(self._values)} Platzhalter>"
