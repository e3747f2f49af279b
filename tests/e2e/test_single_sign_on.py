"""Signing in at a real OpenID provider: by plain HTTP, through a browser, as bearer, out again, and when it is gone."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import openid_provider
from tests.support.gateway_process import GatewayProcess
from tests.support.openid_provider import SECRET, Provider, Visitor, account, client
from tests.support.webdriver import MISSING, chromium

ROLES = {"resource_access": {"ki-pforte": {"roles": ["dpo"]}}, "department": "Bauamt"}


@dataclass
class Town:
    """A gateway and the provider that it trusts."""

    gateway: GatewayProcess
    sso: Provider

    def sign_in(self, login: str, *, factor: bool = False, path: str = "/pass", strong: bool = False,
                visitor: Visitor | None = None) -> tuple[Visitor, int, str]:
        """Sign somebody in; return the browser, the status of the last page and the page."""
        visitor = visitor or Visitor()
        begin = f"{self.gateway.url}/anmelden/sso?weiter={path}{'&stark=1' if strong else ''}"
        back = visitor.at_provider(begin, login, factor=factor)
        status, page, to = visitor.open(back)
        if to:
            status, page, _ = visitor.open(to)
        return visitor, status, page

    def models(self, token: str) -> tuple[int, str]:
        """Ask the API for its models with a bearer token."""
        request = urllib.request.Request(self.gateway.url + "/v1/models", headers={"authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def token(self, login: str) -> dict[str, str]:
        """Let a program of the house sign somebody in at the provider; return what it gets."""
        visitor, back = Visitor(), "http://127.0.0.1:9/anmelden/zurueck"
        verifier, challenge = "v" * 43, "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
        asked = (f"{self.sso.url}/auth?client_id=chat&response_type=code&scope=openid%20email%20profile&state=s&nonce=n"
                 f"&redirect_uri={back}&code_challenge={challenge}&code_challenge_method=S256")
        code = parse_qs(urlsplit(visitor.at_provider(asked, login)).query)["code"][0]
        _, answer, _ = visitor.open(f"{self.sso.url}/token", {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": "chat",
            "code_verifier": verifier})
        found: dict[str, str] = json.loads(answer)
        return found


@pytest.fixture(scope="module")
def town(policies: Path, settled: GatewayProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    if reason := openid_provider.missing():
        pytest.skip(reason)
    with openid_provider.provider() as sso:
        gateway = GatewayProcess(
            tmp_path_factory.mktemp("sso") / "home", policies, "http://127.0.0.1:1/v1", KI_PFORTE_OIDC_ISSUER=sso.url,
            KI_PFORTE_OIDC_CLIENT_ID="ki-pforte", KI_PFORTE_OIDC_CLIENT_SECRET=SECRET,
            KI_PFORTE_OIDC_PRESET="keycloak", KI_PFORTE_OIDC_LEADS="claims", KI_PFORTE_OIDC_CREATE="on",
            KI_PFORTE_STRONG_ROLES="dpo,personalrat", KI_PFORTE_OIDC_STRONG_ACR="urn:x:high")
        with gateway.settle_like(settled):
            sso.tell(accounts={
                "erika": account(gateway.holder("gueltig").email, department="bauamt"), "dora": account(
                    "dora@musterstadt.example", name="Dora Dreier", **ROLES),
                "fremd": account("fremd@musterstadt.example"),
                "unbestaetigt": account("neu@musterstadt.example", email_verified=False, department="bauamt")},
                clients=[client(gateway.url), client("http://127.0.0.1:9", client_id="chat",
                                                     token_endpoint_auth_method="none", client_secret=None,
                                                     backchannel_logout_uri=None,
                                                     backchannel_logout_session_required=None)])
            yield Town(gateway.start(), sso)


def test_somebody_who_is_known_signs_in_and_is_where_they_wanted_to_be(town: Town) -> None:
    visitor, status, page = town.sign_in("erika")
    assert status == 200
    assert town.gateway.holder("gueltig").name in page
    assert {"ki_pforte_sitzung"} <= {cookie.name for cookie in visitor.jar}
    assert "ki_pforte_anmeldung" not in {cookie.name for cookie in visitor.jar}, "the ticket is gone"


def test_somebody_new_is_written_down_with_what_the_provider_says_and_with_a_record(town: Town) -> None:
    _, status, page = town.sign_in("dora")
    assert (status, "Dora Dreier" in page) == (200, True)
    shown = json.loads(town.gateway.cli("person", "show", "dora@musterstadt.example", "--json").stdout)
    assert (shown["department"], shown["roles"], shown["external_id"]) == ("bauamt", ["dpo", "staff"], "dora")
    [record] = [e for e in town.gateway.records() if e.type == "person.added" and e.meta.get("via") == "oidc"]
    assert record.meta == {"via": "oidc", "roles": ["dpo"]}


def test_a_role_that_the_provider_takes_away_is_gone_with_the_next_sign_in(town: Town) -> None:
    town.sign_in("dora")
    before = town.sso.state["accounts"]
    town.sso.tell(accounts=before | {"dora": account("dora@musterstadt.example", department="Sozialamt")})
    try:
        town.sign_in("dora")
        shown = json.loads(town.gateway.cli("person", "show", "dora@musterstadt.example", "--json").stdout)
        assert (shown["department"], shown["roles"]) == ("sozialamt", ["staff"])
        record = [e for e in town.gateway.records() if e.type == "person.roles"][-1]
        assert record.meta == {"via": "oidc", "joined": [], "left": ["dpo"]}
    finally:
        town.sso.tell(accounts=before)
        town.sign_in("dora")


@pytest.mark.parametrize(("login", "says"), [("fremd", "kein Amt"), ("unbestaetigt", "nicht eingetragen")])
def test_nobody_is_written_down_without_department_or_with_an_unverified_address(town: Town, login: str,
                                                                                 says: str) -> None:
    visitor, status, page = town.sign_in(login)
    assert status == 401
    assert says in page
    assert "<h1>Die Anmeldung hat nicht geklappt</h1>" in page
    assert "ki_pforte_sitzung" not in {cookie.name for cookie in visitor.jar}


def test_a_guarded_role_rests_until_a_second_factor_was_shown(town: Town) -> None:
    visitor, status, page = town.sign_in("dora", path="/review")
    assert status == 403
    assert "zweiten Faktor" in page
    assert '/anmelden/sso?stark=1&amp;weiter=/review"' in page
    _, status, page = town.sign_in("dora", factor=True, path="/review", strong=True, visitor=visitor)
    assert (status, "<h1>Übersicht</h1>" in page) == (200, True)


def test_a_session_ends_everywhere_when_the_provider_says_so(town: Town) -> None:
    visitor, status, _ = town.sign_in("erika")
    assert status == 200
    out = visitor.open(town.gateway.url + "/anmelden/abmelden")[2]
    assert out.startswith(town.sso.url + "/session/end?")
    _, page, _ = visitor.open(out)
    xsrf = page.partition('name="xsrf" value="')[2].partition('"')[0]
    _, _, to = visitor.open(town.sso.url + "/session/end/confirm", {"xsrf": xsrf, "logout": "yes"})
    assert to == town.gateway.url + "/anmelden"
    assert visitor.open(town.gateway.url + "/pass")[2].endswith("/anmelden?weiter=/pass")


def test_a_notice_that_nobody_signed_ends_nothing(town: Town) -> None:
    visitor, _, _ = town.sign_in("erika")
    status, answer, _ = Visitor().open(town.gateway.url + "/anmelden/abmelden-oidc", {"logout_token": "a.b.c"})
    assert (status, json.loads(answer)) == (400, {"error": "invalid_request"})
    assert visitor.open(town.gateway.url + "/pass")[0] == 200


def test_the_answer_of_the_provider_counts_once_and_in_the_browser_that_asked(town: Town) -> None:
    visitor = Visitor()
    back = visitor.at_provider(town.gateway.url + "/anmelden/sso?weiter=/pass", "erika")
    status, page, _ = Visitor().open(back)
    assert (status, "nicht in diesem Browser begonnen" in page) == (401, True)
    assert visitor.open(back)[0] == 303
    assert visitor.open(back)[0] == 401
    assert Visitor().open(town.gateway.url + "/anmelden/zurueck")[0] == 401


def test_whoever_thinks_better_of_it_reads_a_calm_page(town: Town) -> None:
    visitor = Visitor()
    back = visitor.at_provider(town.gateway.url + "/anmelden/sso", "", cancel=True)
    status, page, _ = visitor.open(back)
    assert (status, "abgebrochen" in page, "canary" in page) == (401, True, False)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/anmelden",
                                    "javascript:alert(1)", "/pass%0d%0aset-cookie:a=b"])
def test_it_never_leads_elsewhere(town: Town, target: str) -> None:
    visitor = Visitor()
    back = visitor.at_provider(f"{town.gateway.url}/anmelden/sso?weiter={target}", "erika")
    status, _, to = visitor.open(back)
    assert (status, to) == (303, town.gateway.url + "/")


def test_tokens_of_the_provider_open_the_api_and_those_of_other_clients_do_not(town: Town) -> None:
    town.sign_in("erika")
    got = town.token("erika")
    assert town.models(got["access_token"])[0] == 200, "an access token for the KI-Pforte (at+jwt)"
    status, answer = town.models(got["id_token"])
    assert (status, json.loads(answer)["error"]["code"]) == (401, "schluessel_ungueltig"), "made out for the chat"


def test_keys_change_in_the_middle_and_the_old_ones_end(town: Town) -> None:
    old = town.token("erika")["access_token"]
    assert town.models(old)[0] == 200
    town.sso.tell(alg="ES256", kids=["second"])
    new = town.token("erika")["access_token"]
    give_up = time.monotonic() + 60
    while town.models(new)[0] != 200:  # the gateway looks for new keys once in ten seconds
        assert time.monotonic() < give_up
        time.sleep(0.2)
    assert town.models(old)[0] == 401
    assert town.sign_in("erika")[1] == 200


def test_without_the_provider_the_pages_say_so_and_a_key_still_opens_them(town: Town) -> None:
    town.sso.tell(down=True)
    try:
        visitor = Visitor()
        _, page, to = visitor.open(town.gateway.url + "/anmelden/sso")
        if to:  # it is known where to go; there nobody answers
            assert visitor.open(to)[0] == 503
        assert "canary" not in page
        _, page, _ = visitor.open(town.gateway.url + "/anmelden")
        form = {"formular": visitor.form_token(page), "schluessel": town.gateway.holder("gueltig").key}
        assert visitor.open(town.gateway.url + "/anmelden", form)[0] == 303
        assert visitor.open(town.gateway.url + "/pass")[0] == 200
    finally:
        town.sso.tell(down=False)


@pytest.mark.browser
@pytest.mark.skipif(bool(MISSING), reason=MISSING or "-")
def test_a_person_signs_in_through_a_browser_shows_a_second_factor_and_signs_out(town: Town) -> None:
    with chromium() as window:
        window.open(town.gateway.url + "/review")
        window.follow("main .button")  # other site, other cookies: the session must come back all the same
        window.type("#login", "dora")
        window.follow("#go")
        assert window.address == town.gateway.url + "/review"
        assert "zweiten Faktor" in window.text()
        window.follow("main .button")
        window.type("#login", "dora")
        window.click("#factor")
        window.follow("#go")
        assert window.title.startswith("Übersicht")
        window.follow(".head button")
        assert "Sie sind bei der KI-Pforte abgemeldet" in window.text()
        window.follow(".note a")
        assert window.address.startswith(town.sso.url + "/session/end")
        blocked = [m for m in window.complaints() if "Content Security Policy" in m and town.gateway.url in m]
        assert blocked == []


def test_what_the_provider_said_stands_in_no_log(town: Town) -> None:
    logged = town.gateway.logged()
    for word in ("canary", SECRET, "dora@", "Dora", "eyJ", "code="):
        assert word not in logged, word
