"""What the pages of the KI-Pass need done, and how they ask: in a thread, with one error that a page can show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import ParamSpec, Protocol, TypeVar

from gateway.errors import GatewayError

P = ParamSpec("P")
T = TypeVar("T")


class Learning(Protocol):
    """What people do for their KI-Pass by themselves (`gateway.registry.learning.Learner`). All methods block.

    Each raises ``anfrage_ungueltig`` with a sentence for the person when it cannot be done.
    """

    def progress(self, person_id: str) -> Mapping[str, frozenset[str]]:
        """Return the sections of courses that a person has read and not finished, by module."""
        ...

    def read(self, person_id: str, module: str, section: str, shown: str) -> frozenset[str] | None:
        """Write down that a section was read; return all that were. None: the version `shown` is no longer in force."""
        ...

    def finish(self, person_id: str, module: str, shown: str) -> bool:
        """Write down that a step is finished. False: the version `shown` is no longer in force; nothing was written."""
        ...


async def do(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do it in a thread. Whatever fails below becomes one error that says that nothing was written."""
    try:
        return await asyncio.to_thread(act, *args, **kwargs)
    except GatewayError:
        raise
    except Exception as error:  # noqa: BLE001 - database or ledger: nothing was done
        raise GatewayError(
            "pruefung_nicht_verfuegbar",
            "Ihr Stand kann gerade nicht gelesen oder gespeichert werden. Es wurde nichts geändert. Bitte versuchen "
            "Sie es in einer Minute noch einmal; bleibt es dabei, melden Sie es der IT.",
            hint=f"registry: {type(error).__name__}") from None
