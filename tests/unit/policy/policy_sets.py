"""Policy sets for tests: the shipped ones, and the shipped ones with every model switched on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from gateway.model.principal import PassStatus, Principal
from gateway.model.register import Avv
from gateway.policy import AdmitFacts, PolicySet, ReleaseFacts, load_policies
from gateway.policy.compile import reworked

SHIPPED = Path(__file__).parents[3] / "policies"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCOPES = ("basis", "personenbezogen", "bild", "fachverfahren")


@cache
def shipped() -> PolicySet:
    return load_policies(SHIPPED)


@cache
def all_on(until: date | None = None) -> PolicySet:
    """Return the shipped policies as they would be with every model in service, its agreement ending on `until`."""
    policies = shipped()
    models = {k: replace(m, enabled=True, avv=None if m.in_house else Avv(date(2026, 1, 1), "a" * 64, until))
              for k, m in policies.models.items()}
    return reworked(policies, "d" * 64, models=models)


def person(department: str = "bauamt", **passes: PassStatus) -> Principal:
    return Principal("p", department, passes={s: PassStatus("gueltig") for s in SCOPES} | passes)


def asking(model: str = "demo", purpose: str | None = None, principal: Principal | None = None,
           now: datetime = NOW) -> AdmitFacts:
    return AdmitFacts(principal or person(), model, purpose, "chat", now)


def found(model: str = "demo", department: str = "bauamt", opaque: tuple[str, ...] = (), **counts: int) -> ReleaseFacts:
    return ReleaseFacts(asking(model, principal=person(department)), counts, frozenset(opaque))
