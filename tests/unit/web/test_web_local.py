"""Addresses and passwords: links, signing in, guessing, changing; sign-ins that end everywhere."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.identity.passwords import Passwords, objection
from gateway.model.accounts import Invitation
from gateway.registry import people as registry_people
from gateway.registry.access_desk import MOST_WAITING, _said
from gateway.registry.accounts import Accounts
from gateway.registry.books import COMMAND_LINE, Actor
from gateway.store import InvalidError, accounts, people
from gateway.web import local
from gateway.web.sessions import COOKIE, IDLE, LONGEST, Session, minutes_until_warning
from tests.support.web_client import Answer, Browser
from tests.support.web_house import CHEAPEST, NOW, Entry, House

GOOD = "vier Wörter ohne Sinn"


def invite(house: House, entry: Entry, actor: Actor = COMMAND_LINE) -> Invitation:
    return Accounts(house.books, Passwords(CHEAPEST)).invite(actor, entry.person.id)


def redeem(house: House, made: Invitation, password: str = GOOD, again: str | None = None,
           browser: Browser | None = None) -> Answer:
    browser, path = browser or Browser(house.app), f"/einladung/{made.code}"
    return browser.post(path, {"kennwort": password, "noch_einmal": password if again is None else again}, page=path)


def sign_in(house: House, email: str, password: str, browser: Browser | None = None, **more: str) -> Answer:
    return (browser or Browser(house.app)).post(
        "/anmelden/kennwort", {"adresse": email, "kennwort": password, **more}, page="/anmelden")


def member(house: House, *roles: str) -> Entry:
    entry = house.hire("Mia Muster", *roles)
    assert redeem(house, invite(house, entry)).status == 303
    return entry


def test_a_link_leads_to_a_password_and_the_password_in(house: House) -> None:
    entry, browser = house.hire("Mia Muster"), Browser(house.app)
    answer = redeem(house, invite(house, entry), browser=browser)
    assert (answer.status, answer.header("location")) == (303, "/")
    assert "Mia Muster" in browser.get("/").text
    answer = sign_in(house, f" {entry.person.email.upper()} ", GOOD, weiter="/keys")
    assert (answer.status, answer.header("location")) == (303, "/keys")
    assert {"person.invited", "person.password"} <= set(house.types())


def test_a_link_works_once_also_in_two_tabs(house: House) -> None:
    entry = house.hire("Mia Muster")
    made, tab = invite(house, entry), Browser(house.app)
    token = tab.get(f"/einladung/{made.code}").token
    assert redeem(house, made).status == 303
    late = tab.post(f"/einladung/{made.code}", {"formular": token, "kennwort": "ganz anderes Wort da",
                                                "noch_einmal": "ganz anderes Wort da"})
    assert late.status == 410
    assert sign_in(house, entry.person.email, "ganz anderes Wort da").status == 401
    assert sign_in(house, entry.person.email, GOOD).status == 303


def test_a_link_ends_after_seven_days_with_a_newer_one_and_with_the_person(house: House) -> None:
    entry = house.hire("Mia Muster")
    first = invite(house, entry)
    second = invite(house, entry)
    assert redeem_gone(house, first)
    house.clock.time = NOW + timedelta(days=7)
    assert redeem_gone(house, second)
    third = invite(house, entry)
    assert not redeem_gone(house, third)
    house.change(entry, person=type(entry.person)(**{
        **{f: getattr(entry.person, f) for f in entry.person.__slots__}, "disabled_at": NOW}))
    assert redeem_gone(house, third)
    with pytest.raises(InvalidError):
        invite(house, entry)


@pytest.mark.parametrize("how", [{"roles": frozenset({"staff", "dpo"})}, {"email": "neu@musterstadt.example"}])
def test_a_link_of_the_pass_office_does_not_outlive_a_new_role_or_address(house: House, how: dict[str, Any]) -> None:
    entry = house.hire("Mia Muster")
    made = invite(house, entry, Actor("web", "p1", "ki-pass-stelle"))
    registry_people.change(house.books, COMMAND_LINE, entry.person.id, lambda person: replace(person, **how))
    assert redeem_gone(house, made)


def test_a_link_does_not_come_back_with_the_person(house: House) -> None:
    entry = house.hire("Mia Muster")
    made = invite(house, entry)
    for active in (False, True):
        registry_people.switch(house.books, COMMAND_LINE, entry.person.id, active=active)
    assert redeem_gone(house, made)


def redeem_gone(house: House, made: Invitation) -> bool:
    answer = Browser(house.app).get(f"/einladung/{made.code}")
    return answer.status == 410 and made.person.name not in answer.text


def test_only_the_it_invites_who_holds_a_role(house: House) -> None:
    officer, clerk = house.hire("Dora Datenschutz", "dpo"), house.hire("Mia Muster")
    office = Actor("web", "somebody", "ki-pass-stelle")
    assert invite(house, clerk, office).kind == "einladung"
    with pytest.raises(InvalidError, match="IT"):
        invite(house, officer, office)
    assert invite(house, officer, Actor("web", "somebody", "it")).kind == "einladung"


def test_neither_book_holds_a_code_a_password_or_an_address(house: House) -> None:
    entry = house.hire("Mia Muster")
    made = invite(house, entry)
    assert made.code not in repr(made)
    redeem(house, made)
    with house.books.reading() as connection:
        account = accounts.of_person(connection, entry.person.id)
        raw = connection.connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())
    assert account
    assert account.password.startswith("$argon2id$")
    assert account.password not in repr(account)
    assert made.code not in dump
    assert GOOD not in dump
    house.ledger.sequence()
    for row in house.ledger.reader.tail(-1, 100):
        view = house.ledger.reader.get(row.id)
        assert view is not None
        assert entry.person.email not in str(view)


def test_a_new_password_ends_every_other_sign_in(house: House) -> None:
    entry = member(house)
    here, there, by_key = Browser(house.app), Browser(house.app), house.browser(entry)
    for browser in (here, there):
        sign_in(house, entry.person.email, GOOD, browser)
    form = {"bisher": GOOD, "kennwort": "fünf andere Wörter jetzt", "noch_einmal": "fünf andere Wörter jetzt"}
    assert here.post("/konto/kennwort", form, page="/konto").header("location") == "/konto?geaendert=1"
    assert here.get("/konto?geaendert=1").status == 200
    assert (there.get("/konto").status, by_key.get("/konto").status) == (303, 303)
    assert sign_in(house, entry.person.email, GOOD).status == 401
    redeem(house, invite(house, entry), "wieder ganz neue Wörter")
    assert here.get("/konto").status == 303


@pytest.mark.parametrize("form", [
    {"bisher": "falsch", "kennwort": "fünf andere Wörter", "noch_einmal": "fünf andere Wörter"},
    {"bisher": GOOD, "kennwort": "fünf andere Wörter", "noch_einmal": "fünf andere"},
    {"bisher": GOOD, "kennwort": "kurz", "noch_einmal": "kurz"}, {}])
def test_a_password_is_not_changed_without_the_old_one_and_a_good_new_one(house: House, form: dict[str, str]) -> None:
    entry, browser = member(house), Browser(house.app)
    sign_in(house, entry.person.email, GOOD, browser)
    answer = browser.post("/konto/kennwort", form, page="/konto")
    assert answer.status == 400
    assert 'role="alert"' in answer.text
    assert all(value not in answer.text for value in form.values() if len(value) > 6)
    assert sign_in(house, entry.person.email, GOOD).status == 303


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(house: House) -> None:
    entry, keyed = member(house), house.hire("Max Muster")
    answers = [sign_in(house, email, password) for email, password in [
        (entry.person.email, "falsch"), ("niemand@x.example", GOOD), (keyed.person.email, GOOD), ("", ""),
        ("ü\x00@x", GOOD), (entry.person.email, GOOD + "\x00"), (entry.person.email, "x" * 9000)]]
    assert {answer.status for answer in answers} == {401}
    assert all("passen nicht zusammen" in answer.text and COOKIE not in answer.header("set-cookie")
               for answer in answers)


def test_an_unknown_address_costs_the_same_work(house: House) -> None:
    entry, passwords = member(house), Passwords(CHEAPEST)
    worked: list[str] = []

    class Counted(type(passwords._hasher)):  # type: ignore[misc]
        def verify(self, digest: str, text: str) -> bool:
            worked.append(digest)
            return bool(super().verify(digest, text))
    passwords._hasher = Counted.from_parameters(CHEAPEST)
    own = Accounts(house.books, passwords)
    for email in (entry.person.email, "niemand@x.example"):
        assert own.sign_in(email, "falsch") is None
    assert len(worked) == 2
    assert worked[0].rpartition("$")[0].split("$")[:4] == worked[1].rpartition("$")[0].split("$")[:4]


def test_a_password_of_a_megabyte_is_not_read(house: House) -> None:
    entry = member(house)
    assert sign_in(house, entry.person.email, "x" * 1_000_000).status == 413


def test_both_ways_to_type_an_umlaut_are_the_same_password(house: House) -> None:
    entry = house.hire("Mia Muster")
    redeem(house, invite(house, entry), unicodedata.normalize("NFD", "grüne Straßenbahn ﬁel um"))
    for form in ("NFC", "NFD", "NFKC"):
        assert sign_in(house, entry.person.email,
                       unicodedata.normalize(form, "grüne Straßenbahn ﬁel um")).status == 303  # type: ignore[arg-type]
    assert sign_in(house, entry.person.email, "grune Straßenbahn fiel um").status == 401


def test_guessing_is_slowed_down_and_a_colleague_elsewhere_is_not(house: House) -> None:
    entry = member(house)
    guesser, colleague = Browser(house.app), Browser(house.app, address="192.0.2.2")
    for _ in range(local.PER_PAIR):
        assert sign_in(house, entry.person.email, "falsch", guesser).status == 401
    answer = sign_in(house, entry.person.email, GOOD, guesser)
    assert answer.status == 429
    assert int(answer.header("retry-after")) > 0
    assert sign_in(house, entry.person.email, GOOD, colleague).status == 303
    for n in range(local.PER_ACCOUNT):
        sign_in(house, entry.person.email, "falsch", Browser(house.app, address=f"198.51.100.{n}"))
    assert sign_in(house, entry.person.email, GOOD, Browser(house.app, address="203.0.113.9")).status == 429
    assert house.browser(entry).get("/").status == 200
    house.clock.time = NOW + timedelta(minutes=16)
    assert sign_in(house, entry.person.email, GOOD, guesser).status == 303


def test_who_knows_the_password_is_not_counted(house: House) -> None:
    entry = member(house)
    for _ in range(local.PER_PAIR + 2):
        assert sign_in(house, entry.person.email, GOOD).status == 303


def test_a_digest_of_lower_costs_is_renewed_at_sign_in(house: House) -> None:
    entry = member(house)
    stronger = Passwords(type(CHEAPEST)(CHEAPEST.type, 19, 16, 32, 2, 16, 1))

    def kept() -> str:
        with house.books.reading() as connection:
            account = accounts.of_person(connection, entry.person.id)
        assert account
        return account.password
    before = kept()
    assert Accounts(house.books, stronger).sign_in(entry.person.email, "falsch") is None
    assert kept() == before
    assert Accounts(house.books, stronger).sign_in(entry.person.email, GOOD) == entry.person.id
    assert "m=16,t=2" in kept()
    assert sign_in(house, entry.person.email, GOOD).status == 303


def test_where_passwords_are_switched_off_none_opens_the_door(house: House) -> None:
    entry = member(house)
    made = invite(house, entry)
    object.__setattr__(house.context, "local_sign_in", False)
    browser = Browser(house.app)
    token = browser.get("/anmelden").token
    assert "Kennwort" not in browser.get("/anmelden").text
    assert browser.post("/anmelden/kennwort", {"formular": token, "adresse": entry.person.email,
                                               "kennwort": GOOD}).status == 404
    assert browser.get(f"/einladung/{made.code}").status == 404
    assert browser.post(f"/einladung/{made.code}", {"formular": token, "kennwort": GOOD + "x",
                                                    "noch_einmal": GOOD + "x"}).status == 404


def test_a_session_given_to_somebody_beforehand_is_not_the_one_they_sign_in_with(house: House) -> None:
    thief, victim = member(house), house.hire("Max Muster")
    redeem(house, invite(house, victim), GOOD)
    stolen = Browser(house.app)
    sign_in(house, thief.person.email, GOOD, stolen)
    planted = Browser(house.app, dict(stolen.cookies))
    planted.cookies.pop(COOKIE)
    planted.cookies[COOKIE] = stolen.cookies[COOKIE]
    token = planted.get("/konto").token
    planted.send("POST", "/anmelden/kennwort",
                 f"formular={token}&adresse={victim.person.email}&kennwort={GOOD.replace(' ', '+')}".encode())
    assert planted.cookies[COOKIE] != stolen.cookies[COOKIE]
    assert "Max Muster" in planted.get("/konto").text
    assert stolen.get("/konto").status == 303


def test_signing_out_everywhere_ends_every_session_and_copied_cookies(house: House) -> None:
    entry = member(house)
    browsers = [house.browser(entry), house.browser(entry), Browser(house.app)]
    sign_in(house, entry.person.email, GOOD, browsers[2])
    text = browsers[0].get("/konto").text
    assert text.count("an einem anderen Gerät") >= 2
    assert text.count("in diesem Browser") == 1
    assert "Uhr<" not in text
    assert browsers[0].post("/konto/abmelden", {}, page="/konto").header("location").startswith("/anmelden")
    assert [browser.get("/konto").status for browser in browsers] == [303] * 3
    assert "person.signed_out" in house.types()


def test_a_session_of_a_person_who_was_deleted_is_nobody(house: House) -> None:
    entry = member(house)
    browser = house.browser(entry)
    with house.books.writing() as connection:
        connection.exec_driver_sql("DELETE FROM person WHERE id = ?", (entry.person.id,))
        assert people.by_id(connection, entry.person.id) is None
    assert browser.get("/konto").status == 303
    assert sign_in(house, entry.person.email, GOOD).status == 401


def test_too_many_at_once_are_turned_away_before_they_cost_memory(house: House) -> None:
    entry = member(house)
    desk = house.context.accounts
    vars(desk)["_waiting"] = MOST_WAITING
    answer = sign_in(house, entry.person.email, GOOD)
    assert answer.status == 429
    assert "halben Minute" in answer.text
    vars(desk)["_waiting"] = 0
    assert sign_in(house, entry.person.email, GOOD).status == 303


@pytest.mark.parametrize(("password", "taken"), [
    ("Kugelschreiber tanzt leise", True), ("correct horse battery staple", False), ("passwort12345", False),
    ("Passwort!2026!!", False), ("qwertzuiopü123", False), ("aaaaaaaaaaaaaaa", False), ("abcabcabcabcabc", False),
    ("123456789012345", False), ("MiaMuster20261", False), ("mia.muster@x.example", False), ("kurz", False),
    ("Stadt Musterstadt 1", False), ("Sommer2026!!!!", False), ("\u200b" * 14, False), ("ab\x00cdefghijklmno", False),
    ("💧🌲🏔️🚲🪁🧭🛶⛺🔥🌙⭐🪐🎈", True), ("§$%&/()=?!#+-", True), ("x" * 257, False),
    ("Mia isst gern Zwetschgenkuchen", True)])
def test_passwords_that_everybody_would_try_are_not_taken(password: str, taken: bool) -> None:
    problem = objection(password, ("mia.muster@x.example", "Mia Muster", "Stadt Musterstadt"))
    assert (problem == "") == taken, problem
    assert password not in problem or not password


def test_the_page_warns_two_minutes_before_the_session_ends() -> None:
    at = int(NOW.timestamp())
    assert minutes_until_warning(Session("x", at, at), NOW) == IDLE // 60 - 2
    assert minutes_until_warning(Session("x", at - LONGEST + 600, at), NOW) == 8
    assert minutes_until_warning(Session("x", at - LONGEST + 60, at), NOW) == 0
    assert minutes_until_warning(None, NOW) is None


def test_when_the_books_cannot_be_read_nobody_gets_in() -> None:
    def broken() -> None:
        raise OSError("no database")
    with pytest.raises(GatewayError, match="pruefung_nicht_verfuegbar"):
        _said(broken)
