"""Signing in and out: keys, forms, cookies, guessing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.web.sessions import COOKIE, FORM_COOKIE, IDLE, LONGEST, Sessions
from gateway.web.throttle import PER_ADDRESS, Throttle
from tests.support.web_client import Browser
from tests.support.web_house import NOW, House


def test_who_signs_in_is_greeted_and_goes_where_they_wanted(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    browser = Browser(house.app)
    answer = browser.get("/review?amt=bauamt")
    assert answer.header("location") == "/anmelden?weiter=/review%3Famt%3Dbauamt"
    token = browser.get(answer.header("location")).token
    answer = browser.post("/anmelden", {"formular": token, "schluessel": house.keys[entry.person.id],
                                        "weiter": "/review?amt=bauamt"})
    assert (answer.status, answer.header("location")) == (303, "/review?amt=bauamt")
    assert "Guten Tag, Mia Muster" in browser.get("/").text


@pytest.mark.parametrize("target", ["https://boese.example", "//boese.example", "/\\boese.example", "javascript:x",
                                    "/anmelden?weiter=/x", "/a\r\nset-cookie: a=b", "", "\t//boese.example"])
def test_signing_in_never_leads_to_another_server(house: House, target: str) -> None:
    entry = house.hire("Mia Muster")
    answer = Browser(house.app).post("/anmelden", {"schluessel": house.keys[entry.person.id], "weiter": target},
                                     page="/anmelden")
    assert answer.header("location") == "/"


def test_the_cookie_is_closed_to_scripts_and_other_sites_and_holds_no_name_and_no_key(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    key = house.keys[entry.person.id]
    plain = Browser(house.app).post("/anmelden", {"schluessel": key}, page="/anmelden").header("set-cookie")
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    secure = Browser(house.app, scheme="https").post("/anmelden", {"schluessel": key}, page="/anmelden")
    assert all("Secure" in line for line in secure.all("set-cookie"))
    assert secure.header("strict-transport-security")
    assert key not in plain
    assert "Mia" not in plain


def test_a_wrong_key_is_explained_and_never_shown_again(house: House) -> None:
    entry = house.hire("Mia Muster")
    wrong = house.keys[entry.person.id][:-1] + "#"
    for key in (wrong, house.keys[entry.person.id].swapcase().replace("KIP_", "kip_"), "<b>", ""):
        answer = Browser(house.app).post("/anmelden", {"schluessel": key}, page="/anmelden")
        assert answer.status == 401
        assert 'role="alert"' in answer.text
        assert not key or key not in answer.text
        assert f"{COOKIE}=" not in answer.header("set-cookie")


def test_a_form_without_its_token_changes_nothing(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    key = house.keys[entry.person.id]
    stranger, other = Browser(house.app), Browser(house.app)
    foreign = other.get("/anmelden").token
    for form in ({"schluessel": key}, {"schluessel": key, "formular": foreign}, {"schluessel": key, "formular": "ü"}):
        stranger.get("/anmelden")
        answer = stranger.post("/anmelden", form)
        assert answer.status == 403
        assert COOKIE not in stranger.cookies
    officer = house.browser(entry)
    for path in ("/abmelden", "/review/pruefung"):
        for token in ("", foreign, house.context.secret.hex()):
            assert officer.post(path, {"formular": token}).status == 403
    assert officer.get("/review").status == 200
    assert "verify.result" not in house.types()


def test_a_token_of_an_old_session_does_not_fit_the_new_one(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    browser = house.browser(entry)
    old = browser.get("/review").token
    browser.post("/abmelden", {}, page="/")
    browser.post("/anmelden", {"schluessel": house.keys[entry.person.id]}, page="/anmelden")
    assert browser.post("/review/pruefung", {"formular": old}).status == 403


def test_a_form_that_is_too_large_is_not_read(house: House) -> None:
    answer = Browser(house.app).post("/anmelden", {"schluessel": "x" * 100_000}, page="/anmelden")
    assert answer.status == 413


def test_after_signing_out_even_a_copied_cookie_is_worthless(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    copied = dict(browser.cookies)
    answer = browser.post("/abmelden", {}, page="/pass")
    assert answer.header("location").startswith("/anmelden")
    assert COOKIE not in browser.cookies
    assert "Sie sind abgemeldet" in browser.get(answer.header("location")).text
    assert Browser(house.app, copied).get("/pass").status == 303


def test_a_session_ends_after_an_hour_without_a_click(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    house.clock.time = NOW + timedelta(seconds=IDLE - 1)
    assert browser.get("/pass").status == 200
    house.clock.time = NOW + timedelta(seconds=2 * IDLE - 2)
    assert browser.get("/pass").status == 200
    house.clock.time = NOW + timedelta(seconds=3 * IDLE - 2)
    assert browser.get("/pass").status == 303


def test_a_session_ends_after_eight_hours_however_busy(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster"))
    for minutes in range(30, LONGEST // 60, 30):
        house.clock.time = NOW + timedelta(minutes=minutes)
        assert browser.get("/pass").status == 200
    house.clock.time = NOW + timedelta(seconds=LONGEST)
    assert browser.get("/pass").status == 303


def test_a_forged_or_cut_cookie_is_nobody(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    real = house.browser(entry).cookies[COOKIE]
    other = Sessions(b"o" * 32)
    forged = other.write(other.begin(NOW))
    for cookie in (forged, real[:-1], real[1:], "", "x", "W10.x", real.split(".")[0]):
        assert Browser(house.app, {COOKIE: cookie}).get("/review").status in (303,)


def test_a_form_token_is_no_session(house: House) -> None:
    browser = Browser(house.app)
    browser.get("/anmelden")
    assert Browser(house.app, {COOKIE: browser.cookies[FORM_COOKIE]}).get("/pass").status == 303


def test_a_revoked_key_ends_its_session(house: House) -> None:
    entry = house.hire("Mia Muster")
    browser = house.browser(entry)
    house.change(entry, revoked=True)
    assert browser.get("/pass").status == 303


def test_guessing_is_slowed_down_per_address(house: House) -> None:
    entry = house.hire("Mia Muster")
    guesser, colleague = Browser(house.app), Browser(house.app, address="192.0.2.2")
    for _ in range(PER_ADDRESS):
        assert guesser.post("/anmelden", {"schluessel": "kip_falsch"}, page="/anmelden").status == 401
    answer = guesser.post("/anmelden", {"schluessel": house.keys[entry.person.id]}, page="/anmelden")
    assert answer.status == 429
    assert int(answer.header("retry-after")) > 0
    right = {"schluessel": house.keys[entry.person.id]}
    assert colleague.post("/anmelden", right, page="/anmelden").status == 303
    house.clock.time = NOW + timedelta(minutes=16)
    assert guesser.post("/anmelden", right, page="/anmelden").status == 303


def test_guessing_one_account_from_many_addresses_is_slowed_down_too() -> None:
    throttle = Throttle()
    for n in range(30):
        assert throttle.wait(f"192.0.2.{n}", "abcdefgh", NOW) == 0
        throttle.failed(f"192.0.2.{n}", "abcdefgh", NOW)
    assert throttle.wait("198.51.100.1", "abcdefgh", NOW) > 0
    assert throttle.wait("198.51.100.1", "zzzzzzzz", NOW) == 0


def test_the_throttle_stays_small_whoever_knocks() -> None:
    throttle = Throttle()
    for n in range(12_000):
        throttle.failed(f"{n}", f"{n}", NOW)
    assert len(throttle._failures) <= 10_000
