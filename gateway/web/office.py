"""The pass office: how the house stands, the list of people with its filter in the address, and the list as CSV.

Opening a list or a file is the office's everyday work and leaves no record; taking the list along as a file does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, cast, get_args
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from gateway.kipass import last_day
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.model.office import Sort, Wanted
from gateway.model.principal import PassState, PassStatus
from gateway.web import words
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _
from gateway.web.office_ports import ask_office

SOON: Final = 60
"""Days before the end of a pass at which the office is told."""
MARKS: Final = {"gueltig": "ok", "kulanz": "open", "abgelaufen": "no", "dv_neu": "no", "gesperrt": "stop",
                "fehlt": ""}
SORTS: Final[dict[Sort, str]] = {"name": N_("Name"), "adresse": N_("E-Mail-Adresse"), "amt": N_("Amt"),
                                 "bis": N_("gilt bis")}
LIST: Final = "/office/people"
_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the address asks for."""

    values: Mapping[str, str]
    after: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return what stands in a field."""
        return self.values.get(name, "")

    def wanted(self) -> Wanted:
        """Return the same as a question to the books. The day named counts to its end."""
        day = words.read_day(self.get("bis"))
        before = datetime.combine(day + timedelta(days=1), time(), words.BERLIN) if day and day < date.max else None
        return Wanted(self.get("bereich") or BASIS, cast(PassState, self.get("stand")), self.get("amt"),
                      before + timedelta(microseconds=1) if before else None, self.get("text"),
                      cast(Sort, self.get("ordnung") or "name"))

    def address(self, path: str = LIST, **changed: str) -> str:
        """Return the address of this filter with some fields changed."""
        query = {**self.values, **changed}
        said = urlencode([(name, value) for name, value in query.items() if value])
        return path + (f"?{said}" if said else "")


def read_filter(query: Mapping[str, str], rules: KiPassConfig) -> PeopleFilter:
    """Read an address. What makes no sense is shown at its field and not asked for."""
    values = {name: query.get(name, "").strip()[:_LENGTH] for name in ("stand", "amt", "bereich", "bis", "text",
                                                                       "ordnung")}
    problems = {}
    if values["bis"] and words.read_day(values["bis"]) is None:
        problems["bis"] = _("Bitte geben Sie ein Datum an, zum Beispiel 31.12.2026.")
    if values["stand"] not in get_args(PassState):
        values["stand"] = ""
    if values["bereich"] not in rules.scopes or values["bereich"] == BASIS:
        values["bereich"] = ""
    if values["ordnung"] not in SORTS or values["ordnung"] == "name":
        values["ordnung"] = ""
    return PeopleFilter(values, query.get("nach", "")[:64], problems)


async def overview(desk: Desk, visit: Visit) -> Response:
    """Show how the house stands, and what waits."""
    office, by = desk.context.office, visit.somebody.person.id
    standing = await ask_office(office.standing)
    soon = last_day(desk.context.now() + timedelta(days=SOON)).isoformat()
    return desk.page(visit, "office.html", standing=standing, imports=await ask_office(office.imports, by),
                     rows=[(state, words.PASS_STATES[state], MARKS[state], standing.states.get(state, 0),
                            f"{LIST}?stand={state}") for state in get_args(PassState)],
                     soon=f"{LIST}?{urlencode({'stand': 'gueltig', 'bis': soon, 'ordnung': 'bis'})}",
                     grace=f"{LIST}?stand=kulanz&ordnung=bis", days=SOON)


async def people(desk: Desk, visit: Visit) -> Response:
    """Show one page of the list."""
    policies = desk.context.policies()
    wanted = read_filter(visit.request.query_params, policies.kipass)
    found = None if wanted.problems else await ask_office(desk.context.office.page, wanted.wanted(), wanted.after)
    departments = {key: rules.name for key, rules in policies.departments.items()}
    return desk.page(visit, "office_people.html", wanted=wanted, rows=found.lines if found else (),
                     more=wanted.address(nach=found.after) if found and found.after else "",
                     first=wanted.address() if wanted.after else "", export=wanted.address("/office/people.csv"),
                     departments=departments, states=words.PASS_STATES, marks=MARKS, until=until,
                     scopes={key: scope.name for key, scope in policies.kipass.scopes.items()},
                     sorts=[(_(word), wanted.address(ordnung="" if key == "name" else key),
                             (wanted.get("ordnung") or "name") == key) for key, word in SORTS.items()])


async def export(desk: Desk, visit: Visit) -> Response:
    """Give the list as CSV: what the filter shows, all pages of it."""
    wanted = read_filter(visit.request.query_params, desk.context.policies().kipass)
    if wanted.problems:
        return RedirectResponse(wanted.address(), 303)
    text = await ask_office(desk.context.office.export, visit.somebody.person.id, wanted.wanted())
    return Response(text, media_type="text/csv; charset=utf-8", headers={
        "content-disposition": f'attachment; filename="ki-pass-{words.iso_day(desk.context.now())}.csv"'})


def until(status: PassStatus) -> str:
    """Return the last day of a pass, or of its grace, or when it ended."""
    return words.day(last_day(status.until)) if status.until else ""
