"""The shadow policies: a second folder, loaded like the first, asked beside it, deciding nothing.

Kept true: a shadow folder that is missing or broken is not asked, is said so (`problem`), and hurts nobody: neither the
start nor a request. It needs no tests and no approval, since nothing comes of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.generation.reading import State, read_policies, state_of
from gateway.policy import PolicyErrors, PolicySet
from gateway.settings import Settings

_log = logging.getLogger(__name__)
POLL_SECONDS = 2.0


class ShadowPolicies:
    """Holds the shadow set; call it to get it, or None while there is none to ask."""

    def __init__(self, folder: Path, settings: Settings, live: Callable[[], PolicySet]) -> None:
        self._folder, self._settings, self._live = folder, settings, live
        self._seen: State | None = None
        self._current: PolicySet | None = None
        self.problem = ""
        """Why nothing is compared; empty when it is."""
        self.look()

    def __call__(self) -> PolicySet | None:
        """Return the set, unless it says the same as the one in force."""
        current = self._current
        return None if current is None or current.digest == self._live().digest else current

    async def follow(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Read the folder if it changed. Never fails."""
        try:
            state = state_of(self._folder)
            if state == self._seen:
                return
            self._current, self.problem = read_policies(self._folder, self._settings), ""
            self._seen = state
            _log.info("shadow policies read, digest %s", self._current.digest)
        except PolicyErrors as errors:
            self._broken(str(errors))
            self._seen = state
        except Exception as error:  # noqa: BLE001 - whatever it is: a shadow never hurts
            self._broken(type(error).__name__)

    def _broken(self, why: str) -> None:
        if not self.problem:
            _log.warning("shadow policies cannot be used; nothing is compared: %s", why)
        self._current = None
        self.problem = ("Die Schatten-Richtlinien sind nicht verwendbar; verglichen wird nichts. „ki-pforte policy "
                        "check“ mit ihrem Ordner nennt die Stellen.")
