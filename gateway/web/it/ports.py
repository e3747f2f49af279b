"""What the page of IT asks of the house (`gateway.desks` answers)."""

from __future__ import annotations

from typing import Protocol

from gateway.model.condition import Condition
from gateway.model.stops import ModelStop, StopKind


class Engineering(Protocol):
    """The state of the house, and the switch."""

    async def condition(self) -> Condition:
        """Look at everything that can fail."""
        ...

    async def ask_providers(self) -> dict[str, str]:
        """Ask the address of every enabled model whether somebody is there; return what is wrong, by model."""
        ...

    def stopped(self) -> tuple[ModelStop, ...]:
        """Return all stops that are in force, the oldest first. Blocks."""
        ...

    def stop(self, person: str, model: str, reason: str) -> bool:
        """Stop one model; False: it was stopped like that already. Blocks."""
        ...

    def start(self, person: str, kind: StopKind, name: str) -> bool:
        """Take a stop back; False: there was none like that. Blocks."""
        ...
