"""Reports as pages and commands ask for them: made, given out, released.

Kept true: a file leaves only after its SHA-256 stands in the ledger (``export``); what is released is what somebody
looked through (same digest), and it is kept as it was. Who acts is known by an opaque id, and stands in the ledger
under a pseudonym.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock, Thread
from typing import Any, Final

from audit import Filters, Ledger, Reidentification
from gateway.errors import GatewayError
from gateway.kipass.calendar import day_of
from gateway.model.people import Role
from gateway.model.reporting import KINDS, ReportKind
from gateway.paper.changes import changes
from gateway.paper.forms import file_of, from_json
from gateway.paper.report import Form, Report
from gateway.registry import literacy as counting
from gateway.registry.books import Actor, Books
from gateway.reports import annex, dpia, fria, leadership, literacy, processing, systems, transparency, works_council
from gateway.reports.figures import Figures, Question, by_month, figures, keep_up, missing
from gateway.reports.happenings import read
from gateway.reports.periods import Period, quarters, years
from gateway.reports.periods import read as read_period
from gateway.reports.situation import InForce, Situation
from gateway.store import content_modes
from gateway.store import reports as shelf
from gateway.web.reports.ports import Draft, Given, MonthNumbers, PublicFigures, Released

_AS_OF_NOW: Final[Mapping[str, Callable[[InForce], Report]]] = {
    processing.KIND: processing.paper, dpia.KIND: dpia.paper, annex.KIND: annex.paper,
    systems.KIND: systems.paper, fria.KIND: fria.paper}
_OF_A_TIME: Final[Mapping[str, Callable[[Situation], Report]]] = {
    works_council.KIND: works_council.paper, leadership.KIND: leadership.paper, transparency.KIND: transparency.paper}
_FOR_PROGRAMS: Final[Mapping[str, Question]] = {"nach_modell": "model", "ablehnungen_nach_grund": "code",
                                                "nach_bereich": "department", "gefundene_angaben": "finding"}
_QUARTERS: Final = 8
_EVERY: Final = 60.0
_log = logging.getLogger(__name__)
LOOKED_AT: Final = 1000
"""Among so many of the newest exports the list of given files looks."""
_STEP: Final = 250


@dataclass(frozen=True, slots=True)
class ReportDesk:
    """Implements `gateway.web.reports.ports.Reports`."""

    books: Books
    ledger: Ledger
    version: str
    stopped: Callable[[], frozenset[str]] = frozenset
    sign_in: str = ""
    patience: float = 0.2
    """Seconds that a page waits for months to be counted; a large ledger takes longer, and the page says so."""
    _counting: Lock = field(default_factory=Lock, repr=False, compare=False)

    # ---- making --------------------------------------------------------------------------------------------------

    def periods(self, kind: str) -> Sequence[tuple[str, str]]:
        """See `gateway.web.reports.ports.Reports.periods`."""
        return [(period.key, period.words) for period in self._periods(_kind(kind))]

    def make(self, kind: str, period: str) -> Report:
        """See `gateway.web.reports.ports.Reports.make`."""
        known = _kind(kind)
        if kind == literacy.KIND:
            return literacy.paper(self.in_force(), *counting.make(self.books))
        if not known.every:
            if period:  # it would stand in the log and in the name of the file
                raise _wrong(f"„{known.title}“ gibt es nur nach dem Stand von heute, ohne Zeitraum.")
            return _AS_OF_NOW[kind](self.in_force())
        asked = read_period(period) if period else self._periods(known)[0]
        if asked is None or bool(asked.quarter) != (known.every == "quarter") or asked.begin > day_of(self.books.now()):
            example = "2026-Q3" if known.every == "quarter" else "2026"
            raise _wrong(f"Diesen Zeitraum gibt es für „{known.title}“ nicht. Er heißt zum Beispiel {example}.")
        return _OF_A_TIME[kind](self._situation(asked))

    def _periods(self, kind: ReportKind) -> tuple[Period, ...]:
        today = day_of(self.books.now())
        if kind.every == "quarter":
            return quarters(today, _QUARTERS)
        with self.books.reading() as connection:
            return years(today, shelf.months(connection)) if kind.every else ()

    def in_force(self) -> InForce:
        """Return what is in force at this moment."""
        status = self.ledger.status()
        return InForce(self.books.now(), self.version, self.books.policies(), self.stopped(),
                       self.ledger.config.retention.days, status.log, status.size, status.checkpoint_note,
                       tuple(self.ledger.anchors()), self.ledger.keyring.problem(), self.sign_in)

    def count_months(self) -> int:
        """Count the months that are over and were not counted yet; return how many."""
        with self._counting:
            self.ledger.sequence()
            return keep_up(self.books, self.ledger, self._begin())

    def _begin(self) -> datetime | None:
        first = next(iter(self.ledger.reader.tail(-1, 1)), None)
        return None if first is None else datetime.fromtimestamp(first.t_us / 1e6, UTC)

    def _uncounted(self) -> tuple[str, ...]:
        """Begin to count what is missing, wait a little, and return what is still missing then."""
        if found := missing(self.books, self._begin()):
            worker = Thread(target=copy_context().run, args=(self._count,), name="months", daemon=True)
            worker.start()
            worker.join(self.patience)
            found = missing(self.books, self._begin())
        return found

    def _count(self) -> None:
        try:
            self.count_months()
        except Exception as error:  # noqa: BLE001 - the ledger or the database: tried again in a minute
            _log.warning("the months that are over cannot be counted now: %s", type(error).__name__)

    def newest_months(self, most: int) -> Sequence[MonthNumbers]:
        """See `gateway.web.reports.ports.Reports.newest_months`. (`follow` counts them; nobody waits for that here.)"""
        with self.books.reading() as connection:
            kept = shelf.months(connection)
        return [MonthNumbers(first, told) for first, told in by_month(kept)[-most:]]

    async def follow(self) -> None:
        """Count months that are over until cancelled; what cannot be counted now is counted later."""
        while True:
            await asyncio.to_thread(self._count)
            await asyncio.sleep(_EVERY)

    def _situation(self, period: Period) -> Situation:
        late = self._uncounted()
        found, waiting = counting.make(self.books)
        with self.books.reading() as connection:
            kept = shelf.months(connection)
            modes = [mode for mode in content_modes.every(connection)
                     if mode.on_since is not None and mode.on_since.date() < period.end
                     and (mode.off_at or self.books.now()).date() >= period.begin]
        requests = [one for one in Reidentification(self.ledger).requests()
                    if period.holds(datetime.fromtimestamp(one.at_us / 1e6, UTC))]
        return Situation(self.in_force(), period, figures(kept, period), read(self.ledger.reader.facts, period),
                         found, waiting, modes, late, requests)

    # ---- giving out ----------------------------------------------------------------------------------------------

    def give(self, by: str, role: Role, kind: str, period: str, form: Form) -> tuple[str, bytes]:
        """See `gateway.web.reports.ports.Reports.give`."""
        return self.give_out(Actor("web", by, role), kind, period, form)

    def give_out(self, actor: Actor, kind: str, period: str, form: Form) -> tuple[str, bytes]:
        """Return a report as a file, with its name; its hash is written down before."""
        if _kind(kind).every:
            self.count_months()  # a file is kept: it waits until it is whole
        report, told = self.make(kind, period), period
        if KINDS[kind].every and not period:
            told = self._periods(KINDS[kind])[0].key
        return self._given(actor, report, told, form)

    def _given(self, actor: Actor, report: Report, period: str, form: Form) -> tuple[str, bytes]:
        data = file_of(report, form)
        self.books.record("export", {"report": report.kind, "format": form, "period": period,
                                     "sha256": sha256(data).hexdigest(), **actor.meta}, actor.subject or None)
        return f"{report.kind}-{period or report.day.isoformat()}.{form}", data

    def given(self, kinds: Sequence[str], most: int) -> list[Given]:
        """See `gateway.web.reports.ports.Reports.given`."""
        self.ledger.sequence()
        found, before, looked = list[Given](), None, 0
        while len(found) < most and looked < LOOKED_AT:
            page = self.ledger.reader.page(Filters(types=("export",)), before, _STEP)
            said = self.ledger.reader.parts([row.id for row in page.rows])
            found += [_told(row.t_us, meta) for row in page.rows
                      if isinstance(meta := said.get(row.id, {}).get("meta"), dict) and meta.get("report") in kinds]
            before, looked = page.before, looked + _STEP
            if before is None:
                break
        return found[:most]

    # ---- releasing -----------------------------------------------------------------------------------------------

    def draft(self, kind: str) -> Draft:
        """See `gateway.web.reports.ports.Reports.draft`."""
        report = self.make(_releasable(kind).key, "")
        with self.books.reading() as connection:
            found = shelf.released(connection, kind)
        told = changes(from_json(found[0].paper), report) if found else ()
        return Draft(report, [Released(one.id, one.at, one.sha256) for one in found], told,
                     [change.text for change in told if change.table == processing.RECIPIENTS])

    def release(self, by: str, kind: str, seen: str) -> Released:
        """See `gateway.web.reports.ports.Reports.release`."""
        report = self.make(_releasable(kind).key, "")
        if report.digest != seen:
            raise _wrong("Die Unterlage hat sich geändert, seit Sie sie gelesen haben. Es wurde nichts freigegeben. "
                         "Bitte sehen Sie sie noch einmal durch.")
        paper = file_of(report, "json")
        name, now = sha256(paper).hexdigest(), self.books.now()
        with self.books.writing() as connection:
            id_ = shelf.put(connection, kind, paper.decode(), name, now)
            self.books.record("release", {"report": kind, "release": id_, "sha256": name,
                                          **Actor("web", by, "dpo").meta}, by)
        return Released(id_, now, name)

    def release_file(self, by: str, kind: str, id_: int, form: Form) -> tuple[str, bytes]:
        """See `gateway.web.reports.ports.Reports.release_file`."""
        with self.books.reading() as connection:
            found = shelf.by_id(connection, id_)
        if found is None or found.kind != _releasable(kind).key:
            raise _wrong("Diese Freigabe gibt es nicht.")
        report = from_json(found.paper)
        about = f"Freigegeben am {found.at:%d.%m.%Y}, Prüfsumme {found.sha256}"
        return self._given(Actor("web", by, "dpo"), replace(report, sources=(*report.sources, about)),
                           f"freigabe-{found.id}", form)

    # ---- for the public ------------------------------------------------------------------------------------------

    def public(self, year: str) -> PublicFigures:
        """See `gateway.web.reports.ports.Reports.public`."""
        with self.books.reading() as connection:
            kept = shelf.months(connection)
        known = years(day_of(self.books.now()), kept)
        told = [period for period in known if figures(kept, period).months]
        asked = read_period(year) if year else next(iter(told), known[0])
        if asked is None or asked not in known:
            raise _wrong("Zu diesem Jahr gibt es keine Zahlen.")
        house, found = self.in_force(), figures(kept, asked)
        situation = Situation(house, asked, found, (), counting=missing(self.books, self._begin()))
        return PublicFigures(asked.key, asked.words, [(period.key, period.words) for period in known],
                             transparency.numbers(situation), _values(asked, found))

    def systems(self) -> Sequence[Mapping[str, Any]]:
        """See `gateway.web.reports.ports.Reports.systems`."""
        return systems.as_json(self.in_force())

    def systems_csv(self) -> str:
        """See `gateway.web.reports.ports.Reports.systems_csv`."""
        return systems.as_csv(self.in_force())


def _values(period: Period, found: Figures) -> dict[str, Any]:
    told = {name: [{"ids": list(group.names), "anzahl": group.count} for group in found.told[question]]
            for name, question in _FOR_PROGRAMS.items()}
    return {"jahr": period.key, "monate": list(found.months), "anfragen": found.total,
            "durchgelassen": found.of("decision", "allowed"), "abgelehnt": found.of("decision", "denied"), **told}


def _told(t_us: int, meta: Mapping[str, Any]) -> Given:
    return Given(datetime.fromtimestamp(t_us / 1e6, UTC), str(meta["report"]), str(meta.get("format", "")),
                 str(meta.get("period", "")), str(meta.get("sha256", "")))


def _kind(key: str) -> ReportKind:
    if key not in KINDS:
        raise _wrong("Einen solchen Bericht gibt es nicht.")
    return KINDS[key]


def _releasable(key: str) -> ReportKind:
    kind = _kind(key)
    if not kind.released:
        raise _wrong("Diese Unterlage wird nicht freigegeben.")
    return kind


def _wrong(text: str) -> GatewayError:
    return GatewayError("anfrage_ungueltig", text)
