"""Whether a person holds the KI-Pass for a scope: computed from what they can show, never stored as a yes.

Valid is who has, for every module of the scope, evidence that began, was not revoked and has not expired, whose
acknowledgement is of the current Dienstvereinbarung (or of one that still counts), and who is not blocked.

Which version still counts: a version is overtaken by every *material* (``wesentlich``) version after it, once the
grace of that one is over; editorial versions overtake nothing. A version that is announced but not yet in force may be
acknowledged early. An unknown hash is an overtaken version. Only the Dienstvereinbarung is followed by version; a new
version of the Leitlinien or of the course counts for those who do the module next.

What somebody did counts `SKEW` before the moment that it bears: the clock of the replica that wrote it down may go
that much ahead of the one that asks, and a block must not wait for a slow clock. Ends are days of the calendar and need
no such allowance.

Kept true: the order of evidence and events does not matter; between `now` and `changes_at` the answer does not change;
where several states apply the one that asks most comes first (``gesperrt``, ``fehlt``, ``abgelaufen``, ``dv_neu``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from gateway.kipass import messages
from gateway.kipass.calendar import end_after_months, end_of_grace, midnight
from gateway.kipass.documents import in_force
from gateway.model.kipass import BASIS, Evidence, KiPassConfig, Module, PassEvent
from gateway.model.principal import PassStatus

FOREVER = datetime.max.replace(tzinfo=UTC)
ALWAYS = datetime.min.replace(tzinfo=UTC)
SKEW = timedelta(seconds=30)
"""How far the clocks of two replicas may be apart."""


class Standing(IntEnum):
    """How one module stands, from worst to best."""

    OPEN = 0
    EXPIRED = 1
    OVERTAKEN = 2
    GRACE = 3
    GOOD = 4


@dataclass(frozen=True, slots=True)
class Check:
    """One module, as one piece of evidence (or none) has it. ``end``: when it stops counting, or stopped."""

    module: Module
    standing: Standing
    end: datetime
    sha256: str | None = None


def passes(evidence: Sequence[Evidence], events: Sequence[PassEvent], config: KiPassConfig,
           now: datetime) -> dict[str, PassStatus]:
    """Return the KI-Pass for every scope there is."""
    return {scope: status(evidence, events, config, now, scope) for scope in config.scopes}


def status(evidence: Sequence[Evidence], events: Sequence[PassEvent], config: KiPassConfig, now: datetime,
           scope: str = BASIS) -> PassStatus:
    """Return the KI-Pass for `scope` at `now`. Raises KeyError for a scope that the rules do not know."""
    modules = [config.modules[key] for key in config.scopes[scope].modules]
    checks = [check(module, evidence, config, now) for module in modules]
    unfinished = tuple(c.module for c in checks if c.standing < Standing.GOOD)
    words = messages.Words(config, config.scopes[scope], unfinished)
    verdict = _blocked_verdict(words) if _blocked(events, scope, now) else _verdict(checks, words, config, now)
    return replace(verdict,
                   missing=tuple(m.title for m in unfinished),
                   document_sha256=next((c.sha256 for c in checks if c.sha256 is not None), None),
                   changes_at=_next_change(modules, evidence, events, config, now))


def _blocked_verdict(words: messages.Words) -> PassStatus:
    return PassStatus("gesperrt", message=words.blocked())


def _verdict(checks: Sequence[Check], words: messages.Words, config: KiPassConfig, now: datetime) -> PassStatus:
    """Return what the modules say together: the worst of them decides."""
    worst = min((c.standing for c in checks), default=Standing.OPEN)
    ends = [c.end for c in checks if c.standing is worst and ALWAYS < c.end < FOREVER]
    end = min(ends, default=None)  # of those that stand worst: when they stop counting, or stopped
    if worst is Standing.OPEN:
        return PassStatus("fehlt", message=words.missing())
    if worst is Standing.EXPIRED:
        return PassStatus("abgelaufen", until=end, message=words.expired(end))
    if worst is Standing.OVERTAKEN:
        versions = config.documents.get("dienstvereinbarung", ())
        current = in_force([d for d in versions if d.change == "wesentlich"], now) or in_force(versions, now)
        return PassStatus("dv_neu", until=end, message=words.overtaken(current))
    if worst is Standing.GRACE:
        return PassStatus("kulanz", until=end, notice=words.grace(end))
    return PassStatus("gueltig", until=end)


def check(module: Module, evidence: Iterable[Evidence], config: KiPassConfig, now: datetime) -> Check:
    """Return how a module stands: its best evidence decides."""
    live = [e for e in evidence if e.module == module.key and _done(e.completed_at, now)
            and (e.revoked_at is None or not _done(e.revoked_at, now))]
    return max((_weigh(module, e, config, now) for e in live), default=Check(module, Standing.OPEN, ALWAYS),
               key=lambda c: (c.standing, c.end, c.sha256 or ""))


def _done(at: datetime, now: datetime) -> bool:
    """Whether an act lies in the past, by one clock or the other."""
    return at - now <= SKEW


def _weigh(module: Module, one: Evidence, config: KiPassConfig, now: datetime) -> Check:
    expiry = _expiry(module, one)
    if module.kind != "kenntnisnahme_dv":
        return Check(module, Standing.GOOD if expiry > now else Standing.EXPIRED, expiry)
    if expiry <= now:
        return Check(module, Standing.EXPIRED, expiry, one.document_sha256)
    overtaken_from, overtaken_at = _overtaken(config, one.document_sha256)
    if overtaken_at <= now:
        return Check(module, Standing.OVERTAKEN, overtaken_at, one.document_sha256)
    standing = Standing.GRACE if overtaken_from <= now else Standing.GOOD
    return Check(module, standing, min(expiry, overtaken_at), one.document_sha256)


def _expiry(module: Module, one: Evidence) -> datetime:
    by_months = FOREVER if module.valid_months is None else end_after_months(one.completed_at, module.valid_months)
    return min(by_months, one.valid_until or FOREVER)


def _overtaken(config: KiPassConfig, sha256: str | None) -> tuple[datetime, datetime]:
    """Return from when a version is in its grace, and when it no longer counts at all."""
    versions = config.documents.get("dienstvereinbarung", ())
    position = next((i for i, d in enumerate(versions) if d.sha256 == sha256), None)
    if position is None:
        return ALWAYS, ALWAYS
    later = [d for d in versions[position + 1:] if d.change == "wesentlich"]
    return (min((midnight(d.valid_from) for d in later), default=FOREVER),
            min((end_of_grace(d.valid_from, d.grace_days) for d in later), default=FOREVER))


def _blocked(events: Iterable[PassEvent], scope: str, now: datetime) -> bool:
    """Whether a block or a withdrawal is open. At the very same moment the block wins."""
    past = sorted((e for e in events if e.scope in (None, scope) and _done(e.at, now)),
                  key=lambda e: (e.at, e.event in ("gesperrt", "entzogen")))
    return any(_holds(past, opens, closes) for opens, closes in (("gesperrt", "entsperrt"), ("entzogen", "erteilt")))


def _holds(past: Iterable[PassEvent], opens: str, closes: str) -> bool:
    """Whether something opened was not closed again. What closes the whole pass closes every scope, not vice versa."""
    held: set[str | None] = set()
    for event in past:
        if event.event == opens:
            held.add(event.scope)
        elif event.event == closes:
            held = set() if event.scope is None else held - {event.scope}
    return bool(held)


def _next_change(modules: Sequence[Module], evidence: Sequence[Evidence], events: Sequence[PassEvent],
                 config: KiPassConfig, now: datetime) -> datetime | None:
    """Return the first moment after `now` at which anything that was looked at begins or ends."""
    by_key = {m.key: m for m in modules}
    acts: list[datetime] = [e.at for e in events]
    ends: list[datetime] = []
    for one in evidence:
        if (module := by_key.get(one.module)) is not None:
            acts += [one.completed_at, one.revoked_at or FOREVER]
            ends.append(_expiry(module, one))
    moments = (*(at - SKEW for at in acts if at - now > SKEW), *ends, *_document_moments(config))
    return min((m for m in moments if now < m < FOREVER - SKEW), default=None)


def _document_moments(config: KiPassConfig) -> Iterator[datetime]:
    for document in config.documents.get("dienstvereinbarung", ()):
        yield midnight(document.valid_from)
        yield end_of_grace(document.valid_from, document.grace_days)
