"""Incidents: from a finding to a decision, with what the log knows filled in and its records kept.

An incident begins with the clock: it became known at the latest when it was opened. What the log knows about the
records of its finding stands in the form, marked as such, and those records are held (`audit.holds`) until somebody
lets go of them, whatever their period says. That an incident is not to be reported is documented like everything else
(Art. 33(5) GDPR).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from audit import Filters, RecordView, time_us
from gateway.casework.matters import Opening, add_note, begin, known, moved, say, written
from gateway.model import incident as form
from gateway.model.casework import Matter, Severity, Sheet, Tally
from gateway.model.deadlines import BERLIN
from gateway.model.entities import ENTITIES
from gateway.model.findings import told
from gateway.model.small_groups import OTHERS
from gateway.policy import PolicySet
from gateway.registry import switching
from gateway.registry.books import Actor, Books
from gateway.store import InvalidError, matters, tallies

MOST: Final = 300
"""Records of a finding that are read to fill in the form."""
_FACTS: Final = ("found", "strangers")


class Reader(Protocol):
    """The reading side of the ledger."""

    def get(self, record_id: str) -> RecordView | None:
        """Return one record."""
        ...

    def vorgang(self, vorgang: str) -> list[RecordView]:
        """Return the records of one exchange."""
        ...


class Ledger(Protocol):
    """The ledger as far as incidents need it (`audit.Ledger`)."""

    @property
    def reader(self) -> Reader:
        """The reading side."""
        ...

    def sequence(self) -> None:
        """Give waiting records their place."""
        ...

    def hold(self, case: str, record_ids: Sequence[str]) -> int:
        """Keep records for a case."""
        ...

    def release(self, case: str) -> int:
        """Let go of them."""
        ...

    def held(self, case: str) -> int:
        """Return how many are kept."""
        ...

    def erase_subject(self, subject: str, reason: str, case: str = "") -> tuple[int, int]:
        """Make a person's records nobody's."""
        ...

    def own_records(self, subject: str) -> list[Any]:
        """Return what names a person."""
        ...

    def records_about(self, mark: str, since: int | None = None, until: int | None = None) -> list[Any]:
        """Return the requests under a case reference."""
        ...

    def records_in(self, filters: Filters) -> list[Any]:
        """Return the records that a filter finds."""
        ...


def open_from(books: Books, ledger: Ledger, actor: Actor, finding: str, version: int, hours: int) -> Matter:
    """Make an incident of a finding: one click. Its records are held; if that fails, the page offers it again."""
    with books.reading() as connection:
        seen = known(connection, finding, version)
        tally = tallies.get(connection, seen.cause) if seen.cause else None
        records = tallies.records(connection, seen.cause) if seen.cause else []
    views = [view for id_ in records[:MOST] if (view := ledger.reader.get(id_)) is not None]
    values = prefilled(books.policies(), seen, tally, views) | _contact(books)
    with books.writing() as connection:
        of = known(connection, finding, version)
        made = _begin(books, connection, actor, values, of.severity, hours, parent=of.id)
        moved(books, connection, actor, of, "vorfall", f"Weiter als {made.id}.")
    hold(books, ledger, actor, made.id, records)
    return made


def open_new(books: Books, actor: Actor, severity: Severity, hours: int) -> Matter:
    """Open an incident that no finding led to, for example after a telephone call."""
    with books.writing() as connection:
        return _begin(books, connection, actor, _contact(books), severity, hours)


def _contact(books: Books) -> dict[str, str]:
    return {"anlaufstelle": f"{books.policies().organisation.contact.datenschutz}"[:form.SHORT]}


def _begin(books: Books, connection: Any, actor: Actor, logged: Mapping[str, str], severity: Severity, hours: int,
           parent: str | None = None) -> Matter:
    now = books.now()
    here = now.astimezone(BERLIN)
    values = {"bekannt_tag": f"{here:%Y-%m-%d}", "bekannt_zeit": f"{here:%H:%M}", **logged}
    made = begin(books, connection, actor, Opening("vorfall", severity=severity, due_at=form.deadline(values, hours),
                                                   parent=parent))
    made = matters.change(connection, made, owner=actor.subject or None)
    matters.write_sheet(connection, made.id, values, [name for name in logged if logged[name]], "", now)
    return made


def prefilled(policies: PolicySet, finding: Matter, tally: Tally | None,
              views: Sequence[RecordView]) -> dict[str, str]:
    """Return what the log knows, as fields of the form."""
    place = _department(policies, finding.scope)
    what, _, _ = told(finding.about, place, tally.count if tally else 1)
    metas = [view.meta for view in views]
    counts = [value for meta in metas for name in _FACTS if isinstance(value := meta.get(name), dict)]
    kinds = sorted({ENTITIES[kind].name for found in counts for kind in found if kind in ENTITIES})
    models = sorted({str(meta["model"]) for meta in metas if isinstance(meta.get("model"), str)})
    known_models = [policies.models[id_] for id_ in models if id_ in policies.models]
    receivers = [f"{m.name} ({m.provider}, {m.region})" for m in known_models]
    values = {
        "beschreibung": what,
        "zeitraum": _period(tally, views),
        "datensaetze": ", ".join(kinds),
        "datensaetze_zahl": f"{tally.count} Anfragen oder Antworten" if tally else "",
        "empfaenger": ", ".join(receivers),
    }
    return {name: value[:form.SHORT] if form.FIELDS[name].kind != "text" else value
            for name, value in values.items() if value}


def _period(tally: Tally | None, views: Sequence[RecordView]) -> str:
    if tally is not None:
        first, last = tally.first_at, tally.last_at
    elif views:
        times = [datetime.fromtimestamp(time_us(view.t) / 1e6, UTC) for view in views]
        first, last = min(times), max(times)
    else:
        return ""
    texts = [f"{moment.astimezone(BERLIN):%d.%m.%Y, %H:%M} Uhr" for moment in (first, last)]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} bis {texts[1]}"


def _department(policies: PolicySet, scope: str) -> str:
    if scope == OTHERS:
        return "kleine Bereiche zusammen"
    found = policies.departments.get(scope)
    return found.name if found else scope


def hold(books: Books, ledger: Ledger, actor: Actor, id_: str, records: Sequence[str]) -> int:
    """Keep records and the exchanges that they belong to for an incident; return how many were not kept yet."""
    family: dict[str, None] = {}
    for record in records:
        view = ledger.reader.get(record)
        vorgang = view.meta.get("vorgang") if view is not None else None
        for one in ledger.reader.vorgang(vorgang) if isinstance(vorgang, str) and vorgang else ():
            family[one.id] = None
        family[record] = None
    if not family:
        return 0
    fresh = ledger.hold(id_, list(family))
    with books.writing() as connection:
        add_note(books, connection, actor, known(connection, id_), "aufbewahrung", str(fresh))
    return fresh


def hold_vorgang(books: Books, ledger: Ledger, actor: Actor, id_: str, vorgang: str) -> int:
    """Keep the records of one more exchange."""
    ledger.sequence()
    found = ledger.reader.vorgang(vorgang.strip().upper())
    if not found:
        raise InvalidError("Unter dieser Vorgangsnummer gibt es keine Einträge.")
    with books.reading() as connection:
        known(connection, id_)
    return hold(books, ledger, actor, id_, [view.id for view in found])


def release(books: Books, ledger: Ledger, actor: Actor, id_: str) -> int:
    """Let go of what an incident held. What is due is deleted the next night."""
    with books.reading() as connection:
        if known(connection, id_).open:
            raise InvalidError("Solange der Vorfall offen ist, bleiben seine Einträge aufbewahrt.")
    count = ledger.release(id_)
    with books.writing() as connection:
        add_note(books, connection, actor, known(connection, id_), "aufbewahrung", str(-count))
    return count


def save(books: Books, actor: Actor, id_: str, version: int, values: Mapping[str, str], hours: int) -> Matter:
    """Keep a version of the form; the deadline follows from when the incident became known."""
    if problem := form.wrong_order(values, books.now()):
        raise InvalidError(problem)
    with books.writing() as connection:
        of = known(connection, id_, version)
        before = matters.sheet(connection, id_)
        logged = _still_logged(before, values)
        made = matters.change(connection, of, due_at=form.deadline(values, hours) or of.due_at)
        if of.state == "neu":
            made = moved(books, connection, actor, made, "in_pruefung", "")
        sheet = matters.write_sheet(connection, id_, values, logged, actor.subject, books.now())
        changed = sorted(name for name in values if values[name] != before.values.get(name, ""))
        entry = add_note(books, connection, actor, of, "angaben", "\n".join(changed))
        say(books, actor, made, "form", {"version": sheet.number, "fields": changed, "note_sha256": entry.digest})
    return made


def _still_logged(before: Sheet, values: Mapping[str, str]) -> list[str]:
    return [name for name in before.logged if values.get(name) == before.values.get(name)]


def decide(books: Books, actor: Actor, id_: str, version: int, *, report: bool, reason: str) -> Matter:
    """Decide whether an incident is to be reported; the reason is part of the documentation either way."""
    text = written(reason, needed="Bitte begründen Sie die Entscheidung. Auch ein Vorfall, der nicht gemeldet wird, "
                                  "ist zu dokumentieren (Art. 33 Abs. 5 DSGVO).")
    with books.writing() as connection:
        of = known(connection, id_, version)
        risk = matters.sheet(connection, id_).values.get("risiko", "")
        if not risk:
            raise InvalidError("Bitte bewerten Sie zuerst das Risiko.")
        if not report and risk == "hoch":
            raise InvalidError("Bei einem hohen Risiko ist zu melden. Bitte prüfen Sie die Bewertung.")
        made = moved(books, connection, actor, of, "meldepflichtig" if report else "nicht_meldepflichtig", text)
        say(books, actor, made, "decision", {"report": int(report), "risk": risk})
    return made


def finish(books: Books, actor: Actor, id_: str, version: int, text: str) -> Matter:
    """Close an incident; one that is to be reported has been reported."""
    with books.writing() as connection:
        of = known(connection, id_, version)
        values = matters.sheet(connection, id_).values
        if of.state == "meldepflichtig" and not values.get("gemeldet_tag"):
            raise InvalidError("Bitte tragen Sie zuerst ein, wann der Vorfall der Aufsichtsbehörde gemeldet wurde.")
        if values.get("risiko") == "hoch" and not values.get("benachrichtigt"):
            raise InvalidError("Bei einem hohen Risiko sind die Betroffenen zu benachrichtigen (Art. 34 DSGVO). Bitte "
                               "tragen Sie ein, wie das geschah oder warum nicht.")
        return moved(books, connection, actor, of, "erledigt",
                     written(text, needed="Bitte schreiben Sie in einem Satz, wie der Vorfall endete."))


def stop_model(books: Books, actor: Actor, id_: str, model: str) -> bool:
    """Switch off one model because of an incident (AI Act Art. 26(5)); false: that very stop was there already."""
    policies = books.policies()
    if model not in policies.models:
        raise InvalidError("Dieses Modell gibt es nicht.")
    with books.reading() as connection:
        of = known(connection, id_)
    if not of.open:
        raise InvalidError("Der Vorfall ist abgeschlossen. Modelle hält die IT an.")
    if not switching.stop(books, actor, actor.subject, "model", model, f"Vorfall {id_}", {model}):
        return False
    with books.writing() as connection:
        entry = add_note(books, connection, actor, of, "meldung", f"„{policies.models[model].name}“ wurde angehalten.")
        say(books, actor, of, "stopped", {"model": model, "number": entry.number})
    return True
