"""What these pages ask of the house: one desk. All methods block; they raise `GatewayError` with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from gateway.model.casework import CaseFile, Counted, Kind, Matter, Note, State, Wanted
from gateway.model.people import Role
from gateway.paper.report import Report


class Cases(Protocol):
    """Casework (`gateway.casework.desk.CaseDesk`)."""

    @property
    def hours(self) -> int:
        """In how many hours an incident is to be reported."""
        ...

    @property
    def complaint_days(self) -> int:
        """In how many days a complaint is to be answered."""
        ...

    def listed(self, wanted: Wanted, limit: int, offset: int = 0) -> tuple[list[Matter], int]:
        """Return some matters, what is open first, and how many there are."""
        ...

    def tallies(self, found: list[Matter]) -> dict[str, int]:
        """Return per cause how often it happened."""
        ...

    def counted(self) -> dict[Kind, Counted]:
        """Return how much of each kind is open, for the overview."""
        ...

    def owners(self) -> tuple[tuple[str, str], ...]:
        """Return who can be in charge."""
        ...

    def file(self, id_: str) -> CaseFile | None:
        """Return a matter in full."""
        ...

    def place(self, matter: Matter) -> str:
        """Return what a finding is about, in words."""
        ...

    def note(self, by: str, role: Role, id_: str, text: str) -> Note:
        """Write a note."""
        ...

    def move(self, by: str, role: Role, id_: str, version: int, to: State, text: str) -> Matter:
        """Bring a matter into another state."""
        ...

    def assign(self, by: str, role: Role, id_: str, version: int, owner: str) -> Matter:
        """Say who takes care of it."""
        ...

    def set_due(self, by: str, role: Role, id_: str, version: int, day: date | None) -> Matter:
        """Set the day by which it should be done."""
        ...

    def weigh(self, by: str, role: Role, id_: str, version: int, severity: str) -> Matter:
        """Say how heavy it weighs."""
        ...

    def open_incident(self, by: str, role: Role, finding: str, version: int) -> Matter:
        """Make an incident of a finding, or open one without."""
        ...

    def save(self, by: str, role: Role, id_: str, version: int, values: Mapping[str, str]) -> Matter:
        """Keep a version of the form of an incident."""
        ...

    def decide(self, by: str, role: Role, id_: str, version: int, report: bool, reason: str) -> Matter:
        """Decide whether an incident is to be reported."""
        ...

    def finish(self, by: str, role: Role, id_: str, version: int, text: str) -> Matter:
        """Close an incident."""
        ...

    def hold(self, by: str, role: Role, id_: str, vorgang: str) -> int:
        """Keep the records of one more exchange for an incident."""
        ...

    def release(self, by: str, role: Role, id_: str) -> int:
        """Let go of what a closed incident held."""
        ...

    def stop_model(self, by: str, role: Role, id_: str, model: str) -> bool:
        """Switch off a model because of an incident."""
        ...

    def paper(self, by: str, role: Role | None, id_: str, form_: str) -> Report:
        """Return the file of an incident; that it was made is written first."""
        ...

    def open_request(self, by: str, role: Role, about: str, received: date, values: Mapping[str, str]) -> Matter:
        """Take in a request."""
        ...

    def extend(self, by: str, role: Role, id_: str, version: int, reason: str) -> Matter:
        """Take two months more for a request."""
        ...

    def step(self, by: str, role: Role, id_: str, name: str) -> None:
        """Write down that a step was done."""
        ...

    def disclosure(self, by: str, role: Role, id_: str, form_: str) -> list[Any]:
        """Return the records that answer a request; that they are taken is written first."""
        ...

    def erase(self, by: str, role: Role, id_: str, version: int) -> tuple[int, int]:
        """Make the records of a person nobody's; return how many, and how many a case holds back."""
        ...

    def complain(self, values: Mapping[str, str]) -> str:
        """Take in a complaint from the public; return its number."""
        ...

    def feedback(self, values: Mapping[str, str]) -> str:
        """Take in feedback from staff; return its number."""
        ...
