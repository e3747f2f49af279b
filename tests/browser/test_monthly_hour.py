"""The officer's monthly hour in a real browser: is everything in order, what happened, is it proved. By mouse without
JavaScript, and with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from gateway.store.reports import keep_month
from tests.support.playing import MISSING
from tests.support.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
_numbers = count(1)
_OCTOBER = ('{"code":[[["inhalt_gesperrt"],7]],"decision":[[["allowed"],40],[["denied"],7]],'
            '"finding":[[["PERSON"],30]]}')
"""What was counted when the month was over (`gateway.reports.figures`)."""


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Page]:
    officer = stage.house.hire(f"Hanna Stunde {next(_numbers)}", "dpo")
    context = stage.context(officer, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def test_the_officer_spends_the_monthly_hour(stage: Stage, page: Page) -> None:
    note = stage.house.ledger.status().checkpoint_note
    with stage.house.books.writing() as connection:
        keep_month(connection, "2026-10", _OCTOBER, stage.house.clock.now())
    page.goto(f"{stage.base}/review")
    expect(page.locator("h1")).to_have_text("Übersicht")
    expect(page.locator(".verdict-line")).to_contain_text("Sie.")
    expect(page.locator(".chart")).to_have_count(3)
    page.get_by_role("link", name="Protokoll", exact=True).last.click()
    page.get_by_label("Aufbewahrte Notiz").fill(note)
    page.get_by_role("button", name="Protokoll prüfen").click()
    expect(page.locator("#urteil")).to_have_text("Unverändert")
    expect(page.locator(".verdict")).not_to_contain_text("keine Notiz angegeben")
    page.get_by_label("In diesem Bereich").get_by_role("link", name="Protokoll").click()
    page.get_by_label("Entscheidung").select_option("denied")
    page.get_by_role("button", name="Anwenden").click()
    expect(page.locator(".chips")).to_contain_text("Entscheidung: abgelehnt")
    expect(page.locator("td[data-label='Was geschah']").first).to_contain_text("abgelehnt")
    page.get_by_role("link", name="Als Ansicht behalten").click()
    page.get_by_label("Name").fill("Was abgelehnt wurde")
    page.get_by_role("button", name="Ansicht behalten").click()
    page.get_by_role("link", name="Was abgelehnt wurde").click()
    page.locator("tbody a").first.click()
    expect(page.locator("#verlauf")).to_have_text("Verlauf")
    expect(page.locator(".trace")).to_contain_text("KI-Pass")
    expect(page.get_by_role("link", name="Person feststellen …")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Nachweis herunterladen").first.click()
    assert waiting.value.suggested_filename.endswith(".tlog-proof")
    stage.house.ledger.sequence()
    page.goto(f"{stage.base}/review/zugriffe")
    expect(page.locator("tbody tr").first).to_contain_text("Export")
    expect(page.locator("tbody tr").nth(1)).to_contain_text("Eintrag im Protokoll")
    page.goto(f"{stage.base}/review")
    expect(page.locator(".tiles")).to_contain_text("von Ihnen")


def test_the_hour_needs_no_mouse(stage: Stage) -> None:
    context = stage.context(stage.house.hire(f"Hanna Stunde {next(_numbers)}", "dpo"))
    page = context.new_page()
    page.goto(f"{stage.base}/review")
    _press(page, ".tile a[href='/review/pruefung']")
    _press(page, "form[action='/review/pruefung'] button")
    expect(page.locator("#urteil")).to_have_text("Unverändert")
    _press(page, ".sections a[href='/review/protokoll']")
    _reach(page, "#entscheidung")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    _press(page, ".filters button")
    expect(page.locator(".chips")).to_contain_text("abgelehnt")
    _press(page, "tbody a")
    expect(page.locator("#verlauf")).to_be_visible()
    _press(page, ".crumbs a")
    assert page.url.endswith("/review/protokoll")
    context.close()


def _reach(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def _press(page: Page, selector: str) -> None:
    _reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")
