"""The pipeline's way of looking at a text and replacing what is in it, for explanations, tests of policies, previews.

The real detector, the real operators, the same `plan` and `apply` as a request. Nothing is sent, stored or recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.model.decision import Action
from gateway.model.finding import Finding, Passage
from gateway.ports import Detector, Operators
from gateway.redaction.redact import apply, plan
from gateway.wire.bridges import spoken


class PipelineLens:
    """Implements `gateway.policy.trial.Lens`."""

    def __init__(self, detector: Detector, operators: Operators) -> None:
        self._detector, self._operators = detector, operators

    def find(self, text: str) -> Sequence[Finding]:
        """See `gateway.policy.trial.Lens.find`. Takes the time that detection takes: not for the event loop."""
        return self._detector.find(Passage(text))

    def leaves(self, text: str, findings: Sequence[Finding], actions: Mapping[str, Action]) -> str | None:
        """See `gateway.policy.trial.Lens.leaves`."""
        planned = plan([text], [findings], actions)
        return None if planned.residue else apply([text], planned, self._operators.apply).texts[0]

    def speaks(self, dialect: str) -> frozenset[str]:
        """See `gateway.policy.trial.Lens.speaks`."""
        return spoken(dialect)
