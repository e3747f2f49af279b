"""A served town hall and Playwright's Chromium before it: one server and one browser for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page

from gateway.kipass.documents import course_of, in_force, versions_of
from tests.support.examples import examples
from tests.support.playing import chromium, served
from tests.support.web_house import Entry, House, example_life, open_house

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
        self.examples: dict[str, str] = {}
        """Address of the table -> address of one example; see `live`."""
        self._windows: dict[tuple[str | None, bool], BrowserContext] = {}

    def entry(self, role: str) -> Entry:
        """Return somebody with this role."""
        if role not in self.people:
            self.people[role] = self.house.hire(f"Kim {role.title()}", role)
        return self.people[role]

    def live(self) -> Stage:
        """Let something happen of everything that has a page of its own (`tests.support.examples`)."""
        office = self.entry("ki-pass-stelle")
        with ThreadPoolExecutor(1) as apart:  # Playwright has a running event loop in this thread
            self.examples = apart.submit(examples, self.house, self.officer, self.clerk, office).result()
        return self

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

    def close(self) -> None:
        """Close the windows."""
        for context in self._windows.values():
            context.close()

    def address(self, path: str) -> str:
        """Return a path of the table with something that is there in place of each name in braces."""
        rules, now = self.house.policies.kipass, self.house.clock.now()
        module = next(m for m in rules.modules.values() if m.course)
        course = in_force(versions_of(rules, module), now)
        assert course is not None
        path = self.examples.get(path, path)
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
    """Serve the example and open a browser before it."""
    with open_house(folder, None, development=True) as house:
        house.ledger.start()
        with served(house) as base, chromium() as browser:
            stage = Stage(house, browser, base)
            try:
                yield stage
            finally:
                stage.close()
