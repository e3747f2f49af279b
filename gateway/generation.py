"""The policies in force: one generation at a time, replaced as a whole when the files change.

A broken change leaves the last good generation in force and says so (log, readiness); a request keeps the generation
it began with. The files are looked at every two seconds by size and time; their content decides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.policy import PolicyErrors, PolicySet, load_policies, with_base_url, with_quickstart
from gateway.settings import Settings

_log = logging.getLogger(__name__)
POLL_SECONDS = 2.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def read_policies(folder: Path, settings: Settings) -> PolicySet:
    """Return the policies of `folder` with what the settings add. Raises `PolicyErrors`."""
    policies = load_policies(folder)
    if settings.public_url or settings.host in LOOPBACK:
        policies = with_base_url(policies, settings.address)
    if settings.openai_base_url:
        policies = with_quickstart(
            policies, base_url=settings.openai_base_url, model=settings.openai_model,
            dialects=settings.openai_dialects.split(","),
            api_key_env="KI_PFORTE_OPENAI_API_KEY" if settings.openai_api_key else None)
    return policies


class Generation:
    """Holds the policies in force; call it to get them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen = self._state()
        self._current = read_policies(settings.policies, settings)
        self.problem = ""
        """What is wrong with the files as they are now; empty when they are in force."""

    def __call__(self) -> PolicySet:
        """Return the policies in force."""
        return self._current

    async def follow(self, changed: Callable[[], None]) -> None:
        """Take over changes until cancelled, and call `changed` after each."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if await asyncio.to_thread(self.refresh):
                changed()

    def refresh(self) -> bool:
        """Look whether the files changed, and take them over if they are right; return whether they were."""
        state = self._state()
        if state == self._seen:
            return False
        self._seen = state
        try:
            new = read_policies(self._settings.policies, self._settings)
        except PolicyErrors as errors:
            self.problem = str(errors)
            _log.error("policies changed but cannot be used; the last good ones stay in force: %s", errors)
            return False
        except OSError as error:
            self.problem = f"Die Richtlinien lassen sich nicht lesen ({error.strerror})."
            _log.error("policies cannot be read; the last good ones stay in force: %s", error.strerror)
            return False
        self.problem = ""
        if new.digest != self._current.digest:
            _log.info("policies reloaded, digest %s", new.digest)
        self._current = new
        return True

    def _state(self) -> frozenset[tuple[str, int, int]]:
        found = []
        for path in self._settings.policies.rglob("*"):
            try:
                status = path.stat()
            except OSError:  # an editor replaces files: the next look sees the new one
                continue
            if path.is_file():
                found.append((str(path), status.st_mtime_ns, status.st_size))
        return frozenset(found)
