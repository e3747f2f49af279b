"""Real Chromium by Playwright, as many people as a test needs: each with cookies and a disk of their own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.support.web_house import Entry, House
from tests.support.webdriver import CHROMIUM

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
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
        context = self.browser.new_context(java_script_enabled=scripts, locale="de-DE", accept_downloads=True,
                                           base_url=self.base)
        page, traffic = context.new_page(), Traffic()
        page.on("request", traffic.note)
        page.goto("/anmelden")
        page.locator("#schluessel").fill(self.house.keys[entry.person.id])
        page.locator("form[action='/anmelden'] button").click()
        return page, traffic


class _Shared:
    """The one browser of this process: Playwright's loop cannot be opened twice in a thread."""

    users = 0
    browser: Browser | None = None
    ending = ExitStack()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give the browser of this process; the last who leaves closes it."""
    if _Shared.browser is None:
        play = _Shared.ending.enter_context(sync_playwright())
        _Shared.browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        _Shared.ending.callback(_Shared.browser.close)
    _Shared.users += 1
    try:
        yield _Shared.browser
    finally:
        _Shared.users -= 1
        if not _Shared.users:
            _Shared.browser = None
            _Shared.ending.close()


@contextmanager
def served(house: House) -> Iterator[str]:
    """Serve a house; give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(house.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def playing(house: House) -> Iterator[Played]:
    """Serve a house and open Chromium."""
    with served(house) as base, chromium() as browser:
        yield Played(base, house, browser)


def picture(page: Page, path: Path, width: int = 1440) -> None:
    """Take a picture of the whole page."""
    page.set_viewport_size({"width": width, "height": 900})
    page.screenshot(path=str(path), full_page=True)
