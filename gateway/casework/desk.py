"""Casework as pages and commands ask for it: one object, whose methods block and speak in sentences.

Implements `gateway.web.casework.ports.Cases`. Whatever goes wrong is one error that a page can show, and then nothing
has changed (`gateway.registry.said`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit import Filters
from gateway.casework import incidents, matters, requests
from gateway.casework.dossier import IncidentFile, paper
from gateway.model import incident as form
from gateway.model.casework import SEVERITIES, CaseFile, Counted, Kind, Matter, Note, State, Wanted
from gateway.model.deadlines import end_of
from gateway.model.findings import RULES, told
from gateway.model.people import Role
from gateway.paper.report import Report
from gateway.registry.books import Actor, Books, Via
from gateway.registry.said import in_words
from gateway.store import InvalidError, people, tallies
from gateway.store import matters as rows

Mark = Callable[[str], str]
"""Turns a case reference into what the log keeps of it."""


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """Casework."""

    books: Books
    ledger: incidents.Ledger
    mark: Mark
    log: Callable[[], str]
    """The name of the log."""
    hours: int = 72
    complaint_days: int = 30
    via: Via = "web"

    # ---- looking -----------------------------------------------------------------------------------------------------

    def listed(self, wanted: Wanted, limit: int, offset: int = 0) -> tuple[list[Matter], int]:
        """Return some matters, what is open first, and how many there are."""
        with in_words(), self.books.reading() as connection:
            return rows.listed(connection, wanted, limit, offset)

    def tallies(self, found: list[Matter]) -> dict[str, int]:
        """Return how often what findings are about has happened."""
        causes = [one.cause for one in found if one.cause]
        with in_words(), self.books.reading() as connection:
            return {cause: tally.count for cause, tally in tallies.of_many(connection, causes).items()}

    def counted(self) -> dict[Kind, Counted]:
        """Return how much of each kind is open."""
        with in_words(), self.books.reading() as connection:
            return rows.counted(connection, self.books.now())

    def owners(self) -> tuple[tuple[str, str], ...]:
        """Return who can be in charge of a matter."""
        with in_words(), self.books.reading() as connection:
            return tuple(sorted(((one.id, one.name) for one in people.every(connection).values()
                                 if one.active and one.roles & {"dpo", "leitung"}), key=lambda pair: pair[1]))

    def file(self, id_: str) -> CaseFile | None:
        """Return a matter in full; None: there is none."""
        with in_words():
            owners = self.owners()
            with self.books.reading() as connection:
                found = rows.get(connection, id_)
                if found is None:
                    return None
                tally = tallies.get(connection, found.cause) if found.cause else None
                made = CaseFile(
                    found, tuple(rows.notes(connection, id_)), rows.sheet(connection, id_),
                    rows.get(connection, found.parent) if found.parent else None,
                    tuple(rows.children(connection, id_)), tally,
                    tuple(tallies.records(connection, found.cause)) if found.cause else (), 0, owners)
            held = self.ledger.held(id_) if found.kind == "vorfall" else 0
            words = told(found.about, self.place(found), tally.count if tally else 1) if found.about in RULES else (
                "", "", "")
            return CaseFile(made.matter, made.notes, made.sheet, made.parent, made.children, made.tally, made.records,
                            held, owners, words)

    def place(self, matter: Matter) -> str:
        """Return what a finding is about, in words."""
        policies = self.books.policies()
        found = policies.departments.get(matter.scope)
        return found.name if found else {"andere": "kleine Bereiche zusammen"}.get(matter.scope, matter.scope)

    # ---- every matter ------------------------------------------------------------------------------------------------

    def note(self, by: str, role: Role, id_: str, text: str) -> Note:
        """Write a note."""
        with in_words():
            return matters.note(self.books, self._actor(by, role), id_, text)

    def move(self, by: str, role: Role, id_: str, version: int, to: State, text: str) -> Matter:
        """Bring a matter into another state."""
        with in_words():
            if to in ("vorfall", "meldepflichtig", "nicht_meldepflichtig"):
                raise InvalidError("Dieser Schritt hat eine eigene Schaltfläche.")
            return matters.move(self.books, self._actor(by, role), id_, version, to, text)

    def assign(self, by: str, role: Role, id_: str, version: int, owner: str) -> Matter:
        """Say who takes care of a matter."""
        with in_words():
            return matters.assign(self.books, self._actor(by, role), id_, version, owner)

    def set_due(self, by: str, role: Role, id_: str, version: int, day: date | None) -> Matter:
        """Set the day by which it should be done."""
        with in_words():
            return matters.set_due(self.books, self._actor(by, role), id_, version, end_of(day) if day else None)

    def weigh(self, by: str, role: Role, id_: str, version: int, severity: str) -> Matter:
        """Say how heavy it weighs."""
        with in_words():
            return matters.weigh(self.books, self._actor(by, role), id_, version, severity)

    # ---- incidents ---------------------------------------------------------------------------------------------------

    def open_incident(self, by: str, role: Role, finding: str, version: int) -> Matter:
        """Make an incident of a finding, or (without one) open an incident."""
        with in_words():
            actor = self._actor(by, role)
            if not finding:
                return incidents.open_new(self.books, actor, SEVERITIES[2], self.hours)
            return incidents.open_from(self.books, self.ledger, actor, finding, version, self.hours)

    def save(self, by: str, role: Role, id_: str, version: int, values: Mapping[str, str]) -> Matter:
        """Keep a version of the form."""
        with in_words():
            return incidents.save(self.books, self._actor(by, role), id_, version, values, self.hours)

    def decide(self, by: str, role: Role, id_: str, version: int, report: bool, reason: str) -> Matter:
        """Decide whether it is to be reported."""
        with in_words():
            return incidents.decide(self.books, self._actor(by, role), id_, version, report=report, reason=reason)

    def finish(self, by: str, role: Role, id_: str, version: int, text: str) -> Matter:
        """Close an incident."""
        with in_words():
            return incidents.finish(self.books, self._actor(by, role), id_, version, text)

    def hold(self, by: str, role: Role, id_: str, vorgang: str) -> int:
        """Keep the records of one more exchange."""
        with in_words():
            return incidents.hold_vorgang(self.books, self.ledger, self._actor(by, role), id_, vorgang)

    def release(self, by: str, role: Role, id_: str) -> int:
        """Let go of what a closed incident held."""
        with in_words():
            return incidents.release(self.books, self.ledger, self._actor(by, role), id_)

    def stop_model(self, by: str, role: Role, id_: str, model: str) -> bool:
        """Switch off a model because of an incident; false: it was off already."""
        with in_words():
            return incidents.stop_model(self.books, self._actor(by, role), id_, model)

    def paper(self, by: str, role: Role | None, id_: str, form_: str) -> Report:
        """Return the file of an incident; that it was made is written first."""
        with in_words():
            file = self.file(id_)
            if file is None or file.matter.kind != "vorfall":
                raise InvalidError("Diesen Vorfall gibt es nicht.")
            requests.disclosed(self.books, self._actor(by, role), id_, form_, len(form.FIELDS))
            file = self.file(id_) or file
            return paper(IncidentFile(file.matter, file.sheet, file.notes, file.held,
                                      self.books.policies().organisation.name, self.log(), self.hours),
                         self.books.now())

    # ---- requests, complaints, feedback ------------------------------------------------------------------------------

    def open_request(self, by: str, role: Role, about: str, received: date, values: Mapping[str, str]) -> Matter:
        """Take in a request."""
        with in_words():
            return requests.open_request(self.books, self._actor(by, role), about, received, values)

    def extend(self, by: str, role: Role, id_: str, version: int, reason: str) -> Matter:
        """Take two months more."""
        with in_words():
            return requests.extend(self.books, self._actor(by, role), id_, version, reason)

    def step(self, by: str, role: Role, id_: str, name: str) -> None:
        """Write down that a step was done."""
        with in_words():
            requests.step(self.books, self._actor(by, role), id_, name)

    def disclosure(self, by: str, role: Role, id_: str, form_: str) -> list[Any]:
        """Return the records that answer a request; that they are taken is written first."""
        with in_words():
            file = self.file(id_)
            if file is None or file.matter.kind != "anfrage":
                raise InvalidError("Diese Anfrage gibt es nicht.")
            found = self._answering(file)
            requests.disclosed(self.books, self._actor(by, role), id_, form_, len(found))
            return found

    def _answering(self, file: CaseFile) -> list[Any]:
        if file.matter.about != "auskunft_buerger":
            return self.ledger.own_records(requests.person_of(self.books, file.matter.id))
        values, (since, until) = file.sheet.values, requests.span(file.sheet.values)
        if values.get("aktenzeichen"):
            return self.ledger.records_about(self.mark(values["aktenzeichen"]), since, until)
        return self.ledger.records_in(Filters(since=since, until=until, department=values.get("amt", "")))

    def erase(self, by: str, role: Role, id_: str, version: int) -> tuple[int, int]:
        """Make the records of the person nobody's."""
        with in_words():
            return requests.erase(self.books, self.ledger, self._actor(by, role), id_, version)

    def complain(self, values: Mapping[str, str]) -> str:
        """Take in a complaint from the public; return its number."""
        with in_words():
            return requests.complain(self.books, values, self.complaint_days).id

    def feedback(self, values: Mapping[str, str]) -> str:
        """Take in feedback from staff; return its number."""
        with in_words():
            return requests.feedback(self.books, values).id

    def _actor(self, by: str, role: Role | None) -> Actor:
        return Actor(self.via, by, role or "")


