"""Reads the ledger on and counts what rules are about; what is worth it becomes a finding, once per cause.

One step reads the next records, and one transaction adds to the tallies, opens what has reached its threshold and moves
the mark that says how far the ledger was read. Only one process does a step at a time, and a step whose mark was moved
by somebody else meanwhile is dropped: so every record is counted once, in however many processes and after however many
crashes. When a finding was closed and the same happens again, a new one begins; it counts anew.

What is counted is departments, never people; small ones are counted together (`gateway.model.small_groups`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from audit.reader import Seen
from gateway.casework.matters import Opening, begin
from gateway.model.casework import Matter, Tally
from gateway.model.deadlines import DUE_DAYS, days_after
from gateway.model.entities import ENTITIES
from gateway.model.findings import RULES, Rule, cause_of, period_of
from gateway.model.small_groups import merging
from gateway.registry.books import Actor, Books
from gateway.store import matters, pass_index, tallies, writing
from gateway.store.locks import alone

BATCH: Final = 2000
BACK: Final = timedelta(days=30)
"""How far back a house looks that watches for the first time."""
MARK: Final = "read"
LOCK: Final = "casework.watch"
AUTO: Final = Actor("auto")
SKEW: Final = timedelta(seconds=5)
REQUESTS: Final = "anfragen"
"""A tally without a rule: how many requests a department made in a week, to compare refusals with."""
TYPES: Final = frozenset({"denied", "outcome", "verify.result", "finding.spool"})
"""Records of which more than the type and the department counts."""
_AT_ONCE: Final = {"gap.detected": "luecke", "finding.forged": "untergeschoben", "finding.pruning": "nicht_geloescht"}
"""What the ledger says of itself, whatever its facts are."""
_SENSITIVE: Final = frozenset({"special", "criminal"})


class Reader(Protocol):
    """The ledger as far as the watch reads it (`audit.LedgerReader`)."""

    def before(self, since: int) -> int:
        """Return the index after which records are not older than a time."""
        ...

    def following(self, after: int, types: Collection[str], limit: int) -> list[Seen]:
        """Return the next records."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a rule counts."""

    rule: str
    department: str = ""
    once: str = ""
    """Of a single event: what tells it from others."""


@dataclass
class _Heap:
    times: list[datetime] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    def take(self, at: datetime, record_id: str) -> None:
        self.times.append(at)
        self.records.append(record_id)


def step(books: Books, reader: Reader, limit: int = BATCH) -> int:
    """Read on; return how many records were looked at (fewer than `limit`: there are no more for now)."""
    with books.reading() as connection:
        before = tallies.mark(connection, MARK)
    now = books.now()
    after = before[1] if before else reader.before(int((now - BACK).timestamp() * 1e6))
    found = reader.following(after, TYPES, limit)
    if not found:
        return 0
    with writing(books.engine, bump=False) as connection:
        alone(connection, LOCK)
        if tallies.mark(connection, MARK) != before:  # another process was faster
            return 0
        sizes = pass_index.sizes(connection)
        for (rule, scope, period), heap in _counted(found, sizes, now).items():
            _add(books, connection, rule, scope, period, heap)
        tallies.set_mark(connection, MARK, "", found[-1].idx, now)
    return len(found)


def hits(seen: Seen, now: datetime) -> Iterator[Hit]:
    """Yield what rules count in one record."""
    meta, department = seen.meta, seen.department
    if seen.type in ("intent", "denied"):
        yield Hit(REQUESTS, department)
    if seen.type == "denied":
        yield Hit("viele_ablehnungen", department)
        if _about_sensitive_data(meta):
            yield Hit("besondere_daten", department)
    elif seen.type == "outcome":
        strangers = meta.get("strangers")
        if _number(meta, "leaked") > 0 or (isinstance(strangers, dict) and strangers):
            yield Hit("antwort_angaben", department)
    elif seen.type == "outcome.unknown":
        yield Hit("ergebnis_fehlt", department)
    elif seen.type in _AT_ONCE:
        yield Hit(_AT_ONCE[seen.type])
    elif seen.type == "verify.result" and _number(meta, "exit_code") == 1:
        yield Hit("pruefung_fehlgeschlagen")
    elif seen.type == "finding.spool" and _number(meta, "lost") > 0:
        yield Hit("verloren")
    elif seen.type == "log.successor":
        yield Hit("nachfolger", once=seen.id)
    if seen.type == "finding.clock" or _moment(seen.t_us) > now + SKEW:
        yield Hit("uhr")


def _about_sensitive_data(meta: Mapping[str, Any]) -> bool:
    """Whether a refusal was about special categories (Art. 9, 10 GDPR) or social data."""
    against = [str(rule) for rule in meta.get("denied_by", ()) if isinstance(rule, str)]
    if any(rule.endswith(("handles.social", "handles.special")) for rule in against):
        return True
    found = meta.get("found")
    kinds = (ENTITIES[kind] for kind in found if kind in ENTITIES) if isinstance(found, dict) else ()
    return meta.get("code") == "inhalt_gesperrt" and any(kind.data_class in _SENSITIVE for kind in kinds)


def _counted(found: Sequence[Seen], sizes: Mapping[str, int],
             now: datetime) -> dict[tuple[str, str, str], _Heap]:
    heaps: dict[tuple[str, str, str], _Heap] = defaultdict(_Heap)
    shown = merging(sizes)
    for seen in found:
        at = _moment(seen.t_us)
        for hit in hits(seen, now):
            rule = RULES.get(hit.rule)
            scope = shown(hit.department) if hit.department else ""
            period = period_of(rule or RULES["viele_ablehnungen"], at, hit.once)
            heaps[hit.rule, scope, period].take(at, seen.id)
    return heaps


def _add(books: Books, connection: Connection, rule: str, scope: str, period: str, heap: _Heap) -> None:
    base = f"{rule}:{scope}:{period}"[:190] if rule not in RULES else cause_of(RULES[rule], scope, period)
    cause, raised = current_cause(connection, base)
    keep = heap.records if rule in RULES else ()
    stands = tallies.count(connection, Tally(cause, rule, scope, len(heap.times), min(heap.times), max(heap.times)),
                           keep)
    if rule in RULES and raised is None and _enough(connection, RULES[rule], stands, scope, period):
        open_finding(books, connection, RULES[rule], scope, cause, {"count": stands.count})


def current_cause(connection: Connection, base: str) -> tuple[str, Matter | None]:
    """Return the cause that counts now, and what it has raised already: a closed finding is over, a new one begins."""
    raised = matters.of_cause(connection, base)
    running = next((one for one in raised if one.open), None)
    if running is not None and running.cause is not None:
        return running.cause, running
    return (base if not raised else f"{base}/{len(raised) + 1}"), None


def _enough(connection: Connection, rule: Rule, stands: Tally, scope: str, period: str) -> bool:
    if stands.count < rule.least:
        return False
    if rule.key != "viele_ablehnungen":
        return True
    requests = tallies.get(connection, f"{REQUESTS}:{scope}:{period}"[:190])
    return requests is None or stands.count * 4 > requests.count


def open_finding(books: Books, connection: Connection, rule: Rule, scope: str, cause: str | None,
                 facts: Mapping[str, Any] | None = None, parent: str | None = None) -> Matter:
    """Open a finding inside a transaction."""
    due = days_after(books.now(), DUE_DAYS[rule.severity])
    return begin(books, connection, AUTO, Opening(
        "befund", rule.key, scope[:100], rule.severity, due, parent=parent, cause=cause), facts)


def _moment(t_us: int) -> datetime:
    return datetime.fromtimestamp(t_us / 1e6, UTC)


def _number(meta: Mapping[str, Any], name: str) -> int:
    value = meta.get(name)
    return value if type(value) is int else 0
