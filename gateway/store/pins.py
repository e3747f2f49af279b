"""Which kinds of finding a conversation once held (implements `gateway.ports.Pins`): digests and kinds, no content.

Kept for days after they were last seen; what is over is deleted with each write. Writes do not move the generation
counter: nobody caches what is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.errors import GatewayError
from gateway.store.engine import reading, writing
from gateway.store.errors import StoreError
from gateway.store.tables import pin

KEPT: Final = timedelta(days=7)
"""How long a conversation is recognised after its last message."""


class SqlPins:
    """Holds kinds per mark; the database is asked in a thread, and only for requests that policy wants it for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def recall(self, digests: Sequence[bytes], now: datetime) -> frozenset[str]:
        """See `gateway.ports.Pins.recall`."""
        def work() -> frozenset[str]:
            with reading(self._engine) as connection:
                rows = connection.execute(select(pin.c.kinds).where(pin.c.mark.in_(digests), pin.c.until > now))
                return frozenset(kind for (kinds,) in rows for kind in kinds.split())
        try:
            return await asyncio.to_thread(work)
        except StoreError as error:
            raise _unknown(error) from None

    async def hold(self, digests: Sequence[bytes], kinds: frozenset[str], now: datetime) -> None:
        """See `gateway.ports.Pins.hold`."""
        def work() -> None:
            with writing(self._engine, bump=False) as connection:
                connection.execute(delete(pin).where(pin.c.until <= now))
                rows = connection.execute(select(pin.c.mark, pin.c.kinds).where(pin.c.mark.in_(digests)))
                before = {mark: frozenset(held.split()) for mark, held in rows}
                put = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(pin)
                both = put.on_conflict_do_update(index_elements=[pin.c.mark], set_={  # another replica may be first
                    "kinds": put.excluded.kinds, "until": put.excluded.until})
                connection.execute(both, [{"mark": mark, "until": now + KEPT,
                                           "kinds": " ".join(sorted(kinds | before.get(mark, frozenset())))}
                                          for mark in digests])
        try:
            await asyncio.to_thread(work)
        except StoreError as error:
            raise _unknown(error) from None


def _unknown(error: StoreError) -> GatewayError:
    return GatewayError("intern", "Ihre Anfrage wurde nicht gesendet, weil sich gerade nicht feststellen lässt, an "
                        "welches Modell sie gehen darf. Bitte versuchen Sie es in einigen Minuten noch einmal.",
                        hint=f"pins: {type(error).__name__}", retry_after=60)
