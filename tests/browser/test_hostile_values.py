"""Hostile values in every field that can reach a page, in a real browser: no script runs, and the layout holds."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.support.hostile import KINDS, hostile_records, poisoned
from tests.support.playing import MISSING
from tests.support.stage import Stage, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
ROLES = ("dpo", "ki-pass-stelle", "personalrat", "leitung", "it")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A town of its own: what happens here is for nobody else to see."""
    with open_stage(tmp_path_factory.mktemp("hostile")) as found:
        yield found


def assert_calm(page: Page, address: str) -> None:
    """Open a page in which nothing runs, nothing is blocked, and nothing leaves the window."""
    alarms: list[str] = []

    def heard(dialog: object) -> None:
        alarms.append("dialog")

    page.on("dialog", heard)
    page.on("console", lambda message: alarms.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: alarms.append(str(error)))
    answer = page.goto(address)
    assert answer is not None
    assert answer.status < 500, address
    assert [line for line in alarms if "status of" not in line] == [], address
    assert page.evaluate("[...document.querySelectorAll('a')].filter(a => !/^https?:$/.test(a.protocol)).length") == 0
    assert page.evaluate("document.querySelectorAll('[onerror], [onload], [onclick], img[src=x]').length") == 0
    assert page.evaluate("[...document.scripts].every(s => new URL(s.src).pathname.startsWith('/static/'))"), address
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, f"{address} is wider than its window"


@pytest.mark.parametrize("kind", list(KINDS))
def test_no_script_runs_and_the_layout_holds(town: Stage, kind: str) -> None:
    house, evil = town.house, KINDS[kind]
    kept, entry = house.policies, house.hire(evil[:120], *ROLES)
    records = hostile_records(house, evil)
    house.settle()
    house.policies = poisoned(kept, evil)
    context = town.context(entry, viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        told = quote(evil, safe="")
        for path in ("/", "/pass", "/keys", "/help", "/preview", "/usage", "/transparency", "/datenschutz", "/konto",
                     "/review", f"/review/protokoll/{records[0]}", f"/review?amt={told}&vorgang={told}&zweck={told}",
                     f"/keys?widerrufen={told}", f"/{told[:900]}", "/office", "/it", "/review/personalrat"):
            assert_calm(page, town.base + path)
            assert "49" not in page.title()
    finally:
        context.close()
        house.policies = kept


def test_a_hostile_text_in_the_preview_stays_text(town: Stage) -> None:
    context = town.context(town.entry("dpo"), viewport={"width": 390, "height": 844})
    page = context.new_page()
    assert_calm(page, f"{town.base}/preview")
    page.locator("#text").fill("\n".join(KINDS.values()))
    page.locator("main form button").first.click()
    assert "<script>alert(1)</script>" in page.locator("#text").input_value()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
