"""What somebody tries who means no good, or has odd fingers: each of these worked once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote

import pytest

from audit.sealing import DPO, TrusteeKey
from gateway.model.casework import Wanted
from gateway.web import words
from gateway.web.review.accesses import GROUPS
from gateway.web.sessions import COOKIE
from tests.support.two_people import COUNCIL, asked, two_people
from tests.support.web_client import Browser
from tests.support.web_house import Entry, House

MANY = "&".join(f"a{n}=1" for n in range(60))
VORGANG = "7F3K-2QXM-9BTD"


@pytest.fixture
def officer(house: House) -> Entry:
    return house.hire("Friederike von Ahlen", "dpo", department="standesamt")


@pytest.fixture
def browser(house: House, officer: Entry) -> Browser:
    return house.browser(officer)


def parts_of_last(house: House, kind: str) -> dict[str, dict[str, object]]:
    house.ledger.sequence()
    row = [row for row in house.ledger.reader.tail(-1, 1000) if row.type == kind][-1]
    return house.ledger.reader.parts([row.id])[row.id]


def opened(house: House, by: Entry, about: str, email: str) -> str:
    return house.context.cases.open_request(by.person.id, "dpo", about, date(2026, 11, 1), {"email": email}).id


# ---- odd addresses and forms -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("page", ["00001" + "9" * 30, "0000" + "9" * 4500, "9" * 30, "-1", "٣", "0", "%00"])
@pytest.mark.parametrize("path", ["/review/befunde", "/review/anfragen"])
def test_a_page_that_no_list_has_shows_the_first(browser: Browser, path: str, page: str) -> None:
    assert browser.get(f"{path}?seite={page}").status == 200


def test_a_filter_with_too_many_fields_is_no_filter(browser: Browser) -> None:
    assert browser.get(f"/review/ansichten?filter={quote(MANY)}").status == 200
    assert browser.post("/review/ansichten", {"filter": MANY, "name": "x"}, page="/konto").status == 422
    assert browser.post("/review/protokoll", {"filter": MANY, "form": "csv", "zweck": ""}, page="/konto").status == 422


def test_a_sign_that_no_keyboard_writes_does_not_reach_the_books(house: House) -> None:
    answer = house.browser().post("/transparency/ruege", {"text": "Es\x00 war falsch."}, page="/transparency/ruege")
    assert answer.status == 200
    [made] = house.context.cases.listed(Wanted(kinds=("ruege",)), 10)[0]
    file = house.context.cases.file(made.id)
    assert file is not None
    assert file.sheet.values["text"] == "Es war falsch."


def test_a_form_that_is_too_old_says_so_and_does_not_speak_of_roles(browser: Browser) -> None:
    answer = browser.send("POST", "/review/ansichten", b"formular=alt&name=x")
    assert answer.status == 403
    assert "<h1>Dieses Formular gilt nicht mehr</h1>" in answer.text


# ---- words that nobody meant to keep ---------------------------------------------------------------------------------

@pytest.mark.parametrize("period", ['x"\r\nX-Evil: 1', "Erika Mustermann", "2026\x00"])
def test_a_report_of_today_takes_no_period_into_its_name_or_the_log(house: House, browser: Browser,
                                                                     period: str) -> None:
    answer = browser.post("/review/berichte/dpia", {"form": "json", "zeitraum": period}, page="/konto")
    assert answer.status == 400
    assert "export" not in house.types()


@pytest.mark.parametrize("text", ["Erika Mustermann war das", "<b>x</b>", "7F3K", VORGANG + " Meier"])
def test_feedback_has_no_field_that_takes_a_text(house: House, text: str) -> None:
    answer = house.browser(house.hire("Mia Muster")).post(
        "/usage/rueckmeldung", {"art": "falsch", "stelle": "chat", "vorgang": text}, page="/usage/rueckmeldung")
    assert answer.status == 422
    assert "finding.new" not in house.types()


def test_signs_that_turn_a_text_around_are_not_kept(house: House) -> None:
    number = house.context.cases.complain({"text": "Bitte \u202enicht\u2066 löschen."})
    file = house.context.cases.file(number)
    assert file is not None
    assert file.sheet.values["text"] == "Bitte nicht löschen."


# ---- each matter on its own pages ------------------------------------------------------------------------------------

def test_the_form_of_an_incident_is_not_written_over_a_complaint(house: House, browser: Browser) -> None:
    number = house.context.cases.complain({"text": "Es war falsch."})
    answer = browser.post(f"/review/vorfaelle/{number}", {
        "schritt": "angaben", "fassung": "1", "bekannt_tag": "2026-11-20", "bekannt_zeit": "10:00"}, page="/konto")
    assert answer.status == 404
    file = house.context.cases.file(number)
    assert file is not None
    assert file.sheet.values["text"] == "Es war falsch."


# ---- who looked stays known ------------------------------------------------------------------------------------------

def test_nobody_makes_their_own_looking_nobodys(house: House, officer: Entry, browser: Browser) -> None:
    record = house.exchange()
    house.settle()
    browser.get(f"/review/protokoll/{record}")
    number = opened(house, officer, "loeschung_person", officer.person.email)
    file = house.context.cases.file(number)
    assert file is not None
    answer = browser.post(f"/review/anfragen/{number}", {"schritt": "loeschen", "sicher": "ja",
                                                         "fassung": str(file.matter.version)}, page="/konto")
    assert answer.status == 422
    assert "Vertretung" in answer.text
    house.settle()
    assert house.ledger.pseudonym(officer.person.id) in browser.get("/review/zugriffe").text
    assert "erasure" not in house.types()


def test_the_council_sees_that_somebodys_own_records_were_taken(house: House, officer: Entry, browser: Browser) -> None:
    clerk = house.hire("Mia Muster")
    house.exchange(subject=clerk.person.id)
    house.settle()
    number = opened(house, officer, "auskunft_person", clerk.person.email)
    assert browser.post(f"/review/anfragen/{number}/auskunft", {"form": "json"}, page="/konto").status == 200
    browser.get(f"/review/anfragen/{number}")
    house.ledger.sequence()
    council = house.browser(house.hire("Petra Rat", "personalrat"))
    for address in ("/review/zugriffe", "/review/zugriffe?art=mitgenommen"):
        text = council.get(address).text
        assert "Akte oder Auskunft ausgegeben" in text
        assert number in text
    view = parts_of_last(house, "view")
    assert view["meta"]["role"] == "dpo", "who looks is told by their role"


def test_every_kind_of_access_exists_and_has_a_word() -> None:
    types = {one for _, some in GROUPS.values() for one in some}
    assert types <= words.TYPES.keys()
    assert types == set(GROUPS["alle"][1])
    acts = {one for one in words.TYPES if one.startswith(("view", "export", "report", "release", "reid.", "content.",
                                                          "hold.", "erasure", "case.er", "case.ex", "verify."))}
    assert acts <= types, "what opens, takes along, resolves or deletes is shown to both"


def test_the_letter_is_there_when_the_person_is_known_and_opening_it_is_a_record(house: House) -> None:
    there = two_people(house)
    browser = house.browser(there.officer)
    address = asked(browser)
    before = house.types().count("view")
    answer = browser.get(f"{address}/brief")
    assert answer.status == 404
    assert VORGANG not in answer.text
    assert house.types().count("view") == before


# ---- two people ------------------------------------------------------------------------------------------------------

def test_who_changed_sides_does_not_agree_to_the_key_they_brought(house: House) -> None:
    somebody = house.hire("Wechsel Muster", "dpo")
    key = TrusteeKey.of(DPO, COUNCIL)
    page = "/review/person/schluessel"
    answer = house.browser(somebody).post(page, {"rolle": "dpo", "oeffentlich": str(key)}, page=page)
    assert answer.status == 303
    house.change(somebody, person=replace(somebody.person, roles=frozenset({"staff", "personalrat"})))
    agree = {"schritt": "schluessel", "rolle": "dpo", "schluessel": key.id}
    assert house.browser(somebody).post("/review/personalrat", agree, page="/konto").status == 403
    assert house.ledger.keyring.in_force() == {}
    other = house.browser(house.hire("Petra Rat", "personalrat"))
    assert other.post("/review/personalrat", agree, page="/konto").status == 303
    assert house.ledger.keyring.in_force().keys() == {DPO}


# ---- queues that strangers fill --------------------------------------------------------------------------------------

def test_a_complaint_is_counted_before_it_is_taken_in_and_one_that_is_empty_is_not(house: House) -> None:
    browser = house.browser()
    for _ in range(8):
        assert browser.post("/transparency/ruege", {"text": ""}, page="/transparency/ruege").status == 422
    found = [browser.post("/transparency/ruege", {"text": "Nein."}, page="/transparency/ruege").status
             for _ in range(6)]
    assert found == [200] * 5 + [429]
    house.clock.time = house.clock.now() + timedelta(minutes=16)
    answer = browser.post("/transparency/ruege", {"text": "Nein."}, page="/transparency/ruege")
    assert answer.status == 200
    assert re.search(r"R-2026-6", answer.text)


# ---- cookies of a neighbour ------------------------------------------------------------------------------------------

def test_over_https_a_cookie_that_a_neighbour_of_the_domain_planted_is_not_read(house: House, officer: Entry) -> None:
    key = {"schluessel": house.keys[officer.person.id]}
    browser = Browser(house.app, scheme="https")
    assert browser.post("/anmelden", key, page="/anmelden").status == 303
    own = f"__Host-{COOKIE}"
    assert browser.get("/review").status == 200
    planted = Browser(house.app, {COOKIE: browser.cookies[own]}, scheme="https")
    assert planted.get("/review").status == 303
    answer = browser.send("POST", "/konto/abmelden", b"formular=" + token(browser.get("/konto").text))
    assert answer.header("set-cookie").startswith(f'{own}="";')


def token(page: str) -> bytes:
    found = re.search(r'name="formular" value="([0-9a-f]+)"', page)
    assert found
    return found[1].encode()


def test_the_council_sees_in_the_navigation_where_they_are(house: House) -> None:
    council = house.browser(house.hire("Petra Rat", "personalrat"))
    for path in ("/review/person", "/review/person/schluessel", "/review/zugriffe", "/review/personalrat"):
        text = council.get(path).text
        first = text[text.index("/transparency") - 400:text.index("/transparency")]
        assert re.search(r'href="/review/personalrat" aria-current="(page|true)"', first), path
