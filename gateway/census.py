"""What is counted in the background, so that no request has to: people per department, passes, ledger, detector."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import get_args

from sqlalchemy import Engine

from audit import AnchorState, ContentReading, Ledger, LedgerError, Reidentification
from gateway.detection import RuleDetector
from gateway.model.kipass import BASIS
from gateway.model.principal import PassState
from gateway.model.small_groups import merging
from gateway.policy import PolicySet
from gateway.store import StoreError, pass_index, reading
from gateway.telemetry.metrics import PrometheusMetrics

_log = logging.getLogger(__name__)
PEOPLE_EVERY = 60
LEDGER_EVERY = 5


class Census:
    """Numbers about the house, refreshed in a thread."""

    def __init__(self, engine: Engine, ledger: Ledger, detector: RuleDetector,
                 policies: Callable[[], PolicySet], end_modes: Callable[[], object] = lambda: None) -> None:
        """`end_modes` puts down which content modes ended by themselves (`gateway.registry.content_mode`)."""
        self._engine, self._ledger, self._detector, self._policies = engine, ledger, detector, policies
        self._end_modes = end_modes
        self._sizes: Counter[str] = Counter()
        self._shown = merging({})
        self.anchors: Sequence[AnchorState] = ledger.anchors()
        """How the places outside stand where notes of the ledger are kept, as of the last look."""
        self.identities: Sequence[str] = [text for text in (ledger.keyring.problem(),) if text]
        """What is to be said about sealed identities and their resolving, as of the last look."""

    def shown_as(self, department: str) -> str:
        """Return the name under which a department may be counted."""
        return self._shown(department)

    def department_size(self, department: str) -> int:
        """Return how many active people a department has, as of the last count."""
        return self._sizes[department]

    def count_people(self, metrics: PrometheusMetrics) -> None:
        """Count active people per department, and passes per state as the index of passes has them."""
        with reading(self._engine) as connection:
            self._sizes = pass_index.sizes(connection)
        self._shown = merging({**dict.fromkeys(self._policies().departments, 0), **self._sizes})
        with reading(self._engine) as connection:
            found = pass_index.counts(connection, BASIS)
        metrics.passes({state: found[state] for state in get_args(PassState)})

    def look_at_ledger(self, metrics: PrometheusMetrics) -> None:
        """Read the state of ledger, detector and policies."""
        backlog = self._ledger.backlog
        metrics.kept_back(disk=backlog.spooled, memory=backlog.memory, lost=backlog.lost)
        status = self._ledger.status()
        metrics.ledger(status.size, status.unsequenced, status.checkpoint_age, status.forgeries)
        self.anchors = self._ledger.anchors()
        for anchor in self.anchors:
            metrics.anchor(anchor.sink, anchor.age)
        metrics.detector(self._detector.queued, self._detector.hits, self._detector.misses)
        metrics.policy(self._policies().digest)

    def look_at_identities(self) -> None:
        """End what lasts for days only (requests to resolve a pseudonym, readings of content, content modes), and see
        whether somebody is still to be informed."""
        self._end_modes()
        ContentReading(self._ledger).expire()
        Reidentification(self._ledger).expire()
        self.identities = identity_warnings(self._ledger)

    async def follow(self, metrics: PrometheusMetrics) -> None:
        """Count until cancelled; what cannot be counted now is counted later."""
        tick = 0
        while True:
            try:
                await asyncio.to_thread(self.look_at_ledger, metrics)
                if tick and tick % PEOPLE_EVERY == 0:
                    await asyncio.to_thread(self.count_people, metrics)
                    await asyncio.to_thread(self.look_at_identities)
            except (StoreError, LedgerError) as error:
                _log.warning("numbers cannot be counted now: %s", type(error).__name__)
            await asyncio.sleep(LEDGER_EVERY)
            tick += LEDGER_EVERY


def identity_warnings(ledger: Ledger) -> list[str]:
    """Return in German what is missing for resolving pseudonyms, and who is still to be told that it was done."""
    waiting = len(Reidentification(ledger).to_inform())
    told = f"{waiting} re-identifizierte Personen sind noch zu informieren (ki-pforte reid list)." if waiting > 1 else \
        "Eine re-identifizierte Person ist noch zu informieren (ki-pforte reid list)." if waiting else ""
    return [text for text in (ledger.keyring.problem(), told) if text]
