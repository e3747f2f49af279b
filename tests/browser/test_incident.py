"""An incident in a real browser, from the finding to the file: by mouse, without JavaScript, by keyboard alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from gateway.casework.watching import step
from tests.support.casework import Case, open_case
from tests.support.playing import MISSING, Played, playing

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with open_case(tmp_path_factory.mktemp("incident")) as opened:
        opened.house.ledger.start()
        yield opened


@pytest.fixture(scope="module")
def played(case: Case) -> Iterator[Played]:
    with playing(case.house) as found:
        yield found


def finding(case: Case) -> str:
    """Let something happen that is worth a finding, and return its number."""
    case.answered(leaked=1, strangers={"IBAN": 2})
    step(case.house.books, case.house.ledger.reader)
    return next(one.id for one in case.findings("antwort_angaben") if one.open)


def test_an_incident_goes_from_the_finding_to_the_file_without_javascript(case: Case, played: Played,
                                                                           tmp_path: Path) -> None:
    number = finding(case)
    page, _ = played.come_in(case.officer, scripts=False)
    page.goto("/review/befunde")
    page.get_by_role("link", name=number).click()
    page.get_by_role("button", name="Vorfall eröffnen").click()
    expect(page.locator(".clock-left")).to_have_text("noch 71 Std. 59 Min.")
    expect(page.get_by_label("Kategorien der Daten")).to_have_value("IBAN")
    expect(page.locator("#datensaetze-log")).to_contain_text("aus dem Protokoll")
    page.get_by_label("Kategorien betroffener Personen").fill("Antragstellende im Bauamt")
    page.get_by_label("Ergebnis").select_option("kein")
    page.locator("#bekannt_tag").fill("")
    page.get_by_role("button", name="Angaben speichern").click()
    summary = page.locator(".note.bad")
    expect(summary).to_contain_text("wann der Vorfall bekannt wurde")
    assert page.evaluate("document.activeElement.className") == "note bad", "the summary takes the focus"
    expect(page.get_by_label("Kategorien betroffener Personen")).to_have_value("Antragstellende im Bauamt")
    page.locator("#bekannt_tag").fill(date.today().isoformat())
    page.get_by_role("button", name="Angaben speichern").click()
    expect(page.locator(".note.good")).to_contain_text("gespeichert")
    page.get_by_label("Nein, nicht meldepflichtig").check()
    page.get_by_label("Begründung", exact=True).fill("Die IBAN war erfunden.")
    page.get_by_role("button", name="Entscheidung dokumentieren").click()
    expect(page.locator("#entscheidung ~ dl")).to_contain_text("Die IBAN war erfunden.")
    for name, start in (("Als PDF", b"%PDF-"), ("Als HTML", b"<!doctype html>"), ("Als JSON", b"{")):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name).click()
        waiting.value.save_as(tmp_path / "akte")
        assert (tmp_path / "akte").read_bytes().startswith(start)
    told = json.loads((tmp_path / "akte").read_text())
    assert told["kind"] == "vorfall"
    page.get_by_label("Wie endete der Vorfall?").fill("Kein Schaden.")
    page.get_by_role("button", name="Vorfall abschließen").click()
    expect(page.locator(".lead")).to_contain_text("erledigt")


def reach(page: Page, selector: str) -> None:
    """Press the tab key until something has the focus."""
    for _ in range(220):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_an_incident_goes_from_the_finding_to_the_file_with_the_keyboard_alone(case: Case, played: Played) -> None:
    number = finding(case)
    page, _ = played.come_in(case.officer)
    page.goto("/review/befunde")
    press(page, f"a[href='/review/befunde/{number}']")
    press(page, "button[value=vorfall]")
    reach(page, "#folgen")
    page.keyboard.type("Keine Folgen.")
    reach(page, "#risiko")
    page.keyboard.press("ArrowDown")  # voraussichtlich kein Risiko
    press(page, "button[value=angaben]")
    assert "gespeichert" in page.locator(".note.good").inner_text()
    reach(page, "#melden")
    page.keyboard.press("ArrowDown")
    reach(page, "#begruendung")
    page.keyboard.type("Kein Mensch war betroffen.")
    press(page, "button[value=entscheiden]")
    assert "nicht meldepflichtig" in page.locator(".lead").inner_text()
    reach(page, "button[value=pdf]")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.startswith("vorfall-V-")
    assert waiting.value.suggested_filename.endswith(".pdf")


def test_axe_finds_nothing_on_the_pages_of_one_matter_in_light_dark_and_at_400_percent(case: Case,
                                                                                       played: Played) -> None:
    number = finding(case)
    found = next(one for one in case.findings() if one.id == number)
    incident = case.desk.open_incident(case.by, "dpo", found.id, found.version)
    asked = case.desk.open_request(case.by, "dpo", "auskunft_buerger", date.today(), {"aktenzeichen": "50.3"})
    erasure = case.desk.open_request(case.by, "dpo", "loeschung_person", date.today(),
                                     {"email": case.clerk.person.email})
    complaint = case.desk.complain({"text": "<script>alert(1)</script>" + "Langeswortohnetrennung" * 20})
    case.desk.note(case.by, "dpo", incident.id, "'\"><img src=x onerror=alert(1)>" + "W" * 300)
    page, _ = played.come_in(case.officer)
    shouted: list[str] = []
    page.on("dialog", lambda dialog: (shouted.append(dialog.message), dialog.dismiss()))
    for path in (f"/review/befunde/{number}", f"/review/vorfaelle/{incident.id}", f"/review/anfragen/{asked.id}",
                 f"/review/anfragen/{erasure.id}", f"/review/anfragen/{complaint}"):
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(path)
        assert violations(page) == [], path
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == [], path
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    assert shouted == []


def violations(page: Page, only: str = "") -> list[str]:
    page.evaluate(AXE)
    options = {"runOnly": {"type": "rule", "values": [only]}} if only else {}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def test_a_citizen_complains_without_an_account_and_the_officer_finds_it(case: Case, played: Played) -> None:
    context = played.browser.new_context(base_url=played.base, locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    page.goto("/transparency/ruege")
    page.get_by_label("Worum geht es?").fill("Mein Bescheid nennt Dinge, die ich nie gesagt habe.")
    page.get_by_role("button", name="Rüge absenden").click()
    number = page.locator("strong.mono").inner_text()
    officer, _ = played.come_in(case.officer)
    officer.goto("/review/anfragen")
    officer.get_by_role("link", name=number).click()
    expect(officer.locator("main")).to_contain_text("Dinge, die ich nie gesagt habe")
