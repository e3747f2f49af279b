"""The content mode as the pages of those see it who have to agree: what waits, what is on, agreeing, ending.

The acts are `gateway.registry.content_mode`; here failures become the one error that a page can show.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from audit import LedgerError
from gateway.errors import GatewayError
from gateway.model.content_mode import ContentMode
from gateway.model.people import Role
from gateway.registry.content_mode import ContentDesk
from gateway.store import InvalidError, StoreError


@dataclass(frozen=True, slots=True)
class ContentConsent:
    """Implements `gateway.web.council.ports.ContentConsent`. All methods block."""

    desk: ContentDesk

    def modes(self) -> list[ContentMode]:
        """Return all requests, the newest first."""
        with _in_words():
            return self.desk.modes()

    def approve(self, by: str, role: Role, id_: int) -> None:
        """Agree in one of the two roles."""
        with _in_words():
            self.desk.approve(by, role, id_)

    def stop(self, by: str, role: Role, id_: int) -> None:
        """End it now, or refuse a request that waits."""
        with _in_words():
            self.desk.stop(by, role, id_)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except InvalidError as error:
        raise GatewayError("anfrage_ungueltig", str(error)) from None
    except (StoreError, LedgerError) as error:
        raise GatewayError("protokoll_nicht_verfuegbar", "Die Datenbank oder das Protokoll antwortet gerade nicht. Es "
                           "wurde nichts geändert. Bitte versuchen Sie es in einer Minute noch einmal.",
                           hint=f"content mode: {type(error).__name__}") from error
