"""A served town hall and a browser in front of it, for tests that look at pages as people do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tests.support.web_house import Entry, House, example_life, open_house
from tests.support.webdriver import Chromium, chromium


@dataclass
class Site:
    """A served town hall and a window in front of it."""

    base: str
    house: House
    officer: Entry
    clerk: Entry
    window: Chromium

    def open(self, path: str) -> Chromium:
        self.window.open(self.base + path)
        return self.window

    def sign_in(self, entry: Entry, path: str = "/") -> Chromium:
        self.window.cdp("Network.clearBrowserCookies", {})
        self.open(f"/anmelden?weiter={path}")
        self.window.type("#schluessel", self.house.keys[entry.person.id])
        self.window.follow("form[action='/anmelden'] button")
        return self.window


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Serve the example and open a window."""
    with open_house(folder, None) as house:
        house.ledger.start()
        officer, clerk = example_life(house)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(house.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with chromium() as window:
                window.screen(1440)
                yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", house, officer, clerk, window)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()
