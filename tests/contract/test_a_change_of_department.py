"""Who moves to a department that asks for a briefing of its own needs it from that moment on, on every server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.identity.keys import new_key
from gateway.identity.porter import Porter
from gateway.kipass import Evidence, passes
from gateway.model.people import ApiKey
from gateway.model.principal import Principal
from gateway.policy import AdmitFacts, admit
from gateway.policy.compile import reworked
from gateway.policy.schema import Department
from gateway.ports import Credentials
from gateway.store import keys, people, writing
from gateway.store import passes as proofs
from gateway.store.directory import SqlDirectory
from tests.support.databases import database_url
from tests.support.municipality import NOW, SetClock, database, settle
from tests.unit.policy.policy_sets import shipped

__all__ = ["database_url"]

BRIEFING = "fachverfahren"
POLICIES = reworked(shipped(), "e" * 64, departments={
    **shipped().files, "sozialamt": Department.model_validate({
        **shipped().files["sozialamt"].model_dump(mode="json"), "ki_pass": {"required": [BRIEFING]}})})
RULES = POLICIES.kipass
DV = RULES.documents["dienstvereinbarung"][-1].sha256


def compute(evidence: Any, events: Any, now: datetime) -> Any:
    return passes(evidence, events, RULES, now)


def finished(scope: str) -> list[Evidence]:
    return [Evidence(key, NOW - timedelta(days=3), DV if RULES.modules[key].kind == "kenntnisnahme_dv" else None)
            for key in RULES.scopes[scope].modules]


def code_of(principal: Principal) -> str:
    denial = admit(POLICIES, AdmitFacts(principal, "demo", None, "chat", NOW)).denial
    return denial.code if denial else "ok"


async def until(ask: Callable[[], Awaitable[Principal]], true: Callable[[Principal], bool]) -> Principal:
    async with asyncio.timeout(60):  # only so that a change that is never noticed does not hang the suite
        while True:
            if true(principal := await ask()):
                return principal
            await asyncio.sleep(0.05)


def test_a_change_of_department_asks_for_its_briefing_at_once_and_a_change_back_for_no_more(database_url: str) -> None:
    engine = database(database_url)
    [person] = settle(engine, "a@x.example")
    fresh = new_key()
    with writing(engine) as connection:
        keys.add(connection, ApiKey(fresh.id, person.id, "n", NOW), fresh.sha256)
        proofs.record(connection, [(person.id, e) for e in finished("basis")], source="selbst", recorded_by="x",
                      now=NOW)

    def moved(department: str) -> None:
        with writing(engine) as connection:
            people.change(connection, [replace(person, department=department)])

    def briefed() -> None:
        with writing(engine) as connection:
            proofs.record(connection, [(person.id, e) for e in finished(BRIEFING)], source="selbst", recorded_by="x",
                          now=NOW)

    async def serve() -> list[str]:
        authenticator = Porter(SqlDirectory(engine), compute, SetClock())
        await authenticator.start()

        async def ask() -> Principal:
            return await authenticator.authenticate(Credentials("bearer", fresh.text))
        try:
            codes = [code_of(await ask())]
            for department in ("sozialamt", "bauamt", "sozialamt"):
                await asyncio.to_thread(moved, department)
                codes.append(code_of(await until(ask, lambda p, there=department: p.department == there)))  # type: ignore[misc]
            await asyncio.to_thread(briefed)
            codes.append(code_of(await until(ask, lambda p: p.pass_for(BRIEFING).admits)))
            return codes
        finally:
            await authenticator.close()

    assert asyncio.run(serve()) == ["ok", "ki_pass_fehlt", "ok", "ki_pass_fehlt", "ok"]
    engine.dispose()
