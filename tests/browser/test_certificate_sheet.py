"""The certificate in a real browser: on paper it is one sheet with nothing else on it, and the code stays readable."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest

from tests.support import qr_reader
from tests.support.site import Site, open_site
from tests.support.webdriver import MISSING, Chromium

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def window(site: Site) -> Chromium:
    """A window in which somebody just had a certificate issued."""
    window = site.sign_in(site.officer, "/pass/nachweis")
    window.follow("main form button")
    assert "Ihr Nachweis ist ausgestellt." in window.text()
    window.complaints()  # what was said of the sign-in is not about these pages
    return window


def test_on_paper_it_is_one_sheet_with_nothing_else_on_it(site: Site, window: Chromium) -> None:
    pdf = base64.b64decode(window.cdp("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert re.search(rb"/MediaBox\s*\[\s*0 0 59[45](?:\.\d+)? 84[12]", pdf), "not A4"
    window.cdp("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        seen = window.script("return [...document.querySelectorAll('a, button, nav, .head, .foot')]"
                             ".filter(e => e.checkVisibility()).map(e => e.outerHTML)")
    finally:
        window.cdp("Emulation.setEmulatedMedia", {"media": ""})
    assert seen == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_code_is_black_on_white_in_every_scheme(window: Chromium, dark: bool) -> None:
    window.screen(1280, dark=dark)
    assert "/pass/pruefen/" in qr_reader.read(window.script("return document.querySelector('svg.qr').outerHTML")
                                              .replace("></path>", "/>"))
    assert window.script("return getComputedStyle(document.querySelector('svg.qr')).backgroundColor") == \
        "rgb(255, 255, 255)"
    window.screen(1280)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_window(site: Site, window: Chromium, width: int) -> None:
    number = "".join(window.text(".certificate-number").split())
    window.screen(width)
    for path in ("/pass/nachweis", f"/pass/pruefen/{number}", "/pass/pruefen"):
        site.open(path)
        assert window.script("return document.documentElement.scrollWidth") <= width, path
    window.screen(1280)
    site.open("/pass/nachweis")
    assert window.complaints() == []
