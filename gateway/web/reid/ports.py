"""What the pages of re-identification ask of the house (`gateway.reid.desk.ReidDesk` answers)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import ParamSpec, Protocol, TypeVar

from audit import LedgerConfigError
from gateway.errors import GatewayError
from gateway.model.reid import Case, Found, SealKeys

P = ParamSpec("P")
T = TypeVar("T")


class Reid(Protocol):
    """All methods block. `by` is the opaque id of who acts; in which role, the gate has checked.

    They raise `audit.NotAllowed` for the wrong person, and `audit.LedgerConfigError` for what cannot be now.
    """

    @property
    def reasons(self) -> Mapping[str, str]:
        """The reasons there are, in words."""
        ...

    def cases(self, by: str) -> list[Case]:
        """Return all requests, the newest first."""
        ...

    def case(self, by: str, request: str) -> Case | None:
        """Return one request; None: there is none."""
        ...

    def found(self, by: str, request: str) -> Found:
        """Return who it is, to the one who asked, for a day."""
        ...

    def keys(self) -> SealKeys:
        """Return the keys that identities are sealed to."""
        ...

    def ask(self, by: str, case: str, reason: str, pseudonym: str, vorgang: str) -> str:
        """Ask for one person, as data protection officer; return the number of the request."""
        ...

    def agree(self, by: str, role: str, request: str) -> None:
        """Agree in a role."""
        ...

    def refuse(self, by: str, role: str, request: str) -> None:
        """Refuse in a role: that ends it."""
        ...

    def hand_out(self, by: str, request: str) -> None:
        """Give the sealed identity to the one who asked."""
        ...

    def pass_on(self, by: str, request: str, envelope: str) -> None:
        """Take the piece whose outer layer is open, for the Personalrat."""
        ...

    def answer(self, by: str, request: str, answer: str) -> None:
        """Take the answer of the Personalrat."""
        ...

    def inform(self, by: str, request: str, on: date) -> None:
        """Put down on which day the person was told."""
        ...

    def propose_key(self, by: str, role: str, text: str) -> None:
        """Let the public key of a role wait for the Personalrat."""
        ...

    def approve_key(self, by: str, roles: Collection[str], role: str, key_id: str) -> None:
        """Put a waiting key in force, as Personalrat."""
        ...


async def ask_reid(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask in a thread: a sentence for people stays one, everything else becomes the one error that a page can show."""
    try:
        return await asyncio.to_thread(question, *args, **kwargs)
    except LedgerConfigError:
        raise
    except Exception as error:
        raise GatewayError("protokoll_nicht_verfuegbar", "Das Protokoll oder die Datenbank antwortet gerade nicht. Der "
                           "Schritt wurde nicht gemacht. Bitte versuchen Sie es in einer Minute noch einmal.",
                           hint=f"reid: {type(error).__name__}") from error
