"""Reports for those they are meant for, a hash of every file, and papers that somebody looked through."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from gateway.model.people import Role
from gateway.model.reporting import KINDS
from tests.support.papers import reader
from tests.support.web_client import Browser
from tests.support.web_house import House


def signed_in(house: House, role: Role) -> Browser:
    return house.browser(house.hire(f"Wer mit {role}", role))


def digest_of(page: str) -> str:
    return page.partition('name="gesehen" value="')[2][:64]


@pytest.mark.parametrize("role", ["dpo", "personalrat", "leitung"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_report_is_for_those_it_is_meant_for(house: House, role: Role, kind: str) -> None:
    browser = signed_in(house, role)
    wanted = 200 if role in KINDS[kind].readers else 404
    assert browser.get(f"/review/berichte/{kind}").status == wanted
    listed = browser.get("/review/berichte").text
    assert (f'href="/review/berichte/{kind}"' in listed) == (wanted == 200 and not KINDS[kind].released)
    assert browser.post(f"/review/berichte/{kind}", {"form": "json"}, page="/review/berichte").status == wanted


@pytest.mark.parametrize("form", ["html", "pdf", "csv", "json"])
def test_the_hash_of_a_file_stands_in_the_ledger_before_it_leaves(house: House, form: str) -> None:
    browser = signed_in(house, "personalrat")
    answer = browser.post("/review/berichte/works-council", {"form": form, "zeitraum": "2026-Q3"},
                          page="/review/berichte/works-council")
    assert answer.header("content-disposition") == f'attachment; filename="works-council-2026-Q3.{form}"'
    house.ledger.sequence()
    record = house.ledger.reader.get(house.ledger.reader.tail(limit=1)[0].id)
    assert record is not None
    assert record.type == "export"
    assert record.meta == {"report": "works-council", "format": form, "period": "2026-Q3", "via": "web",
                           "role": "personalrat", "sha256": sha256(answer.body).hexdigest()}
    listed = browser.get("/review/berichte").text
    assert record.meta["sha256"][:8] in listed
    if form == "pdf":
        assert reader(answer.body).trailer["/Root"]["/Lang"] == "de-DE"


@pytest.mark.parametrize("period", ["2026", "2027-Q1", "2026-Q9", "gestern", "\"><script>alert(1)</script>"])
def test_a_period_that_is_none_is_refused_in_a_sentence(house: House, period: str) -> None:
    browser = signed_in(house, "dpo")
    before = house.types()
    answer = browser.post("/review/berichte/works-council", {"form": "pdf", "zeitraum": period},
                          page="/review/berichte/works-council")
    assert answer.status == 400
    assert "2026-Q3" in answer.text
    assert "<script>" not in answer.text
    assert house.types() == before


def test_an_unknown_report_is_not_there(house: House) -> None:
    browser = signed_in(house, "dpo")
    assert browser.get("/review/berichte/../../etc").status == 404
    assert browser.get("/review/berichte/gehaltsliste").status == 404
    assert browser.get("/review/unterlagen/works-council").status == 404


def test_a_paper_is_released_as_it_was_looked_through(house: House) -> None:
    browser = signed_in(house, "dpo")
    page = browser.get("/review/unterlagen/processing-record")
    assert "noch nie freigegeben" in page.text
    answer = browser.post("/review/unterlagen/processing-record", {"gesehen": digest_of(page.text)},
                          page="/review/unterlagen/processing-record")
    assert answer.status == 303
    assert house.types()[-1] == "release"
    page = browser.get("/review/unterlagen/processing-record")
    assert "Unverändert seit der Freigabe" in page.text
    assert "Prüfen und freigeben" not in page.text
    taken = browser.post("/review/unterlagen/processing-record/freigabe/1", {"form": "json"},
                         page="/review/unterlagen/processing-record")
    assert json.loads(taken.body)["kind"] == "processing-record"
    assert house.types()[-1] == "export"


def test_what_changed_while_somebody_read_is_not_released(house: House) -> None:
    browser = signed_in(house, "dpo")
    page = browser.get("/review/unterlagen/processing-record").text
    models = {key: replace(model, enabled=True) for key, model in house.policies.models.items()}
    house.policies = replace(house.policies, models=models)
    answer = browser.post("/review/unterlagen/processing-record", {"gesehen": digest_of(page)},
                          page="/review/unterlagen/processing-record")
    assert answer.status == 400
    assert "noch einmal durch" in answer.text
    assert "release" not in house.types()


def test_a_new_recipient_says_that_the_information_is_to_be_changed(house: House) -> None:
    """R-13: redaction does not take a provider off the list of recipients."""
    browser = signed_in(house, "dpo")
    page = browser.get("/review/unterlagen/processing-record").text
    browser.post("/review/unterlagen/processing-record", {"gesehen": digest_of(page)},
                 page="/review/unterlagen/processing-record")
    assert "Information nach Art. 13" not in browser.get("/review/unterlagen").text
    models = {key: replace(model, enabled=True) if key == "mistral-large" else model
              for key, model in house.policies.models.items()}
    house.policies = replace(house.policies, models=models)
    page = browser.get("/review/unterlagen/processing-record").text
    assert "Information nach Art. 13 und 14 DSGVO ändern" in page
    assert f"Neu: {models['mistral-large'].name}" in page
    assert "Information nach Art. 13 ändern" in browser.get("/review/unterlagen").text


def test_a_release_of_another_kind_or_none_is_not_given_out(house: House) -> None:
    browser = signed_in(house, "dpo")
    for number in ("1", "0", "x", "99999999999", "-1"):
        answer = browser.post(f"/review/unterlagen/dpia/freigabe/{number}", {"form": "pdf"}, page="/review/berichte")
        assert answer.status in (400, 404)


def test_hostile_names_stay_text_on_every_report(house: House) -> None:
    evil = '"><script>alert(1)</script>{{7*7}}'
    policies = house.policies
    departments = {key: replace(rules, name=evil) for key, rules in policies.departments.items()}
    models = {key: replace(model, name=evil, provider=evil, enabled=True) for key, model in policies.models.items()}
    house.policies = replace(policies, departments=departments, models=models)
    browser = signed_in(house, "dpo")
    for path in (*(f"/review/berichte/{kind}" for kind in KINDS), "/transparency", "/review/unterlagen/model-register"):
        page = browser.get(path)
        assert page.status == 200
        assert "<script>" not in page.text
        assert "49" not in page.text.partition("{{7*7}}")[0][-20:]
