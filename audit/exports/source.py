"""What an export is made of: the records that a filter finds, in the order of the log, one snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, select

from audit.bundle import Line
from audit.errors import FormatError
from audit.reader import Filters, conditions
from audit.record import META, SUBJECT, Envelope, parse_envelope
from audit.store.store import Store, as_bytes
from audit.store.tables import audit_facet

_STEP: Final = 500
_f = audit_facet.c
_RECORDS: Final = ("SELECT s.idx, s.leaf, s.record_id, r.envelope FROM audit_seq s "
                   "JOIN audit_record r ON r.id = s.record_id WHERE s.idx IN (#)")
_PARTS: Final = "SELECT record_id, name, salt, body, class, expires_at FROM audit_part WHERE record_id IN (#)"


@dataclass(frozen=True)
class Exported:
    """One record as it is taken along."""

    line: Line
    leaf: bytes = field(repr=False)
    expires: Mapping[str, int] = field(default_factory=dict)
    """Second since 1970 after which each part is deleted."""

    @cached_property
    def envelope(self) -> Envelope:
        """What the envelope says. Raises `FormatError`: a record that is none cannot be put into other words."""
        return parse_envelope(self.line.envelope)

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        """The facts, or nothing where they were deleted."""
        return self._part(META)

    @property
    def pseudonym(self) -> str:
        """Whose record it is, or nothing."""
        return str(self._part(SUBJECT).get("pseudonym", ""))

    def text(self, name: str) -> str:
        """Return one fact as text."""
        value = self.meta.get(name, "")
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    def number(self, name: str) -> int | None:
        """Return one fact as a number."""
        value = self.meta.get(name)
        return value if type(value) is int else None

    def counts(self, name: str) -> dict[str, int]:
        """Return counts per name."""
        value = self.meta.get(name)
        return {k: n for k, n in sorted(value.items()) if type(n) is int} if isinstance(value, dict) else {}

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self.line.parts.get(name)
        try:
            value = json.loads(part[1]) if part is not None else {}
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def records(store: Store, connection: Connection, filters: Filters) -> Iterator[Exported]:
    """Yield the records that a filter finds. Raises `FormatError` where one is gone."""
    query = select(_f.idx).where(*conditions(filters)).order_by(_f.idx).execution_options(yield_per=_STEP)
    for found in connection.execute(query).scalars().partitions():
        yield from read(store, connection, list(found))


def read(store: Store, connection: Connection, indexes: list[int]) -> Iterator[Exported]:
    """Yield the records at these places. Raises `FormatError` where one is gone."""
    run = connection.exec_driver_sql
    rows = sorted(store.select_in(run, _RECORDS, indexes), key=lambda row: int(row[0]))
    if len(rows) != len(indexes):
        raise FormatError("records are missing")
    parts: dict[str, dict[str, tuple[bytes, bytes, str]]] = {row[2]: {} for row in rows}
    expires: dict[str, dict[str, int]] = {name: {} for name in parts}
    for record_id, name, salt, body, kind, until in store.select_in(run, _PARTS, list(parts)):
        parts[record_id][name] = (as_bytes(salt), as_bytes(body), kind)
        expires[record_id][name] = int(until)
    for idx, leaf, record_id, envelope in rows:
        yield Exported(Line(int(idx), as_bytes(envelope), parts[record_id]), as_bytes(leaf), expires[record_id])
