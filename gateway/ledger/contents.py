"""Implements `gateway.ports.Contents` on `audit.Ledger`: what is kept of exchanges while a department has its content
mode on, sealed to the two trustees before anything is written.

Kept true: off, or not known (the database has not answered for five seconds), nothing is kept, and asking costs a look
into memory; every side asks again, so a mode that was stopped under way ends at once; what cannot be sealed is not
kept, and the request goes on. Sealing works in a thread. Not known here: what a text says.

That a content mode is on counts only where the ledger says so, too (`attested`): a row that somebody wrote into the
database by hand, or one whose end was taken back there, keeps nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from audit import ContentKey, Filters, Ledger, LedgerError
from gateway.errors import GatewayError
from gateway.model.content_mode import APPROVED, MUST_APPROVE, OFF, ON, ContentMode, last_day
from gateway.ports import Clock, Side

_log = logging.getLogger(__name__)
_SLACK: Final = timedelta(minutes=10)
"""Clocks of several machines."""


class Known(Protocol):
    """What is known of content modes (`gateway.identity.lookup.Watched`)."""

    last: tuple[ContentMode, ...] | None
    """As it was when the database last answered; None: it never has."""

    def __call__(self) -> tuple[ContentMode, ...]:
        """Return it as of a few seconds ago at most. Raises ``pruefung_nicht_verfuegbar``."""
        ...


def attested(ledger: Ledger, modes: Sequence[ContentMode]) -> tuple[ContentMode, ...]:
    """Return those that are on and stand so in the ledger: two people agreed there, and nothing ended it since."""
    claimed = [one for one in modes if one.on_since is not None]
    if not claimed:
        return ()
    try:
        ledger.sequence()
        said = _said(ledger, min(one.requested_at for one in claimed))
    except LedgerError as error:
        _log.error("the content mode cannot be looked up in the ledger, nothing is kept: %s", type(error).__name__)
        return ()
    good = tuple(one for one in claimed if _borne_out(one, said))
    for one in claimed:
        if one not in good:
            _log.error("content mode %d is on in the database and not in the ledger: nothing is kept", one.id)
    return good


_Step = tuple[str, dict[str, Any], str]
"""A record about a content mode: its type, its facts, and the pseudonym of who acted."""


def _said(ledger: Ledger, since: datetime) -> list[_Step]:
    """Return what the ledger has about content modes, the newest first."""
    filters = Filters(types=(APPROVED, ON, OFF), since=int((since - _SLACK).timestamp() * 1_000_000))
    steps: list[_Step] = []
    before: str | None = None
    while True:
        page = ledger.reader.page(filters, before)
        parts = ledger.reader.parts([row.id for row in page.rows])
        for row in page.rows:
            found = parts.get(row.id, {})
            meta, subject = found.get("meta"), found.get("subject")
            if isinstance(meta, dict):
                who = subject.get("pseudonym") if isinstance(subject, dict) else None
                steps.append((row.type, meta, who if isinstance(who, str) else ""))
        before = page.before
        if before is None:
            return steps


def _borne_out(mode: ContentMode, said: Sequence[_Step]) -> bool:
    mine = [(type_, meta, who) for type_, meta, who in said if meta.get("mode") == mode.id]
    begun = [meta for type_, meta, _ in mine if type_ == ON]
    agreed = {meta.get("role"): who for type_, meta, who in mine if type_ == APPROVED}
    claimed = sum(meta.get("via") == "cli" for type_, meta, _ in mine if type_ == APPROVED)
    people = [agreed.get(role, "") for role in MUST_APPROVE]
    return (len(begun) == 1 and begun[0].get("department") == mode.department
            and begun[0].get("until") == last_day(mode).isoformat()
            and all(people) and len(set(people)) == len(people) and claimed < len(people)
            and not any(type_ == OFF for type_, _, _ in mine))


class LedgerContents:
    """Knows where content is kept now."""

    def __init__(self, ledger: Ledger, modes: Known, clock: Clock) -> None:
        self._ledger, self._modes, self._clock = ledger, modes, clock

    def safe(self, department: str) -> LedgerSafe | None:
        """See `gateway.ports.Contents.safe`."""
        mode = self.mode(department)
        return None if mode is None else LedgerSafe(self, self._ledger, mode)

    def mode(self, department: str) -> ContentMode | None:
        """Return the content mode of a department that is on now, as far as anybody can tell."""
        try:
            modes = self._modes()
        except GatewayError:
            return None
        return next((one for one in modes if one.is_on(department, self._clock.now())), None) if modes else None

    def on(self) -> list[ContentMode]:
        """Return all that are on, for pages and monitoring, as it was last seen. Never fails."""
        now: datetime = self._clock.now()
        return [one for one in self._modes.last or () if one.state(now) == "on"]


class LedgerSafe:
    """Takes both sides of one exchange (implements `gateway.ports.Safe`)."""

    def __init__(self, contents: LedgerContents, ledger: Ledger, mode: ContentMode) -> None:
        self._contents, self._ledger, self._mode = contents, ledger, mode
        self._key: ContentKey | None = None
        self.notice = (f"Inhaltsmodus Ihres Amtes bis {last_day(mode):%d.%m.%Y}: Die ersetzte Fassung dieser Anfrage "
                       "und der Antwort wird versiegelt aufbewahrt, hoechstens 30 Tage.")

    async def shut(self, side: Side, texts: Sequence[str]) -> bytes:
        """See `gateway.ports.Safe.shut`."""
        if self._contents.mode(self._mode.department) != self._mode or not self._ledger.healthy:
            return b""
        try:
            return await asyncio.to_thread(self._shut, side, texts)
        except (LedgerError, OSError, ValueError) as error:  # its text may hold content
            _log.error("content could not be sealed and is not kept: %s", type(error).__name__)
            return b""

    def _shut(self, side: Side, texts: Sequence[str]) -> bytes:
        if side == "request":
            keys = self._ledger.keyring.sealing()
            self._key = ContentKey(*keys) if keys else None
        return self._key.shut(side, texts) if self._key is not None else b""
