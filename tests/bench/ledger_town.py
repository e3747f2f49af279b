"""A ledger of a large town, written straight into the database: valid leaves, valid commitments, no writer in between.

Half a year of one town: intents with their outcomes, refusals, and what the house notes of itself. What is written is
what the writer and the sequencer would have left behind, so that reading, proofs, deletion and the verifier work.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Index

from audit import Ledger
from audit.merkle import leaf_hash
from audit.record import INTENT, OUTCOME, WRITER_START, build_envelope, commitment
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
}
Row = tuple[Any, ...]


@dataclass
class Town:
    """Makes records in the order of the log."""

    records: int
    end_us: int
    people: int = 3_000
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _TABLES})
    size: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(7)
        self._writer = "bench-writer"
        self._weights = [1 / (n + 1) for n in range(len(DEPARTMENTS))]
        self._start = self.end_us - HALF_A_YEAR
        self._home = self._random.choices(DEPARTMENTS, self._weights, k=self.people)

    def leaves(self) -> Iterator[bytes]:
        """Yield the leaves; `rows` fills meanwhile and is emptied by whoever stores them."""
        yield self._put(WRITER_START, {"host": "bench"}, {})
        while self.size < self.records:
            person = self._random.randrange(self.people)
            name = f"P-{person * 7919 % 10**9:016d}"
            facts = {"vorgang": f"V{self.size:011d}", "department": self._home[person],
                     "model": MODELS[min(int(self._random.expovariate(0.5)), 11)],
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
        idx = self.size
        t = self._start + HALF_A_YEAR * idx // max(1, self.records) + idx % 1000
        record_id = f"{t // 1000:012x}"
        record_id = f"{record_id[:8]}-{record_id[8:]}-7{idx & 0xFFF:03x}-8000-{idx:012x}"
        bodies = {"meta": json.dumps({**meta, **facts, "rules": [facts["rule"]] if "rule" in facts else []},
                                     sort_keys=True, separators=(",", ":")).encode()}
        if subject is not None:
            bodies["subject"] = b'{"epoch":"2026Q4","pseudonym":"%b"}' % subject.encode()
        promised = {}
        for name, body in bodies.items():
            salt = self._random.randbytes(32)
            promised[name] = commitment(name, salt, body)
            days = 184 if name == "meta" else 90
            self.rows["audit_part"].append((record_id, name, salt, body, "meta-standard" if days == 184 else "subject",
                                            t // 1_000_000 + days * 86_400))
        envelope = build_envelope(commitments=promised, record_id=record_id, log=LOG, wseq=idx, ref=ref, t_us=t,
                                  type_=kind, writer=self._writer)
        leaf = leaf_hash(envelope)
        self.rows["audit_record"].append((record_id, self._writer, idx, kind, ref, envelope))
        self.rows["audit_seq"].append((idx, record_id, leaf))
        shown = {**facts, **{key: meta[key] for key in ("decision", "code") if key in meta}}
        self.rows["audit_facet"].append((idx, record_id, kind, ref, t, *[shown.get(f) for f in FACETS], subject))
        self._last, self.size = record_id, idx + 1
        return leaf


def fill(store: Store, town: Town) -> None:
    """Write the whole town. The tables must be empty; indexes for searching are made afterwards, as a restore does."""
    from audit.merkle import CompactRange
    indexes: list[Index] = [*audit_facet.indexes, *[i for i in audit_part.indexes if i.name == "audit_part_expires"]]
    with store.change() as connection:
        for index in indexes:
            index.drop(connection)
    tree = CompactRange()
    for leaf in town.leaves():
        tree.append(leaf)
        if town.size % CHUNK == 0:
            _flush(store, town)
    _flush(store, town)
    with store.write() as run:
        run(store.sql("UPDATE audit_state SET size = ?, peaks = ?"), (tree.size, tree.to_bytes()))
        run(store.sql("INSERT INTO audit_writer (writer, next) VALUES (?, ?)"), ("bench-writer", tree.size))
    for index in indexes:
        with store.change() as connection:
            if not store.sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            index.create(connection)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not store.sqlite:
            connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("ANALYZE" if store.sqlite else "VACUUM ANALYZE")


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
