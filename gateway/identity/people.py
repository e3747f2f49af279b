"""Names for pages: who stands behind an opaque subject. The pipeline has no use for this, and no access to it."""

from __future__ import annotations

import asyncio

from gateway.identity.directory import Directory
from gateway.model.people import Person


class People:
    """Looks people up for pages, without blocking the event loop."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def person(self, subject: str) -> Person | None:
        """Return name, department and roles of the person with this subject, or nothing if there is none."""
        return await asyncio.to_thread(self._directory.person, subject)
