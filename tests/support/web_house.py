"""A town hall for the pages: real policies, a real ledger, real keys; people from a dictionary; a clock set by hand.

``python -m tests.support.web_house`` serves it, with example records, for looking at the pages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from argon2.profiles import CHEAPEST
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from audit import Ledger, LedgerConfig, LedgerUnavailable
from gateway.casework.desk import CaseDesk
from gateway.condition import Board
from gateway.detection import DetectorOptions, RuleDetector, build_detector, build_operators
from gateway.errors import GatewayError
from gateway.home import pass_keys
from gateway.http.asgi import new_request_id
from gateway.http.errors import ErrorHandlers
from gateway.identity import new_key
from gateway.identity.passwords import Passwords
from gateway.identity.porter import Porter
from gateway.kipass import passes
from gateway.limits.counting import Books as Counted
from gateway.limits.guesses import Guesses
from gateway.limits.memory import MemoryCounts
from gateway.model.condition import Condition, Line, Process
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.limits import Used
from gateway.model.people import ApiKey, Person
from gateway.model.principal import Principal
from gateway.pipeline.reference import mark_of
from gateway.policy import PolicySet, load_policies
from gateway.ports import Receipt
from gateway.registry.access_desk import AccountDesk, KeyDesk
from gateway.registry.accounts import Accounts
from gateway.registry.books import Books
from gateway.registry.certificates import CertificateOffice
from gateway.registry.content_mode import ContentDesk
from gateway.registry.desk import PassOffice
from gateway.registry.learning import Learner
from gateway.registry.reminding import Reminding
from gateway.registry.reviewing import ReviewDesk
from gateway.registry.rulebook import Rulebook
from gateway.registry.switching import Switch
from gateway.registry.takeouts import Takeouts
from gateway.reid.content import ContentConsent
from gateway.reid.desk import ReidDesk
from gateway.reid.policies import PolicyConsent
from gateway.reports.desk import ReportDesk
from gateway.settings import Settings
from gateway.store import departments, keys, migrate, open_engine, people
from gateway.store import passes as proofs
from gateway.store.directory import SqlDirectory, StoredCaller, StoredGuest
from gateway.web import DirectoryMembers, WebContext, build_error_page, build_web
from gateway.web.council.ports import Council
from gateway.web.review.ports import Pending, ReviewHouse
from tests.support.web_client import Browser

POLICIES = Path(__file__).parents[2] / "policies"
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


@lru_cache(maxsize=1)
def _policies() -> PolicySet:
    return load_policies(POLICIES)


@lru_cache(maxsize=1)
def _detector() -> RuleDetector:
    """Without the model of names: it takes longer to load than all pages take."""
    return build_detector(DetectorOptions(names="keine"))


class SetClock:
    """Shows the time it was set to; without one, the real time."""

    def __init__(self, now: datetime | None) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time or datetime.now(UTC)


@dataclass(frozen=True)
class Entry:
    """Someone with a key."""

    key: ApiKey
    person: Person
    evidence: tuple[Evidence, ...]
    events: tuple[PassEvent, ...]


class Directory(SqlDirectory):
    """The directory of the house, which can be taken away."""

    broken = False

    def caller(self, key_id: str) -> StoredCaller | None:
        if self.broken:
            raise OSError("no database")
        return super().caller(key_id)

    def guest(self, session_id: str, now: datetime) -> StoredGuest | None:
        if self.broken:
            raise OSError("no database")
        return super().guest(session_id, now)


class LedgerRecorder:
    """The recorder of the house on a real ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def new_id(self) -> str:
        return self.ledger.new_id()

    async def record(self, kind: str, meta: Mapping[str, Any], *, subject: str | None, ref: str | None = None,
                     record_id: str | None = None) -> Receipt:
        draft = self.ledger.draft(kind, meta, subject=subject, ref=ref or "", record_id=record_id or "")
        try:
            return Receipt((await self.ledger.append(draft)).record_id)
        except LedgerUnavailable:
            raise GatewayError("protokoll_nicht_verfuegbar", "Das Protokoll ist nicht verfügbar.") from None


class Engineering(Switch):
    """The real switch, and a condition that tests set by hand."""

    def __init__(self, house: House) -> None:
        super().__init__(house.books)
        self.house = house

    async def condition(self) -> Condition:
        house = self.house
        return Condition(house.board.parts(house.down, house.concerns), house.lines, house.processes,
                         house.policies.digest, house.clock.now(), "0.1.0")

    async def ask_providers(self) -> dict[str, str]:
        return self.house.unreachable


class House:
    """Everything the pages need, and a way to open them."""

    def __init__(self, ledger: Ledger, engine: Engine, folder: Path, now: datetime | None = NOW, *,
                 development: bool = False) -> None:
        self.ledger, self.clock, self.register = ledger, SetClock(now), Directory(engine)
        self.policies: PolicySet = _policies()
        self.books = Books(engine, self._record, lambda: self.policies, self.clock)
        self.sizes: dict[str, int] = {}
        self.used: dict[str, list[Used] | None] = {}
        self.keys: dict[str, str] = {}
        self.stopped: frozenset[str] = frozenset()
        self.problems: list[str] = []
        self.pending: dict[str, Pending] = {}
        self.changed_policies: PolicySet | None = None
        self.shadow_policies: PolicySet | None = None
        self.board, self.down, self.concerns = Board(self.clock), dict[str, str](), dict[str, list[str]]()
        self.lines: dict[str, Line] = {}
        self.processes: tuple[Process, ...] = ()
        self.unreachable: dict[str, str] = {}
        self.context = WebContext(
            authenticator=Porter(self.register, self.passes, self.clock),
            members=DirectoryMembers(self.register, self.passes, self.clock), policies=lambda: self.policies,
            ledger=ledger, recorder=LedgerRecorder(ledger), clock=self.clock,
            department_size=lambda name: self.sizes.get(name, 20), usage=self.usage, secret=b"s" * 32, version="0.1.0",
            certificates=CertificateOffice(self.books, lambda: pass_keys(folder)), office=PassOffice(self.books),
            learning=Learner(self.books),
            reminders=Reminding(self.books, Settings(home=folder)), detector=_detector(),
            operators=build_operators(bytes(32)), stopped=lambda: self.stopped,
            problems=lambda: self.problems, own=ledger, engineering=Engineering(self), keys=KeyDesk(self.books),
            accounts=AccountDesk(Accounts(self.books, Passwords(CHEAPEST))),
            reports=ReportDesk(self.books, ledger, "0.1.0", lambda: self.stopped, patience=60),
            guesses=Guesses(MemoryCounts(), Counted(bytes(32))),
            cases=CaseDesk(self.books, ledger, lambda reference: mark_of(bytes(32), reference),
                           lambda: ledger.config.log),
            reid=ReidDesk(ledger, engine, lambda: {key: d.name for key, d in self.policies.departments.items()}),
            council=Council(PolicyConsent(engine, self._record, self.clock.now,
                                          lambda: (self.changed_policies, self.shadow_policies)),
                            ContentConsent(ContentDesk(self.books, ledger.keyring.missing))),
            review=ReviewHouse(ReviewDesk(self.books, lambda: ledger.config.log),
                               Takeouts(folder / "entnahmen", ledger), ledger, lambda: self.pending),
            development=development)
        self.app = self._application()

    def _record(self, kind: str, meta: Mapping[str, Any], subject: str | None, /) -> None:
        self.ledger.append_wait(self.ledger.draft(kind, meta, subject=subject))

    async def usage(self, principal: Principal) -> list[Used] | None:
        return self.used.get(principal.subject, [])

    def _application(self) -> FastAPI:
        handlers = ErrorHandlers(build_error_page(self.context))
        app = FastAPI(openapi_url=None, exception_handlers={HTTPException: handlers.refused, 404: handlers.refused,
                                                            405: handlers.refused})
        app.include_router(build_web(self.context))
        return app

    def passes(self, evidence: Any, events: Any, now: datetime) -> Any:
        return passes(evidence, events, self.policies.kipass, now)

    def hire(self, name: str, *roles: str, department: str = "bauamt", steps: int | None = None,
             events: tuple[PassEvent, ...] = ()) -> Entry:
        """Add a person with a key; ``steps``: how many of their steps are done, None: all."""
        now, rules, number = self.clock.now(), self.policies.kipass, len(self.keys)
        dv = rules.documents["dienstvereinbarung"][-1].sha256
        evidence = tuple(Evidence(m, now - timedelta(days=30),
                                  dv if rules.modules[m].kind == "kenntnisnahme_dv" else None)
                         for m in list(rules.modules)[:steps])
        new = people.NewPerson(f"{number}@musterstadt.example", name, department, frozenset({"staff", *roles}))
        fresh = new_key()
        with self.books.writing() as connection:
            if department not in self.policies.departments:  # one that the policies do not know any more
                departments.sync(connection, {department: department})
            [person] = people.add(connection, [new], now)
            key = ApiKey(fresh.id, person.id, "Test", now)
            keys.add(connection, key, fresh.sha256)
            proofs.record(connection, [(person.id, e) for e in evidence], source="verwaltung", recorded_by="test",
                          now=now)
            for event in events:
                proofs.act(connection, person.id, event, by_role="test")
        self.keys[person.id] = fresh.text
        return Entry(key, person, evidence, events)

    def change(self, entry: Entry, *, person: Person | None = None, revoked: bool = False) -> None:
        """Change a person in the directory, or revoke their key."""
        with self.books.writing() as connection:
            if person is not None:
                people.change(connection, [person])
            if revoked:
                keys.revoke(connection, [entry.key.id], self.clock.now())

    def browser(self, entry: Entry | None = None, **values: Any) -> Browser:
        """A browser, signed in if somebody is named."""
        browser = Browser(self.app, **values)
        if entry is not None:
            answer = browser.post("/anmelden", {"schluessel": self.keys[entry.person.id]}, page="/anmelden")
            assert answer.status == 303, answer.text
        return browser

    def write(self, kind: str, meta: dict[str, Any], *, subject: str | None = None, ref: str = "",
              record_id: str = "") -> str:
        """Write a record and give it its place."""
        return self.ledger.append_wait(
            self.ledger.draft(kind, meta, subject=subject, ref=ref, record_id=record_id)).record_id

    def exchange(self, *, department: str = "bauamt", model: str = "demo", status: str = "ok", vorgang: str = "",
                 subject: str = "subject-x", **more: Any) -> str:
        """Write an exchange that was let through; return the id of its intent."""
        vorgang = vorgang or new_request_id()
        facts = {"vorgang": vorgang, "api": "chat", "department": department, "model": model, "purpose": "allgemein",
                 "provider": "KI-Pforte", "region": "im Haus", "policy": self.policies.digest, "pass": "gueltig",
                 "rules": ["ki-pass:basis", f"departments/{department}:models"], **more}
        intent = self.write("intent", {**facts, "decision": "allowed", "found": {"PERSON": 3, "IBAN": 1, "HEALTH": 1},
                                       "replaced": {"PERSON:placeholder": 5, "IBAN:placeholder": 1},
                                       "bytes_in": 2140, "stream": 1}, subject=subject)
        if status:
            self.write("outcome", {"vorgang": vorgang, "api": "chat", "department": department, "model": model,
                                   "policy": self.policies.digest, "status": status,
                                   "code": "" if status == "ok" else "anbieter_zeit", "latency_ms": 1840,
                                   "first_byte_ms": 320, "bytes_out": 4211, "tokens_in": 412, "tokens_out": 688,
                                   "unresolved": 0}, subject=subject, ref=intent)
        return intent

    def denied(self, code: str = "ki_pass_abgelaufen", *, department: str = "bauamt", model: str = "demo",
               **more: Any) -> str:
        """Write a refusal."""
        return self.write("denied", {"vorgang": new_request_id(), "api": "chat", "department": department,
                                     "model": model, "purpose": "allgemein", "decision": "denied", "code": code,
                                     "policy": self.policies.digest, "rules": ["ki-pass:basis"], "latency_ms": 3,
                                     **more}, subject="subject-x")

    def keep_rules(self) -> None:
        """Keep what the policies say, as a serving process does when they come into force."""
        Rulebook(self.books.engine, self.clock.now).keep(self.policies)

    def settle(self) -> None:
        """Give every record its place and sign a checkpoint."""
        self.ledger.checkpoint()
        self.ledger.sequence()

    def types(self) -> list[str]:
        """The types of all records, oldest first."""
        self.ledger.sequence()
        return [row.type for row in self.ledger.reader.tail(-1, 1000)]


@contextmanager
def open_house(folder: Path, now: datetime | None = NOW, *, development: bool = False) -> Iterator[House]:
    """A house with an empty ledger and nobody in it."""
    engine = open_engine(f"sqlite:///{folder / 'people.sqlite'}")
    migrate(engine)
    try:
        with Ledger(LedgerConfig(f"sqlite:///{folder / 'audit.sqlite'}", "musterstadt.example/ki-pforte/1",
                                 folder / "keys")) as ledger:
            yield House(ledger, engine, folder, now, development=development)
    finally:
        engine.dispose()


def example_life(house: House) -> tuple[Entry, Entry]:
    """A few days in Musterstadt; return the officer and a clerk."""
    officer = house.hire("Friederike von Ahlen", "dpo", department="standesamt")
    clerk = house.hire("Nguyễn Thị Lan", department="buergerbuero",
                       steps=3)
    house.keep_rules()
    dice = random.Random(7)
    for n in range(64):
        department = dice.choice(["bauamt", "sozialamt", "buergerbuero", "standesamt", "kaemmerei"])
        if n % 7 == 3:
            house.denied(dice.choice(["ki_pass_abgelaufen", "inhalt_gesperrt", "modell_nicht_erlaubt"]),
                         department=department)
        else:
            status = dice.choice(["ok"] * 8 + ["failed", "aborted"])
            house.exchange(department=department, status=status, subject=f"subject-{n % 6}")
    house.exchange(department="bauamt", status="", subject="subject-1")
    house.settle()
    return officer, clerk


def serve(port: int = 8099) -> None:
    """Serve the example for looking at it."""
    import tempfile

    import uvicorn

    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder), None, development=True) as house:
        house.ledger.start()
        officer, clerk = example_life(house)
        print(f"DPO {house.keys[officer.person.id]}\nCLERK {house.keys[clerk.person.id]}", flush=True)
        uvicorn.run(house.app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve()
