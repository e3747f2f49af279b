"""What waits for the Personalrat, and what they agreed to, as pages see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PendingPolicies:
    """Policies that may not come into force yet. ``points`` are what touches the monitoring of staff."""

    digest: str
    """Of exactly these points: what is agreed to, and nothing else."""
    policy: str
    points: tuple[str, ...]
    shadow: bool
    """Whether they stand in the shadow folder and nobody has asked to put them in force yet."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One entry of the book of agreements."""

    kind: str
    at: datetime
    in_force_since: datetime | None
    digest: str
