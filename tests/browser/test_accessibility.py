"""Every page that the matrix of roles names, in a real browser: axe finds nothing, in light, dark and at 400 %."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from gateway.model.people import ROLES
from tests.support.playing import MISSING
from tests.support.role_matrix import AT_PROVIDER, MATRIX, may
from tests.support.stage import Stage, open_stage, violations

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

FILES = (".json", ".csv", ".jws", ".jwt", ".pdf", ".pyz", "/pruefer.html", "{form}", "/static/{name}",
         "/ansicht", "/dokumente/{sha256}", "}/nachweis", "/review/dateien/{name}", "/review/anfragen/{id}/brief")
"""Addresses that answer with a file, or only send on."""
PAGES = sorted({path for method, path in MATRIX if method == "GET" and (method, path) not in AT_PROVIDER
                and not path.endswith(FILES)} | {"/gibt-es-nicht", "/styleguide"})
ERRORS = {"/gibt-es-nicht": 404}
"""Pages that are there to say that something is not."""
SEEN_BY = {"/anmelden": None, "/einladung/{code}": None, "/pass/geschafft": "dpo", "/pass/nachweis": "dpo",
           "/review/berichte/{kind}": "dpo"}
"""Where the first role that may sees less than others: the clerk's pass is not complete, ..."""
STRANGERS = [path for path in PAGES if MATRIX.get(("GET", path), "alle") == "alle"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A town hall of its own, in which something of everything has happened."""
    with open_stage(tmp_path_factory.mktemp("life")) as found:
        yield found.live()


def first_role(path: str) -> str | None:
    """Return who opens a page here: the first role that may, so that each page is seen as its readers see it."""
    if path in SEEN_BY:
        return SEEN_BY[path]
    who = MATRIX.get(("GET", path), "alle")
    return next((role for role in ROLES if may(who, role)), None)


def opened(stage: Stage, path: str, role: str | None, *, scripts: bool = True) -> Page:
    page = stage.window(role, scripts=scripts)
    answer = page.goto(stage.address(path))
    assert answer is not None
    assert answer.status == ERRORS.get(path, 200), "there is an example of every page"
    return page


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_on_a_page_in_light_dark_and_at_400_percent(stage: Stage, path: str) -> None:
    page = opened(stage, path, first_role(path))
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, ["color-contrast"]) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert violations(page, ["color-contrast", "target-size", "scrollable-region-focusable"]) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, "nobody scrolls sideways"


@pytest.mark.parametrize("path", STRANGERS)
def test_axe_finds_nothing_on_a_page_that_a_stranger_opens(stage: Stage, path: str) -> None:
    assert violations(opened(stage, path, None)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_the_same_without_javascript(stage: Stage, path: str) -> None:
    role = first_role(path)
    texts = []
    for scripts in (True, False):
        page = opened(stage, path, role, scripts=scripts)
        texts.append(page.locator("h1, h2, main form button:not(.copy-button), main a").all_inner_texts())
    assert texts[0] == texts[1]


def test_axe_is_asked_and_would_find_something(stage: Stage) -> None:
    page = opened(stage, "/styleguide", None)
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert any(line.startswith("image-alt") for line in violations(page))
