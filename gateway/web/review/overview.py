"""Is everything in order? One line, four tiles, three charts. Each point leads to where something can be done.

What needs somebody is worked out here from what others know: the verifier's last result, casework, the register of
models, the places outside, the periods. Nothing is remembered, so nothing can be ticked off without being done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from starlette.responses import Response

from audit import AnchorState, Status, anchor_warnings
from audit.due import Due
from gateway.kipass.calendar import BERLIN
from gateway.policy import PolicySet
from gateway.policy.policyset import office_day
from gateway.policy.register_check import pressing
from gateway.web import words
from gateway.web.asking import ask, do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import told
from gateway.web.i18n import N_, _, ngettext
from gateway.web.review import sampling, trends
from gateway.web.review.checking import Checking, Result
from gateway.web.review.ports import Pending

MONTHLY: Final = timedelta(days=35)
"""After this time without a check somebody should check: a month, and a few days of leave."""
AHEAD: Final = timedelta(days=60)
CASES: Final[dict[str, tuple[str, str, str]]] = {
    "befund": (N_("{count} Befund"), N_("{count} Befunde"), "/review/befunde"),
    "vorfall": (N_("{count} Vorfall"), N_("{count} Vorfälle"), "/review/vorfaelle"),
    "anfrage": (N_("{count} Betroffenenanfrage"), N_("{count} Betroffenenanfragen"), "/review/anfragen"),
    "ruege": (N_("{count} KI-Rüge"), N_("{count} KI-Rügen"), "/review/anfragen")}
ONE: Final = {"befund": N_("Befund"), "vorfall": N_("Vorfall"), "anfrage": N_("Betroffenenanfrage"),
              "ruege": N_("KI-Rüge")}


@dataclass(frozen=True, slots=True)
class Point:
    """Something that needs somebody."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that has an end."""

    text: str
    at: datetime
    href: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the tiles speak of."""

    now: datetime
    status: Status
    result: Result | None
    anchors: Sequence[AnchorState]
    due: Due
    pending: Mapping[str, Pending]
    deadlines: Sequence[Deadline]
    sample: sampling.Progress
    problems: Sequence[str] = ()
    own: frozenset[str] = field(default=frozenset(), repr=False)
    """The pseudonyms of whoever reads."""


class Overview:
    """The first page of the workplace."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    async def page(self, desk: Desk, visit: Visit) -> Response:
        """Show it."""
        state = await self._look(desk, visit)
        charts = await trends.draw(desk.context.reports)
        return desk.page(visit, "review/overview.html", standing=state, points=list(points(state)), charts=charts,
                         checked_by=_who(state), new=_since_check(state), anchor=_anchor(state.anchors, state.now),
                         cases=_cases(state.pending), running_since=self._checking.running_since,
                         next_round=datetime.fromtimestamp(state.due.next, UTC) if state.due.next else None)

    async def _look(self, desk: Desk, visit: Visit) -> State:
        context, person = desk.context, visit.somebody.person.id
        house, policies, now = context.review, context.policies(), context.now()
        pending = await do(house.pending)
        return State(
            now, await ask(context.ledger.status), await self._checking.last(), await ask(house.ledger.anchors),
            await ask(house.ledger.due), pending, deadlines(policies, pending, now),
            await sampling.progress(desk, sampling.last_month(now)), tuple(context.problems()),
            frozenset(await ask(house.ledger.pseudonyms, person)))


def points(state: State) -> Iterator[Point]:
    """Yield what needs somebody, the most pressing first."""
    yield from _about_the_log(state)
    for kind, (one, more, href) in CASES.items():
        found = state.pending.get(kind)
        if found is not None and found.open:
            count = _(one if found.open == 1 else more).format(count=words.number(found.open))
            late = words.number(found.overdue)
            yield Point((_("{count} offen, {late} davon überfällig.") if found.overdue else _("{count} offen.")).format(
                count=count, late=late), href)
    yield from (Point(line.text, line.href) for line in state.deadlines
                if line.at <= state.now + AHEAD and not line.href.startswith("/review/"))
    if state.due.overdue:
        yield Point(ngettext("{number} Teil sollte schon gelöscht sein. Bitte fragen Sie die IT.",
                             "{number} Teile sollten schon gelöscht sein. Bitte fragen Sie die IT.",
                             state.due.overdue).format(number=words.number(state.due.overdue)),
                    "/review/protokoll?art=betrieb")
    if state.sample.open:
        yield Point(_("Die Stichprobe für {month} ist noch nicht fertig angesehen: {open} offen.").format(
            month=words.month(state.sample.sample.month), open=state.sample.open), "/review/stichprobe")
    yield from (Point(told(text), "/review") for text in state.problems)


def _about_the_log(state: State) -> Iterator[Point]:
    result = state.result
    if result is None:
        yield Point(_("Das Protokoll wurde noch nie geprüft."), "/review/pruefung")
    elif not result.in_order:
        yield Point(_("Die letzte Prüfung des Protokolls sagt: {verdict}.").format(verdict=told(result.verdict)),
                    "/review/pruefung")
    elif state.now - result.at > MONTHLY:
        yield Point(_("Das Protokoll wurde zuletzt am {day} geprüft.").format(day=words.day(result.at)),
                    "/review/pruefung")
    if state.status.problem:
        yield Point(_("Das Protokoll: {problem}").format(problem=told(state.status.problem)), "/review/pruefung")
    yield from (Point(told(text), "/review/pruefung") for text in anchor_warnings(state.anchors))


def deadlines(policies: PolicySet, pending: Mapping[str, Pending], now: datetime) -> list[Deadline]:
    """Return what ends within the next weeks, or is over, the nearest first."""
    found = [Deadline(f"{policies.models[one.model].name}: {told(one.text)}", _begin(one.until), "/transparency")
             for one in pressing(policies, office_day(now)) if one.until is not None]
    for versions in policies.kipass.documents.values():
        for document in versions:
            begins = _begin(document.valid_from)
            ends = begins + timedelta(days=document.grace_days)
            if now < begins <= now + AHEAD:
                found.append(Deadline(_("„{title}“, Fassung {version}, gilt ab {day}.").format(
                    title=document.title, version=document.version, day=words.day(begins)),
                    begins, "/review/protokoll?art=ki-pass"))
            elif begins <= now < ends <= now + AHEAD:
                found.append(Deadline(_("Die Übergangszeit für „{title}“, Fassung {version}, endet am {day}.").format(
                    title=document.title, version=document.version, day=words.day(ends)),
                    ends, "/review/protokoll?grund=ki_pass_dv_neu"))
    for kind, (_one, _more, href) in CASES.items():
        counted = pending.get(kind)
        if counted is not None and counted.next_due is not None:
            found.append(Deadline(_("{what}: Frist am {when}.").format(
                what=_(ONE[kind]), when=words.moment(counted.next_due)), counted.next_due, href))
    return sorted(found, key=lambda line: line.at)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN)


def _who(state: State) -> str:
    result = state.result
    if result is None:
        return ""
    return _("von Ihnen") if not result.by or result.by in state.own else _("von {who}").format(who=result.by)


def _since_check(state: State) -> int:
    return max(0, state.status.size - state.result.size) if state.result is not None else 0


def _anchor(anchors: Sequence[AnchorState], now: datetime) -> str:
    there = [one for one in anchors if one.age is not None]
    if not there:
        return _("Ein Anker außerhalb des Hauses fehlt noch.")
    newest = min(there, key=lambda one: one.age or 0.0)
    at = now - timedelta(seconds=newest.age or 0.0)
    return _("Der Anker vom {when} liegt bei: {place}.").format(when=words.moment(at), place=newest.sink)


def _cases(pending: Mapping[str, Pending]) -> list[tuple[str, str, datetime | None]]:
    return [(_(one if found.open == 1 else more).format(count=words.number(found.open)), href, found.oldest)
            for kind, (one, more, href) in CASES.items() if (found := pending.get(kind)) is not None and found.open]
