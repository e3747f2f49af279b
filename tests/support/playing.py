"""Real Chromium by Playwright, as many people as a test needs: each with cookies and a disk of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, Request

from tests.support.stage import browsing
from tests.support.web_house import Entry, House


@dataclass
class Traffic:
    """Everything that one person's browser sent."""

    sent: list[bytes] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        self.addresses.append(request.url)
        self.sent += [request.url.encode(), request.post_data_buffer or b"", repr(request.headers).encode()]


@dataclass
class Played:
    """A served house and a browser in front of it."""

    base: str
    house: House
    browser: Browser

    def come_in(self, entry: Entry, *, scripts: bool = True) -> tuple[Page, Traffic]:
        """Let somebody open a browser of their own and sign in."""
        context = self.browser.new_context(java_script_enabled=scripts, accept_downloads=True, base_url=self.base)
        page, traffic = context.new_page(), Traffic()
        page.on("request", traffic.note)
        page.goto("/anmelden")
        page.locator("#schluessel").fill(self.house.keys[entry.person.id])
        page.locator("form[action='/anmelden'] button").click()
        return page, traffic


@contextmanager
def playing(house: House) -> Iterator[Played]:
    """Serve a house and open Chromium."""
    with browsing(house) as (browser, base):
        yield Played(base, house, browser)
