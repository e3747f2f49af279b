"""The content mode of a department: for some days, what leaves and what comes back is kept, sealed (`audit.content`).

Off by default. Two people switch it on, the data protection officer and somebody of the Personalrat, until a day that
both see before they agree; it ends by itself on that day, or earlier when anybody who may stops it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gateway.model.people import Role

REQUESTED: Final = "content_mode.request"
APPROVED: Final = "content_mode.approve"
ON: Final = "content_mode.on"
OFF: Final = "content_mode.off"
"""Types of the records that say so in the ledger."""
LONGEST: Final = timedelta(days=14)
"""How far ahead its end may lie."""
WAITS: Final = timedelta(days=7)
"""How long a request waits for those who have to agree."""
REASONS: Final = ("sicherheitsvorfall", "datenschutzvorfall", "missbrauch", "anordnung", "fehlersuche")
CASE: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
"""A number, so that no name gets into the ledger."""
MAY_REQUEST: Final[tuple[Role, ...]] = ("dpo", "personalrat", "it", "leitung")
MUST_APPROVE: Final[tuple[Role, ...]] = ("dpo", "personalrat")
MAY_STOP: Final[tuple[Role, ...]] = ("dpo", "personalrat", "it", "leitung")
BERLIN: Final = ZoneInfo("Europe/Berlin")
State = Literal["waiting", "on", "off", "withdrawn", "lapsed"]
End = Literal["ended", "stopped", "withdrawn", "lapsed"]
ENDS: Final[tuple[End, ...]] = ("ended", "stopped", "withdrawn", "lapsed")


@dataclass(frozen=True, slots=True)
class ContentMode:
    """One request, and what became of it."""

    id: int
    department: str
    reason: str
    case: str
    requested_at: datetime
    until: datetime
    """From that moment on nothing is kept: the midnight after the last day."""
    requested_by: str = field(default="", repr=False)
    """Opaque id of the person; like those below it is forgotten when the mode is over (the ledger has pseudonyms)."""
    dpo_by: str = field(default="", repr=False)
    council_by: str = field(default="", repr=False)
    on_since: datetime | None = None
    off_at: datetime | None = None
    end: End | None = None

    def approved_in(self, role: str) -> bool:
        """Whether somebody agreed in this role."""
        return bool({"dpo": self.dpo_by, "personalrat": self.council_by}.get(role))

    def state(self, now: datetime) -> State:
        """Return how it stands at that moment, whether somebody has put it down already or not."""
        if self.on_since is not None:
            return "off" if self.off_at is not None or now >= self.until else "on"
        if self.end == "withdrawn":
            return "withdrawn"
        over = self.off_at is not None or now >= min(self.until, self.requested_at + WAITS)
        return "lapsed" if over else "waiting"

    def is_on(self, department: str, now: datetime) -> bool:
        """Whether the content of this department is kept at that moment."""
        return department == self.department and self.state(now) == "on" and self.agreed

    @property
    def agreed(self) -> bool:
        """Whether two different people agreed to no more than there may be: a row written by hand does not count."""
        return (bool(self.dpo_by) and bool(self.council_by) and self.dpo_by != self.council_by
                and self.until - self.requested_at <= LONGEST + timedelta(days=1, hours=1))


def last_day(mode: ContentMode) -> date:
    """Return the last day on which content is kept, as the calendar shows it."""
    return (mode.until.astimezone(BERLIN) - timedelta(seconds=1)).date()
