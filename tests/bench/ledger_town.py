"""A ledger of a large town, written straight into the database: valid leaves, valid commitments, no writer in between.

Half a year of one town: intents with their outcomes, refusals, and what the house notes of itself. What is written is
what the writer and the sequencer would have left behind, so that reading, proofs, deletion and the verifier work.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Index

from audit import Ledger
from audit.marks import marks_of
from audit.merkle import leaf_hash
from audit.pseudonym import epoch_of
from audit.record import INTENT, OUTCOME, REQUESTS, WRITER_START, build_envelope, commitment
from audit.seal import SealKey
from audit.sequencer import grow, read_state, seal_of
from audit.store.store import Store
from audit.store.tables import FACETS, audit_facet, audit_part

CHUNK: Final = 5_000
HALF_A_YEAR: Final = 184 * 86_400 * 1_000_000
DEPARTMENTS: Final = [f"amt-{n:02d}" for n in range(24)]
MODELS: Final = [f"modell-{n}" for n in range(12)]
CODES: Final = ["ki_pass_fehlt", "ki_pass_abgelaufen", "modell_nicht_erlaubt", "zweck_nicht_erlaubt", "inhalt_gesperrt",
                "zeit_nicht_erlaubt", "limit_erreicht", "zu_gross"]
PURPOSES: Final = ["allgemein", "textentwurf", "zusammenfassung", "uebersetzung", "recherche", "urkunde"]
OWN: Final = ["heartbeat", "view", "anchor.sent", "pass.nachweis", "key.created", "policy.change", "export"]
LOG: Final = "bench.example/ki-pforte/1"
_TABLES: Final = {
    "audit_record": "id, writer, wseq, type, ref, envelope",
    "audit_part": "record_id, name, salt, body, class, expires_at",
    "audit_seq": "idx, record_id, leaf",
    "audit_facet": f"idx, record_id, type, ref, t, {', '.join(FACETS)}, subject",
    "audit_mark": "mark, t, idx",
}
Row = tuple[Any, ...]


def _made_up(person: int, _t_us: int) -> str:
    return f"P-{person * 7919 % 10**9:016d}"


@dataclass
class Town:
    """Makes records in the order of the log."""

    records: int
    end_us: int
    people: int = 3_000
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _TABLES})
    size: int = 0
    """The next place in the log; what is below it was there before."""
    log: str = LOG
    departments: list[str] = field(default_factory=lambda: DEPARTMENTS)
    models: list[str] = field(default_factory=lambda: MODELS)
    pseudonym: Callable[[int, int], str] = _made_up
    """What a person (by number) is called at a time."""
    busiest: float = 0.0
    """How much of everything is by person 0, beside their ordinary share."""
    kept_us: int = 0
    """What ended before this time is deleted already, as it would be in a house that ran all the while."""

    def __post_init__(self) -> None:
        self._first = 0
        self._random = random.Random(7)
        self._writer = "bench-writer"
        self._weights = [1 / (n + 1) for n in range(len(self.departments))]
        self._start = self.end_us - HALF_A_YEAR
        self._home = self._random.choices(self.departments, self._weights, k=self.people)

    def leaves(self) -> Iterator[bytes]:
        """Yield the leaves; `rows` fills meanwhile and is emptied by whoever stores them."""
        self._first = self.size
        yield self._put(WRITER_START, {"host": "bench"}, {})
        while self.size < self.records:
            person = 0 if self._random.random() < self.busiest else self._random.randrange(self.people)
            name = self.pseudonym(person, self._time())
            facts = {"vorgang": f"V{self.size:011d}", "department": self._home[person],
                     "model": self.models[min(int(self._random.expovariate(0.5)), len(self.models) - 1)],
                     "rule": f"organisation:regel-{self._random.randrange(40)}",
                     "purpose": PURPOSES[min(int(self._random.expovariate(0.8)), 5)]}
            lot = self._random.random()
            if lot < 0.02:
                yield self._put(self._random.choice(OWN), {"via": "bench"}, {})
            elif lot < 0.05:
                yield self._put("denied", {"decision": "denied", "code": self._random.choice(CODES)}, facts, name)
            else:
                found = {"PERSON": self._random.randrange(4), "IBAN": int(lot < 0.2)}
                yield self._put(INTENT, {"decision": "allowed", "found": found, "policy": "a" * 64, "pass": "gueltig",
                                         "replaced": {"PERSON:placeholder": found["PERSON"]}}, facts, name)
                said = {key: facts[key] for key in ("vorgang", "department", "model")}
                yield self._put(OUTCOME, {"status": "ok", "http_status": 200, "tokens_in": 412, "tokens_out": 233},
                                said, name, self._last)

    def _put(self, kind: str, meta: dict[str, Any], facts: dict[str, str], subject: str | None = None,
             ref: str = "") -> bytes:
        idx, t = self.size, self._time()
        record_id = f"{t // 1000:012x}"
        record_id = f"{record_id[:8]}-{record_id[8:]}-7{idx & 0xFFF:03x}-8000-{idx:012x}"
        bodies = {"meta": json.dumps({**meta, **facts, "rules": [facts["rule"]] if "rule" in facts else []},
                                     sort_keys=True, separators=(",", ":")).encode()}
        if subject is not None:
            bodies["subject"] = b'{"epoch":"%b","pseudonym":"%b"}' % (epoch_of(t).encode(), subject.encode())
        promised = {}
        for name, body in bodies.items():
            salt = self._random.randbytes(32)
            promised[name] = commitment(name, salt, body)
            days = 184 if name == "meta" else 90
            ends = t // 1_000_000 + days * 86_400
            if ends * 1_000_000 >= self.kept_us:
                self.rows["audit_part"].append((record_id, name, salt, body,
                                                "meta-standard" if days == 184 else "subject", ends))
            elif name == "subject":
                subject = None
        counter = idx - self._first
        envelope = build_envelope(commitments=promised, record_id=record_id, log=self.log, wseq=counter, ref=ref,
                                  t_us=t, type_=kind, writer=self._writer)
        leaf = leaf_hash(envelope)
        self.rows["audit_record"].append((record_id, self._writer, counter, kind, ref, envelope))
        self.rows["audit_seq"].append((idx, record_id, leaf))
        shown = {**facts, **{key: meta[key] for key in ("decision", "code") if key in meta}}
        self.rows["audit_facet"].append((idx, record_id, kind, ref, t, *[shown.get(f) for f in FACETS], subject))
        if kind in REQUESTS:
            self.rows["audit_mark"] += [(mark, t, idx) for mark in marks_of(meta)]
        self._last, self.size = record_id, idx + 1
        return leaf

    def _time(self) -> int:
        return self._start + HALF_A_YEAR * self.size // max(1, self.records) + self.size % 1000


def fill(store: Store, key: SealKey, town: Town, times: int = 1) -> None:
    """Write the whole town behind what is there; nobody else may write. Indexes for searching are made afterwards, as a
    restore does. On PostgreSQL every record can be told `times` (`_multiply`)."""
    indexes: list[Index] = [*audit_facet.indexes, *[i for i in audit_part.indexes if i.name == "audit_part_expires"]]
    with store.change() as connection:
        for index in indexes:
            index.drop(connection)
        tree = read_state(connection.exec_driver_sql).tree
    first = town.size = tree.size
    for _ in town.leaves():
        if town.size % CHUNK == 0:
            _flush(store, town)
    _flush(store, town)
    if times > 1:
        _multiply(store, first, town.size - first, times)
    _settle(store, key, town, first, times)
    for index in indexes:
        with store.change() as connection:
            if not store.sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            index.create(connection)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not store.sqlite:
            connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("ANALYZE" if store.sqlite else "VACUUM ANALYZE")


def _settle(store: Store, key: SealKey, town: Town, first: int, times: int) -> None:
    """Say how far the log goes, as the sequencer does."""
    with store.write() as run:
        state = read_state(run)
        size = first + (town.size - first) * times
        tree = grow(store, run, state.tree, size)
        run(store.sql("UPDATE audit_state SET size = ?, peaks = ?, seal = ?"),
            (size, tree.to_bytes(), seal_of(key.get(), tree, state.pruned)))
        run(store.sql("INSERT INTO audit_writer (writer, next) VALUES (?, ?)"), ("bench-writer", size - first))


def _multiply(store: Store, first: int, count: int, times: int) -> None:
    """Tell every record `times`, one after the other, each with an id, a place and a time of its own (PostgreSQL).

    The leaves are true hashes of the envelopes and proofs over them hold; what a part says does not fit its
    commitment any more: for looking and searching, not for verifying.
    """
    def place(number: str) -> str:
        return f"{first} + ({number} - {first}) * {times} + k"

    def id_(column: str) -> str:
        number = f"('x' || right({column}, 12))::bit(48)::bigint"
        return f"left({column}, 24) || lpad(to_hex({place(number)}), 12, '0')"
    ref, later = f"CASE WHEN ref = '' THEN '' ELSE {id_('ref')} END", f"t + k * {HALF_A_YEAR // count // times}"
    envelope = (f"convert_to(replace(replace(convert_from(envelope, 'UTF8'), id, {id_('id')}), "
                f"""'"ref":"' || ref, '"ref":"' || {ref}), 'UTF8')""")
    vorgang = f"'V' || lpad(({place('substr(vorgang, 2)::bigint')})::text, 11, '0')"
    numbered = place("('x' || right(id, 12))::bit(48)::bigint")
    ours, made = f"id IN (SELECT record_id FROM audit_seq WHERE idx >= {first})", {
        "audit_record": ("audit_record", f"{id_('id')}, writer, wseq * {times} + k, type, {ref}, {envelope}"),
        "audit_seq": ("audit_record", f"{numbered}, {id_('id')}, sha256('\\x00'::bytea || {envelope})"),
        "audit_part": ("audit_part", f"{id_('record_id')}, name, salt, body, class, expires_at"),
        "audit_facet": ("audit_facet", f"{place('idx')}, {id_('record_id')}, type, {ref}, {later}, {vorgang}, "
                                       f"{', '.join(FACETS[1:])}, subject"),
        "audit_mark": ("audit_mark", f"mark, {later}, {place('idx')}")}
    where = {"audit_record": ours, "audit_part": f"record_{ours}"}
    with store.change() as connection:
        run = connection.exec_driver_sql
        run("SET LOCAL statement_timeout = 0")
        for table in ("audit_record", "audit_part", "audit_facet", "audit_mark", "audit_seq"):
            chosen = where.get(table, f"idx >= {first}")
            run(f"CREATE TEMP TABLE m_{table} AS SELECT * FROM {table} WHERE {chosen}")
            run(f"DELETE FROM {table} WHERE {chosen}")
            run(f"ANALYZE m_{table}")
        for table, (source, columns) in made.items():
            run(f"INSERT INTO {table} ({_TABLES[table]}) SELECT {columns} FROM m_{source}, "
                f"generate_series(0::bigint, {times - 1}) k")


def _flush(store: Store, town: Town) -> None:
    with store.change() as connection, contextlib.closing(connection.connection.cursor()) as cursor:
        for table, columns in _TABLES.items():
            rows, town.rows[table] = town.rows[table], []
            if store.sqlite:
                store.insert(cursor.execute, f"INSERT INTO {table} ({columns})", rows)
            else:
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:  # type: ignore[attr-defined]
                    copy.write("".join([_copy_line(row) for row in rows]))


def _copy_line(row: Row) -> str:
    return "\t".join(["\\N" if v is None else f"\\\\x{v.hex()}" if type(v) is bytes else str(v) for v in row]) + "\n"


def open_empty(ledger: Ledger) -> Store:
    """Return the store of a ledger that has no record yet."""
    store = ledger._store
    if ledger.reader.status().size:
        raise SystemExit("Diese Datenbank enthält schon ein Protokoll.")
    return store
