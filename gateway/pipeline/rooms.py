"""What a request meets on its way: the ports of the outside, and what requests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.pipeline.allowance import Allowance
from gateway.pipeline.memory import InspectionMemory
from gateway.pipeline.shadow import Shadow
from gateway.policy.policyset import PolicySet
from gateway.ports import (
    Authenticator,
    Clock,
    Contents,
    Conversations,
    Detector,
    Limiter,
    Metrics,
    Operators,
    Pins,
    Reader,
    Recorder,
    Stops,
    Traces,
    Upstream,
)


@dataclass(slots=True, kw_only=True)
class Rooms:
    """One instance serves all requests of a process.

    ``policies``, ``detector`` and ``memory`` belong together: they are exchanged at once (`Pipeline.begin`), and a
    request takes all three when it is admitted.
    """

    policies: Callable[[], PolicySet]
    authenticator: Authenticator
    detector: Detector
    operators: Operators
    upstream: Upstream
    recorder: Recorder
    metrics: Metrics
    clock: Clock
    conversations: Conversations
    reader: Reader
    stops: Stops
    pins: Pins
    limiter: Limiter
    contents: Contents
    secret: bytes = field(repr=False)
    """Keys the marks by which conversations are recognised."""
    memory: InspectionMemory = field(default_factory=InspectionMemory)
    strangers: Allowance = field(default_factory=lambda: Allowance(per_minute=60))
    traces: Traces | None = None
    shadow: Shadow | None = None
    """Another policy set that is asked beside the one in force, and decides nothing."""
