"""What the Personalrat agreed to, and who runs what: on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit import LedgerError
from gateway.generation.approval import MonitoringGate, standing_of
from gateway.generation.proving import Rejected
from gateway.generation.replicas import PATIENCE_SECONDS, Replicas
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.policy.monitoring import as_text, digest, facts
from gateway.policy.schema import LimitRules, Limits
from gateway.store import approvals, migrate, open_engine, reading, replicas, writing
from tests.unit.policy.policy_sets import shipped

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def with_limit(number: int | None) -> PolicySet:
    organisation = shipped().organisation
    changed = organisation.model_copy(update={"limits": Limits(person=LimitRules(requests_per_day=number))})
    return reworked(shipped(), f"{number or 0:064x}", organisation=changed)


class House:
    """A gate on a database, with a ledger that can fail."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        migrate(self.engine)
        self.ledger: list[tuple[str, Mapping[str, Any]]] = []
        self.failing = False
        self.now = NOW
        self.gate = MonitoringGate(self.engine, self.record, self.tick)

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def record(self, kind: str, meta: Mapping[str, Any], subject: str | None) -> None:
        if self.failing:
            raise LedgerError("the ledger is down")
        self.ledger.append((kind, meta))

    def approve(self, policies: PolicySet) -> None:
        found = facts(policies)
        with writing(self.engine) as connection:
            approvals.add(connection, digest(found), as_text(found), "zustimmung", "p1", self.tick())

    def kinds(self) -> list[str]:
        return [meta["kind"] for _, meta in self.ledger]


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    opened = House(database_url)
    yield opened
    opened.engine.dispose()


def test_the_first_set_is_noted_as_ersteinrichtung_once(house: House) -> None:
    house.gate.admit(with_limit(5))
    house.gate.admit(with_limit(5))
    assert house.kinds() == ["ersteinrichtung"]
    assert house.ledger[0][0] == "policy.monitoring"


def test_more_monitoring_waits_until_exactly_it_is_agreed_to(house: House) -> None:
    house.gate.admit(with_limit(None))
    with pytest.raises(Rejected) as why:
        house.gate.admit(with_limit(5))
    assert why.value.details == ("Neue Grenze je Person im ganzen Haus: 5 Anfragen je Tag",)
    house.approve(with_limit(6))
    with pytest.raises(Rejected):
        house.gate.admit(with_limit(5))
    house.approve(with_limit(5))
    house.gate.admit(with_limit(5))
    house.gate.admit(with_limit(5))
    assert house.kinds() == ["ersteinrichtung", "zustimmung"]


def test_less_monitoring_needs_nobody_but_coming_back_does(house: House) -> None:
    house.gate.admit(with_limit(5))
    house.gate.admit(with_limit(None))
    assert house.kinds() == ["ersteinrichtung", "verringerung"]
    with pytest.raises(Rejected):
        house.gate.admit(with_limit(5))


def test_an_agreement_is_used_once(house: House) -> None:
    house.gate.admit(with_limit(None))
    house.approve(with_limit(5))
    house.gate.admit(with_limit(5))
    house.gate.admit(with_limit(None))
    with pytest.raises(Rejected):
        house.gate.admit(with_limit(5))


def test_without_the_ledger_nothing_comes_into_force(house: House) -> None:
    house.failing = True
    with pytest.raises(Rejected, match="antwortet nicht"):
        house.gate.admit(with_limit(5))
    with reading(house.engine) as connection:
        assert approvals.in_force(connection) is None


def test_facts_of_another_version_count_as_agreed_to_nothing(house: House) -> None:
    with writing(house.engine) as connection:
        approvals.add(connection, "0" * 64, '{"language": "another"}', "ersteinrichtung", "", NOW, NOW)
    with reading(house.engine) as connection:
        standing = standing_of(connection, with_limit(5))
    assert standing.kind is None
    assert any("5 Anfragen je Tag" in point for point in standing.open_points)


def test_processes_see_what_the_others_run_and_warn_when_they_differ_for_long(house: House) -> None:
    clock = [0.0]
    one, other = (Replicas(house.engine, lambda p=p: p, lambda: NOW, lambda: clock[0])  # type: ignore[misc]
                  for p in (shipped(), replace(shipped(), digest="e" * 64)))
    one.beat()
    assert (dict(one.by_digest()), one.warnings()) == ({shipped().digest: 1}, [])
    other.beat()
    one.beat()
    assert len(one.by_digest()) == 2
    assert not one.differ, "a reload takes a moment"
    clock[0] = PATIENCE_SECONDS + 1
    assert one.differ
    assert "e" * 12 in one.warnings()[0]
    other._leave()
    one.beat()
    assert not one.differ


def test_a_process_that_gives_no_sign_is_forgotten(house: House) -> None:
    with writing(house.engine) as connection:
        replicas.beat(connection, "old", "a" * 64, NOW - timedelta(hours=1))
        replicas.beat(connection, "new", "b" * 64, NOW)
    with reading(house.engine) as connection:
        assert [r.id for r in replicas.there(connection, NOW)] == ["new"]
        assert [r.id for r in replicas.there(connection, NOW - timedelta(hours=1))] == ["new"], "deleted by then"


def test_signs_of_life_do_not_move_the_generation(house: House) -> None:
    from sqlalchemy import text
    beat = Replicas(house.engine, shipped, lambda: NOW)
    with reading(house.engine) as connection:
        before = connection.execute(text("SELECT value FROM generation")).scalar()
    beat.beat()
    with reading(house.engine) as connection:
        assert connection.execute(text("SELECT value FROM generation")).scalar() == before
