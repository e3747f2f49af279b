"""The preview: what a provider would see of a text, and which rules say so. Nothing is kept, sent or recorded."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from gateway.web import preview
from tests.support.web_client import Answer, Browser
from tests.support.web_house import House
from tests.unit.policy.policy_sets import all_on

TEXT = "Sehr geehrte Frau Mustermann,\nIBAN DE89 3704 0044 0532 0130 00. Ihre Diabetes-Erkrankung ist belegt."


@pytest.fixture
def clerk(house: House) -> Browser:
    return signed_in(house, "sozialamt")


def signed_in(house: House, department: str, steps: int | None = None) -> Browser:
    entry = house.hire("Erika Beispiel", department=department, steps=steps)
    browser = Browser(house.app)
    browser.post("/anmelden", {"schluessel": house.keys[entry.person.id]}, page="/anmelden")
    return browser


def look(browser: Browser, text: str = TEXT, **more: str) -> Answer:
    return browser.post("/preview", {"text": text, "modell": "demo", "zweck": "allgemein", **more}, page="/preview")


def seen(answer: Answer) -> str:
    """What the box with the provider's view holds, as plain text."""
    box = re.search(r'<p class="seen"[^>]*>(.*?)</p>', answer.text, re.S)
    return html.unescape(re.sub("<[^>]+>", "", box[1])) if box else ""


def test_a_text_is_shown_as_it_would_leave_with_its_placeholders_marked(clerk: Browser) -> None:
    answer = look(clerk)
    assert answer.status == 200
    assert seen(answer) == ("Sehr geehrte Frau [PERSON1W],\nIBAN [IBAN1]. Ihre Diabetes-Erkrankung ist belegt.")
    assert '<span class="chip" title="IBAN">[IBAN1]</span>' in answer.text
    assert "Prüfziffer stimmt" in answer.text
    assert "Die Anfrage darf an „Demo (kein Sprachmodell)“ gehen." in answer.text


def test_each_rule_is_named_in_words_and_no_id_is_shown(clerk: Browser) -> None:
    shown = look(clerk).text
    assert "Sozialamt: Auswahl der Modelle" in shown
    assert "Stadt Musterstadt, Modelle im Haus: IBAN" in shown
    assert "content.in_house" not in shown


def test_what_was_typed_stays_in_the_form_with_its_choices(clerk: Browser) -> None:
    shown = look(clerk, "a <b>&amp;\r\n\r\n c", zweck="recherche").text
    assert "\na &lt;b&gt;&amp;amp;\n\n c</textarea>" in shown
    assert '<option value="recherche" selected>' in shown


@pytest.mark.parametrize(("text", "says"), [("", "Bitte geben Sie einen Text ein."), (" \n", "geben Sie einen Text"),
                                            ("ä" * 20_001, "hat 20.001 Zeichen")])
def test_what_cannot_be_looked_at_is_said_at_the_field_and_on_top(clerk: Browser, text: str, says: str) -> None:
    answer = look(clerk, text)
    assert answer.status == 400
    assert answer.text.count(says) == 2
    assert 'role="alert"' in answer.text
    assert text in html.unescape(answer.text)


def test_what_may_not_leave_is_not_shown_as_if_it_did(house: House) -> None:
    house.policies = all_on()
    answer = look(signed_in(house, "bauamt"), "VS-NUR FÜR DEN DIENSTGEBRAUCH", modell="gpt-azure-eu")
    assert seen(answer) == ""
    assert "Dieser Text würde nicht gesendet" in answer.text
    assert "Verschlusssachen-Kennzeichnung" in answer.text
    assert "Darf an Demo" in answer.text
    assert "Darf nicht an Claude" in answer.text


def test_what_stays_in_the_house_is_shown_with_the_model_that_would_answer(house: House) -> None:
    house.policies = all_on()
    answer = look(signed_in(house, "bauamt"), modell="gpt-azure-eu")
    assert "Die Anfrage darf an „Mistral Small (eigenes Rechenzentrum)“ gehen." in answer.text
    assert "statt „GPT (Azure, EU)“" in answer.text
    assert "Darf nicht an Llama 70B (EU-Cloud)" in answer.text
    assert "Stattdessen antwortet „Mistral Small (eigenes Rechenzentrum)“." in answer.text


def test_who_has_no_pass_learns_which_one_is_missing(house: House) -> None:
    answer = look(signed_in(house, "bauamt", steps=0))
    assert seen(answer) == ""
    assert "Dieser Text würde nicht gesendet" in answer.text
    assert "KI-Pass, Bereich „Grundlagen“" in answer.text


def test_nothing_is_recorded_and_no_cache_keeps_the_page(house: House, clerk: Browser) -> None:
    before = house.types()
    answer = look(clerk)
    assert house.types() == before
    assert "no-store" in answer.header("cache-control")


def test_the_form_of_another_site_is_refused_and_strangers_sign_in_first(house: House, clerk: Browser) -> None:
    assert clerk.post("/preview", {"text": TEXT, "formular": "0" * 64}).status == 403
    assert Browser(house.app).post("/preview", {"text": TEXT}).status == 303
    assert Browser(house.app).get("/preview").header("location").startswith("/anmelden")


def test_a_department_without_models_is_told_whom_to_ask(house: House, clerk: Browser) -> None:
    house.policies = replace(house.policies, departments={})
    shown = clerk.get("/preview").text
    assert "kein Modell freigegeben" in shown
    assert "<textarea" not in shown
    assert look_without_form(clerk).status in (200, 403)


def look_without_form(browser: Browser) -> Answer:
    return browser.post("/preview", {"text": TEXT, "modell": "demo"}, page="/")


def test_an_unknown_model_or_purpose_is_an_answer_not_a_fault(clerk: Browser) -> None:
    for more in ({"modell": "x"}, {"zweck": "x"}, {"modell": "", "zweck": ""}):
        answer = look(clerk, **more)
        assert answer.status == 200
        assert "Welche Regeln das sagen" in answer.text


def test_a_whole_preview_fits_the_form_and_what_does_not_is_refused_unread(clerk: Browser) -> None:
    assert look(clerk, "€ ß " * 5_000).status == 200  # each of these takes many bytes in a form
    assert look(clerk, "a" * 500_000).status == 413


def test_who_looks_at_too_many_texts_waits_and_keeps_what_was_typed(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MOST", 2)
    browser = house.browser(house.hire("Mia Muster"))
    answers = [browser.post("/preview", {"text": "Guten Tag"}, page="/preview") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[-1].header("retry-after")) > 0
    assert "Guten Tag</textarea>" in answers[-1].text
    other = house.browser(house.hire("Max Muster"))
    assert other.post("/preview", {"text": "Guten Tag"}, page="/preview").status == 200
