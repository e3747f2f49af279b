"""How each model answered lately, as this process saw it: kept in memory, for the page of IT and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from gateway.model.condition import Line


class Pulse:
    """Remembers the last answer and the last failure of each model. As large as the register."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lines: dict[str, Line] = {}

    def answered(self, model: str) -> None:
        """Note that a model answered."""
        self._lines[model] = replace(self._lines.get(model, Line()), answered=self._now(), failures=0)

    def failed(self, model: str, code: str) -> None:
        """Note that a model failed, with our error code."""
        before = self._lines.get(model, Line())
        self._lines[model] = replace(before, failed=self._now(), code=code, failures=before.failures + 1)

    def lines(self) -> Mapping[str, Line]:
        """Return what is known, by model."""
        return dict(self._lines)
