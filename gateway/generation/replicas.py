"""Which policies the processes of this installation run: each says so every few seconds, and sees what the others said.

A reload reaches every process within seconds; for that long they may differ. Longer means that one of them has other
files or could not take the change over, and people get different answers: that is a warning.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Engine

from gateway.policy import PolicySet
from gateway.store import StoreError, reading, replicas, writing
from gateway.store.replicas import Seen

_log = logging.getLogger(__name__)
BEAT_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
"""How long processes may differ before it is a warning."""


class Replicas:
    """This process among the others."""

    def __init__(self, engine: Engine, policies: Callable[[], PolicySet],
                 now: Callable[[], datetime] = lambda: datetime.now(UTC),
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._policies, self._now, self._monotonic = engine, policies, now, monotonic
        self.id = f"{socket.gethostname()[:50]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._differ_since: float | None = None
        self.seen: tuple[Seen, ...] = ()
        """The processes, as of the last look."""

    async def follow(self) -> None:
        """Say and see until cancelled, then say that this process ends."""
        try:
            while True:
                await asyncio.to_thread(self._try)
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            with suppress(StoreError):
                self._leave()

    def _try(self) -> None:
        try:
            self.beat()
        except StoreError as error:  # readiness says that the database is not there
            _log.warning("what other processes run cannot be seen now: %s", type(error).__name__)

    def beat(self) -> None:
        """Say what this process runs, and see what the others do. Blocks."""
        now = self._now()
        with writing(self._engine, bump=False) as connection:
            replicas.beat(connection, self.id, self._policies().digest, now)
        with reading(self._engine) as connection:
            self.seen = replicas.there(connection, now)
        if len(self.by_digest()) <= 1:
            self._differ_since = None
        elif self._differ_since is None:
            self._differ_since = self._monotonic()

    def _leave(self) -> None:
        with writing(self._engine, bump=False) as connection:
            replicas.leave(connection, self.id)

    def by_digest(self) -> Counter[str]:
        """Return how many processes run which digest."""
        return Counter(one.digest for one in self.seen)

    @property
    def differ(self) -> bool:
        """Whether processes have run different policies for longer than a reload takes."""
        return self._differ_since is not None and self._monotonic() - self._differ_since > PATIENCE_SECONDS

    def warnings(self) -> list[str]:
        """Return what readiness says."""
        if not self.differ:
            return []
        shown = ", ".join(f"{digest[:12]} ({count})" for digest, count in sorted(self.by_digest().items()))
        return [f"Die Prozesse der KI-Pforte arbeiten mit verschiedenen Richtlinien: {shown}. „ki-pforte policy "
                "status“ nennt sie."]
