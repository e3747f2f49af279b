"""The room put together: which storage, what runs beside the requests, what the readiness page says about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.limits.budgets import limits_anything, own_limit, shares
from gateway.limits.counting import AwayError, Books, Counts
from gateway.limits.guesses import Guesses
from gateway.limits.limiter import CountingLimiter
from gateway.limits.memory import MemoryCounts
from gateway.limits.resilient import ResilientCounts, Rule
from gateway.limits.snapshot import Shelf, Snapshot
from gateway.model.limits import Used
from gateway.model.principal import Principal
from gateway.policy import PolicySet
from gateway.ports import Clock, Metrics
from gateway.settings import SettingsError

_log = logging.getLogger(__name__)
TICK: Final = 1.0
SAVE_EVERY: Final = 2
RENEW_EVERY: Final = 15
SHARES_EVERY: Final = 15


class LimitMetrics(Metrics, Protocol):
    """What the monitoring is told, beside what the pipeline tells it."""

    def budgets(self, used: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        """Set how much is used of how much, per department (empty: the organisation) and limit."""
        ...


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """What the settings say: the address of Redis or Valkey (empty: memory), what holds without it, how many processes.
    """

    url: str = field(default="", repr=False)
    without: Rule = "local"
    workers: int = 1


class LimitRoom:
    """Everything that one process needs to count. `limiter` is what the pipeline asks, `guesses` the pages."""

    def __init__(self, options: LimitOptions, secret: bytes, clock: Clock, metrics: LimitMetrics,
                 policies: Callable[[], PolicySet], shelf: Shelf) -> None:
        """Nothing is connected yet. Raises `SettingsError` for an address that is none."""
        self._options, self._clock, self._metrics, self._policies = options, clock, metrics, policies
        self._books = Books(secret)
        self._resilient = self._open(options) if options.url else None
        memory = MemoryCounts()
        self._snapshot = None if self._resilient else Snapshot(memory, shelf, shared=options.workers > 1)
        self._counts: Counts = self._resilient or memory
        self.guesses = Guesses(self._counts, self._books)
        self.limiter = CountingLimiter(self._counts, self._books, clock, metrics, self._contact)

    def _open(self, options: LimitOptions) -> ResilientCounts:
        from gateway.limits.shared import SharedCounts  # half a second that a house without a server does not need
        try:
            return ResilientCounts(SharedCounts(options.url), self._books.mark, options.without)
        except ValueError:
            raise SettingsError("KI_PFORTE_REDIS_URL: Diese Adresse ist nicht verwendbar. Erwartet wird zum Beispiel "
                                "redis://rechner.example:6379/0.") from None

    def _contact(self) -> str:
        return self._policies().organisation.contact.it

    async def start(self) -> None:
        """Take over what was counted before, or look whether the server is there."""
        if self._snapshot:
            await self._snapshot.load(self._clock.now())
        if self._resilient:
            await self._resilient.look(self._clock.now())
            for problem in self.problems():
                _log.warning(problem)

    async def follow(self) -> None:
        """Do what has to be done beside the requests, until cancelled."""
        second = 0
        while True:
            await asyncio.sleep(TICK)
            second += 1
            try:
                await self.tick(second)
            except Exception:  # noqa: BLE001  (one failed look must not end all that follow)
                _log.exception("the counters of limits could not be looked after")

    async def tick(self, second: int) -> None:
        """Do what is due in this second."""
        if self._resilient:
            await self._resilient.look(self._clock.now())
        if self._snapshot and second % SAVE_EVERY == 0:
            await self._snapshot.save(self._clock.now())
        if second % RENEW_EVERY == 0:
            await self.limiter.renew()
        if second % SHARES_EVERY == 0:
            self._metrics.budgets(await shares(self._counts, self._books, self._clock, self._policies()))

    async def own(self, principal: Principal) -> list[Used] | None:
        """Return what the person who asks has used of their own limits; None when nobody can tell now."""
        try:
            return await self.limiter.own(principal, own_limit(self._policies(), principal))
        except AwayError:
            return None

    def problems(self) -> list[str]:
        """Say what is not as it should be, for the readiness page. Never a reason not to serve."""
        found = []
        if self._resilient and not self._resilient.up:
            rule = ("es wird abgelehnt, was begrenzt ist" if self._options.without == "refuse" else
                    "jeder Prozess zählt für sich, und was er zählt, wird nachgetragen")
            found.append(f"Redis oder Valkey antwortet nicht. Bis dahin gilt: {rule} (KI_PFORTE_LIMITS_WITHOUT_REDIS).")
        if self._resilient and self._resilient.alien:
            found.append("Die Instanzen an diesem Redis oder Valkey haben verschiedene Schlüssel, die Grenzen gelten "
                         "daher je Instanz. Kopieren Sie keys/limits.key aus HOME der ersten Instanz zu den anderen.")
        if not self._resilient and self._options.workers > 1 and limits_anything(self._policies()):
            found.append("Mehrere Prozesse gleichen die Grenzen ohne Redis oder Valkey erst nach zwei Sekunden ab. "
                         "Genau werden sie mit KI_PFORTE_REDIS_URL.")
        if self._snapshot and self._snapshot.failing:
            found.append("Was von Tages- und Monatsgrenzen verbraucht ist, lässt sich gerade nicht aufheben; nach "
                         "einem Neustart würde neu gezählt.")
        return found

    async def close(self) -> None:
        """Keep what was counted, or give the connections back."""
        if self._snapshot:
            await self._snapshot.save(self._clock.now())
        if self._resilient:
            await self._resilient.look(self._clock.now())
            await self._resilient.shared.close()


async def reached(url: str, secret: bytes) -> bool | None:
    """Return whether the server at `url` counts under this secret; None when it does not answer."""
    from gateway.limits.shared import SharedCounts
    shared = SharedCounts(url)
    try:
        return await shared.greet(Books(secret).mark)
    except AwayError:
        return None
    finally:
        await shared.close()
