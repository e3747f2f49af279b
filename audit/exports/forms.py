"""A record in the words of others: a line of a table, an OCSF event, a line of syslog. Static mappings, no guessing.

The facts that appear are named here one by one: a fact that somebody adds to ``meta`` tomorrow stays at home until
somebody decides otherwise. The pseudonym appears in none of them; `row` gives it to a caller that asks and may.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, Final

from audit.bundle import dump_line
from audit.exports.source import Exported
from audit.record import time_us
from audit.sheet import table

COLUMNS: Final = (
    ("idx", "Nr."), ("t", "Zeit (UTC)"), ("type", "Art"), ("id", "Eintrag"), ("ref", "gehört zu"),
    ("vorgang", "Vorgang"), ("department", "Amt"), ("model", "Modell"), ("provider", "Anbieter"), ("region", "Ort"),
    ("purpose", "Zweck"), ("decision", "Entscheidung"), ("status", "Ergebnis"), ("code", "Grund"), ("rules", "Regeln"),
    ("pass", "KI-Pass"), ("found", "Gefunden"), ("replaced", "Ersetzt"), ("tokens_in", "Tokens hin"),
    ("tokens_out", "Tokens zurück"), ("bytes_in", "Bytes hin"), ("bytes_out", "Bytes zurück"),
    ("latency_ms", "Dauer (ms)"), ("policy", "Fassung der Regeln"), ("leaf", "Prüfsumme"))
"""Exact name (as in the log) and German heading of each column."""
_COUNTS: Final = ("found", "replaced")
_SHOWN: Final = ("vorgang", "department", "model", "provider", "region", "purpose", "decision", "status", "code",
                 "pass", "policy", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "latency_ms", "http_status")


def jsonl(records: Iterable[Exported]) -> Iterator[str]:
    """Yield lines without loss: what stands in a bundle, `audit.exports.writing.read_jsonl` reads it."""
    for record in records:
        yield dump_line(record.line).decode()


def csv(records: Iterable[Exported], *, exact: bool = False, with_person: bool = False) -> Iterator[str]:
    """Yield the lines of a table; ``exact``: headings are the names of the log."""
    names = [name if exact else heading for name, heading in COLUMNS]
    if with_person:
        names.append("pseudonym" if exact else "Pseudonym")
    return table(names, (row(record, with_person=with_person) for record in records))


def row(record: Exported, *, with_person: bool = False) -> list[str]:
    """Return the cells of one record."""
    envelope = record.envelope
    fixed = {"idx": str(record.line.idx), "t": envelope.t, "type": envelope.type, "id": envelope.id,
             "ref": envelope.ref, "leaf": record.leaf.hex(), "rules": _rules(record)}
    fixed |= {name: ", ".join(f"{kind}={n}" for kind, n in record.counts(name).items()) for name in _COUNTS}
    cells = [fixed[name] if name in fixed else record.text(name) for name, _ in COLUMNS]
    return [*cells, record.pseudonym] if with_person else cells


def _rules(record: Exported) -> str:
    rules = record.meta.get("rules")
    return " ".join(str(rule) for rule in rules) if isinstance(rules, list) else ""


# ---- OCSF ----------------------------------------------------------------------------------------------------------

_VERSION: Final = "1.9.0"
_CLASS: Final = 6003
_ACTIVITY: Final = {"view": 2, "export": 2, "verify.result": 2, "retention.delete": 4, "erasure": 4, "prune": 4,
                    "policy.change": 3, "key.rotate": 3, "config.reload": 3, "key.created": 1, "person.added": 1}
"""Create, Read, Update, Delete; what is neither is 99 (Other) with the type of the record as its name."""
_ACTIVITIES: Final = {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}
_STATUS: Final = {"ok": 1, "failed": 2, "aborted": 2}


def ocsf(records: Iterable[Exported]) -> Iterator[str]:
    """Yield one ``api_activity`` event a line, with the profiles ``ai_operation`` and ``record_integrity``."""
    for record in records:
        yield _json(event(record)) + "\n"


def event(record: Exported) -> dict[str, Any]:
    """Return a record as an event of OCSF 1.9.

    The fingerprint covers this event (RFC 8785 form without the fingerprint itself): it finds accidents on the way.
    What proves the record is its envelope in the log; ``unmapped`` names leaf and index for that.
    """
    envelope, denied = record.envelope, record.text("decision") == "denied"
    activity, outcome = _ACTIVITY.get(envelope.type, 99), record.text("status")
    status = 2 if denied else _STATUS.get(outcome, 0)
    found: dict[str, Any] = {
        "activity_id": activity, "activity_name": _ACTIVITIES.get(activity, envelope.type),
        "category_uid": 6, "category_name": "Application Activity", "class_uid": _CLASS, "class_name": "API Activity",
        "type_uid": _CLASS * 100 + activity, "severity_id": 2 if status == 2 else 1,
        "time": time_us(envelope.t) // 1000, "status_id": status, "timezone_offset": 0,
        "metadata": {"version": _VERSION, "uid": envelope.id, "event_code": envelope.type, "log_name": envelope.log,
                     "sequence": record.line.idx, "original_time": envelope.t,
                     "profiles": ["ai_operation", "record_integrity"],
                     "product": {"name": "KI-Pforte", "vendor_name": "KI-Pforte", "lang": "de"}},
        "actor": {"app_name": "KI-Pforte", "app_uid": envelope.writer},
        "src_endpoint": {"svc_name": record.text("department") or "ki-pforte"},
        "api": {"operation": record.text("api") or envelope.type, "service": {"name": "KI-Pforte"}},
        "attestation": {"chain_uid": envelope.log, "uid": str(record.line.idx), "authority_uid": envelope.log},
        "unmapped": {"leaf": record.leaf.hex(), "ref": envelope.ref, "rules": _rules(record),
                     **{name: record.counts(name) for name in _COUNTS if record.counts(name)},
                     **{name: record.meta[name] for name in _SHOWN if record.text(name)}}}
    if vorgang := record.text("vorgang"):
        found["metadata"]["correlation_uid"] = vorgang
    if model := record.text("model"):
        found["ai_model"] = {"name": model, "model_name": model, "ai_provider": record.text("provider") or "unbekannt"}
    if code := record.text("code"):
        found["status_code"] = code
    if (http := record.number("http_status")) is not None and http:
        found["http_response"] = {"code": http}
    if (took := record.number("latency_ms")) is not None:
        found["duration"] = took
    value = sha256(_json(found).encode()).hexdigest()
    found["attestation"]["fingerprint"] = {"algorithm": "SHA-256", "algorithm_id": 3, "value": value}
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# ---- syslog --------------------------------------------------------------------------------------------------------

_AUDIT: Final = 13 * 8
_NOTICE, _INFO = 5, 6


def syslog(records: Iterable[Exported], host: str = "") -> Iterator[str]:
    """Yield one line of RFC 5424 per record: the facts in structured data, no free text."""
    host = host or platform.node() or "-"
    for record in records:
        envelope = record.envelope
        facts = {"idx": str(record.line.idx), "id": envelope.id, "ref": envelope.ref,
                 **{name: record.text(name) for name in _SHOWN}, "rules": _rules(record),
                 **{name: " ".join(f"{kind}={n}" for kind, n in record.counts(name).items()) for name in _COUNTS},
                 "leaf": record.leaf.hex()}
        data = " ".join(f'{name}="{_escaped(value)}"' for name, value in facts.items() if value)
        severity = _NOTICE if record.text("decision") == "denied" or record.text("status") == "failed" else _INFO
        yield f"<{_AUDIT + severity}>1 {envelope.t} {host} ki-pforte - {envelope.type[:32]} [kiPforte@32473 {data}]\n"


def _escaped(value: str) -> str:
    """Return a value as RFC 5424 wants it; a line break would begin another message."""
    flat = "".join(c if c.isprintable() else " " for c in value)
    return flat.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
