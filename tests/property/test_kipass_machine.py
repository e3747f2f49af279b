"""The KI-Pass over a life: people learn, acknowledge, are blocked; versions come; clocks change; days go by.

A second, simpler answer stands beside `status`: days of the office calendar, no moments, no time zones beyond naming
the day. Both must agree at every step and on every day to come, and the answer must hold exactly as long as it says.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.kipass import Document, Evidence, KiPassConfig, Module, PassEvent, Scope, status
from gateway.kipass.status import SKEW
from gateway.model.kipass import Change, PassEventKind

BERLIN = ZoneInfo("Europe/Berlin")
MODULES = {"kurs": Module("kurs", "schulung", "Kurs", 45, 1), "regeln": Module("regeln", "leitlinien", "Regeln", 5),
           "dv": Module("dv", "kenntnisnahme_dv", "DV", 5), "amt": Module("amt", "schulung", "Einweisung", 5, 12)}
SCOPES = {"basis": Scope("basis", "Grundlagen", ("kurs", "regeln", "dv")), "amt": Scope("amt", "Amt", ("amt", "dv"))}
ENDS: dict[str, PassEventKind] = {"gesperrt": "entsperrt", "entzogen": "erteilt"}
scopes = st.sampled_from([None, "basis", "amt"])
BEGINNINGS = ("2026-03-27 23:30", "2026-10-24 22:00", "2028-02-28 12:00", "2026-12-31 23:59")


class Office(RuleBasedStateMachine):
    """One person, one municipality, and what both do."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
        self.versions: list[tuple[date, Change, int]] = [(date(2025, 1, 1), "wesentlich", 0)]
        self.shown: list[Evidence] = []
        self.acts: list[PassEvent] = []
        self.locks: dict[str, set[str | None]] = {"gesperrt": set(), "entzogen": set()}

    @property
    def config(self) -> KiPassConfig:
        documents = tuple(Document("dienstvereinbarung", str(i), "DV", f"v{i}", *version)
                          for i, version in enumerate(self.versions))
        return KiPassConfig(MODULES, SCOPES, {"dienstvereinbarung": documents}, "https://x.example/pass", "Stelle")

    @rule(at=st.sampled_from(BEGINNINGS))
    def later(self, at: str) -> None:
        moment = datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC)
        self.now = max(self.now, moment)

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(1, 60 * 24 * 20)))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(module=st.sampled_from(["kurs", "regeln", "amt"]))
    def learn(self, module: str) -> None:
        self.shown.append(Evidence(module, self.now, "c" * 8))

    @initialize()
    def begin(self) -> None:
        self.do_everything()

    @rule()
    def do_everything(self) -> None:
        self.shown += [Evidence(m, self.now, f"v{len(self.versions) - 1}" if m == "dv" else None) for m in MODULES]

    @rule(back=st.integers(0, 2))
    def acknowledge(self, back: int) -> None:
        self.shown.append(Evidence("dv", self.now, f"v{max(0, len(self.versions) - 1 - back)}"))

    @rule(module=st.sampled_from(sorted(MODULES)))
    def revoke(self, module: str) -> None:
        self.shown = [Evidence(e.module, e.completed_at, e.document_sha256, e.valid_until, self.now)
                      if e.module == module and e.revoked_at is None else e for e in self.shown]

    @rule(kind=st.sampled_from(sorted(ENDS)), scope=scopes)
    def lock(self, kind: PassEventKind, scope: str | None) -> None:
        self.act(kind, scope)
        self.locks[kind].add(scope)

    @rule(kind=st.sampled_from(sorted(ENDS)), scope=scopes)
    def unlock(self, kind: str, scope: str | None) -> None:
        self.act(ENDS[kind], scope)
        self.locks[kind] -= {None, "basis", "amt"} if scope is None else {scope}

    def act(self, kind: PassEventKind, scope: str | None) -> None:
        self.now += timedelta(microseconds=1)  # two acts are never at the same moment: one office, one clock
        self.acts.append(PassEvent(kind, self.now, scope))

    @rule(change=st.sampled_from(["wesentlich", "wesentlich", "redaktionell"]), ahead=st.integers(1, 30),
          grace=st.sampled_from([0, 1, 14, 40]))
    def publish(self, change: Change, ahead: int, grace: int) -> None:
        if len(self.versions) < 5:
            day = max(self.versions[-1][0] + timedelta(days=1), today(self.now) - timedelta(days=ahead - 8))
            self.versions.append((day, change, grace))

    @invariant()
    def both_answers_agree(self) -> None:
        for scope in SCOPES:
            without = self.proven(scope, self.now)
            assert status(self.shown, [], self.config, self.now, scope).state == without
            locked = any(held & {None, scope} for held in self.locks.values())
            with_acts = status(self.shown, self.acts, self.config, self.now, scope).state
            assert with_acts == ("gesperrt" if locked else without)

    @invariant()
    def the_order_of_what_was_done_does_not_matter(self) -> None:
        answer = status(self.shown, self.acts, self.config, self.now)
        assert status(self.shown[::-1], self.acts[::-1], self.config, self.now) == answer

    @invariant()
    def one_more_proof_never_harms_and_one_more_block_never_helps(self) -> None:
        answer = status(self.shown, self.acts, self.config, self.now)
        newest = f"v{len(self.versions) - 1}"
        more = [*self.shown, *(Evidence(m, self.now, newest) for m in MODULES)]
        assert not answer.admits or status(more, self.acts, self.config, self.now).admits
        assert not status(more, [*self.acts, PassEvent("gesperrt", self.now)], self.config, self.now).admits

    def teardown(self) -> None:
        """Walk through the days to come, with both ears: the answer changes when it said it would, and only then."""
        config, moment, end = self.config, self.now, self.now + timedelta(days=60)
        for scope in SCOPES:
            answer = status(self.shown, [], config, moment, scope)
            for at in sorted(set(self.moments(moment, end))):
                while answer.changes_at is not None and answer.changes_at <= at:
                    answer = status(self.shown, [], config, answer.changes_at, scope)
                assert status(self.shown, [], config, at, scope) == answer
                assert answer.state == self.proven(scope, at)

    @staticmethod
    def moments(begin: datetime, end: datetime) -> list[datetime]:
        """Return every midnight in the office, the moment before, and the hours in which clocks change."""
        found, day = [], today(begin)
        while (midnight := datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)) < end:
            found += [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=2, minutes=30)]
            day += timedelta(days=1)
        return [moment for moment in found if moment >= begin]

    def proven(self, scope: str, at: datetime) -> str:
        standing = [self.standing(key, today(at)) for key in SCOPES[scope].modules]
        return min(standing, key=("fehlt", "abgelaufen", "dv_neu", "kulanz", "gueltig").index)

    def standing(self, module: str, day: date) -> str:
        order = ("fehlt", "abgelaufen", "dv_neu", "kulanz", "gueltig")
        return max((self.worth(e, day) for e in self.shown if e.module == module and e.revoked_at is None),
                   default="fehlt", key=order.index)

    def worth(self, one: Evidence, day: date) -> str:
        months = MODULES[one.module].valid_months
        if months is not None and day > months_later(today(one.completed_at), months):
            return "abgelaufen"
        if one.module != "dv":
            return "gueltig"
        after = self.versions[int((one.document_sha256 or "v0")[1:]) + 1:]
        begun = [(start, grace) for start, change, grace in after if change == "wesentlich" and start <= day]
        if any(day >= start + timedelta(days=grace) for start, grace in begun):
            return "dv_neu"
        return "kulanz" if begun else "gueltig"


def months_later(day: date, months: int) -> date:
    """Return the day of the same number so many months later, or the last one that there is before it."""
    first = day.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=day.day - 1), (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def today(moment: datetime) -> date:
    return moment.astimezone(BERLIN).date()


assert timedelta(microseconds=1) < SKEW
TestOffice = Office.TestCase
TestOffice.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
