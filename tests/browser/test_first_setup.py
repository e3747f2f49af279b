"""From nothing to a chat that answers: a real process, a real browser, no scripts; and the same with the keyboard."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.support.gateway_process import ROOT, free_port
from tests.support.playing import MISSING, chromium
from tests.support.stage import violations

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
PATIENCE = 90.0


@dataclass
class Fresh:
    """A program that was started where there is nothing yet."""

    process: subprocess.Popen[str]
    base: str
    link: str
    folder: Path


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KI_PFORTE_")} | {
        "KI_PFORTE_HOME": str(tmp_path / "home"), "KI_PFORTE_POLICIES": str(tmp_path / "policies"),
        "KI_PFORTE_PORT": str(port), "KI_PFORTE_NAMES_ENGINE": "keine", "PYTHONPATH": str(ROOT)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "gateway", "serve", "--setup"], cwd=tmp_path, env=environment,
                                   stdout=log, stderr=subprocess.STDOUT, text=True)
    try:
        yield Fresh(process, f"http://127.0.0.1:{port}", _link(process, tmp_path / "log"), tmp_path)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _link(process: subprocess.Popen[str], log: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"http://\S+/setup\?code=\S+", log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])


def answers(fresh: Fresh) -> dict[str, str]:
    return {"name": "Gemeinde Neudorf", "address": fresh.base, "it_name": "Ida Technik",
            "it_email": "ida@neudorf.example", "dpo_name": "Dora Schutz", "dpo_email": "dora@neudorf.example"}


def patiently(page: Page, address: str) -> None:
    """Open a page of a house that is just starting."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            page.goto(address)
            return
        except Error:
            assert time.monotonic() < end, "the house does not come up"
            time.sleep(0.3)


def ask(fresh: Fresh, key: str) -> str:
    request = urllib.request.Request(
        f"{fresh.base}/v1/chat/completions", headers={"authorization": f"Bearer {key}",
                                                      "content-type": "application/json"},
        data=json.dumps({"model": "demo", "messages": [{"role": "user", "content": "Guten Tag"}]}).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return str(json.load(answer)["choices"][0]["message"]["content"])


def test_five_pages_lead_to_a_chat_that_answers_and_to_a_password(fresh: Fresh) -> None:
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False, locale="de-DE").new_page()
        page.goto(fresh.link)
        typed = answers(fresh) | {"dpo_email": "ida@neudorf.example"}
        more = {"more": "Kasse & Steuern", "anchor_file": str(fresh.folder / "anker.txt")}
        while not page.url.endswith("/setup/ansehen"):
            for name, text in typed.items():
                if page.locator(f"[name={name}]").count():
                    page.locator(f"[name={name}]").fill(text)
            for name, text in more.items():  # folded away; opened without scripts
                if page.locator(f"[name={name}]").count():
                    if not page.locator(f"[name={name}]").is_visible():
                        page.locator("summary").click()
                    page.locator(f"[name={name}]").fill(text)
            page.get_by_role("button", name="Weiter", exact=True).click()
            if page.locator("#dpo_email-fehler").count():  # the same person twice: said at its field, all else stays
                assert page.locator("[name=dpo_name]").input_value() == "Dora Schutz"
                typed["dpo_email"] = "dora@neudorf.example"
        page.get_by_role("button", name="Jetzt einrichten").click()
        key = re.search(r"kip_[\w-]+", page.content())
        invitation = page.locator("a[href*='/einladung/']").first.get_attribute("href")
        assert key
        assert invitation
        patiently(page, invitation)
        assert "Ida Technik" in page.content()
        page.context.close()
    assert "Guten Tag" in ask(fresh, key[0])
    assert (fresh.folder / "policies" / "departments" / "kasse-steuern.yaml").exists()


def test_the_same_with_the_keyboard_alone_and_no_barrier_on_any_page(fresh: Fresh) -> None:
    typed = answers(fresh)
    with chromium() as browser:
        page = browser.new_context(locale="de-DE").new_page()
        page.goto(fresh.link)
        while not page.url.endswith("/setup/ansehen"):
            assert violations(page) == []
            before = page.url
            _through(page, typed)
            page.wait_for_url(lambda url, before=before: url != before)
        assert violations(page) == []
        page.locator("main a").last.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=ist eingerichtet")
        assert violations(page) == []
        page.context.close()


def _through(page: Page, typed: dict[str, str]) -> None:
    """Go through a form by Tab, type what belongs there, and send it with its button."""
    for _ in range(40):
        page.keyboard.press("Tab")
        name, kind, value = page.evaluate("(() => { const a = document.activeElement; "
                                          "return [a.name || '', a.type || '', a.value || '']; })()")
        if kind == "submit" and value == "ja":
            page.keyboard.press("Enter")
            return
        if kind in ("text", "textarea") and name in typed:
            page.keyboard.press("Control+A")  # what is suggested is replaced
            page.keyboard.type(typed[name])
    raise AssertionError("the button cannot be reached")
