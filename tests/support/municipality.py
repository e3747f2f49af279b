"""A small municipality for tests: rules of the KI-Pass, departments, a database, a clock that one sets by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from gateway.kipass import passes
from gateway.model.kipass import Document, KiPassConfig, Module, Scope
from gateway.model.people import Person
from gateway.policy.policyset import DepartmentRules, PolicySet
from gateway.store import departments, migrate, open_engine, people, writing

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OLD_DV, DV = "a" * 64, "b" * 64
RULES = KiPassConfig(
    modules={
        "information": Module("information", "information", "Information", 10),
        "schulung": Module("schulung", "schulung", "Schulung", 45, valid_months=24),
        "dv": Module("dv", "kenntnisnahme_dv", "Dienstvereinbarung", 10),
        "bilder": Module("bilder", "schulung", "Schulung Bilder", 20),
    },
    scopes={"basis": Scope("basis", "Basis", ("information", "schulung", "dv")),
            "bild": Scope("bild", "Bilder", ("bilder",))},
    documents={"dienstvereinbarung": (
        Document("dienstvereinbarung", "1.0", "Dienstvereinbarung KI", OLD_DV, date(2025, 1, 1)),
        Document("dienstvereinbarung", "2.0", "Dienstvereinbarung KI", DV, date(2026, 11, 10), "wesentlich", 28, "1.0"),
    )},
    link="http://127.0.0.1:8080/pass", contact="KI-Pass-Stelle, Tel. 123",
)
DEPARTMENTS = {"bauamt": "Bauamt", "sozialamt": "Sozialamt"}


def compute(evidence: Any, events: Any, now: datetime) -> Any:
    """The KI-Pass under the rules of this municipality."""
    return passes(evidence, events, RULES, now)


def policy_set(_: Path | None = None) -> PolicySet:
    """The policies, as far as commands look at them."""
    nothing: dict[str, Any] = {field.name: {} for field in fields(DepartmentRules)}
    named = {key: DepartmentRules(**nothing | {"key": key, "name": name, "scopes": ("basis",)})
             for key, name in DEPARTMENTS.items()}
    return PolicySet("0" * 64, cast(Any, None), {}, RULES, named, {})


class SetClock:
    """Shows the time it was set to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


def database(url: str) -> Engine:
    """An up-to-date database with the departments."""
    engine = open_engine(url)
    migrate(engine)
    with writing(engine) as connection:
        departments.sync(connection, DEPARTMENTS)
    return engine


def settle(engine: Engine, *emails: str, roles: Sequence[str] = ()) -> list[Person]:
    """Add people to the Bauamt."""
    with writing(engine) as connection:
        return people.add(connection, [
            people.NewPerson(email, f"Person {i}", "bauamt", frozenset(roles)) for i, email in enumerate(emails)], NOW)
