"""How a request to resolve a pseudonym stands, worked out from the records alone. Pure.

The records of one request: ``reid.request`` (its id is the request's), and with that id as ``ref``: ``reid.approve``
by ``dpo`` and by ``personalrat``, ``reid.handout`` (the sealed identity went to the trustees, with a key for the
answer that is good for a day), ``reid.resolve``, ``reid.inform``, or ``reid.deny``, or ``reid.expire``. Facts are ids
and words from closed lists. Who agreed or refused stands in the part ``subject``, under a pseudonym of the quarter *of
the request*, so that two people can be told apart across the turn of a quarter. Whom it is about stands in a part of
its own, ``target``, which goes as early as ``subject``.

A record says in ``via`` whether the step was made on a page, by somebody who had signed in, or at a terminal, where
nobody knows who sits there.

Kept true: what a record claims against the rules does not count (a second approval by the same person, one that came
too late, a resolution without both), so a record that somebody slipped in moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from audit.record import SUBJECT, time_us
from audit.sealing import DPO, PERSONALRAT

REQUEST: Final = "reid.request"
APPROVE: Final = "reid.approve"
TERMINAL: Final = "cli"
"""What ``via`` says of a step at a terminal: its name was claimed, and nobody checked it."""
HANDOUT: Final = "reid.handout"
RESOLVE: Final = "reid.resolve"
INFORM: Final = "reid.inform"
DENY: Final = "reid.deny"
EXPIRE: Final = "reid.expire"
TYPES: Final = (REQUEST, APPROVE, HANDOUT, RESOLVE, INFORM, DENY, EXPIRE)
TARGET: Final = "target"
APPROVERS: Final = (DPO, PERSONALRAT)
REASONS: Final = {
    "sicherheitsvorfall": "Sicherheitsvorfall",
    "datenschutzvorfall": "Verletzung des Datenschutzes",
    "missbrauch": "begründeter Verdacht auf Missbrauch",
    "anordnung": "Anordnung eines Gerichts oder einer Behörde",
    "wunsch": "Wunsch der betroffenen Person",
}
"""Why a pseudonym may be resolved; nothing else."""
LASTS_US: Final = 7 * 86_400_000_000
ANSWER_US: Final = 86_400_000_000
SHOWN_US: Final = 86_400_000_000
"""How long whoever asked may look at the answer, where it was kept for that (`audit.reid`)."""
State = Literal["open", "approved", "handed_out", "resolved", "informed", "denied", "expired"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a request, as far as it counts here."""

    id: str
    type: str
    ref: str
    t_us: int
    meta: dict[str, Any] = field(repr=False)
    by: str
    """Pseudonym of who acted; empty when it was deleted."""
    epoch: str
    target: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, view: Any) -> Entry:
        """Take it from an `audit.reader.RecordView`."""
        subject, target = _part(view, SUBJECT), _part(view, TARGET)
        return cls(view.id, view.type, view.ref, time_us(view.t), view.meta, _text(subject, "pseudonym"),
                   _text(subject, "epoch"), target)


@dataclass(frozen=True, slots=True)
class Step:
    """One step that counted: what, when, in which role if roles matter, and on which way."""

    type: str
    at_us: int
    role: str
    via: str


@dataclass(slots=True)
class Request:
    """A request and what became of it."""

    id: str
    at_us: int
    case: str
    reason: str
    by: str = field(repr=False)
    epoch: str
    """The quarter of the request itself, in which everybody who acts is named."""
    pseudonym: str = field(repr=False)
    """Whom it is about; empty once that was deleted."""
    target_epoch: str
    vorgang: str = ""
    approvals: dict[str, str] = field(default_factory=dict, repr=False)
    """Role -> pseudonym of who approved."""
    answer_key: str = ""
    sealed: str = ""
    """SHA-256 of what was handed out."""
    handed_us: int = 0
    resolved_us: int = 0
    informed_us: int = 0
    informed_on: str = ""
    """The day on which the person was told, as an ISO date; empty: the day of the record."""
    denied_by: str = ""
    expired: bool = False
    steps: list[Step] = field(default_factory=list)

    def state(self, now_us: int) -> State:
        """Return how it stands at that moment."""
        if self.resolved_us:
            return "informed" if self.informed_us else "resolved"
        if self.denied_by:
            return "denied"
        if self.over(now_us):
            return "expired"
        if self.answer_key and now_us < self.handed_us + ANSWER_US:
            return "handed_out"
        return "approved" if self.approved else "open"

    @property
    def approved(self) -> bool:
        """Whether two people agreed, one in each role."""
        return set(self.approvals) == set(APPROVERS)

    def over(self, now_us: int) -> bool:
        """Whether its seven days are over."""
        return self.expired or now_us >= self.at_us + LASTS_US

    def may_approve(self, role: str, by: str) -> bool:
        """Whether this person may approve in this role now: not named twice, not nameless."""
        return role in APPROVERS and role not in self.approvals and bool(by) and by not in self.approvals.values()

    def claimed_already(self, via: str) -> bool:
        """Whether this agreement would be the second one at a terminal, where one person could claim both names."""
        return via == TERMINAL and any(step.type == APPROVE and step.via == TERMINAL for step in self.steps)


def fold(entries: Iterable[Entry]) -> dict[str, Request]:
    """Return all requests by their id; entries come in the order of the log."""
    found: dict[str, Request] = {}
    for entry in entries:
        if entry.type == REQUEST:
            found[entry.id] = Request(
                entry.id, entry.t_us, _text(entry.meta, "case"), _text(entry.meta, "reason"), entry.by, entry.epoch,
                _text(entry.target, "pseudonym"), _text(entry.target, "epoch"), _text(entry.target, "vorgang"))
        elif entry.ref not in found or not _apply(found[entry.ref], entry):
            continue
        found[entry.ref if entry.ref in found else entry.id].steps.append(
            Step(entry.type, entry.t_us, _text(entry.meta, "role"), _text(entry.meta, "via")))
    return found


def _apply(request: Request, entry: Entry) -> bool:
    """Let an entry count, if it may; return whether it does."""
    state = request.state(entry.t_us)
    role = _text(entry.meta, "role")
    if entry.type == APPROVE and state == "open" and entry.epoch == request.epoch and \
            request.may_approve(role, entry.by) and not request.claimed_already(_text(entry.meta, "via")):
        request.approvals[role] = entry.by
    elif entry.type == HANDOUT and state in ("approved", "handed_out"):
        request.answer_key, request.sealed = _text(entry.meta, "answer_key"), _text(entry.meta, "sealed")
        request.handed_us = entry.t_us
    elif entry.type == RESOLVE and state == "handed_out":
        request.resolved_us = entry.t_us
    elif entry.type == INFORM and state == "resolved":
        request.informed_us, request.informed_on = entry.t_us, _text(entry.meta, "on")
    elif entry.type == DENY and state in ("open", "approved", "handed_out"):
        request.denied_by = role
    elif entry.type == EXPIRE and state in ("open", "approved", "handed_out", "expired"):
        request.expired = True
    else:
        return False
    return True


def _part(view: Any, name: str) -> dict[str, Any]:
    part = view.parts.get(name)
    return part.value if part is not None and isinstance(part.value, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
