"""The pages of the pass office: what they show, what they change, and what they leave in the ledger."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gateway.model.kipass import BASIS
from gateway.registry import index
from gateway.registry import passes as acts
from tests.support.web_client import Answer, Browser
from tests.support.web_house import Entry, House


@pytest.fixture
def mia(house: House) -> Entry:
    return house.hire("Mia Muster", department="it")


@pytest.fixture
def office(house: House, mia: Entry) -> Browser:
    browser = house.browser(house.hire("Eleni", "ki-pass-stelle", department="personalamt"))
    while index.refresh(house.books):
        pass
    return browser


def upload(browser: Browser, data: bytes, name: str = "liste.csv") -> Answer:
    token = browser.get("/office/import").token
    body = (f'--X\r\nContent-Disposition: form-data; name="formular"\r\n\r\n{token}\r\n--X\r\nContent-Disposition: '
            f'form-data; name="datei"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n').encode() + data + \
        b"\r\n--X--\r\n"
    return browser.send("POST", "/office/import", body, {"content-type": "multipart/form-data; boundary=X"})


def fields(page: Answer) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


def state(house: House, entry: Entry) -> str:
    return acts.pass_file(house.books, entry.person.id).held[BASIS].state


def path(entry: Entry) -> str:
    return f"/office/people/{entry.person.id}"


def test_the_overview_counts_in_words_and_leads_to_the_lists(house: House, office: Browser) -> None:
    house.clock.time = house.clock.now() + timedelta(days=660)
    house.browser(house.hire("Neu", steps=0))
    while index.refresh(house.books):
        pass
    text = house.browser(house.hire("E2", "ki-pass-stelle")).get("/office").text
    assert "2 KI-Pässe enden in den nächsten 60 Tagen" in text
    assert 'href="/office/people?stand=fehlt"' in text


def test_the_list_is_found_by_its_address(office: Browser) -> None:
    assert "Mia Muster" in office.get("/office/people?amt=it").text
    assert "Mia Muster" not in office.get("/office/people?amt=bauamt").text
    assert "Mia Muster" not in office.get("/office/people?stand=fehlt").text
    assert "Mia Muster" in office.get("/office/people?text=muster&ordnung=bis&stand=gueltig").text


def test_a_day_that_is_none_is_told_at_its_field(office: Browser) -> None:
    answer = office.get("/office/people?bis=bald")
    assert 'aria-describedby="bis-fehler"' in answer.text
    assert "Mia Muster" not in answer.text


@pytest.mark.parametrize("query", ["bereich=x", "stand=%00", "ordnung=;drop", "nach=gibt-es-nicht", "amt=%27",
                                   "text=%25"])
def test_no_address_breaks_the_list(office: Browser, query: str) -> None:
    assert office.get(f"/office/people?{query}").status == 200


def test_pages_follow_each_other_without_gap(house: House, office: Browser) -> None:
    for number in range(60):
        house.hire(f"Person {number:02}", steps=0)
    first = office.get("/office/people")
    more = re.search(r'href="(/office/people\?nach=[^"]+)">Weiter', first.text)
    assert more is not None
    names = re.findall(r"Person \d\d", first.text) + re.findall(r"Person \d\d", office.get(more[1]).text)
    assert sorted(names) == [f"Person {number:02}" for number in range(60)]
    assert "Person" not in more[1]


def test_the_export_holds_the_list_without_formulas_and_leaves_a_record(house: House, office: Browser) -> None:
    house.hire("=cmd()", steps=0)
    answer = office.get("/office/people.csv")
    assert answer.body.startswith("\ufeffName;E-Mail-Adresse;Amt".encode())
    assert "\n'=cmd();" in answer.text
    house.hire("Mia", department="it")
    line = r"\nMia;\d+@musterstadt\.example;[^;]+;gültig;\d\d\.\d\d\.\d{4}\r\n"
    assert re.search(line, office.get("/office/people.csv").text)
    assert "attachment" in answer.header("content-disposition")
    assert house.types()[-1] == "export"


def test_opening_a_file_leaves_no_record_and_shows_no_use_of_models(house: House, office: Browser, mia: Entry) -> None:
    house.exchange(subject=mia.person.id)
    before = house.types()
    text = office.get(path(mia)).text
    assert house.types() == before
    assert "Demo" not in text
    assert "Fassung 2.0" in text or "Fassung" in text


def test_a_block_asks_once_wants_a_reason_and_is_undone(house: House, office: Browser, mia: Entry) -> None:
    answer = office.post(path(mia), {"schritt": "sperren", "bereich": "", "grund": " "}, page=path(mia))
    assert (answer.status, "Bitte nennen Sie den Grund" in answer.text) == (422, True)
    asked = office.post(path(mia), {"schritt": "sperren", "bereich": "", "grund": "Weitergabe"}, page=path(mia))
    assert "KI-Pass sperren?" in asked.text
    assert state(house, mia) == "gueltig"
    done = office.post(path(mia), {**fields(asked), "schritt": "sperren"})
    assert done.status == 303
    assert state(house, mia) == "gesperrt"
    assert "Weitergabe" in office.get(path(mia)).text
    house.clock.time = house.clock.now() + timedelta(seconds=1)
    office.post(path(mia), {"schritt": "entsperren", "bereich": ""}, page=path(mia))
    assert state(house, mia) == "gueltig"
    assert [t for t in house.types() if t.startswith("pass.")] == ["pass.gesperrt", "pass.entsperrt"]


def test_the_reason_of_a_block_is_not_in_the_ledger(house: House, office: Browser, mia: Entry) -> None:
    office.post(path(mia), {"schritt": "sperren", "bereich": "bild", "grund": "Geheimer Anlass", "sicher": "ja"},
                page=path(mia))
    house.settle()
    view = house.ledger.reader.page().rows[0]
    found = house.ledger.reader.get(view.id)
    assert found is not None
    assert found.meta is not None
    assert found.meta["role"] == "ki-pass-stelle"
    assert "Anlass" not in repr(found)


def test_a_completion_is_entered_and_one_piece_revoked(house: House, office: Browser) -> None:
    neu = house.hire("Neu", steps=0)
    office.post(path(neu), {"schritt": "eintragen", "modul": "schulung", "tag": "2026-11-20"}, page=path(neu))
    with_one = office.get(path(neu))
    number = re.search(r'<option value="(\d+)"[^>]*>Schulung vom 20.11.2026', with_one.text)
    assert number is not None
    office.post(path(neu), {"schritt": "widerrufen", "nachweis": number[1], "grund": "Falsche Person"}, page=path(neu))
    assert "Falsche Person" in office.get(path(neu)).text
    assert acts.pass_file(house.books, neu.person.id).proof.evidence[0].revoked_at is not None


@pytest.mark.parametrize("day", ["2026-11-23", "1999-01-01", "", "gestern", "9999-12-31"])
def test_a_day_that_cannot_be_is_refused_and_stays_in_the_form(office: Browser, mia: Entry, day: str) -> None:
    answer = office.post(path(mia), {"schritt": "eintragen", "modul": "schulung", "tag": day}, page=path(mia))
    assert answer.status == 422
    assert f'value="{day}"' in answer.text


def test_a_stranger_to_the_books_has_no_page(office: Browser) -> None:
    assert office.get("/office/people/gibt-es-nicht").status == 404


def import_form(house: House, office: Browser, data: bytes) -> dict[str, str]:
    page = upload(office, data)
    assert page.status == 200, page.text
    chosen = dict(re.findall(r'<select id="(\w+)"[^>]*>(?:(?!</select>).)*?<option selected>([^<]*)', page.text, re.S))
    return {**fields(page), **chosen, "fertig": "abgeschlossen", "modul": "schulung", "schritt": "zeigen"}


def finished(house: House, office: Browser, address: str) -> str:
    """Return the page of an import that has ended; looks as often as it takes."""
    for _ in range(10_000):
        text = office.get(address).text
        if "Der Import läuft" not in text:
            return text
    raise AssertionError("the import never ended")


def test_an_import_goes_from_the_file_to_the_evidence(house: House, office: Browser) -> None:
    neu = house.hire("Neu", steps=0)
    data = f"E-Mail-Adresse;Abschlussdatum;Note\n{neu.person.email};21.11.2026;1,0\nfremd@x.example;21.11.2026;2\n"
    form = import_form(house, office, data.encode("utf-16"))
    trial = office.post("/office/import/pruefen", form)
    assert "1 Nachweis kommt hinzu" in trial.text
    assert "fremd@x.example" in trial.text
    begun = office.post("/office/import/ausfuehren", {**fields(trial)})
    assert begun.status == 303
    assert "1 Nachweis ist eingetragen" in finished(house, office, begun.header("location"))
    assert form["datei"] not in begun.header("location")
    assert [e.module for e in acts.pass_file(house.books, neu.person.id).proof.evidence] == ["schulung"]
    assert "pass.import" in house.types()
    again = office.post("/office/import/ausfuehren", {**fields(trial)})
    assert "Die Datei ist nicht mehr da" in again.text


def test_a_file_with_a_mistake_offers_no_button_to_carry_it_out(house: House, office: Browser) -> None:
    form = import_form(house, office, b"E-Mail-Adresse;Abschlussdatum\nx@y.example;bald\n")
    trial = office.post("/office/import/pruefen", form)
    assert "Zeile 2: „bald“ ist kein Datum" in trial.text
    assert "/office/import/ausfuehren" not in trial.text


@pytest.mark.parametrize("data", [b"", b"nichts", b"\x00\x01", b"a;a\n1;2\n", b'a;"b\n'])
def test_a_file_that_is_no_table_is_told_at_the_form(office: Browser, data: bytes) -> None:
    answer = upload(office, data)
    assert answer.status == 422
    assert 'role="alert"' in answer.text


def test_a_grade_is_on_no_page(office: Browser) -> None:
    page = upload(office, b"E-Mail-Adresse;Abschlussdatum;Bewertung/100;Note\nx@y.example;21.11.2026;97,5;3,7\n")
    assert "x@y.example" in page.text
    assert not {"97,5", "3,7", "Bewertung", "Note<"} & set(re.findall(r"97,5|3,7|Bewertung|Note<", page.text))


def test_nobody_else_goes_on_with_a_file(house: House, office: Browser) -> None:
    form = import_form(house, office, b"E-Mail-Adresse;Abschlussdatum\nx@y.example;21.11.2026\n")
    other = house.browser(house.hire("Zweite", "ki-pass-stelle"))
    form["formular"] = other.get("/office/import").token
    assert "Die Datei ist nicht mehr da" in other.post("/office/import/pruefen", form).text


def test_a_file_is_gone_after_an_hour_and_lies_sealed_before(house: House, office: Browser, mia: Entry) -> None:
    form = import_form(house, office, b"E-Mail-Adresse;Abschlussdatum\nganz-geheim@y.example;21.11.2026\n")
    database = house.books.engine.url.database
    assert database is not None
    with open(database, "rb") as file:
        assert b"ganz-geheim" not in file.read()
    house.clock.time = house.clock.now() + timedelta(minutes=61)
    office = house.browser(house.hire("Dritte", "ki-pass-stelle"))
    form["formular"] = office.get("/office/import").token
    assert "Die Datei ist nicht mehr da" in office.post("/office/import/pruefen", form).text


def test_a_link_for_a_password_is_shown_once_and_works(house: House, office: Browser, mia: Entry) -> None:
    here = f"/office/people/{mia.person.id}"
    answer = office.post(here, {"schritt": "einladen"}, page=here)
    [code] = re.findall(r"/einladung/([\w-]{43})<", answer.text)
    assert house.types()[-1] == "person.invited"
    assert code not in office.get(here).text
    assert house.browser().get(f"/einladung/{code}").status == 200


def test_nobody_in_the_office_makes_a_link_for_a_special_role(house: House, office: Browser) -> None:
    here = f"/office/people/{house.hire('Ida', 'dpo').person.id}"
    answer = office.post(here, {"schritt": "einladen"}, page=here)
    assert answer.status == 422
    assert "von der IT" in answer.text
    assert "/einladung/" not in answer.text
