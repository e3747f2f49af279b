"""What the pages of the pass office ask of the house (`gateway.registry.desk.PassOffice`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import ParamSpec, Protocol, TypeVar

from gateway.errors import GatewayError
from gateway.model.completions import Columns, ImportPlan, ImportState
from gateway.model.kipass import PassEventKind
from gateway.model.office import DocumentKindView, Draft, DraftSeen, FileSeen, PeoplePage, PersonFile, Standing, Wanted

P = ParamSpec("P")
T = TypeVar("T")


class Office(Protocol):
    """All methods block. They raise ``anfrage_ungueltig`` with a sentence for the form when something cannot be done.

    ``by`` is the opaque id of who acts.
    """

    def standing(self) -> Standing:
        """Return how the house stands."""
        ...

    def page(self, wanted: Wanted, after: str) -> PeoplePage:
        """Return one page of the list of people."""
        ...

    def export(self, by: str, wanted: Wanted) -> str:
        """Return the whole list as CSV."""
        ...

    def person(self, person_id: str) -> PersonFile:
        """Return the file of one person."""
        ...

    def enter(self, by: str, person_id: str, module: str, day: date) -> None:
        """Enter a completion by hand."""
        ...

    def act(self, by: str, person_id: str, event: PassEventKind, scope: str | None, reason: str) -> None:
        """Block, unblock, withdraw, grant."""
        ...

    def revoke(self, by: str, person_id: str, evidence_id: int, reason: str) -> None:
        """Let one piece of evidence count no more."""
        ...

    def hand_in(self, by: str, data: bytes) -> FileSeen:
        """Keep a file for an hour; return what is in it."""
        ...

    def seen(self, by: str, file: str, course: str = "") -> FileSeen:
        """Return what is in a file that was handed in."""
        ...

    def trial(self, by: str, file: str, columns: Columns) -> ImportPlan:
        """Return what an import would change."""
        ...

    def start(self, by: str, file: str, columns: Columns) -> str:
        """Begin an import; return the name under which its state is found."""
        ...

    def imports(self, by: str) -> list[ImportState]:
        """Return the imports of this hour."""
        ...

    @property
    def can_publish(self) -> bool:
        """Whether new versions of documents can be published from here."""
        ...

    def documents(self) -> list[DocumentKindView]:
        """Return the versions of everything that staff read."""
        ...

    def draft(self, draft: Draft) -> DraftSeen:
        """Return what publishing would do."""
        ...

    def publish(self, by: str, draft: Draft) -> None:
        """Publish a new version."""
        ...


async def ask_office(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask in a thread. What nobody foresaw becomes one error that a page can show."""
    try:
        return await asyncio.to_thread(question, *args, **kwargs)
    except GatewayError:
        raise
    except Exception as error:
        raise GatewayError("pruefung_nicht_verfuegbar", "Die Datenbank antwortet gerade nicht. Es wurde nichts "
                           "geändert. Bitte versuchen Sie es in einer Minute noch einmal.",
                           hint=f"pass office: {type(error).__name__}") from error
