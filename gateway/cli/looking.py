"""The lens of the command line: the detector takes seconds to load, so it is built when the first text is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from gateway.model.decision import Action
from gateway.model.finding import Finding
from gateway.model.municipality import Municipality
from gateway.pipeline.lens import PipelineLens
from gateway.wire.bridges import spoken

_KEY = bytes(32)
"""For the action ``hash``. The key of the house stays with the server: what is shown here was never sent."""


class LazyLens:
    """Implements `gateway.policy.trial.Lens`, with the detector that the settings ask for."""

    def __init__(self, municipality: Municipality) -> None:
        self._municipality = municipality

    @cached_property
    def _real(self) -> PipelineLens:
        from gateway.detection import DetectorOptions, build_detector, build_operators
        from gateway.settings import load
        return PipelineLens(build_detector(DetectorOptions.of(load(), self._municipality)), build_operators(_KEY))

    def find(self, text: str) -> Sequence[Finding]:
        """See `gateway.policy.trial.Lens.find`."""
        return self._real.find(text)

    def leaves(self, text: str, findings: Sequence[Finding], actions: Mapping[str, Action]) -> str | None:
        """See `gateway.policy.trial.Lens.leaves`."""
        return self._real.leaves(text, findings, actions)

    def speaks(self, dialect: str) -> frozenset[str]:
        """See `gateway.policy.trial.Lens.speaks`."""
        return spoken(dialect)
