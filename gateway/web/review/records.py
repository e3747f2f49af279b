"""Records of the ledger as a reviewer reads them: a line, one record in full, the timeline of an exchange.

Reads tolerantly: what a record does not say, or what was deleted after its time, is left out and named as deleted.
Everything here ends up in a template, which escapes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from audit import RecordRow, RecordView, time_us
from gateway.web import words
from gateway.web.i18n import N_, Words, _
from gateway.web.review.timeline import Event, moment_of, number_of, text_of, timeline

UNTOUCHED: Final = frozenset({"keep", "note"})
"""Actions that replace nothing."""


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of the list."""

    row: RecordRow
    at: datetime
    department: str
    model: str
    mark: str
    """``ok``, ``no``, ``stop``, ``open`` or nothing: the shape beside the word."""
    verdict: str
    reason: str
    replaced: tuple[str, ...] = ()
    """How many values of which kind were replaced, as “3 Name”."""
    rule: str = ""
    """What decided, in words."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was found of one kind, and what happened to it."""

    name: str
    found: int | None
    done: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves one record: its place, its leaf, the commitments to its parts."""

    view: RecordView
    at: datetime
    leaf: str
    commitments: tuple[tuple[str, str, str], ...]
    """Name, commitment in hex, and what became of the part."""
    covered: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one record, and the exchange it belongs to."""

    view: RecordView
    at: datetime
    meta: Mapping[str, Any]
    facts: tuple[tuple[str, str], ...]
    replaced: tuple[Replaced, ...]
    rules: tuple[tuple[str, str], ...]
    against: frozenset[str]
    """Those of the rules that said no."""
    """Id of each rule that took part, and what it is about."""
    pseudonym: str
    timeline: tuple[Event, ...] = ()
    proofs: tuple[Proof, ...] = field(default=())

    @property
    def vorgang(self) -> str:
        """The number of the exchange, or nothing."""
        return text_of(self.meta, "vorgang")


def line(row: RecordRow, departments: Mapping[str, str], models: Mapping[str, str]) -> RowView:
    """Return a record as a line of the list."""
    mark, verdict, reason = _verdict(row)
    return RowView(row, moment_of(row.t_us), departments.get(row.department, row.department),
                   models.get(row.model, row.model), mark, verdict, reason)


def _verdict(row: RecordRow) -> tuple[str, str, str]:
    """Return shape, word and reason. Of a request the end counts, as far as there is one."""
    code = words.CODES.get(row.code, row.code)
    if row.type == "denied":
        return "no", words.DECISIONS["denied"], code
    if row.type == "outcome":
        return words.MARKS.get(row.status, ""), words.OUTCOMES.get(row.status, words.TYPES["outcome"]), code
    if row.type == "local":
        return words.MARKS["ok"], _(words.HERE), _("nichts wurde gesendet")
    if row.type != "intent":
        return "", words.TYPES.get(row.type, row.type), code
    if row.end is None:
        return "open", _("noch ohne Ergebnis"), _("läuft, oder der Abschluss wird noch eingetragen")
    if row.end.type != "outcome":
        return "open", words.ENDS["unknown"], _("nicht bekannt, ob geantwortet wurde")
    if row.end.status == "aborted":
        return words.MARKS["aborted"], words.OUTCOMES["aborted"], _("vom Programm der Person beendet")
    if row.end.status == "failed" or row.end.code:
        return words.MARKS["failed"], words.OUTCOMES["failed"], words.CODES.get(row.end.code, row.end.code)
    if row.end.status != "ok":  # deleted after its time
        return "open", words.DECISIONS["allowed"], _("wie es endete, ist nicht mehr bekannt")
    return words.MARKS["ok"], words.DECISIONS["allowed"], ""


def detail(view: RecordView, exchange: Sequence[RecordView], names: Mapping[str, Mapping[str, str]],
           covered: int, explain: Callable[[str], str] = str) -> Detail:
    """Return a record with its exchange.

    ``covered``: how many records the last checkpoint covers; ``explain``: puts a rule into words.
    """
    family = exchange or [view]
    meta = _together(view, family)
    subject = view.parts.get("subject")
    value = subject.value if subject is not None and isinstance(subject.value, dict) else {}
    pseudonym = text_of(value, "pseudonym") or (_("gelöscht, die Frist ist abgelaufen") if "subject" in view.deleted
                                                else _("keine Person"))
    rules, against = meta.get("rules"), meta.get("denied_by")
    return Detail(
        view=view, at=moment_of(time_us(view.t)), meta=meta, facts=tuple(_facts(meta, names)),
        replaced=tuple(_replaced(meta)),
        rules=tuple((str(r), explain(str(r))) for r in rules) if isinstance(rules, list) else (),
        against=frozenset(map(str, against)) if isinstance(against, list) else frozenset(),
        pseudonym=pseudonym, timeline=tuple(timeline(family)), proofs=tuple(_proof(v, covered) for v in family))


def _together(view: RecordView, family: Sequence[RecordView]) -> Mapping[str, Any]:
    """Return the facts of a record; of a request and its end those of both, whichever was opened."""
    if view.type != "intent" and not view.type.startswith("outcome"):
        return view.meta
    pair = [one for one in family if one.type == "intent" or one.type == "outcome"]
    facts = {key: value for one in pair for key, value in one.meta.items()}
    return {**facts, **view.meta}


_FACTS = Words({"decision": N_("Entscheidung"), "status": N_("Ergebnis"), "code": N_("Grund"),
                "department": N_("Amt"), "model": N_("Modell"), "provider": N_("Anbieter"), "region": N_("Ort"),
                "purpose": N_("Zweck"), "api": N_("Schnittstelle"), "task": N_("Nebenanfrage eines Programms"),
                "pass": N_("KI-Pass"), "policy": N_("Fassung der Regeln"),
                "dv_sha256": N_("Dienstvereinbarung (Prüfsumme)")})
_COUNTED = Words({"stripped_tools": N_("Herausgenommene Werkzeuge, die beim Anbieter laufen"),
                  "unresolved": N_("Nicht zurückgesetzte Platzhalter"),
                  "leaked": N_("Ersetzte Angaben, die der Anbieter trotzdem nannte"),
                  "audio_seconds": N_("Länge der Tonaufnahme in Sekunden"),
                  "unrecorded": N_("Gleiche Ablehnungen, die nur gezählt wurden")})


def _facts(meta: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    for key, label in _FACTS.items():
        value = text_of(meta, key)
        if value:
            yield label, names.get(key, {}).get(value, value)
    tokens = number_of(meta, "tokens_in"), number_of(meta, "tokens_out")
    if tokens[0] is not None and tokens[1] is not None:
        yield _("Umfang"), _("{sent} Tokens hin, {got} Tokens zurück").format(
            sent=words.number(tokens[0]), got=words.number(tokens[1]))
    for key, label in (("bytes_in", _("Größe der Anfrage")), ("bytes_out", _("Größe der Antwort"))):
        if (octets := number_of(meta, key)) is not None:
            yield label, words.size(octets)
    for key, label in _COUNTED.items():
        if (count := number_of(meta, key)) is not None and count > 0:
            yield label, words.number(count)
    if unknown := _counts(meta.get("strangers")):
        yield _("Angaben in der Antwort, die niemand gesendet hat"), ", ".join(
            f"{words.number(count)} {words.entity(kind)}" for kind, count in sorted(unknown.items()))
    known = {"vorgang", "rules", "denied_by", "found", "replaced", "tokens_in", "tokens_out", "bytes_in", "bytes_out",
             "strangers", "latency_ms", "first_byte_ms", "http_status", "stream", "dropped_fields", *_COUNTED, *_FACTS}
    for key in sorted(meta.keys() - known):
        if value := text_of(meta, key):
            yield key, value


def _replaced(meta: Mapping[str, Any]) -> Iterable[Replaced]:
    found = _counts(meta.get("found"))
    done: dict[str, list[tuple[int, str]]] = {}
    for key, count in _counts(meta.get("replaced")).items():
        kind, _sep, action = key.partition(":")
        done.setdefault(kind, []).append((count, words.action(action)))
    for kind in sorted(found.keys() | done.keys(), key=words.entity):
        yield Replaced(words.entity(kind), found.get(kind), tuple(done.get(kind, ())))


def replaced_in_short(meta: Mapping[str, Any]) -> Iterable[str]:
    """Yield how many values of which kind were replaced."""
    sums: dict[str, int] = {}
    for key, count in _counts(meta.get("replaced")).items():
        kind, _sep, action = key.partition(":")
        if count > 0 and action not in UNTOUCHED:
            sums[kind] = sums.get(kind, 0) + count
    return (f"{words.number(count)} {words.entity(kind)}" for kind, count in sorted(sums.items()))


def _counts(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {str(key): count for key, count in value.items() if isinstance(count, int)}


def _proof(view: RecordView, covered: int) -> Proof:
    commitments: Mapping[str, str] = json.loads(view.envelope)["c"]
    rows = []
    for name, commitment in sorted(commitments.items()):
        part = view.parts.get(name)
        fate = _("gelöscht") if part is None else _("wird am {day} gelöscht").format(
            day=words.day(datetime.fromtimestamp(part.expires_at, UTC)))
        rows.append((words.PARTS.get(name, name), commitment, fate))
    return Proof(view, moment_of(time_us(view.t)), view.leaf.hex(), tuple(rows), view.idx < covered)
