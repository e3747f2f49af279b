"""The certificate on pages: given, printed, taken along, withdrawn; looked up by strangers, forged, guessed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from gateway.kipass import PassEvent, credential
from gateway.kipass.issuer import read_issuer
from gateway.kipass.number import in_groups, new_number
from gateway.web.qr import qr
from gateway.web.throttle import PER_ADDRESS
from tests.support import qr_reader
from tests.support.web_client import Answer, Browser
from tests.support.web_house import Entry, House

OVER = "Dieser KI-Pass gilt nicht mehr."


def _give(browser: Browser) -> str:
    """Ask for a certificate and return its number."""
    answer = browser.post("/pass/nachweis", {"schritt": "ausstellen"}, page="/pass/nachweis")
    assert answer.status == 303
    return _number(browser.get("/pass/nachweis"))


def _number(page: Answer) -> str:
    groups = re.search(r'class="certificate-number">((?:<span>[0-9A-Z]{4}</span>){5})', page.text)
    assert groups, page.text
    return re.sub(r"<[^>]+>", "", groups[1])


def _verdict(answer: Answer) -> str:
    found = re.search(r'class="verdict \w+".*?<h2>.*?</svg>([^<]+)</h2>', answer.text, re.S)
    assert found, answer.text
    return found[1]


@pytest.fixture
def ada(house: House) -> Entry:
    return house.hire("Ada <Lovelace> & Söhne", department="buergerbuero")


def test_nobody_has_a_number_who_did_not_ask_for_one(house: House, ada: Entry) -> None:
    page = house.browser(ada).get("/pass/nachweis")
    assert "Nachweis ausstellen" in page.text
    assert "certificate-number" not in page.text
    assert "pass.bescheinigung" not in house.types()


def test_the_certificate_shows_name_department_scopes_version_and_end(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    number = _give(browser)
    text = browser.get("/pass/nachweis").text
    for said in ("Ada &lt;Lovelace&gt; &amp; Söhne", "Bürgerbüro", "Grundlagen", "Fassung 3.0", "Stadt Musterstadt",
                 "23.10.2028"):
        assert said in text, said
    assert ada.person.email not in text
    assert ada.person.id not in text
    assert len(number) == 20


def test_the_same_person_has_the_same_number_until_it_is_withdrawn(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    first = _give(browser)
    assert _give(house.browser(ada)) == first
    browser.post("/pass/nachweis", {"schritt": "zurueckziehen"}, page="/pass/nachweis")
    assert _give(browser) != first


def test_the_qr_code_leads_to_the_page_that_checks(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    number = _give(browser)
    svg = re.search(r'<svg class="qr".*?</svg>', browser.get("/pass/nachweis").text, re.S)
    assert svg
    address = f"{house.policies.organisation.base_url}/pass/pruefen/{number}"
    assert qr_reader.read(svg[0]) == address
    assert f'aria-label="QR-Code zur Prüfseite: {address}"' in svg[0]
    assert _verdict(house.browser().get(address.removeprefix(house.policies.organisation.base_url))) == \
        "Dieser KI-Pass gilt."


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=88))
def test_every_address_comes_back_from_its_code(text: str) -> None:
    address = f"x{text}"[:88].lower()  # a letter that is no capital: bytes, as in every address
    assert qr_reader.read(qr(address, "Titel")) == address


def test_a_stranger_sees_what_the_certificate_shows_and_nothing_else(house: House, ada: Entry) -> None:
    number = _give(house.browser(ada))
    for typed in (number, in_groups(number), in_groups(number).lower(), number.replace("0", "O").replace("1", "l")):
        answer = house.browser().get(f"/pass/pruefen/{typed}")
        assert answer.status == 200
        assert _verdict(answer) == "Dieser KI-Pass gilt."
        assert "Ada &lt;Lovelace&gt;" in answer.text
        assert ada.person.email not in answer.text
        assert ada.person.id not in answer.text


@pytest.mark.parametrize("why", ["blocked", "left", "expired", "withdrawn", "renewed"])
def test_whatever_ended_it_a_stranger_reads_one_and_the_same_and_no_name(house: House, ada: Entry, why: str) -> None:
    browser = house.browser(ada)
    number = _give(browser)
    if why == "blocked":
        from gateway.store import passes
        with house.books.writing() as connection:
            passes.act(connection, ada.person.id, PassEvent("gesperrt", house.clock.now()), by_role="test",
                       reason="geheimer Grund")
    elif why == "left":
        house.change(ada, person=replace(ada.person, disabled_at=house.clock.now()))
    elif why == "expired":
        house.clock.time = house.clock.now() + timedelta(days=800)
    else:
        step = "zurueckziehen" if why == "withdrawn" else "erneuern"
        assert browser.post("/pass/nachweis", {"schritt": step}, page="/pass/nachweis").status == 303
    answer = house.browser().get(f"/pass/pruefen/{number}")
    assert answer.status == 200
    assert _verdict(answer) == OVER
    assert "Lovelace" not in answer.text
    assert "Grund" not in answer.text
    # The links to another language or density lead back to the address that was asked for.
    told = re.sub(r"Geprüft am [^<]*|value=\"[0-9a-f]{64}\"|href=\"/ansicht[^\"]*\"", "", answer.text)
    assert number not in told


def test_a_block_that_was_lifted_makes_the_same_number_good_again(house: House, ada: Entry) -> None:
    from gateway.store import passes
    number = _give(house.browser(ada))
    for event, verdict in (("gesperrt", OVER), ("entsperrt", "Dieser KI-Pass gilt.")):
        house.clock.time = house.clock.now() + timedelta(seconds=1)
        with house.books.writing() as connection:
            passes.act(connection, ada.person.id, PassEvent(event, house.clock.now()), by_role="test")
        assert _verdict(house.browser().get(f"/pass/pruefen/{number}")) == verdict


def test_a_number_that_nobody_gave_out_and_one_with_a_slip_are_told_apart(house: House, ada: Entry) -> None:
    number = _give(house.browser(ada))
    unknown = house.browser().get(f"/pass/pruefen/{new_number()}")
    assert (unknown.status, _verdict(unknown)) == (404, "Unter dieser Nummer gibt es keinen Nachweis.")
    assert "möglicherweise gefälscht" in unknown.text
    slip = house.browser().get(f"/pass/pruefen/{number[:-1]}{'2' if number[-1] != '2' else '3'}")
    assert (slip.status, "Schreibfehler" in _verdict(slip)) == (404, True)


def test_guessing_is_slowed_down_per_address_and_for_nobody_else(house: House, ada: Entry) -> None:
    number = _give(house.browser(ada))
    guesser, neighbour = house.browser(address="198.51.100.7"), house.browser(address="198.51.100.8")
    for _ in range(PER_ADDRESS):
        assert guesser.get(f"/pass/pruefen/{new_number()}").status == 404
    slow = guesser.get(f"/pass/pruefen/{number}")
    assert slow.status == 429
    assert int(slow.header("retry-after")) > 0
    assert "Lovelace" not in slow.text
    assert guesser.post("/pass/pruefen", {"nachweis": number}, page="/pass/pruefen").status == 429
    assert neighbour.get(f"/pass/pruefen/{number}").status == 200


def test_looking_at_good_numbers_slows_nobody_down(house: House, ada: Entry) -> None:
    number, browser = _give(house.browser(ada)), house.browser()
    for _ in range(PER_ADDRESS + 5):
        assert browser.get(f"/pass/pruefen/{number}").status == 200


def test_pages_that_check_are_neither_indexed_nor_kept_also_on_the_second_visit(house: House, ada: Entry) -> None:
    number, browser = _give(house.browser(ada)), house.browser()
    for path in ("/pass/pruefen", f"/pass/pruefen/{number}", f"/pass/pruefen/{number}"):
        answer = browser.get(path)
        assert answer.header("x-robots-tag") == "noindex"
        assert answer.header("cache-control") == "no-store"


def test_the_form_takes_a_number_in_any_spelling_and_the_whole_address(house: House, ada: Entry) -> None:
    number = _give(house.browser(ada))
    for typed in (in_groups(number), f" {number.lower()} ", f"https://ki.musterstadt.example/pass/pruefen/{number}/"):
        answer = house.browser().post("/pass/pruefen", {"nachweis": typed}, page="/pass/pruefen")
        assert (answer.status, answer.header("location")) == (303, f"/pass/pruefen/{number}")


def test_an_empty_form_says_what_is_missing_and_what_was_typed_stays(house: House) -> None:
    empty = house.browser().post("/pass/pruefen", {"nachweis": "  "}, page="/pass/pruefen")
    assert empty.status == 400
    assert 'role="alert"' in empty.text
    assert 'aria-invalid="true"' in empty.text
    typed = house.browser().post("/pass/pruefen", {"nachweis": "7F3K-<b>"}, page="/pass/pruefen")
    assert "7F3K-&lt;b&gt;" in typed.text


def test_the_signed_file_is_checked_here_and_by_others_without_us(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    number = _give(browser)
    file = browser.get("/pass/nachweis.jws")
    assert file.header("content-type") == "application/ki-pass+jwt"
    assert 'filename="ki-pass-nachweis.jws"' in file.header("content-disposition")
    keys = read_issuer(house.browser().get("/.well-known/ki-pass.json").text)
    found = credential.verify(file.text, keys, house.clock.now())
    assert (found.shows.number, found.shows.department) == (number, "Bürgerbüro")
    wrapped = "\n".join(file.text[at:at + 76] for at in range(0, len(file.text), 76))
    for text in (file.text, f"{wrapped}\n"):
        answer = house.browser().post("/pass/pruefen", {"nachweis": text}, page="/pass/pruefen")
        assert _verdict(answer) == "Dieser KI-Pass gilt."


def test_the_signed_file_can_be_chosen_instead_of_pasted(house: House, ada: Entry) -> None:
    holder = house.browser(ada)
    _give(holder)
    file = holder.get("/pass/nachweis.jws").text
    for content, verdict in ((file, "Dieser KI-Pass gilt."), (f"\ufeff{file}\r\n", "Dieser KI-Pass gilt."),
                             (file[:-8] + "AAAAAAAA", "Dieser Nachweis ist nicht gültig."),
                             ("x", "Dieser Nachweis ist nicht gültig.")):
        assert _verdict(_choose(house.browser(), content.encode())) == verdict
    assert _verdict(_choose(house.browser(), b"\xff\x00" * 500)) == "Dieser Nachweis ist nicht gültig."
    assert _choose(house.browser(), b"").status == 400
    assert _choose(house.browser(), b"a" * 100_000).status == 413


def _choose(browser: Browser, content: bytes) -> Answer:
    """Send the form as a browser does in which a file was chosen and nothing was typed."""
    fields = {"formular": browser.get("/pass/pruefen").token, "nachweis": ""}
    parts = [f'--grenze\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in fields.items()]
    parts.append(b'--grenze\r\nContent-Disposition: form-data; name="datei"; filename="ki-pass-nachweis.jws"\r\n'
                 b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--grenze--\r\n")
    return browser.send("POST", "/pass/pruefen", b"".join(parts),
                        {"content-type": "multipart/form-data; boundary=grenze"})


def test_a_signed_file_of_a_withdrawn_certificate_counts_here_no_more(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    _give(browser)
    file = browser.get("/pass/nachweis.jws").text
    browser.post("/pass/nachweis", {"schritt": "zurueckziehen"}, page="/pass/nachweis")
    answer = house.browser().post("/pass/pruefen", {"nachweis": file}, page="/pass/pruefen")
    assert _verdict(answer) == OVER
    assert "Lovelace" not in answer.text.replace(file, "")


def test_forged_and_foreign_files_are_told_and_count_as_misses(house: House, ada: Entry) -> None:
    holder = house.browser(ada)
    _give(holder)
    file = holder.get("/pass/nachweis.jws").text
    keys = read_issuer(house.browser().get("/.well-known/ki-pass.json").text)
    shows = credential.verify(file, keys, house.clock.now()).shows
    foreign = credential.issue(shows, ECKey.generate_key("P-256"), house.clock.now())
    mixed = f"{file.rpartition('.')[0]}.{foreign.rpartition('.')[2]}"
    browser = house.browser()
    for text, verdict in ((foreign, "Diesen Nachweis hat nicht diese Verwaltung ausgestellt."),
                          (mixed, "Dieser Nachweis ist nicht gültig."), ("a.b.c", "Dieser Nachweis ist nicht gültig."),
                          ("x" * 20_000, "Dieser Nachweis ist nicht gültig.")):
        assert _verdict(browser.post("/pass/pruefen", {"nachweis": text}, page="/pass/pruefen")) == verdict
    for _ in range(PER_ADDRESS - 4):
        browser.get(f"/pass/pruefen/{new_number()}")
    assert browser.get("/pass/pruefen/x").status == 429


def test_the_open_badge_is_a_download_signed_by_the_same_key(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    _give(browser)
    badge = browser.get("/pass/open-badge.jwt")
    assert badge.text.count(".") == 2
    did = json.loads(house.browser().get("/.well-known/did.json").text)
    assert did["id"] == "did:web:127.0.0.1%3A8080"
    assert did["assertionMethod"] == [method["id"] for method in did["verificationMethod"]]


def test_nothing_published_is_secret(house: House) -> None:
    for path in ("/.well-known/ki-pass.json", "/.well-known/did.json"):
        answer = house.browser().get(path)
        assert answer.status == 200
        assert '"d"' not in answer.text


def test_without_a_valid_pass_there_is_no_certificate_and_no_file(house: House) -> None:
    entry = house.hire("Max Muster", steps=2)
    browser = house.browser(entry)
    page = browser.get("/pass/nachweis")
    assert "Einen Nachweis gibt es, solange Ihr KI-Pass gilt." in page.text
    browser.post("/pass/nachweis", {"schritt": "ausstellen"}, page="/preview")
    assert "certificate-number" not in browser.get("/pass/nachweis").text
    for path in ("/pass/nachweis.jws", "/pass/open-badge.jwt"):
        assert browser.get(path).header("location") == "/pass/nachweis"
    assert "pass.bescheinigung" not in house.types()


def test_a_button_that_is_not_ours_changes_nothing(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    number = _give(browser)
    assert browser.post("/pass/nachweis", {"schritt": "loeschen"}, page="/pass/nachweis").status == 400
    assert browser.post("/pass/nachweis", {"schritt": "zurueckziehen", "formular": "0" * 64}).status == 403
    assert _number(browser.get("/pass/nachweis")) == number


def test_the_ledger_knows_of_numbers_but_holds_none(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    number = _give(browser)
    browser.post("/pass/nachweis", {"schritt": "erneuern"}, page="/pass/nachweis")
    new = _number(browser.get("/pass/nachweis"))
    assert [t for t in house.types() if t.startswith("pass.")] == [
        "pass.bescheinigung", "pass.bescheinigung_zurueckgezogen", "pass.bescheinigung"]
    rows = [repr(house.ledger.reader.get(row.id)) for row in house.ledger.reader.tail(-1, 1000)]
    assert not any(value in row for row in rows for value in (number, new, "Lovelace"))


def test_when_the_ledger_cannot_be_written_no_number_is_given(house: House, ada: Entry) -> None:
    browser = house.browser(ada)
    token = browser.get("/pass/nachweis").token

    def fails(*_: object) -> None:
        raise OSError("full")
    object.__setattr__(house.context.certificates.books, "record", fails)
    answer = browser.post("/pass/nachweis", {"schritt": "ausstellen", "formular": token})
    assert answer.status == 503
    assert "Nachweis ausstellen" in browser.get("/pass/nachweis").text
