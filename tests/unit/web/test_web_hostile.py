"""Hostile values in every field that can reach a page arrive as text, never as markup."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from types import MappingProxyType
from urllib.parse import quote

import pytest

from gateway.policy import PolicySet
from tests.support.web_client import without_own_scripts
from tests.support.web_house import House

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\'`</title><!--'


def assert_harmless(text: str, path: str) -> None:
    head, _, body = text.partition("</title>")
    assert "<script" not in without_own_scripts(text).lower(), path
    assert "<img src=x" not in text, path
    assert "<!--" not in text, path
    assert ">49<" not in text, path
    assert "</title>" not in body, path
    encoded = re.sub(r"%(25)?3C/?script%(25)?3E", "", without_own_scripts(text))  # in a link back to this address
    assert "&lt;script&gt;" in text or "script" not in encoded, path
    assert head.startswith("<!doctype html>"), path


def poisoned(policies: PolicySet) -> PolicySet:
    """The same policies with a hostile value in every text."""
    organisation = policies.organisation
    contact = organisation.contact.model_copy(update=dict.fromkeys(type(organisation.contact).model_fields, EVIL))
    purposes = organisation.purposes.model_copy(update={
        "allow": {key: p.model_copy(update={"title": EVIL}) for key, p in organisation.purposes.allow.items()}})
    text = {f.name for f in fields(next(iter(policies.models.values()))) if f.type == "str"} - {"id", "adapter"}
    models = {key: replace(model, **dict.fromkeys(text, EVIL)) for key, model in policies.models.items()}
    departments = {
        key: replace(rules, name=EVIL, models=MappingProxyType({
            id_: replace(r, model=models[id_]) for id_, r in rules.models.items()}))
        for key, rules in policies.departments.items()}
    kipass = replace(policies.kipass, modules={
        key: replace(m, title=EVIL) for key, m in policies.kipass.modules.items()}, scopes={
        key: replace(s, name=EVIL) for key, s in policies.kipass.scopes.items()})
    return replace(policies, digest=EVIL, models=models, departments=departments, kipass=kipass,
                   organisation=organisation.model_copy(update={
                       "name": EVIL, "legal_basis": EVIL, "contact": contact, "purposes": purposes,
                       "base_url": f"https://x.example/{EVIL}"}))


def hostile_records(house: House) -> list[str]:
    """Records in which every field that a writer could fill says something hostile."""
    names = ("vorgang", "department", "model", "provider", "region", "purpose", "policy", "pass", "api", "dv_sha256",
             "status", "code", "decision", EVIL)
    facts = dict.fromkeys(names, EVIL) | {"rules": [EVIL, EVIL], "found": {EVIL: 2},
                                              "replaced": {f"{EVIL}:{EVIL}": 3, "PERSON:placeholder": 1}}
    return [house.write(kind, facts, subject=EVIL) for kind in ("intent", "denied", "outcome", "verify.result", "view")]


@pytest.mark.parametrize("role", ["staff", "dpo"])
def test_hostile_policies_names_and_records_stay_text(house: House, role: str) -> None:
    entry = house.hire(EVIL, role, steps=2)
    browser = house.browser(entry)
    records = hostile_records(house)
    house.settle()
    house.policies = poisoned(house.policies)
    paths = ["/", "/pass", "/keys", "/help", "/transparency", "/datenschutz", "/barrierefreiheit", "/impressum",
             "/review", "/review/pruefung", "/review/stichprobe", "/review/zugriffe",
             "/review/protokoll?art=alle", *(f"/review/protokoll/{r}" for r in records), f"/{quote(EVIL)}"]
    for path in paths:
        answer = browser.get(path)
        assert answer.status in (200, 403, 404), path
        assert_harmless(answer.text, path)
    assert_harmless(house.browser().get("/anmelden").text, "/anmelden")


def test_a_hostile_verdict_stays_text(house: House) -> None:
    officer = house.browser(house.hire("Mia", "dpo"))
    house.write("verify.result", {"verdict": EVIL, "exit_code": 1, "size": 3, "covered": 3, "findings": [EVIL],
                                  "warnings": [EVIL]})
    house.settle()
    text = officer.get("/review/pruefung").text
    assert "Das Protokoll ist nicht in Ordnung" in text
    assert_harmless(text, "/review")


@pytest.mark.parametrize("field", ["von", "bis", "amt", "modell", "entscheidung", "art", "grund", "regel", "zweck",
                                   "vorgang", "vor"])
def test_a_hostile_address_stays_text(house: House, field: str) -> None:
    officer = house.browser(house.hire("Mia", "dpo"))
    answer = officer.get(f"/review/protokoll?{field}={quote(EVIL)}")
    assert answer.status in (200, 422)
    assert_harmless(answer.text, field)


def test_a_hostile_sign_in_stays_text(house: House) -> None:
    browser = house.browser()
    assert_harmless(browser.get(f"/anmelden?weiter={quote('/' + EVIL)}").text, "weiter")
    answer = browser.post("/anmelden", {"schluessel": EVIL, "weiter": "/" + EVIL}, page="/anmelden")
    assert_harmless(answer.text, "schluessel")


def test_hostile_values_survive_as_text_where_they_are_shown(house: House) -> None:
    """The test above would pass on empty pages; this one shows that the values really got there."""
    officer = house.browser(house.hire(EVIL, "dpo"))
    records = hostile_records(house)
    house.settle()
    house.policies = poisoned(house.policies)
    for path in ("/", "/transparency", "/review/protokoll?art=alle", f"/review/protokoll/{records[0]}"):
        assert officer.get(path).text.count("&lt;script&gt;") >= 3, path
