"""Pages of the sign-in at the provider, and roles that rest without a second factor. The provider is a small stand-in;
the real one is in ``tests/e2e``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.model.people import ROLES
from gateway.model.signin import Arrival, Begun, in_force
from gateway.web import sso
from gateway.web.sessions import COOKIE
from tests.support.web_client import Browser
from tests.support.web_house import Entry, House

DOWN = GatewayError("pruefung_nicht_verfuegbar", "Der Anmeldedienst antwortet gerade nicht.", retry_after=60)


class Provider:
    """Says that whoever comes back is `subject`, with or without a second factor."""

    def __init__(self) -> None:
        self.subject, self.strong, self.target = "", False, "/pass"
        self.refuses: GatewayError | None = None
        self.asked: list[tuple[str, bool]] = []
        self.notices: list[str] = []

    async def begin(self, target: str, *, strong: bool = False) -> Begun:
        self.asked.append((target, strong))
        self._fail()
        return Begun("https://sso.example/auth?state=x", "ticket")

    async def finish(self, parameters: Mapping[str, str], cookie: str) -> Arrival:
        self._fail()
        assert cookie == "ticket"
        return Arrival(self.subject, self.target, self.strong, "sid 1")

    async def farewell(self) -> str:
        return "" if self.refuses else "https://sso.example/end"

    async def departed(self, token: str) -> None:
        self.notices.append(token)
        self._fail()

    def _fail(self) -> None:
        if self.refuses:
            raise self.refuses


@pytest.fixture
def provider(house: House) -> Provider:
    found = Provider()
    house.context = replace(house.context, sso=found, guarded=frozenset({"dpo"}))
    house.app = house._application()
    return found


def come_in(house: House, provider: Provider, entry: Entry, *, strong: bool = False) -> Browser:
    provider.subject, provider.strong = entry.person.id, strong
    browser = house.browser()
    assert browser.get("/anmelden/sso?weiter=/pass").status == 303
    assert browser.get("/anmelden/zurueck?state=x&code=y").header("location") == "/pass"
    return browser


def test_a_visitor_goes_out_with_a_ticket_and_comes_back_to_a_session(house: House, provider: Provider) -> None:
    browser = house.browser()
    answer = browser.get("/anmelden/sso?weiter=/usage")
    assert (answer.status, answer.header("location")) == (303, "https://sso.example/auth?state=x")
    [ticket] = answer.all("set-cookie")
    assert ticket.startswith("ki_pforte_anmeldung=ticket; ")
    for word in ("HttpOnly", "SameSite=lax", "Path=/anmelden", "Max-Age=600"):
        assert word in ticket
    browser = come_in(house, provider, house.hire("Mia Muster"))
    assert set(browser.cookies) == {COOKIE}
    assert "Mia Muster" in browser.get("/pass").text


@pytest.mark.parametrize("strong", [False, True])
@pytest.mark.parametrize("role", ROLES)
def test_a_guarded_role_counts_only_after_a_second_factor(house: House, provider: Provider, role: str,
                                                          strong: bool) -> None:
    answer = come_in(house, provider, house.hire("Mia Muster", role), strong=strong).get("/review?amt=bauamt")
    assert answer.status == (200 if role == "dpo" and strong else 403)
    offered = "/anmelden/sso?stark=1&amp;weiter=/review%3Famt%3Dbauamt"
    assert (offered in answer.text) is (role == "dpo" and not strong)
    assert ("<h1>Hier ist ein zweiter Faktor nötig</h1>" in answer.text) is (role == "dpo" and not strong)


def test_the_menu_and_every_page_know_only_the_roles_that_count(house: House, provider: Provider) -> None:
    officer = house.hire("Mia Muster", "dpo")
    assert 'href="/review"' in come_in(house, provider, officer, strong=True).get("/").text
    weak = come_in(house, provider, officer).get("/").text
    assert 'href="/review"' not in weak
    assert "Datenschutzbeauftragte" in weak, "the start page says which role rests, and how to use it"
    assert "/anmelden/sso?stark=1" in weak


def test_a_key_is_no_second_factor(house: House, provider: Provider) -> None:
    assert house.browser(house.hire("Mia Muster", "dpo")).get("/review").status == 403


@given(roles=st.frozensets(st.sampled_from(ROLES)), guarded=st.frozensets(st.sampled_from(ROLES)), strong=st.booleans())
def test_a_second_factor_never_takes_a_role_away_and_without_it_no_guarded_one_counts(
        roles: frozenset[str], guarded: frozenset[str], strong: bool) -> None:
    counted = in_force(roles, guarded, strong=strong)
    assert counted <= roles
    assert in_force(roles, guarded, strong=True) == roles
    assert roles - guarded <= counted
    assert strong or not counted & guarded


@pytest.mark.parametrize("path", ["/anmelden/sso?weiter=/pass", "/anmelden/zurueck?error=access_denied&x=canary"])
@pytest.mark.parametrize("error", [DOWN, GatewayError("schluessel_ungueltig", "Sie haben die Anmeldung abgebrochen.")])
def test_what_fails_ends_on_a_calm_page_with_a_way_on(house: House, provider: Provider, path: str,
                                                      error: GatewayError) -> None:
    provider.refuses = error
    browser = house.browser()
    answer = browser.get(path)
    assert answer.status == error.status
    assert "<h1>Die Anmeldung hat nicht geklappt</h1>" in answer.text
    assert error.message in answer.text
    assert 'href="/anmelden/sso?weiter=/' in answer.text
    assert "canary" not in answer.text
    assert answer.header("retry-after") == ("60" if error is DOWN else "")
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/anmelden/sso", ""])
def test_no_target_leads_elsewhere_or_in_a_circle(house: House, provider: Provider, target: str) -> None:
    provider.target = target
    entry = house.hire("Mia Muster")
    provider.subject = entry.person.id
    browser = house.browser()
    browser.get(f"/anmelden/sso?weiter={target}")
    assert provider.asked == [("/", False)]
    assert browser.get("/anmelden/zurueck?state=x").header("location") == "/"


def test_a_new_session_gets_a_new_id_and_ends_the_old_one(house: House, provider: Provider) -> None:
    entry = house.hire("Mia Muster")
    browser = house.browser(entry)
    before = dict(browser.cookies)
    provider.subject = entry.person.id
    browser.get("/anmelden/sso")
    browser.get("/anmelden/zurueck?state=x")
    assert browser.cookies[COOKIE] != before[COOKIE]
    assert Browser(house.app, cookies=before).get("/pass").status == 303


def test_whoever_signs_out_here_is_offered_to_sign_out_there(house: House, provider: Provider) -> None:
    browser = come_in(house, provider, house.hire("Mia Muster"))
    left = browser.post("/abmelden", {}, page="/pass")
    page = browser.get(left.header("location"))
    assert 'href="/anmelden/abmelden"' in page.text
    assert browser.get("/anmelden/abmelden").header("location") == "https://sso.example/end"
    provider.refuses = DOWN
    assert browser.get("/anmelden/abmelden").header("location") == "/anmelden?abgemeldet=1"
    by_key = house.browser(house.hire("Moritz Muster"))
    assert "/anmelden/abmelden" not in by_key.get(by_key.post("/abmelden", {}, page="/pass").header("location")).text


def test_a_notice_of_the_provider_needs_no_form_of_ours_but_must_be_one(house: House, provider: Provider) -> None:
    browser = house.browser()
    answer = browser.post("/anmelden/abmelden-oidc", {"logout_token": "a.b.c"})
    assert (answer.status, provider.notices, answer.header("cache-control")) == (200, ["a.b.c"], "no-store")
    provider.refuses = GatewayError("schluessel_ungueltig", "Nein.")
    assert browser.post("/anmelden/abmelden-oidc", {}).status == 400
    provider.refuses = DOWN
    assert browser.post("/anmelden/abmelden-oidc", {"logout_token": "a.b.c"}).status == 503
    assert browser.post("/anmelden/abmelden-oidc", {"logout_token": "x" * (sso.NOTICE_FORM + 1)}).status == 413
    assert browser.get("/anmelden/abmelden-oidc").status == 405


def test_signing_in_with_a_key_can_be_switched_off(house: House, provider: Provider) -> None:
    entry = house.hire("Mia Muster")
    form = {"schluessel": house.keys[entry.person.id]}
    browser = house.browser()
    token = browser.get("/anmelden").token
    house.context = replace(house.context, key_sign_in=False)
    house.app = browser.app = house._application()
    page = browser.get("/anmelden").text
    assert 'id="schluessel"' not in page
    assert "/anmelden/sso" in page
    assert browser.send("POST", "/anmelden", f"formular={token}&schluessel={form['schluessel']}".encode()).status == 403
    assert COOKIE not in browser.cookies


def test_without_a_provider_there_are_no_such_pages(house: House) -> None:
    for path in ("/anmelden/sso", "/anmelden/zurueck", "/anmelden/abmelden"):
        assert house.browser().get(path).status == 404
    assert "/anmelden/sso" not in house.browser().get("/anmelden").text
