"""A served town hall and Playwright's Chromium before it: one server and one browser for all tests of pages."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gateway.kipass.documents import course_of, in_force, versions_of
from tests.support.web_house import Entry, House, example_life, open_house

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = "" if CHROMIUM else "Chromium fehlt (Paket chromium)"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


class Stage:
    """Who wants to see pages as people do."""

    def __init__(self, house: House, browser: Browser, base: str) -> None:
        self.house, self.browser, self.base = house, browser, base
        self.officer, self.clerk = example_life(house)
        self.people: dict[str, Entry] = {"dpo": self.officer, "staff": self.clerk}
        self.record = house.exchange()
        house.settle()
        self._windows: dict[tuple[str | None, bool], BrowserContext] = {}

    def entry(self, role: str) -> Entry:
        """Return somebody with this role."""
        if role not in self.people:
            self.people[role] = self.house.hire(f"Kim {role.title()}", role)
        return self.people[role]

    def context(self, entry: Entry | None, **options: Any) -> BrowserContext:
        """Return a fresh window in which somebody is signed in."""
        context = self.browser.new_context(locale="de-DE", timezone_id="Europe/Berlin", **options)
        context.set_default_timeout(20_000)
        if entry is not None:
            with ThreadPoolExecutor(1) as apart:  # Playwright has a running event loop in this thread
                cookies = apart.submit(self.house.browser, entry).result().cookies
            context.add_cookies([{"name": name, "value": value, "url": self.base} for name, value in cookies.items()])
        return context

    def window(self, role: str | None, *, scripts: bool = True) -> Page:
        """Return a page in the window of a role; None: nobody is signed in."""
        key = (role, scripts)
        if key not in self._windows:
            self._windows[key] = self.context(self.entry(role) if role else None, java_script_enabled=scripts)
        context = self._windows[key]
        page = context.pages[0] if context.pages else context.new_page()
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light", forced_colors="none", media="screen")
        return page

    def address(self, path: str) -> str:
        """Return a path of the table with something that is there in place of each name in braces."""
        rules, now = self.house.policies.kipass, self.house.clock.now()
        module = next(m for m in rules.modules.values() if m.course)
        course = in_force(versions_of(rules, module), now)
        assert course is not None
        person = self.clerk.person.id
        special = {"/office/people/{id}": f"/office/people/{person}",
                   "/keys/widerrufen/{id}": f"/keys/widerrufen/{self.clerk.key.id}"}
        path = special.get(path, path)
        known = {"{id}": self.record, "{code}": "gibtsnicht", "{module}": module.key,
                 "{section}": course_of(rules, course).sections[0].key,
                 "{sha256}": rules.documents["information"][0].sha256}
        for name, value in known.items():
            path = path.replace(name, value)
        return self.base + path.replace("{", "").replace("}", "")


def violations(page: Page, only: list[str] | None = None) -> list[str]:
    """Return what axe finds on a page, in words; `only` some of its rules."""
    page.evaluate(AXE)
    run: dict[str, Any] = {"type": "rule", "values": only} if only else {"type": "tag", "values": RULES}
    found = page.evaluate("options => axe.run(document, options)", {"runOnly": run, "resultTypes": ["violations"]})
    return [f"{one['id']}: {one['help']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """Serve the example and open a browser; both end with the block."""
    with open_house(folder, None, development=True) as house:
        house.ledger.start()
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(house.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                yield Stage(house, browser, f"http://127.0.0.1:{listener.getsockname()[1]}")
                browser.close()
        finally:
            server.should_exit = True
            thread.join()
            listener.close()
