"""Who a pseudonym is: two people, each with their own key; the page of the one never does what is the other's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.record import now_us
from audit.sealing import DPO, PERSONALRAT, TrusteeKey
from gateway.web import words
from tests.support.two_people import (
    CANARY,
    COUNCIL,
    OFFICER,
    VORGANG,
    TwoPeople,
    asked,
    open_inner,
    open_outer,
    opened,
    piece_on,
    step,
    two_people,
)
from tests.support.web_client import Browser
from tests.support.web_house import House


@pytest.fixture
def there(house: House) -> TwoPeople:
    return two_people(house)


def browsers(there: TwoPeople) -> tuple[Browser, Browser]:
    return there.house.browser(there.officer), there.house.browser(there.council)


def test_two_people_find_out_who_it_is_and_only_the_one_who_asked_sees_it(there: TwoPeople) -> None:
    officer, council = browsers(there)
    address = asked(officer)
    opened(officer, council, address)
    assert CANARY in officer.get(f"{address}/ergebnis").text
    assert CANARY in officer.get(f"{address}/ergebnis").text, "for a day, and not only once"
    refused = council.get(f"{address}/ergebnis")
    assert refused.status == 403
    for page in (address, f"{address}/brief", "/review/person", "/review/personalrat"):
        assert CANARY not in council.get(page).text
        assert CANARY not in officer.get(page).text, "the name stands on one page"
    assert there.house.types().count("reid.resolve") == 1


def test_every_look_at_the_result_is_a_record_before_it_is_shown(there: TwoPeople) -> None:
    officer, council = browsers(there)
    address = asked(officer)
    opened(officer, council, address)
    before = there.house.types().count("view")
    officer.get(f"{address}/ergebnis")
    council.get(f"{address}/ergebnis")
    assert there.house.types().count("view") == before + 1


def test_the_person_is_told_and_the_day_is_put_down_by_the_one_who_asked(there: TwoPeople) -> None:
    officer, council = browsers(there)
    address = asked(officer)
    opened(officer, council, address)
    assert "Bitte geben Sie den Tag an" in step(officer, address, "informiert", am="morgen").text
    assert step(officer, address, "informiert", am="1999-01-01").status == 422
    assert step(council, address, "informiert", am="2026-11-23").status == 403
    today = words.iso_day(datetime.fromtimestamp(now_us() / 1e6, UTC))
    assert step(officer, address, "informiert", am=today).status == 303
    assert "erledigt" in officer.get(address).text


def test_the_same_person_on_both_sides_is_refused(house: House) -> None:
    there = two_people(house)
    both = house.hire("Beides Muster", "dpo", "personalrat")
    browser, council = house.browser(both), house.browser(there.council)
    address = asked(browser)
    answer = step(browser, address, "zustimmen", rolle="personalrat")
    assert answer.status == 403
    assert "zwei verschiedene Personen" in answer.text
    assert step(council, address, "zustimmen", rolle="personalrat").status == 303
    assert step(browser, address, "ausgeben").status == 303
    envelope = open_outer(piece_on(browser, address))
    assert step(browser, address, "umschlag", stueck=envelope).status == 303
    answer = step(browser, address, "antwort", stueck=open_inner(envelope))
    assert answer.status == 403, "even with both keys: somebody else opens the inner layer"
    assert "reid.resolve" not in house.types()


def test_one_approver_opens_nothing(there: TwoPeople) -> None:
    officer, council = browsers(there)
    address = asked(officer)
    answer = step(officer, address, "ausgeben")
    assert answer.status == 422
    assert "fehlt noch die Zustimmung" in answer.text
    assert step(officer, address, "zustimmen", rolle="personalrat").status == 403
    assert step(council, address, "ausgeben").status == 403
    assert "BEGIN KI-PFORTE" not in officer.get(address).text


def test_another_officer_neither_opens_nor_sees_what_a_colleague_asked_for(house: House) -> None:
    there = two_people(house)
    officer, council = browsers(there)
    other = house.browser(house.hire("Zweite Muster", "dpo"))
    address = asked(officer)
    opened(officer, council, address)
    assert other.get(f"{address}/ergebnis").status == 403
    assert step(other, address, "informiert", am="2026-11-22").status == 403


def test_the_reason_is_asked_first_and_what_was_typed_stays(there: TwoPeople) -> None:
    officer, _ = browsers(there)
    answer = officer.post("/review/person/neu", {"fall": "Frau Meier", "vorgang": VORGANG}, page="/review/person/neu")
    assert answer.status == 422
    assert 'value="Frau Meier"' in answer.text
    assert answer.text.index('name="grund"') < answer.text.index('name="vorgang"')
    named = {"grund": "missbrauch", "fall": "Frau Meier", "vorgang": VORGANG}
    answer = officer.post("/review/person/neu", named, page="/review/person/neu")
    assert "ohne Namen" in answer.text
    for wrong in ({"vorgang": VORGANG, "pseudonym": there.pseudonym}, {}, {"vorgang": "gibt-es-nicht"},
                  {"pseudonym": "P-" + "A" * 16}):
        form = {"grund": "missbrauch", "fall": "V-1", **wrong}
        assert officer.post("/review/person/neu", form, page="/review/person/neu").status == 422
    assert "reid.request" not in there.house.types()


def test_a_piece_of_another_request_is_refused_where_it_is_handed_in(there: TwoPeople) -> None:
    officer, council = browsers(there)
    first, second = asked(officer), asked(officer, fall="V-2026-4")
    for address in (first, second):
        step(council, address, "zustimmen", rolle="personalrat")
        step(officer, address, "ausgeben")
    envelope = open_outer(piece_on(officer, first))
    assert step(officer, second, "umschlag", stueck=envelope).status == 422
    assert step(officer, first, "umschlag", stueck=piece_on(officer, first)).status == 422, "still closed"
    assert step(officer, first, "umschlag", stueck="gar nichts").status == 422
    assert step(officer, first, "umschlag", stueck=envelope).status == 303
    assert step(council, second, "antwort", stueck=open_inner(envelope)).status == 422
    assert step(council, first, "antwort", stueck=envelope).status == 422
    assert "reid.resolve" not in there.house.types()


def test_who_refuses_ends_it_and_nothing_is_left_to_open(there: TwoPeople) -> None:
    officer, council = browsers(there)
    address = asked(officer)
    step(council, address, "zustimmen", rolle="personalrat")
    step(officer, address, "ausgeben")
    assert step(council, address, "ablehnen", rolle="personalrat").status == 303
    page = officer.get(address).text
    assert "abgelehnt" in page
    assert "BEGIN KI-PFORTE" not in page


def test_the_name_is_beside_no_pseudonym_on_disk_and_the_key_to_the_answer_lives_a_day(
        there: TwoPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    officer, council = browsers(there)
    address, keys = asked(officer), there.house.ledger.config.folder
    opened(officer, council, address)
    assert CANARY in officer.get(f"{address}/ergebnis").text
    for path in (*keys.parent.glob("audit*"), *keys.rglob("*")):
        held = path.read_bytes() if path.is_file() else b""
        assert CANARY.encode() not in held
        assert there.clerk.person.id.encode() not in held, "not even the id of the person"
    assert len(list(keys.glob("reid-*.key"))) == 1
    later = now_us() + 24 * 3600 * 1_000_000 + 1
    for room in ("audit.reid", "gateway.reid.desk"):
        monkeypatch.setattr(f"{room}.now_us", lambda: later)
    assert officer.get(f"{address}/ergebnis").status == 422
    officer.get("/review/person")
    assert list(keys.glob("reid-*.key")) == []


def test_everybody_hands_in_the_key_of_their_own_role_and_the_council_puts_it_in_force(house: House) -> None:
    there = two_people(house, keys=False)
    officer, council = browsers(there)
    own, other = TrusteeKey.of(DPO, OFFICER), TrusteeKey.of(PERSONALRAT, COUNCIL)
    page = "/review/person/schluessel"
    assert "die sparsamste Einstellung" in officer.get(page).text
    answer = officer.post(page, {"rolle": "dpo", "oeffentlich": str(other)}, page=page)
    assert answer.status == 422, "the council's key is not the officer's to hand in"
    assert officer.post(page, {"rolle": "personalrat", "oeffentlich": str(other)}, page=page).status == 403
    assert officer.post(page, {"rolle": "dpo", "oeffentlich": str(own)}, page=page).status == 303
    assert council.post(page, {"rolle": "personalrat", "oeffentlich": f" {other}\n"}, page=page).status == 303
    assert own.fingerprint in council.get("/review/personalrat").text
    form = {"schritt": "schluessel", "rolle": "dpo", "schluessel": own.id}
    assert officer.post("/review/personalrat", form, page="/konto").status == 403
    assert council.post("/review/personalrat", {**form, "schluessel": other.id}, page="/konto").status == 422
    assert council.post("/review/personalrat", form, page="/konto").status == 303
    form = {"schritt": "schluessel", "rolle": "personalrat", "schluessel": other.id}
    assert council.post("/review/personalrat", form, page="/konto").status == 303
    assert house.ledger.keyring.problem() == ""
    assert house.types().count("reid.key_approved") == 2


def test_who_is_officer_and_council_does_not_put_the_officers_key_in_force(house: House) -> None:
    both = house.browser(house.hire("Beides Muster", "dpo", "personalrat"))
    page, own = "/review/person/schluessel", TrusteeKey.of(DPO, OFFICER)
    assert both.post(page, {"rolle": "dpo", "oeffentlich": str(own)}, page="/konto").status == 303
    answer = both.post("/review/personalrat", {"schritt": "schluessel", "rolle": "dpo", "schluessel": own.id},
                       page="/konto")
    assert answer.status == 403
    assert house.ledger.keyring.in_force() == {}
