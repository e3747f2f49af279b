"""Evidence and events behind the KI-Pass. Whether a pass is valid is not stored; `gateway.kipass` computes it.

Evidence is never overwritten: what was wrong is revoked with a reason, what is newer is added. Reading whole
municipalities goes in pages of people (`of_many`), so that neither memory nor the database sees 250,000 rows at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from gateway.model.kipass import Evidence, PassEvent
from gateway.model.office import Acted, Shown
from gateway.store.chunks import in_chunks
from gateway.store.tables import evidence, pass_event

Source = Literal["selbst", "lms_csv", "moodle", "xapi", "oidc_claim", "badge", "verwaltung"]


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that the KI-Pass of one person is computed from."""

    evidence: tuple[Evidence, ...] = ()
    events: tuple[PassEvent, ...] = ()


def of(connection: Connection, person_id: str) -> Proof:
    """Return what one person has to show."""
    return of_many(connection, [person_id]).get(person_id, Proof())


def of_many(connection: Connection, person_ids: Sequence[str]) -> Mapping[str, Proof]:
    """Return what these people have to show; whoever has nothing is not in the answer."""
    found: dict[str, list[Evidence]] = defaultdict(list)
    events: dict[str, list[PassEvent]] = defaultdict(list)
    proofs = select(evidence.c.person_id, evidence.c.module, evidence.c.completed_at, evidence.c.document_sha256,
                    evidence.c.valid_until, evidence.c.revoked_at)
    acts = select(pass_event.c.person_id, pass_event.c.event, pass_event.c.at, pass_event.c.scope)
    for ids in in_chunks(person_ids):
        for id_, *values in connection.execute(proofs.where(evidence.c.person_id.in_(ids)).order_by(evidence.c.id)):
            found[id_].append(Evidence(*values))
        for id_, *values in connection.execute(acts.where(pass_event.c.person_id.in_(ids)).order_by(pass_event.c.id)):
            events[id_].append(PassEvent(*values))
    return {id_: Proof(tuple(found[id_]), tuple(events[id_])) for id_ in found.keys() | events.keys()}


def history(connection: Connection, person_id: str) -> tuple[list[Shown], list[Acted]]:
    """Return all evidence and all acts about one person with where they come from, oldest first."""
    e, a = evidence.c, pass_event.c
    found = connection.execute(
        select(e.id, e.module, e.completed_at, e.document_sha256, e.valid_until, e.revoked_at, e.source, e.recorded_by,
               e.recorded_at, e.revoke_reason).where(e.person_id == person_id).order_by(e.completed_at, e.id))
    shown = [Shown(id_, Evidence(*facts), source, by, at, reason or "")
             for id_, *facts, source, by, at, reason in found]
    acts = connection.execute(select(a.event, a.at, a.scope, a.by_role, a.reason).where(a.person_id == person_id)
                              .order_by(a.at, a.id))
    return shown, [Acted(PassEvent(event, at, scope), by, reason or "") for event, at, scope, by, reason in acts]


def shown_already(connection: Connection, modules: Sequence[str]) -> dict[tuple[str, str], set[datetime]]:
    """Return when each person completed these modules, also where it was revoked: for imports."""
    found: dict[tuple[str, str], set[datetime]] = defaultdict(set)
    query = select(evidence.c.person_id, evidence.c.module, evidence.c.completed_at)
    for person_id, module, at in connection.execute(query.where(evidence.c.module.in_(modules))):
        found[person_id, module].add(at)
    return found


def record(connection: Connection, items: Iterable[tuple[str, Evidence]], *, source: Source, recorded_by: str,
           now: datetime, source_ref: str | None = None) -> int:
    """Add evidence, as (person id, evidence), and return how many rows that were."""
    rows = [{
        "person_id": person_id, "module": e.module, "document_sha256": e.document_sha256,
        "completed_at": e.completed_at, "valid_until": e.valid_until, "revoked_at": e.revoked_at, "source": source,
        "source_ref": source_ref, "recorded_by": recorded_by, "recorded_at": now, "revoke_reason": None,
    } for person_id, e in items]
    if rows:
        connection.execute(insert(evidence), rows)
    return len(rows)


def revoke(connection: Connection, person_id: str, modules: Sequence[str], *, reason: str, now: datetime) -> int:
    """Revoke the evidence of these modules that still counts, and return how many rows that were."""
    return connection.execute(update(evidence).where(
        evidence.c.person_id == person_id, evidence.c.module.in_(modules), evidence.c.revoked_at.is_(None),
    ).values(revoked_at=now, revoke_reason=reason)).rowcount


def revoke_one(connection: Connection, person_id: str, evidence_id: int, *, reason: str, now: datetime) -> str | None:
    """Revoke one piece of evidence; return its module, or nothing if there is none that still counts."""
    here = (evidence.c.id == evidence_id, evidence.c.person_id == person_id, evidence.c.revoked_at.is_(None))
    module = connection.execute(select(evidence.c.module).where(*here).with_for_update()).scalar_one_or_none()
    if module is not None:
        connection.execute(update(evidence).where(*here).values(revoked_at=now, revoke_reason=reason))
    return module


def act(connection: Connection, person_id: str, event: PassEvent, *, by_role: str, reason: str | None = None) -> None:
    """Write down an act of the pass office."""
    connection.execute(insert(pass_event).values(
        person_id=person_id, scope=event.scope, event=event.event, at=event.at, by_role=by_role, reason=reason))


def forget(connection: Connection, person_ids: Sequence[str]) -> None:
    """Delete evidence and events of these people: for the example municipality, and when retention is over."""
    for ids in in_chunks(person_ids):
        connection.execute(delete(evidence).where(evidence.c.person_id.in_(ids)))
        connection.execute(delete(pass_event).where(pass_event.c.person_id.in_(ids)))
