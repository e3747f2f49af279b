"""Who sees which page, and what every answer carries."""

from __future__ import annotations

import re

import pytest

from gateway.kipass.documents import course_of, in_force, versions_of
from gateway.model.people import ROLES
from gateway.web import pages
from gateway.web.headers import CONTENT_SECURITY_POLICY
from gateway.web.sessions import COOKIE
from tests.support.web_client import without_own_scripts
from tests.support.web_house import House

PAPER = "/pass/dokumente/{sha256}"
FILES = {PAPER, "/pass/nachweis.jws", "/pass/open-badge.jwt"}
"""Downloads: those of a certificate lead whoever has none to the page about it."""
MACHINES = {"/ansicht", "/transparency.json", "/transparency.csv", "/.well-known/ki-pass.json", "/.well-known/did.json",
            *FILES}


FILES = {"/review/pruefung/pruefer.pyz", "/review/pruefung/pruefer.html", "/review/protokoll/{id}/nachweis"}
"""Addresses of files to take along, which are no pages."""


def every_page(house: House) -> list[str]:
    record = house.exchange()
    house.settle()
    paths = [address(house, p.path, record) for p in pages(house.context)
             if p.method == "GET" and p.path not in FILES]
    return [*paths, "/gibt-es-nicht"]


def address(house: House, path: str, record: str) -> str:
    """Return a path of the table with something that is there in place of each name in braces."""
    rules, now = house.policies.kipass, house.clock.now()
    module = next(m for m in rules.modules.values() if m.course)
    course = in_force(versions_of(rules, module), now)
    assert course is not None
    known = {"{id}": record, "{code}": "gibtsnicht", "{kind}": "dpia", "{module}": module.key,
             "{section}": course_of(rules, course).sections[0].key,
             "{sha256}": rules.documents["information"][0].sha256}
    for name, value in known.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("role", [r for r in ROLES if r != "dpo"])
def test_only_the_officer_runs_the_verifier(house: House, role: str) -> None:
    answer = house.browser(house.hire("Mia Muster", role)).post("/review/pruefung", {}, page="/pass")
    assert answer.status == 403
    assert "verify.result" not in house.types()


def test_a_refused_page_says_in_german_whom_it_is_for(house: House) -> None:
    answer = house.browser(house.hire("Mia Muster")).get("/review")
    assert "Datenschutzbeauftragte" in answer.text
    assert "<h1>Diese Seite ist für andere bestimmt</h1>" in answer.text


def test_every_answer_carries_the_strict_headers(house: House) -> None:
    officer = house.browser(house.hire("Mia Muster", "dpo"))
    for browser in (house.browser(), officer):
        for path in every_page(house):
            answer = browser.get(path)
            assert answer.all("content-security-policy") == [CONTENT_SECURITY_POLICY], path
            assert answer.header("x-content-type-options") == "nosniff"
            assert answer.header("x-frame-options") == "DENY"
            assert answer.header("referrer-policy") == "same-origin"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_a_page_that_shows_a_person_is_kept_by_no_cache(house: House) -> None:
    signed_in = house.browser(house.hire("Mia Muster", "dpo"))
    for path in every_page(house):
        assert signed_in.get(path).header("cache-control") == "no-store", path
    assert house.browser().get("/review").header("cache-control") == "no-store"
    assert house.browser().get("/anmelden").header("cache-control") == "no-store"


def test_no_page_loads_or_names_anything_from_elsewhere(house: House) -> None:
    base = house.policies.organisation.base_url
    browser = house.browser(house.hire("Mia Muster", "dpo"))
    for path in [*(p for p in every_page(house) if p != "/.well-known/did.json"), browser_css(house)]:
        text = browser.get(path).text.replace(base, "").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|url\(|@import|(?:src|href|action)=\"//", text), path
        assert "<script" not in without_own_scripts(text)
        assert " style=" not in text
        assert not re.search(r"\son[a-z]+=", text), path


def browser_css(house: House) -> str:
    found = re.search(r'href="(/static/pforte\.css[^"]*)"', house.browser().get("/").text)
    assert found
    return found[1]


def test_the_style_sheet_is_kept_for_good_under_its_address_only(house: House) -> None:
    answer = house.browser().get(browser_css(house))
    assert answer.header("content-type").startswith("text/css")
    assert "immutable" in answer.header("cache-control")
    assert "immutable" not in house.browser().get("/static/pforte.css?v=alt").header("cache-control")
    for path in ("/static/nix.css", "/static/..", "/static/%2e%2e%2fsite.py"):
        assert house.browser().get(path).status == 404


def test_every_link_on_every_page_leads_somewhere(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster", "dpo"))
    links = {link.partition("#")[0] for path in every_page(house)
             for link in re.findall(r'href="(/[^"]*)"', browser.get(path).text)}
    assert "/review" in links
    for link in links:
        sends_on = link == "/anmelden" or link.startswith("/ansicht?")
        assert browser.get(link.replace("&amp;", "&")).status == (303 if sends_on else 200), link


def test_every_page_has_one_heading_a_language_a_title_and_a_way_past_the_menu(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster", "dpo"))
    papers = {address(house, PAPER, "")}
    for path in (p for p in every_page(house) if p not in MACHINES | papers | {"/anmelden"}):
        text = browser.get(path).text
        assert text.count("<h1") == 1, path
        assert '<html lang="de">' in text
        assert f"– KI-Pforte {house.policies.organisation.name}</title>" in text
        assert 'href="#inhalt"' in text
        for control in re.findall(r"<(?:input|select)(?![^>]*type=\"hidden\")[^>]* id=\"([^\"]+)\"", text):
            assert f'for="{control}"' in text, (path, control)


def test_a_person_who_leaves_is_out_at_the_next_click(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    browser = house.browser(entry)
    assert browser.get("/review").status == 200
    house.change(entry, person=type(entry.person)(**{
        **{f: getattr(entry.person, f) for f in entry.person.__slots__}, "disabled_at": house.clock.now()}))
    assert browser.get("/review").status == 303
    assert COOKIE not in browser.cookies


def test_a_role_that_was_taken_away_is_gone_at_the_next_click(house: House) -> None:
    entry = house.hire("Mia Muster", "dpo")
    browser = house.browser(entry)
    house.change(entry, person=type(entry.person)(**{
        **{f: getattr(entry.person, f) for f in entry.person.__slots__}, "roles": frozenset({"staff"})}))
    assert browser.get("/review").status == 403


def test_when_nobody_can_say_who_it_is_nobody_gets_in(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster", "dpo"))
    house.register.broken = True
    answer = browser.get("/review")
    assert answer.status == 503
    assert "Mia" not in answer.text
    assert answer.header("content-security-policy") == CONTENT_SECURITY_POLICY


def test_error_pages_give_the_vorgangsnummer_only_where_it_helps(house: House) -> None:
    assert house.browser().get("/gibt-es-nicht").status == 404
    assert "Diese Seite gibt es nicht" in house.browser().get("/gibt-es-nicht").text
    wrong = house.browser().send("DELETE", "/help")
    assert wrong.status == 405
    assert "<h1>Das geht hier nicht</h1>" in wrong.text
    assert house.browser().get("/gibt-es-nicht", {"accept": "*/*"}).header("content-type") == "application/json"
