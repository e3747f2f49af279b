"""One example of everything that has a page of its own: a finding, an incident, a request, a resolved pseudonym, ..."""

from __future__ import annotations

import asyncio
import re
from datetime import date, timedelta
from typing import Final

from gateway.casework.desk import CaseDesk
from gateway.casework.watching import step as watch
from gateway.model.casework import Wanted
from gateway.registry import index
from tests.support.two_people import VORGANG, asked, give_keys, opened
from tests.support.web_client import Answer, Browser
from tests.support.web_house import Entry, House

OWN: Final = "3QXK-7MPA-RS2T"
"""The Vorgangsnummer of something that the clerk asked."""


def examples(house: House, officer: Entry, clerk: Entry, office: Entry) -> dict[str, str]:
    """Let something of each kind happen; return address of the table -> address of the example."""
    day = date.today()
    return {**_matters(house, officer, day), **_person(house, officer, clerk), **_import(house, office, clerk, day),
            **_own(house, clerk), **asyncio.run(_doors(house, clerk))}


def _matters(house: House, officer: Entry, day: date) -> dict[str, str]:
    desk, by = house.context.cases, officer.person.id
    assert isinstance(desk, CaseDesk)
    intent = house.exchange(status="")
    house.write("outcome", {"vorgang": "X", "department": "bauamt", "model": "demo", "status": "ok", "leaked": 1,
                            "strangers": {"IBAN": 2}}, subject="subject-x", ref=intent)
    house.settle()
    watch(house.books, house.ledger.reader)
    found, _ = desk.listed(Wanted(kinds=("befund",), about="antwort_angaben"), 1)
    incident = desk.open_incident(by, "dpo", found[0].id, found[0].version)
    desk.note(by, "dpo", incident.id, "Die Fachstelle hat den Empfänger angerufen.")
    request = desk.open_request(by, "dpo", "auskunft_person", day, {"email": officer.person.email})
    return {"/review/befunde/{id}": f"/review/befunde/{found[0].id}",
            "/review/vorfaelle/{id}": f"/review/vorfaelle/{incident.id}",
            "/review/anfragen/{id}": f"/review/anfragen/{request.id}"}


def _person(house: House, officer: Entry, clerk: Entry) -> dict[str, str]:
    give_keys(house)
    house.write("denied", {"vorgang": VORGANG, "department": "bauamt", "code": "inhalt_gesperrt"},
                subject=clerk.person.id)
    house.ledger.sequence()
    house.ledger.identities.flush()
    there, council = house.browser(officer), house.browser(house.hire("Bülent Özkan", "personalrat"))
    address = asked(there)
    opened(there, council, address)
    return {"/review/person/{id}": address, "/review/person/{id}/ergebnis": f"{address}/ergebnis",
            "/review/person/{id}/brief": f"{address}/brief"}


def _import(house: House, registrar: Entry, clerk: Entry, day: date) -> dict[str, str]:
    while index.refresh(house.books):
        pass
    office = house.browser(registrar)
    page = upload(office, f"E-Mail-Adresse;Abschlussdatum\n{clerk.person.email};{day:%d.%m.%Y}\n".encode())
    trial = office.post("/office/import/pruefen", chosen(page))
    begun = office.post("/office/import/ausfuehren", fields(trial))
    assert begun.status == 303, begun.text
    return {"/office/import/{name}": begun.header("location"),
            "/office/documents/neu": "/office/documents/neu?art=dienstvereinbarung"}


def upload(browser: Browser, data: bytes, name: str = "liste.csv") -> Answer:
    """Hand in a file of completions."""
    token = browser.get("/office/import").token
    body = (f'--X\r\nContent-Disposition: form-data; name="formular"\r\n\r\n{token}\r\n--X\r\nContent-Disposition: '
            f'form-data; name="datei"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n').encode() + data + \
        b"\r\n--X--\r\n"
    return browser.send("POST", "/office/import", body, {"content-type": "multipart/form-data; boundary=X"})


def fields(page: Answer) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


def chosen(page: Answer) -> dict[str, str]:
    """Return the form that says which column is what, as it is offered."""
    assert page.status == 200, page.text
    columns = dict(re.findall(r'<select id="(\w+)"[^>]*>(?:(?!</select>).)*?<option selected>([^<]*)', page.text, re.S))
    return {**fields(page), **columns, "fertig": "abgeschlossen", "modul": "schulung", "schritt": "zeigen"}


def _own(house: House, clerk: Entry) -> dict[str, str]:
    house.exchange(subject=clerk.person.id, vorgang=OWN)
    house.settle()
    return {"/usage/{vorgang}": f"/usage/{OWN}", "/it/modelle/{id}": "/it/modelle/demo",
            "/keys/widerrufen/{id}": f"/keys/widerrufen/{clerk.key.id}",
            "/office/people/{id}": f"/office/people/{clerk.person.id}",
            "/review/berichte/{kind}": "/review/berichte/transparency",
            "/review/unterlagen/{kind}": "/review/unterlagen/dpia"}


async def _doors(house: House, clerk: Entry) -> dict[str, str]:
    holder = house.hire("Anneke Petersen")
    certificate = await asyncio.to_thread(house.context.certificates.issue, holder.person.id)
    assert certificate is not None
    end = house.clock.now() + timedelta(days=90)
    service, _ = await house.context.keys.create_service(
        clerk.person.id, holder.person.email, "bauamt", "Fachverfahren Bauantrag", end, "allgemein", "error", "einmal")
    invitation = await house.context.accounts.invite(clerk.person.id, "it", holder.person.id)
    return {"/pass/pruefen/{id}": f"/pass/pruefen/{certificate.id}",
            "/keys/dienste/{id}": f"/keys/dienste/{service.id}", "/einladung/{code}": f"/einladung/{invitation.code}"}
