"""What the page of the Personalrat asks of the house.

`gateway.generation.consent` answers for policies, `gateway.registry.content_consent` for the content mode; keys and
requests to find out who a pseudonym is come from `gateway.web.reid.ports`. All methods block, and raise
``anfrage_ungueltig`` with a sentence for the person, or an error of 503; then nothing has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from gateway.errors import GatewayError
from gateway.model.consent import Agreement, PendingPolicies
from gateway.model.content_mode import ContentMode
from gateway.model.people import Role

P = ParamSpec("P")
T = TypeVar("T")


class PolicyConsent(Protocol):
    """Changes of the policies that touch the monitoring of staff."""

    def pending(self) -> list[PendingPolicies]:
        """Return what waits."""
        ...

    def agreements(self) -> list[Agreement]:
        """Return what was agreed to, the newest first."""
        ...

    def agree(self, by: str, digest: str) -> None:
        """Agree to exactly what has this digest."""
        ...


class ContentConsent(Protocol):
    """The content mode of departments."""

    def modes(self) -> list[ContentMode]:
        """Return all requests, the newest first."""
        ...

    def approve(self, by: str, role: Role, id_: int) -> None:
        """Agree in a role."""
        ...

    def stop(self, by: str, role: Role, id_: int) -> None:
        """End it, or refuse a request that waits."""
        ...


@dataclass(frozen=True, slots=True)
class Council:
    """What the page needs."""

    policies: PolicyConsent
    content: ContentConsent


async def ask_council(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask in a thread. What nobody foresaw becomes one error that a page can show."""
    try:
        return await asyncio.to_thread(question, *args, **kwargs)
    except GatewayError:
        raise
    except Exception as error:
        raise GatewayError("pruefung_nicht_verfuegbar", "Die Datenbank antwortet gerade nicht. Es wurde nichts "
                           "geändert. Bitte versuchen Sie es in einer Minute noch einmal.",
                           hint=f"council: {type(error).__name__}") from error
