"""How long the steps of one exchange took and how it ended: what a trace of it may tell. No content, no person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trace:
    """One exchange that has ended. Moments are those of `time.perf_counter`.

    There is no department: with the moment of a single request it would often be a person.
    """

    request_id: str
    api: str
    model: str
    """The registered model; what a client wrote is never here."""
    provider: str
    region: str
    status: str
    """``ok``, ``aborted``, ``failed``, ``denied`` or ``local``."""
    code: str
    stream: bool
    begun: float
    ended: float
    stages: tuple[tuple[str, float, float], ...]
    """Name, begin and end of every step that was finished."""
    sent: float | None
    """When the request went to the provider."""
    tokens: tuple[int, int] | None
