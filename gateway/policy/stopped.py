"""Which models are switched off at this moment: what was stopped, looked at with the register in force.

One instance serves all requests of a process. Asking costs two comparisons: the set is worked out anew only when
somebody stopped or started something, or when the policies were exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from gateway.model.register import RegisteredModel
from gateway.model.stops import ModelStop
from gateway.policy.policyset import PolicySet

NOTHING: frozenset[str] = frozenset()


class Known(Protocol):
    """What is known of stops (`gateway.identity.lookup.Watched`)."""

    last: tuple[ModelStop, ...] | None
    """As it was when the database last answered; None: it never has."""

    def __call__(self) -> tuple[ModelStop, ...]:
        """Return it as of a few seconds ago at most. Raises ``pruefung_nicht_verfuegbar``."""
        ...


class StoppedModels:
    """Implements `gateway.ports.Stops`."""

    def __init__(self, stops: Known, policies: Callable[[], PolicySet]) -> None:
        self._stops, self._policies = stops, policies
        self._worked_out: tuple[tuple[ModelStop, ...], PolicySet, frozenset[str]] | None = None

    def __call__(self) -> frozenset[str]:
        """Return the ids of stopped models. Raises ``pruefung_nicht_verfuegbar``: nobody can tell, so nobody passes."""
        return self._ids(self._stops())

    def known(self) -> frozenset[str]:
        """Return the same for pages and monitoring, as it was last seen. Never fails."""
        return self._ids(self._stops.last or ())

    def warnings(self) -> list[str]:
        """Return a sentence for every model in service that is stopped, without the reason: who monitors reads it."""
        stopped = covered(self._stops.last or (), [m for m in self._policies().models.values() if m.enabled])
        return [f"„{model.name}“ ist angehalten (ki-pforte model list)." for model, _ in stopped]

    def _ids(self, stops: tuple[ModelStop, ...]) -> frozenset[str]:
        policies, seen = self._policies(), self._worked_out
        if seen is None or seen[0] is not stops or seen[1] is not policies:
            ids = frozenset(m.id for m, _ in covered(stops, policies.models.values())) if stops else NOTHING
            seen = self._worked_out = stops, policies, ids
        return seen[2]


def covered(stops: Sequence[ModelStop], models: Iterable[RegisteredModel]) -> list[tuple[RegisteredModel, ModelStop]]:
    """Return the stopped models, each with the oldest stop that covers it."""
    found = ((model, next((s for s in stops if s.covers(model)), None)) for model in models)
    return [(model, stop) for model, stop in found if stop is not None]
