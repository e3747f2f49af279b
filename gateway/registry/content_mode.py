"""The content mode: asked for, agreed to by two people, on for some days, over.

For pages and commands alike: one `ContentDesk`, whose methods block (pages call them in a thread), take the opaque id
of who acts and the role in which that person acts, and raise `InvalidError` with a sentence for the person,
`StoreError` and `audit.LedgerError` when the house cannot do it now; then nothing has changed::

    desk = ContentDesk(books, ledger.keyring.missing)
    desk.modes()                                             all requests, the newest first
    desk.request(by, "dpo", "sozialamt", until=day, reason="sicherheitsvorfall", case="V-2026-3")   -> ContentMode
    desk.approve(by, "dpo", mode.id)                         in both roles, by two people: then it is on
    desk.stop(by, "personalrat", mode.id)                    ends it, or a request that waits
    desk.expire()                                            puts down what ended by itself

Kept true: every step stands in the ledger before it counts (``content_mode.request``, ``.approve``, ``.on``, ``.off``;
codes and numbers, no free text); who acts has the role at this moment; two different people agreed; nothing is on
without the keys that content is sealed to, longer than its end, or twice for one department.

Not known here: what is kept and how (`audit.content`), and who is in front of the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from gateway.model.content_mode import (
    APPROVED,
    BERLIN,
    CASE,
    LONGEST,
    MAY_REQUEST,
    MAY_STOP,
    MUST_APPROVE,
    OFF,
    ON,
    REASONS,
    REQUESTED,
    ContentMode,
    End,
    last_day,
)
from gateway.model.people import Role
from gateway.registry.books import Actor, Books, Via, active_person
from gateway.store import InvalidError, content_modes
from gateway.store.locks import alone

_LOCK: Final = "content_mode"


def last_day_possible(today: date) -> date:
    """Return the last day that a request of today may name."""
    return today + LONGEST - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContentDesk:
    """The acts. See the module for how they are called."""

    books: Books
    keys_missing: Callable[[], Sequence[str]]
    """Names the trustees without a key, in German: then nothing can be sealed."""
    via: Via = "web"

    def modes(self) -> list[ContentMode]:
        """Return all requests, the newest first."""
        with self.books.reading() as connection:
            return content_modes.every(connection)

    def request(self, by: str, role: Role, department: str, *, until: date, reason: str, case: str) -> ContentMode:
        """Ask for it, until the end of that day."""
        now = self.books.now()
        end = datetime.combine(until + timedelta(days=1), time(), BERLIN)
        self._check(department, until, reason, case, now)
        with self.books.writing() as connection:
            alone(connection, _LOCK)
            self._entitled(connection, by, role, MAY_REQUEST)
            if any(one.department == department and one.state(now) in ("waiting", "on")
                   for one in content_modes.alive(connection)):
                raise InvalidError("Für dieses Amt wartet schon ein Antrag, oder der Inhaltsmodus ist dort an.")
            id_ = content_modes.add(connection, ContentMode(0, department, reason, case, now, end, by))
            self._record(REQUESTED, {"mode": id_, "department": department, "until": until.isoformat(),
                                     "reason": reason, "case": case}, by, role)
            return self._get(connection, id_)

    def approve(self, by: str, role: Role, id_: int) -> ContentMode:
        """Agree in one of the two roles; with the second agreement it is on."""
        now = self.books.now()
        with self.books.writing() as connection:
            alone(connection, _LOCK)
            found = self._get(connection, id_)
            self._entitled(connection, by, role, MUST_APPROVE)
            if found.state(now) != "waiting":
                raise InvalidError("Dieser Antrag wartet nicht mehr auf Zustimmung.")
            if found.approved_in(role):
                raise InvalidError("In dieser Rolle wurde schon zugestimmt.")
            if by in (found.dpo_by, found.council_by):
                raise InvalidError("Es müssen zwei verschiedene Personen zustimmen.")
            if missing := self.keys_missing():
                raise InvalidError("Der Inhaltsmodus lässt sich noch nicht einschalten: Inhalte werden für zwei "
                                   f"Schlüssel versiegelt, und es fehlt: {', '.join(missing)} (ki-pforte reid keys).")
            content_modes.approve(connection, id_, role, by)
            self._record(APPROVED, {"mode": id_}, by, role)
            found = self._get(connection, id_)
            if all(map(found.approved_in, MUST_APPROVE)):
                content_modes.switch_on(connection, id_, now)
                self._record(ON, {"mode": id_, "department": found.department, "reason": found.reason,
                                  "case": found.case, "until": last_day(found).isoformat()}, by, role)
            return self._get(connection, id_)

    def stop(self, by: str, role: Role, id_: int) -> ContentMode:
        """End it now, or a request that waits. One person is enough: less is kept."""
        now = self.books.now()
        with self.books.writing() as connection:
            alone(connection, _LOCK)
            found = self._get(connection, id_)
            self._entitled(connection, by, role, MAY_STOP)
            state = found.state(now)
            if state not in ("waiting", "on"):
                raise InvalidError("Das ist schon beendet.")
            self._end(connection, found, "stopped" if state == "on" else "withdrawn", now, by, role)
            return self._get(connection, id_)

    def expire(self) -> int:
        """Put down what ended by itself, requests that nobody agreed to among them; return how many."""
        now = self.books.now()
        with self.books.reading() as connection:  # nearly always there is nothing: nobody waits for anybody
            if not _over(connection, now):
                return 0
        with self.books.writing() as connection:
            alone(connection, _LOCK)
            over = _over(connection, now)
            for one in over:
                self._end(connection, one, "ended" if one.on_since else "lapsed", now)
            return len(over)

    def _check(self, department: str, until: date, reason: str, case: str, now: datetime) -> None:
        if department not in self.books.policies().departments:
            raise InvalidError(f"Ein Amt „{department[:64]}“ gibt es nicht.")
        today = now.astimezone(BERLIN).date()
        if not today <= until <= last_day_possible(today):
            raise InvalidError("Der Inhaltsmodus endet an einem Tag von heute bis zum "
                               f"{last_day_possible(today):%d.%m.%Y} (höchstens {LONGEST.days} Tage).")
        if reason not in REASONS:
            raise InvalidError(f"Als Grund gibt es nur: {', '.join(REASONS)}.")
        if not CASE.fullmatch(case):
            raise InvalidError("Ein Fall hat eine Nummer mit einer Ziffer darin, zum Beispiel „V-2026-3“, ohne "
                               "Leerzeichen und ohne Namen.")

    def _end(self, connection: Connection, found: ContentMode, why: End, now: datetime, by: str = "",
             role: Role | None = None) -> None:
        content_modes.end(connection, found.id, now, why)
        self._record(OFF, {"mode": found.id, "department": found.department, "why": why}, by, role)

    def _record(self, type_: str, meta: dict[str, Any], by: str, role: Role | None) -> None:
        actor = Actor(self.via, by, role or "") if by else Actor("auto")
        self.books.record(type_, {**meta, **actor.meta}, by or None)

    @staticmethod
    def _get(connection: Connection, id_: int) -> ContentMode:
        found = content_modes.by_id(connection, id_)
        if found is None:
            raise InvalidError("Einen Antrag mit dieser Nummer gibt es nicht.")
        return found

    @staticmethod
    def _entitled(connection: Connection, by: str, role: Role, roles: tuple[Role, ...]) -> None:
        person = active_person(connection, by)
        if role not in roles or role not in person.roles:
            raise InvalidError("Das ist nur mit dieser Rolle möglich: " + ", ".join(roles) + ".")


def _over(connection: Connection, now: datetime) -> list[ContentMode]:
    return [one for one in content_modes.alive(connection) if one.state(now) not in ("waiting", "on")]
