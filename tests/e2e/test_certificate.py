"""A certificate from one town to another: issued on a page, checked without us, and blocked by a command."""

from __future__ import annotations

import http.cookiejar
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.support.gateway_process import ROOT, GatewayProcess


class Visitor:
    """Somebody with a browser that keeps cookies."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> str:
        try:
            with self._opener.open(self.base + path, timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="formular" value="([0-9a-f]+)"', self.get(path))
        assert token
        body = urllib.parse.urlencode({"formular": token[1], **fields}).encode()
        with self._opener.open(self.base + path, body, timeout=30) as answer:
            return str(answer.read().decode())


def _verify(folder: Path, file: Path, keys: Path) -> subprocess.CompletedProcess[str]:
    """Check as another town does: nothing of ours but the two files."""
    return subprocess.run([sys.executable, "-m", "gateway", "pass", "verify", str(file), "--issuer-keys", str(keys),
                           "--json"], env={"KI_PFORTE_HOME": str(folder / "none"), "PATH": "/usr/bin:/bin"}, cwd=ROOT,
                          capture_output=True, encoding="utf-8", timeout=60, check=False)


def test_a_certificate_goes_to_another_town_and_a_block_shows_at_once(gateway: GatewayProcess, tmp_path: Path) -> None:
    person = gateway.holder("kulanz")
    holder, stranger = Visitor(gateway.url), Visitor(gateway.url)
    holder.post("/anmelden", schluessel=person.key)
    groups = re.findall(r"<span>([0-9A-Z]{4})</span>", holder.post("/pass/nachweis", schritt="ausstellen"))
    file, keys = tmp_path / "nachweis.jws", tmp_path / "ki-pass.json"
    file.write_text(holder.get("/pass/nachweis.jws"))
    keys.write_text(stranger.get("/.well-known/ki-pass.json"))
    done = _verify(tmp_path, file, keys)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["number"] == "".join(groups)
    checked = f"/pass/pruefen/{'-'.join(groups)}"
    assert "Dieser KI-Pass gilt." in stranger.get(checked)
    gateway.cli("pass", "block", person.email, "--reason", "Probe")
    try:
        assert "Dieser KI-Pass gilt nicht mehr." in stranger.get(checked)
    finally:
        gateway.cli("pass", "unblock", person.email)
    assert "Dieser KI-Pass gilt." in stranger.get(checked)
    assert "".join(groups) not in gateway.logged()
    assert gateway.cli("pass", "issuer", "--rotate").stdout != keys.read_text()
    assert _verify(tmp_path, file, keys).returncode == 0
    keys.write_text(stranger.get("/.well-known/ki-pass.json"))
    assert _verify(tmp_path, file, keys).returncode == 0
    forged = tmp_path / "forged.jws"
    head, content, signature = file.read_text().split(".")
    forged.write_text(f"{head}.{content}.{signature[::-1]}")
    assert _verify(tmp_path, forged, keys).returncode == 1
