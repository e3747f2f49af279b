"""The pages in a real browser: what the officer does in an hour, in every size and colour, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.site import Site, open_site
from tests.support.webdriver import MISSING

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
TAB, ENTER = "\ue004", "\ue007"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("browser")) as found:
        yield found


def test_the_officer_signs_in_checks_filters_and_opens_a_record(site: Site) -> None:
    window = site.sign_in(site.officer, "/review/pruefung")
    assert window.title == f"Prüfung – KI-Pforte {site.house.policies.organisation.name}"
    window.follow("form[action='/review/pruefung'] button")
    assert "Unverändert" in window.text(".verdict")
    site.open("/review/protokoll")
    window.script("document.querySelector('#amt').value = 'bauamt'")
    window.follow(".filters button")
    assert "amt=bauamt" in window.address
    assert set(window.script("return [...document.querySelectorAll('td[data-label=Amt]')].map(e => e.innerText)")) == {
        "Bauamt"}
    window.follow("tbody tr:nth-child(2) a")
    assert "Verlauf" in window.text()
    assert "Prüfsumme Angaben" in window.text()
    window.follow(".crumbs a")
    assert window.address.endswith("/review/protokoll")
    window.follow(".head button")
    assert "Sie sind abgemeldet" in window.text()
    assert site.open("/review").title.startswith("Anmelden")


def test_a_clerk_signs_in_with_the_keyboard_alone_and_sees_what_is_open(site: Site) -> None:
    window = site.window
    window.cdp("Network.clearBrowserCookies", {})
    site.open("/anmelden")
    with window.leaving():
        window.press(TAB, TAB, TAB, TAB, *site.house.keys[site.clerk.person.id], ENTER)  # past address and password
    assert "Guten Tag, Nguyễn Thị Lan" in window.text()
    site.open("/")
    window.press(TAB)
    assert window.script("return document.activeElement.className") == "skip"
    window.press(ENTER)
    assert window.script("return document.activeElement.id") == "inhalt"
    window.press(TAB)
    assert window.script("return document.activeElement.innerText").startswith("Weiter mit: "), "the next step is first"
    with window.leaving():
        window.press(TAB, ENTER)
    assert window.address.endswith("/pass")
    steps = window.script("return [...document.querySelectorAll("
                          "'[aria-labelledby=pass-basis] :is(li.next, li.open)')].map(e => e.innerText)")
    assert len(steps) == 2, "this clerk has done three of five"
    assert all("Minuten" in step for step in steps)
    assert "Ihnen fehlen noch 2 Schritte" in window.text()


def test_the_focus_is_always_visible(site: Site) -> None:
    window = site.sign_in(site.officer, "/review")
    seen = set()
    for _ in range(30):
        window.press(TAB)
        name, width = window.script("const e = document.activeElement; return [e.outerHTML.slice(0, 60), "
                                    "getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth]")
        seen.add(name)
        assert width == "solid3px", name
    assert len(seen) > 15


PATHS = ("/", "/pass", "/keys", "/review", "/transparency", "/help", "/datenschutz", "/gibt-es-nicht")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True), (320, False)])
def test_nothing_runs_over_the_edge_and_letters_stand_out(site: Site, width: int, dark: bool) -> None:
    """320 px is a 1280 px screen at 400 % zoom. Contrast: 4.5 to 1 for every text, measured on the real colours."""
    window = site.sign_in(site.officer)
    window.screen(width, dark=dark)
    try:
        record = site.house.ledger.reader.page().rows[-1].id
        for path in (*PATHS, "/review/protokoll?amt=bauamt&von=2026-01-01&art=alle", f"/review/protokoll/{record}"):
            site.open(path)
            assert window.script("return document.documentElement.scrollWidth") <= width, path
            assert window.script(CONTRAST) == [], path
    finally:
        window.screen(1440)


def test_on_a_small_screen_a_table_is_a_list_of_labels_and_values(site: Site) -> None:
    window = site.sign_in(site.officer, "/review/protokoll")
    window.screen(390)
    try:
        site.open("/review/protokoll")
        shown = window.script(
            "return getComputedStyle(document.querySelector('td[data-label=Amt]'), '::before').content")
        assert "data-label" in shown or "Amt" in shown
        assert window.script("return getComputedStyle(document.querySelector('tbody tr')).display") == "block"
    finally:
        window.screen(1440)


def test_the_browser_blocks_nothing_and_finds_nothing_missing(site: Site) -> None:
    window = site.sign_in(site.officer)
    window.complaints()
    for path in PATHS[:-1]:
        site.open(path)
    assert [m for m in window.complaints() if "username fields" not in m] == []


def test_a_page_loads_only_scripts_of_this_server(site: Site) -> None:
    window = site.sign_in(site.officer)
    for path in PATHS:
        site.open(path)
        assert all("/static/" in src for src in window.script("return [...document.scripts].map(e => e.src)"))


def test_pictures_of_the_pages_can_be_taken(site: Site, tmp_path: Path) -> None:
    site.sign_in(site.officer, "/review")
    assert site.window.picture().startswith(b"\x89PNG")


CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data]; };
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c[3] === 255) return c; } return rgb('Canvas'); };
const low = [];
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || e.closest('.visually-hidden, .skip, option')) continue;
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) low.push(`${e.tagName} ${e.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
}
return low;
"""
