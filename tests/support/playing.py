"""Real Chromium by Playwright, as many people as a test needs: each with cookies and a disk of their own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.support.web_house import Entry, House
from tests.support.webdriver import CHROMIUM

MISSING = "" if CHROMIUM else "Chromium fehlt (Paket chromium)"


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
        context = self.browser.new_context(java_script_enabled=scripts, locale="de-DE", accept_downloads=True, base_url=self.base)
        page, traffic = context.new_page(), Traffic()
        page.on("request", traffic.note)
        page.goto("/anmelden")
        page.locator("#schluessel").fill(self.house.keys[entry.person.id])
        page.locator("form[action='/anmelden'] button").click()
        return page, traffic


@contextmanager
def playing(house: House) -> Iterator[Played]:
    """Serve a house and open Chromium."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(house.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu",
                                                                          "--disable-dev-shm-usage"])
            try:
                yield Played(f"http://127.0.0.1:{listener.getsockname()[1]}", house, browser)
            finally:
                browser.close()
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def picture(page: Page, path: Path, width: int = 1440) -> None:
    """Take a picture of the whole page."""
    page.set_viewport_size({"width": width, "height": 900})
    page.screenshot(path=str(path), full_page=True)
