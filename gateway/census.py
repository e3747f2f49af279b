"""What is counted in the background, so that no request has to: people per department, passes, ledger, detector."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args

from sqlalchemy import Engine

from audit import Ledger, LedgerError
from gateway.detection import RuleDetector
from gateway.kipass import BASIS, passes
from gateway.model.principal import PassState
from gateway.policy import PolicySet
from gateway.store import StoreError, people, reading
from gateway.store import passes as proofs
from gateway.telemetry.metrics import PrometheusMetrics

_log = logging.getLogger(__name__)
PEOPLE_EVERY = 60
LEDGER_EVERY = 5


class Census:
    """Numbers about the house, refreshed in a thread."""

    def __init__(self, engine: Engine, ledger: Ledger, detector: RuleDetector,
                 policies: Callable[[], PolicySet]) -> None:
        self._engine, self._ledger, self._detector, self._policies = engine, ledger, detector, policies
        self._sizes: Counter[str] = Counter()

    def department_size(self, department: str) -> int:
        """Return how many active people a department has, as of the last count."""
        return self._sizes[department]

    def count_people(self, metrics: PrometheusMetrics) -> None:
        """Count people per department and passes per state."""
        now, config = datetime.now(UTC), self._policies().kipass
        with reading(self._engine) as connection:
            active = [p for p in people.every(connection).values() if p.active]
            shown = proofs.of_many(connection, [p.id for p in active])
        states: Counter[str] = Counter(dict.fromkeys(get_args(PassState), 0))
        for person in active:
            proof = shown.get(person.id)
            found = passes(proof.evidence if proof else (), proof.events if proof else (), config, now)
            states[found[BASIS].state] += 1
        self._sizes = Counter(p.department for p in active)
        metrics.passes(states)

    def look_at_ledger(self, metrics: PrometheusMetrics) -> None:
        """Read the state of ledger, detector and policies."""
        status = self._ledger.status()
        metrics.ledger(status.size, status.unsequenced, status.checkpoint_age)
        metrics.detector(self._detector.queued, self._detector.hits, self._detector.misses)
        metrics.policy(self._policies().digest)

    async def follow(self, metrics: PrometheusMetrics) -> None:
        """Count until cancelled; what cannot be counted now is counted later."""
        tick = 0
        while True:
            await asyncio.sleep(LEDGER_EVERY)
            tick += LEDGER_EVERY
            try:
                await asyncio.to_thread(self.look_at_ledger, metrics)
                if tick % PEOPLE_EVERY == 0:
                    await asyncio.to_thread(self.count_people, metrics)
            except (StoreError, LedgerError) as error:
                _log.warning("numbers cannot be counted now: %s", type(error).__name__)
