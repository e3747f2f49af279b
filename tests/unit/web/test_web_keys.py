"""Keys on pages: made, shown once, used, revoked; those of others; those of services."""

from __future__ import annotations

import asyncio
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.identity.keys import key_id
from gateway.ports import Credentials
from gateway.registry import keys as registry
from gateway.registry.books import COMMAND_LINE
from gateway.store import keys as store
from gateway.web import clients
from tests.support.web_client import Answer, Browser
from tests.support.web_house import NOW, Entry, House

KEY = re.compile(r"kip_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}")


def make(browser: Browser, **fields: str) -> tuple[Answer, str]:
    page = browser.get("/keys")
    once = re.search(r'name="einmal" value="([0-9a-f]+)"', page.text)
    assert once
    answer = browser.post("/keys", {"formular": page.token, "einmal": once[1], "programm": "chatbox", **fields})
    found = set(KEY.findall(answer.text))
    assert len(found) <= 1
    return answer, next(iter(found), "")


def opens(house: House, key: str) -> bool:
    try:
        asyncio.run(house.context.authenticator.authenticate(Credentials("bearer", key)))
    except GatewayError:
        return False
    return True


def service(house: House, entry: Entry, name: str = "n8n", days: int = 100) -> str:
    _, text = registry.create(house.books, COMMAND_LINE, entry.person.id, name, service="bauamt",
                              expires_at=NOW + timedelta(days=days))
    return text


def test_a_key_made_on_the_page_opens_the_door_is_shown_once_and_kept_by_no_cache(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    answer, key = make(browser, name="Laptop")
    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"
    assert opens(house, key)
    assert "nur dieses eine Mal" in answer.text
    later = browser.get("/keys").text
    assert "Laptop" in later
    assert f"kip_{key_id(key)}_…" in later
    assert not KEY.search(later)
    assert "key.created" in house.types()


def test_the_form_sent_again_makes_no_second_key_and_shows_none(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    form = {"formular": browser.get("/keys").token, "einmal": "abc", "programm": "curl"}
    assert KEY.search(browser.post("/keys", form).text)
    again = browser.post("/keys", form)
    assert again.status == 400
    assert not KEY.search(again.text)
    assert house.types().count("key.created") == 1
    other = house.browser(house.hire("Max Muster"))
    assert KEY.search(other.post("/keys", {**form, "formular": other.get("/keys").token}).text)


def test_the_settings_hold_the_new_key_the_address_and_a_model_of_this_person(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster", department="bauamt"))
    answer, key = make(browser, programm="nextcloud")
    base = house.policies.organisation.base_url
    rules = house.policies.department("bauamt")
    assert rules
    assert answer.text.count(key) >= len([p for p in clients.PROGRAMS if not p.service])
    assert f"{base}/v1" in answer.text
    model = re.search(r"Modell: ([^\s<]+)", answer.text)
    assert model
    assert model[1] in {*rules.models, *house.policies.aliases}
    assert clients.KEY not in answer.text.replace("_…</code>", "")
    assert '<details open>\n    <summary>Nextcloud' in answer.text
    before = browser.get("/keys").text
    assert clients.KEY in before
    assert clients.ADDRESS not in before or base == clients.ADDRESS


@pytest.mark.parametrize(("program", "style"), [("nextcloud", "message"), ("open-webui", "message"),
                                                ("chatbox", "error"), ("gibtsnicht", "error")])
def test_programs_that_show_no_error_text_get_refusals_as_answers(house: House, program: str, style: str) -> None:
    entry = house.hire("Mia Muster")
    _, key = make(house.browser(entry), programm=program)
    principal = asyncio.run(house.context.authenticator.authenticate(Credentials("bearer", key)))
    assert principal.block_style == style


@pytest.mark.parametrize("fields", [
    {"bis": "gestern"}, {"bis": "2026-11-21"}, {"bis": "2026-02-30"}, {"bis": "9999-12-31"}, {"bis": "x" * 5000},
    {"zweck": "gibtsnicht"}, {"name": "a\x00b"}, {"name": "x" * 201}, {"name": "‮rückwärts"}])
def test_what_cannot_be_is_explained_keeps_what_was_typed_and_makes_nothing(house: House,
                                                                            fields: dict[str, str]) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    answer, key = make(browser, **{"name": "Laptop", **fields})
    assert (answer.status, key) == (400, "")
    assert 'role="alert"' in answer.text
    assert "Fehler: Schlüssel" in answer.text
    assert "Laptop" in answer.text or "name" in fields
    assert "key.created" not in house.types()


@pytest.mark.parametrize("written", ["2027-03-14", "14.03.2027"])
def test_the_last_day_counts_as_a_whole_day_in_berlin(house: House, written: str) -> None:
    entry = house.hire("Mia Muster")
    _, key = make(house.browser(entry), bis=written)
    [row] = [k for k in registry.of_person(house.books, entry.person.id) if k.id == key_id(key)]
    assert row.expires_at
    assert row.expires_at.isoformat() == "2027-03-14T23:00:00+00:00"
    assert "14.03.2027" in house.browser(entry).get("/keys").text


def test_revoking_asks_once_says_what_happens_and_shuts_the_door(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    _, key = make(browser, name="Laptop")
    path = f"/keys/widerrufen/{key_id(key)}"
    assert "zwei Sekunden" in browser.get(path).text
    assert opens(house, key)
    answer = browser.post(path, {}, page=path)
    assert answer.header("location").startswith("/keys")
    assert "„Laptop“ ist widerrufen" in browser.get(answer.header("location")).text
    assert not opens(house, key)
    assert browser.get(path).status == 404


def test_revoking_the_key_one_signed_in_with_signs_out(house: House) -> None:
    entry = house.hire("Mia Muster")
    browser = house.browser(entry)
    path = f"/keys/widerrufen/{entry.key.id}"
    assert "Sie werden dabei abgemeldet" in browser.get(path).text
    browser.post(path, {}, page=path)
    assert browser.get("/keys").status == 303


def test_a_key_of_somebody_else_and_one_of_a_service_do_not_exist_here(house: House) -> None:
    mia, max_ = house.hire("Mia Muster", "it"), house.hire("Max Muster")
    own = service(house, mia)
    browser = house.browser(mia)
    token = browser.get("/konto").token
    for id_ in (max_.key.id, key_id(own) or "", "gibtsnicht", "%2e%2e"):
        assert browser.get(f"/keys/widerrufen/{id_}").status == 404
        assert browser.post(f"/keys/widerrufen/{id_}", {"formular": token}).status == 404
    for id_ in (max_.key.id, mia.key.id, "gibtsnicht"):
        assert browser.get(f"/keys/dienste/{id_}").status == 404
        assert browser.post(f"/keys/dienste/{id_}", {"formular": token, "person": mia.person.email}).status == 404
        assert browser.post(f"/keys/dienste/{id_}/widerrufen", {"formular": token}).status == 404
    for key in (house.keys[max_.person.id], house.keys[mia.person.id], own):
        assert opens(house, key)
    assert "key.revoked" not in house.types()


def test_the_it_makes_a_service_hands_it_over_and_revokes_it(house: House) -> None:
    it, owner, heir = house.hire("Ida Technik", "it"), house.hire("Mia Muster"), house.hire("Max Muster")
    browser = house.browser(it)
    form = {"name": "n8n", "person": owner.person.email.upper(), "amt": "bauamt", "bis": "2027-06-30", "zweck": "",
            "programm": "n8n"}
    answer = browser.post("/keys/dienste", form, page="/keys/dienste")
    [key] = set(KEY.findall(answer.text))
    principal = asyncio.run(house.context.authenticator.authenticate(Credentials("bearer", key)))
    assert (principal.kind, principal.department) == ("service", "bauamt")
    path = f"/keys/dienste/{key_id(key)}"
    assert "Mia Muster" in browser.get("/keys/dienste").text
    assert "Dienste, für die Sie einstehen" in house.browser(owner).get("/keys").text
    assert browser.post(path, {"person": "niemand@x.example"}, page=path).status == 400
    assert browser.post(path, {"person": heir.person.email}, page=path).status == 303
    assert [one.owner.id for one in registry.services(house.books)] == [heir.person.id]
    assert browser.post(f"{path}/widerrufen", {}, page=path).status == 303
    assert not opens(house, key)
    assert {"key.created", "key.owner", "key.revoked"} <= set(house.types())


@pytest.mark.parametrize("change", [{"bis": ""}, {"bis": "2031-01-01"}, {"amt": "gibtsnicht"}, {"name": " "},
                                    {"person": "niemand@x.example"}, {"zweck": "gibtsnicht"}])
def test_a_service_without_owner_end_department_or_name_is_not_made(house: House, change: dict[str, str]) -> None:
    it = house.hire("Ida Technik", "it")
    form = {"name": "n8n", "person": it.person.email, "amt": "bauamt", "bis": "2027-06-30", **change}
    answer = house.browser(it).post("/keys/dienste", form, page="/keys/dienste")
    assert answer.status == 400
    assert not KEY.search(answer.text)
    assert house.types().count("key.created") == 0


def test_the_page_warns_before_a_service_ends_and_when_its_owner_left(house: House) -> None:
    it, owner = house.hire("Ida Technik", "it"), house.hire("Mia Muster")
    service(house, it, "Bald", days=20)
    key = service(house, owner, "Verwaist")
    with house.books.writing() as connection:
        store.revoke_all(connection, [owner.person.id], NOW)
    house.change(owner, person=type(owner.person)(**{
        **{f: getattr(owner.person, f) for f in owner.person.__slots__}, "disabled_at": NOW}))
    text = house.browser(it).get("/keys/dienste").text
    assert "2 Dienste brauchen Sie" in text
    assert "läuft bald ab" in text
    assert "nicht mehr da" in text
    assert not opens(house, key)
    registry.hand_over(house.books, COMMAND_LINE, key_id(key) or "", it.person.email)
    assert opens(house, key)


def test_no_page_shows_a_time_of_day_at_which_a_key_was_used(house: House) -> None:
    entry = house.hire("Mia Muster")
    with house.books.writing() as connection:
        store.touch(connection, entry.key.id, date(2026, 11, 24))
    text = house.browser(entry).get("/keys").text
    assert "24.11.2026" in text
    assert "Uhr" not in text


def test_every_line_of_the_settings_stands_in_the_handbook() -> None:
    handbook = {line.strip().rstrip(",") for line in Path("docs/anbindung.md").read_text("utf-8").splitlines()}
    for program in clients.PROGRAMS:
        for line in clients.template(program.id).splitlines():
            assert not line.strip() or line.strip().rstrip(",") in handbook, (program.id, line)
