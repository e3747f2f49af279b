"""People, models and limiters for tests about limits; the clock is set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from gateway.limits.counting import Books, Counts
from gateway.limits.limiter import CountingLimiter
from gateway.limits.memory import MemoryCounts
from gateway.model.principal import Principal
from gateway.model.register import Prices, RegisteredModel
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.policy.schema import Organisation, TightenedLimits
from gateway.ports import Metrics

NOON = datetime(2026, 11, 22, 11, 0, 30, tzinfo=UTC)
"""Twelve o'clock and a half minute in Berlin, a Sunday."""


@dataclass
class SetClock:
    """Shows the time it was set to."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@dataclass
class Noted:
    """Metrics that write down every call."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


def model(id_: str = "eu-cloud", prices: Prices | None = None) -> RegisteredModel:
    """A model at 1 euro per million tokens in and 10 out, unless said otherwise."""
    return RegisteredModel(
        id=id_, name=f"Modell {id_}", adapter="openai", target="x", base_url=None, api_key_env=None,
        dialects=frozenset({"chat"}), enabled=True, in_house=False, provider="P", operator="P", region="EU",
        transfer_basis="", data_classes=frozenset(), prices=prices or Prices(1_000_000, 10_000_000))


def clerk(subject: str = "subject-1", department: str = "bauamt") -> Principal:
    """Somebody."""
    return Principal(subject, department)


class CountingTown:
    """A limiter with everything that it asks."""

    def __init__(self, counts: Counts | None = None, secret: bytes = b"s" * 32) -> None:
        self.clock, self.noted = SetClock(), Noted()
        self.counts: Counts = counts or MemoryCounts()
        self.books = Books(secret)
        self.limiter = CountingLimiter(self.counts, self.books, self.clock, cast(Metrics, self.noted),
                                       lambda: "IT-Service, Tel. 06000 12-111")


def with_limits(base: PolicySet, models: Mapping[str, RegisteredModel], routing: Mapping[str, Any] | None = None,
                **rules: dict[str, Any]) -> PolicySet:
    """Return policies that limit nothing but this (``person={...}``), whatever they limited before."""
    none: dict[str, Any] = {"limits": TightenedLimits()}
    plain = replace(base, profiles={key: it.model_copy(update=none) for key, it in base.profiles.items()})
    written = base.organisation.model_dump() | {"limits": rules, **({"routing": routing} if routing else {})}
    return reworked(plain, "d" * 64, organisation=Organisation.model_validate(written), models=models,
                    departments={key: it.model_copy(update=none) for key, it in base.files.items()})
