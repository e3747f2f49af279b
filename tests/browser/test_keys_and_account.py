"""Keys and the account in a real browser: made and revoked by clicks, no wide page, an end that is said without script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.site import Site, open_site
from tests.support.webdriver import MISSING

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
KEY = re.compile(r"kip_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("browser")) as found:
        yield found


def test_a_key_is_made_chosen_whole_with_one_click_and_revoked(site: Site) -> None:
    window = site.sign_in(site.clerk, "/keys")
    window.script("document.querySelector('#programm').value = 'nextcloud'")
    window.follow("form[action='/keys'] button")
    shown = window.text(".secret")
    assert KEY.fullmatch(shown)
    assert window.script("return getComputedStyle(document.querySelector('.secret')).userSelect") == "all"
    assert window.script("return document.querySelector('details[open] summary').innerText") == "Nextcloud"
    assert shown in window.text("details[open] pre")
    window.follow("main a.button")
    assert "Nextcloud" in window.text("table")
    assert not KEY.search(window.text())
    row = "return [...document.querySelectorAll('tbody tr')].find(r => r.innerText.includes('Nextcloud'))"
    address = window.script(f"{row}.querySelector('a').getAttribute('href')")
    site.open(address)
    window.follow("button.danger")
    assert "ist widerrufen" in window.text("[role=status]")


def test_the_end_of_a_session_waits_in_the_page_and_shows_by_itself(site: Site) -> None:
    window = site.sign_in(site.clerk, "/konto")
    style = "const s = getComputedStyle(document.querySelector('.ending')); return [s.visibility, s.animationDelay]"
    assert window.script(style) == ["hidden", "3480s"]
    window.script("document.querySelector('.ending').style.animationDelay = '-2s'")
    assert window.script(style)[0] == "visible"


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(site: Site, width: int) -> None:
    window = site.sign_in(site.clerk)
    window.screen(width)
    for path in ("/keys", "/konto", "/anmelden/vergessen", "/einladung/gibtsnicht"):
        site.open(path)
        assert window.script("return document.documentElement.scrollWidth") <= width, path
    window.screen(1440)
