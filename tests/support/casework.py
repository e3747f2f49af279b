"""A house with a ledger, a department of six people, and the desk of the data protection officer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.casework.desk import CaseDesk
from gateway.errors import GatewayError
from gateway.model.casework import Matter, Wanted
from tests.support.web_house import Entry, House, open_house


@dataclass
class Case:
    """The house and who works in it."""

    house: House
    officer: Entry
    clerk: Entry

    @property
    def desk(self) -> CaseDesk:
        desk = self.house.context.cases
        assert isinstance(desk, CaseDesk)
        return desk

    @property
    def by(self) -> str:
        return self.officer.person.id

    def findings(self, about: str = "") -> list[Matter]:
        found, _ = self.desk.listed(Wanted(kinds=("befund",), about=about), 100)
        return found

    def answered(self, department: str = "bauamt", **facts: object) -> str:
        """Write an exchange whose answer held something."""
        intent = self.house.exchange(department=department, status="")
        said = {"vorgang": "X", "department": department, "model": "demo", "status": "ok", **facts}
        self.house.write("outcome", said, subject="subject-x", ref=intent)
        self.house.settle()
        return intent


@contextmanager
def refused(pattern: str) -> Iterator[None]:
    """Expect that a person is told in these words why not."""
    with pytest.raises(GatewayError) as told:
        yield
    assert re.search(pattern, told.value.message), told.value.message


@contextmanager
def open_case(folder: Path) -> Iterator[Case]:
    """Open the house with the real time: what the ledger writes carries it, too."""
    with open_house(folder, None) as house:
        officer = house.hire("Friederike von Ahlen", "dpo")
        clerk = house.hire("Nguyễn Thị Lan", department="standesamt")
        for n in range(5):
            house.hire(f"Kollegin {n}")
        yield Case(house, officer, clerk)
