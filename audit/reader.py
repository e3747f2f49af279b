"""Reading the ledger: pages with filters, one record in full, everything of one Vorgang, the state of affairs.

Pages are ordered by time, newest first, and continue where the last one ended (key-set paging): a page costs the same
however far back it lies. Only sequenced records are shown, that is after about a quarter of a second.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, and_, select, text, tuple_

from audit import search
from audit.checkpointer import last_checkpoint
from audit.record import FORGED, META, OUTCOME, now_us, parse_envelope
from audit.search import Counted as Counted
from audit.search import Filters as Filters
from audit.search import conditions as conditions
from audit.sequencer import read_state, unsequenced
from audit.store.store import Store
from audit.store.tables import FACETS, audit_facet, audit_part, audit_record, audit_seq

MAX_PAGE: Final = 1000
_DAY_US: Final = 86_400_000_000
_f = audit_facet.c


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One line of a page. ``end`` is the end of an intent, once there is one; ``status`` how it ended, as it says."""

    idx: int
    id: str
    type: str
    ref: str
    t_us: int
    vorgang: str
    department: str
    model: str
    decision: str
    code: str
    rule: str
    purpose: str
    reference: str = ""
    end: RecordRow | None = None
    status: str = ""

    @property
    def cursor(self) -> str:
        """Where the next page begins if this is the last line."""
        return f"{self.t_us}.{self.idx}"


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first, and the cursor of the next page (None: there is no more).

    ``looked_to``: the page is not full because the search stopped at this time; the next one goes on there.
    """

    rows: list[RecordRow]
    before: str | None
    looked_to: int | None = None


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a record. ``value`` is its JSON, or None if it is none."""

    name: str
    retention: str
    expires_at: int
    body: bytes = field(repr=False)
    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record in full. ``deleted`` names the parts whose time was up."""

    idx: int
    id: str
    type: str
    ref: str
    t: str
    writer: str
    wseq: int
    envelope: bytes = field(repr=False)
    leaf: bytes = field(repr=False)
    parts: dict[str, PartView] = field(repr=False)
    deleted: tuple[str, ...] = ()

    @property
    def meta(self) -> dict[str, Any]:
        """The facts, or nothing if they were deleted."""
        part = self.parts.get("meta")
        return part.value if part is not None and isinstance(part.value, dict) else {}


@dataclass(frozen=True, slots=True)
class Status:
    """The state of affairs, for readiness, metrics and pages. Ages in seconds."""

    log: str
    size: int
    unsequenced: int
    open_intents: int
    min_index: int
    checkpoint_size: int
    checkpoint_note: str
    checkpoint_age: float | None
    healthy: bool = True
    """The writer of this process can write (True where there is none)."""
    problem: str = ""
    """What keeps the housekeeping from going on, in German; empty when all is well."""
    forgeries: int = 0
    """Records of the last 24 hours that tell of something that somebody slipped in."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as somebody reads it who follows the log."""

    idx: int
    id: str
    type: str
    t_us: int
    department: str
    meta: dict[str, Any] = field(repr=False)
    """The facts, where they were asked for and are still there."""


class LedgerReader:
    """Reads; writes nothing. Calls block: from an event loop use a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, filters: Filters | None = None, before: str | None = None, limit: int = 50) -> Page:
        """Return a page; it begins after the line with the cursor `before`. Raises ValueError for a bad cursor."""
        limit = max(1, min(limit, MAX_PAGE))
        after = None
        if before is not None:
            t_us, idx = (int(piece) for piece in before.split(".", 1))
            after = (t_us, idx)
        with self._store.read() as connection:
            found = search.page(connection, filters or Filters(), after, limit)
            rows = self._with_ends(connection, self._with_status(connection, [_row(row) for row in found.rows]))
        if found.looked_to is not None:
            t_us, idx = found.looked_to
            return Page(rows, f"{t_us}.{idx}", looked_to=t_us)
        return Page(rows, rows[-1].cursor if found.more else None)

    def number(self, filters: Filters) -> Counted:
        """Return how many records a filter finds: exactly up to ten thousand, "at least" above, and no slower."""
        with self._store.read() as connection:
            return search.number(connection, filters)

    def parts(self, record_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what the parts of some records say, as far as they are there and are JSON: id -> part -> value."""
        if not record_ids:
            return {}
        query = select(audit_part.c.record_id, audit_part.c.name, audit_part.c.body).where(
            audit_part.c.record_id.in_(list(record_ids)))
        found: dict[str, dict[str, Any]] = {}
        with self._store.read() as connection:
            for record_id, name, body in connection.execute(query):
                found.setdefault(record_id, {})[name] = _json(body)
        return found

    def tail(self, after: int | None = None, limit: int = 50) -> list[RecordRow]:
        """Return the records after index `after`, in order; without it the last ones."""
        query = select(*search.COLUMNS).limit(max(1, min(limit, MAX_PAGE)))
        query = query.order_by(_f.idx.desc()) if after is None else query.where(_f.idx > after).order_by(_f.idx)
        with self._store.read() as connection:
            rows = [_row(row) for row in connection.execute(query)]
        return sorted(rows, key=lambda row: row.idx)

    def vorgang(self, vorgang: str) -> list[RecordView]:
        """Return all records of one Vorgang in the order of the log."""
        query = select(_f.record_id).where(_f.vorgang == vorgang).order_by(_f.idx).limit(MAX_PAGE)
        with self._store.read() as connection:
            found = [self._view(connection, record_id) for record_id in connection.execute(query).scalars().all()]
        return [view for view in found if view is not None]

    def get(self, record_id: str) -> RecordView | None:
        """Return one record by its id; None if it is unknown or not yet sequenced."""
        with self._store.read() as connection:
            return self._view(connection, record_id)

    def before(self, since: int) -> int:
        """Return the index after which records are not older than a time; -1: all of them."""
        with self._store.read() as connection:
            first = connection.execute(select(_f.idx).where(_f.t >= since).order_by(_f.t, _f.idx).limit(1)).scalar()
            last = connection.execute(select(_f.idx).order_by(_f.idx.desc()).limit(1)).scalar()
        return int(first) - 1 if first is not None else -1 if last is None else int(last)

    def following(self, after: int, types: Collection[str], limit: int) -> list[Seen]:
        """Return the next records after index `after`, in order; those of `types` with their facts.

        For whoever reads the log on and remembers how far: costs the same however long the log is.
        """
        with self._store.read() as connection:
            rows = connection.execute(select(_f.idx, _f.record_id, _f.type, _f.t, _f.department)
                                      .where(_f.idx > after).order_by(_f.idx).limit(limit)).all()
            wanted = [row[1] for row in rows if row[2] in types]
            query = select(audit_part.c.record_id, audit_part.c.body).where(audit_part.c.name == META)
            said = {record_id: body for at in range(0, len(wanted), MAX_PAGE) for record_id, body in
                    connection.execute(query.where(audit_part.c.record_id.in_(wanted[at:at + MAX_PAGE])))}
        return [Seen(idx, record_id, type_, t_us, department or "", _map(said.get(record_id)))
                for idx, record_id, type_, t_us, department in rows]

    def facts(self, since: int, types: Sequence[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield type, time and facts of every record since a time, in the order of time.

        Records whose facts were deleted are left out. Reads piece by piece, each type by its own index: a long log
        takes no more memory, and what is rare costs little however much there is of the rest.
        """
        for (t_us, _), type_, meta in heapq.merge(*(self._facts(since, type_) for type_ in dict.fromkeys(types)),
                                                  key=itemgetter(0)):
            yield type_, t_us, meta

    def _facts(self, since: int, type_: str) -> Iterator[tuple[tuple[int, int], str, dict[str, Any]]]:
        query = (
            select(_f.t, _f.idx, audit_part.c.body)
            .join(audit_part, and_(audit_part.c.record_id == _f.record_id, audit_part.c.name == META), isouter=True)
            .where(_f.type == type_)
            .order_by(_f.t, _f.idx)
            .limit(MAX_PAGE)
        )
        after = since, -1
        while True:
            with self._store.read() as connection:
                rows = connection.execute(query.where(tuple_(_f.t, _f.idx) > tuple_(*after))).all()
            for t_us, idx, body in rows:
                after, meta = (t_us, idx), _json(body) if body is not None else None
                if isinstance(meta, dict):
                    yield after, type_, meta
            if len(rows) < MAX_PAGE:
                return

    def status(self) -> Status:
        """Return the state of affairs."""
        with self._store.read() as connection:
            state, last = read_state(connection.exec_driver_sql), last_checkpoint(connection)
            waiting = unsequenced(connection.exec_driver_sql)
            open_intents = connection.exec_driver_sql("SELECT count(*) FROM audit_open").scalar()
            forgeries = connection.exec_driver_sql(self._store.sql(
                "SELECT count(*) FROM audit_facet WHERE type = ? AND t >= ?"), (FORGED, now_us() - _DAY_US)).scalar()
        age = max(0, now_us() - last.created_us) / 1e6 if last else None
        return Status(
            state.log,
            state.tree.size,
            waiting,
            int(open_intents or 0),
            state.min_index,
            last.size if last else 0,
            last.note if last else "",
            age,
            forgeries=int(forgeries or 0),
        )

    def _with_ends(self, connection: Connection, rows: list[RecordRow]) -> list[RecordRow]:
        intents = [row.id for row in rows if row.type == "intent"]
        if not intents:
            return rows
        query = (
            select(*search.COLUMNS)
            .join(audit_seq, audit_seq.c.idx == _f.idx)
            .join(audit_record, audit_record.c.id == audit_seq.c.record_id)
            .where(audit_record.c.ref.in_(intents), _ENDED)
        )
        ends = self._with_status(connection, [_row(row) for row in connection.execute(query)])
        found = {end.ref: end for end in ends}
        return [replace(row, end=found.get(row.id)) for row in rows]

    def _with_status(self, connection: Connection, rows: list[RecordRow]) -> list[RecordRow]:
        """Add what outcomes say of themselves. It is no facet: read from their parts, as long as those are there."""
        outcomes = [row.id for row in rows if row.type == OUTCOME]
        if not outcomes:
            return rows
        query = select(audit_part.c.record_id, audit_part.c.body).where(
            audit_part.c.record_id.in_(outcomes), audit_part.c.name == META
        )
        said = {record_id: _json(body) for record_id, body in connection.execute(query)}
        return [replace(row, status=_status(said.get(row.id))) for row in rows]

    def _view(self, connection: Connection, record_id: str) -> RecordView | None:
        query = (
            select(audit_seq.c.idx, audit_seq.c.leaf, audit_record.c.envelope)
            .join(audit_record, audit_record.c.id == audit_seq.c.record_id)
            .where(audit_seq.c.record_id == record_id)
        )
        found = connection.execute(query).one_or_none()
        if found is None:
            return None
        envelope = parse_envelope(bytes(found.envelope))
        query_parts = select(audit_part).where(audit_part.c.record_id == record_id).order_by(audit_part.c.name)
        parts = {
            row.name: PartView(row.name, row._mapping["class"], row.expires_at, row.body, _json(row.body))
            for row in connection.execute(query_parts)
        }
        return RecordView(
            found.idx,
            envelope.id,
            envelope.type,
            envelope.ref,
            envelope.t,
            envelope.writer,
            envelope.wseq,
            found.envelope,
            found.leaf,
            parts,
            tuple(sorted(envelope.commitments.keys() - parts.keys())),
        )


_ENDED: Final = text("audit_record.type IN ('outcome', 'outcome.unknown')")
"""Written out as the index ``audit_record_one_end`` has it: SQLite uses that index for nothing else."""
_NAMES: Final = ("idx", "id", "type", "ref", "t_us", *FACETS)


def _row(row: Sequence[Any]) -> RecordRow:
    values: dict[str, Any] = {name: row[n] if n < 5 else row[n] or "" for n, name in enumerate(_NAMES)}
    return RecordRow(**values)


def _status(meta: Any) -> str:
    status = meta.get("status") if isinstance(meta, dict) else None
    return status if isinstance(status, str) else ""


def _map(body: bytes | None) -> dict[str, Any]:
    value = _json(body) if body is not None else None
    return value if isinstance(value, dict) else {}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
