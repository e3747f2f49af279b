"""A real OpenID provider for tests: npm's ``oidc-provider`` under Node, in a folder of its own below ``.venv``.

It is installed once, the first time a test wants it, and used from then on; where Node, npm or the package index is
missing, `missing` says so and tests are skipped with that reason. ``with provider(...) as sso`` runs one: `url` is the
issuer; `tell` changes clients, accounts, keys, or takes it away.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "openid-provider"
PACKAGE = "oidc-provider@9.13.3"
LEAST_NODE = 20
PATIENCE = 30.0
SECRET = "geheim-" * 6


@cache
def missing() -> str:
    """Install the provider if it is not there; return why that cannot be, or nothing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node oder npm fehlt (Pakete nodejs, npm); damit läuft der Anmeldedienst für Tests"
    version = subprocess.run(["node", "--version"], capture_output=True, encoding="utf-8", check=False).stdout
    if int(version.lstrip("v").partition(".")[0] or 0) < LEAST_NODE:
        return f"Node {LEAST_NODE} oder neuer fehlt (da ist {version.strip()}); damit läuft der Anmeldedienst für Tests"
    stamp = FOLDER / "installed.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == PACKAGE:
        return ""
    if not FOLDER.parent.is_dir():
        return "die Umgebung .venv fehlt („make install-test“)"
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as made:  # several at once: the last one stays
        fresh = Path(made) / "fresh"
        fresh.mkdir()
        (fresh / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--no-package-lock", PACKAGE]
        try:
            done = subprocess.run(command, cwd=fresh, capture_output=True, encoding="utf-8", check=False, timeout=120)
        except subprocess.TimeoutExpired:
            return f"{PACKAGE} ließ sich nicht laden: der Paketindex antwortet nicht"
        if done.returncode:
            return f"{PACKAGE} ließ sich nicht laden: kein Paketindex erreichbar"
        (fresh / "installed.txt").write_text(PACKAGE, encoding="utf-8")
        shutil.rmtree(FOLDER, ignore_errors=True)
        fresh.rename(FOLDER)
    return ""


def account(email: str, **claims: Any) -> dict[str, Any]:
    """Return what the provider says about somebody."""
    return {"email": email, "email_verified": True, "name": "Änne Prüferin", **claims}


def client(address: str, **changes: Any) -> dict[str, Any]:
    """Return the registration of a gateway that is reached at `address`."""
    entry = {"client_id": "ki-pforte", "client_secret": SECRET, "grant_types": ["authorization_code"],
             "redirect_uris": [f"{address}/anmelden/zurueck"], "response_types": ["code"],
             "post_logout_redirect_uris": [f"{address}/anmelden"],
             "backchannel_logout_uri": f"{address}/anmelden/abmelden-oidc",
             "backchannel_logout_session_required": True, **changes}
    return {name: value for name, value in entry.items() if value is not None}


@dataclass
class Provider:
    """One that runs."""

    url: str
    process: subprocess.Popen[str]
    state: dict[str, Any] = field(default_factory=dict)

    def tell(self, **changes: Any) -> None:
        """Change what it says and does."""
        self.state |= changes
        request = urllib.request.Request(f"{self.url}/control", json.dumps(self.state).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read()


@contextmanager
def provider(**state: Any) -> Iterator[Provider]:
    """Run a provider until the end of the block."""
    script = FOLDER / f"server-{os.getpid()}.mjs"  # Node looks for packages beside the script
    shutil.copy(Path(__file__).parent / "openid" / "server.mjs", script)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NODE_", "npm_"))}
    process = subprocess.Popen(["node", script.name], cwd=FOLDER, env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http"), process.stderr.read()
        running = Provider(url, process)
        running.tell(**state)
        yield running
    finally:
        process.stdin.close()  # it ends with its standard input
        process.wait(PATIENCE)
        process.stdout.close()
        process.stderr.close()
        script.unlink(missing_ok=True)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:  # type: ignore[override]
        return None


class Visitor:
    """A browser without a window that keeps cookies and follows redirects only as far as it is told."""

    def __init__(self) -> None:
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay)

    def open(self, address: str, form: Mapping[str, str] | None = None,
             headers: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Return status, body, and where it leads (empty: nowhere)."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(address, data, dict(headers or {}))
        try:
            answer = self._opener.open(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            to = answer.headers.get("location", "")
            return answer.status, answer.read().decode(), urllib.parse.urljoin(address, to) if to else ""

    def follow(self, address: str, until: str) -> str:
        """Follow redirects until an address that holds `until`, or a page; return that address."""
        for _ in range(12):
            if until in address:
                return address
            _, _, to = self.open(address)
            if not to:
                return address
            address = to
        raise AssertionError("in a circle")

    def at_provider(self, address: str, login: str, *, factor: bool = False, cancel: bool = False) -> str:
        """Sign in at the provider from the address a gateway sent us to; return the address it sends us back to."""
        page = self.follow(address, "/interaction/")
        form = {"cancel": "1"} if cancel else {"login": login, **({"factor": "on"} if factor else {})}
        status, body, to = self.open(page, form)
        assert to, f"the provider answered {status}: {body[:300]}"
        return self.follow(to, "/anmelden/zurueck")

    def form_token(self, page: str) -> str:
        """Return the token of the first form on a page."""
        found = re.search(r'name="formular" value="([0-9a-f]+)"', page)
        assert found, "there is no form on this page"
        return found[1]
