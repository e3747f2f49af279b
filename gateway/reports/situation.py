"""What reports are made of: what is in force, what happened, and numbers. A value, so that reports are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.anchors.anchorer import AnchorState
from audit.reid_state import Request
from gateway.kipass.calendar import day_of
from gateway.model.content_mode import ContentMode
from gateway.model.literacy import Report as Literacy
from gateway.paper.report import Report, Section
from gateway.policy import PolicySet
from gateway.reports.figures import Figures
from gateway.reports.happenings import Happening
from gateway.reports.periods import Period


@dataclass(frozen=True, slots=True)
class InForce:
    """What is in force at this moment."""

    now: datetime
    version: str
    policies: PolicySet
    stopped: frozenset[str]
    retention: Mapping[str, int]
    """Days per class of parts of the ledger."""
    log: str
    size: int
    checkpoint: str
    """The newest signed note; empty: none."""
    anchors: Sequence[AnchorState] = ()
    identities_problem: str = ""
    """Why identities are not sealed; empty: they are."""
    sign_in: str = ""
    """How people sign in, in words."""

    def paper(self, kind: str, title: str, lead: str, sections: Sequence[Section], period: str = "",
              more: Sequence[str] = ()) -> Report:
        """Return a paper of this house."""
        sources = (f"Richtlinien {self.policies.digest}", f"Protokoll {self.log}, {self.size} Einträge",
                   f"KI-Pforte {self.version}", *more)
        return Report(kind, title, self.policies.organisation.name, day_of(self.now), lead, tuple(sections), period,
                      sources)

    def department(self, key: str) -> str:
        """Return the name of a department."""
        known = self.policies.departments.get(key)
        return known.name if known else key

    def model(self, key: str) -> str:
        """Return the name of a model."""
        known = self.policies.models.get(key)
        return known.name if known else key


@dataclass(frozen=True, slots=True)
class Situation:
    """What is in force, and what happened in a period."""

    house: InForce
    period: Period
    figures: Figures
    happenings: tuple[Happening, ...]
    literacy: Literacy | None = None
    waiting: int = 0
    """Of how many people the state of the pass is just being worked out anew."""
    modes: Sequence[ContentMode] = ()
    counting: Sequence[str] = ()
    """Months that are over and are being counted at this moment."""
    requests: Sequence[Request] = ()
    """Requests to resolve a pseudonym that were made in the period."""
