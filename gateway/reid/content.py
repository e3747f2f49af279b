"""The content mode as the pages of those see it who have to agree: what waits, what is on, agreeing, ending.

The acts are `gateway.registry.content_mode`; here failures become the one error that a page can show.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.content_mode import ContentMode
from gateway.model.people import Role
from gateway.registry.content_mode import ContentDesk
from gateway.registry.said import in_words


@dataclass(frozen=True, slots=True)
class ContentConsent:
    """Implements `gateway.web.council.ports.ContentConsent`. All methods block."""

    desk: ContentDesk

    def modes(self) -> list[ContentMode]:
        """Return all requests, the newest first."""
        with in_words():
            return self.desk.modes()

    def approve(self, by: str, role: Role, id_: int) -> None:
        """Agree in one of the two roles."""
        with in_words():
            self.desk.approve(by, role, id_)

    def stop(self, by: str, role: Role, id_: int) -> None:
        """End it now, or refuse a request that waits."""
        with in_words():
            self.desk.stop(by, role, id_)
