"""Headless Chromium through chromedriver, in plain WebDriver HTTP calls: no further package is needed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = "" if CHROMIUM and DRIVER else "Chromium oder chromedriver fehlt (Pakete chromium, chromium-driver)"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--accept-lang=de-DE,de", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage"]
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Chromium:
    """One window."""

    def __init__(self, driver: str) -> None:
        self._driver = driver
        options = {"binary": CHROMIUM, "args": FLAGS}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self._session = f"/session/{answer['sessionId']}"

    def open(self, address: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": address})

    @property
    def address(self) -> str:
        return str(self._call("GET", f"{self._session}/url"))

    @property
    def title(self) -> str:
        return str(self._call("GET", f"{self._session}/title"))

    def script(self, code: str, *arguments: Any) -> Any:
        """Run a script from outside the page (the pages themselves have none)."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": code, "args": list(arguments)})

    def text(self, selector: str = "main") -> str:
        return str(self._call("GET", f"{self._find(selector)}/text"))

    def click(self, selector: str) -> None:
        self._call("POST", f"{self._find(selector)}/click", {})

    def follow(self, selector: str) -> None:
        """Click something that leads to another page, and wait for that page."""
        with self.leaving():
            self.click(selector)

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """Wait at the end of the block until another page is there."""
        self.script("window.left = false")
        yield
        for _ in range(1500):
            with suppress(AssertionError):  # between two pages there is nothing to ask
                if self.script("return window.left === undefined && document.readyState === 'complete'"):
                    return
            time.sleep(0.02)
        raise AssertionError(f"still on {self.address}")

    def type(self, selector: str, text: str) -> None:
        self._call("POST", f"{self._find(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._call("POST", f"{self._session}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def screen(self, width: int, height: int = 900, *, dark: bool = False, scale: float = 1) -> None:
        """Set the size of the window and the colours that the person prefers."""
        self.cdp("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale,
                                                        "mobile": width < 600})
        self.cdp("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def picture(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self.cdp("Page.captureScreenshot", {"captureBeyondViewport": True})["data"])

    def complaints(self) -> list[str]:
        """What the browser complained about, for example a blocked style."""
        return [entry["message"] for entry in self._call("POST", f"{self._session}/se/log", {"type": "browser"})]

    def cdp(self, command: str, parameters: dict[str, Any]) -> Any:
        return self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def close(self) -> None:
        self._call("DELETE", self._session)

    def _find(self, selector: str) -> str:
        found = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        return f"{self._session}/element/{found[_ELEMENT]}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._driver + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(json.load(error)["value"]["message"]) from None


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A window, with its own driver on a free port; both end with the block."""
    assert DRIVER, MISSING
    command = [DRIVER, "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            started = next(line for line in process.stdout if "started successfully" in line)
            port = started.rsplit(" ", 1)[1].strip(" .\n")
            window = Chromium(f"http://127.0.0.1:{port}")
            try:
                yield window
            finally:
                window.close()
        finally:
            process.terminate()
