"""The shipped Caddy configuration in a real Caddy: another port, a certificate made here, else as it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.support.gateway_process import PATIENCE, ROOT, free_port
from tests.support.nginx import NAME, make_certificate, until_open

PROGRAM = shutil.which("caddy")
MISSING = "" if PROGRAM else "caddy fehlt (Paket caddy)"


class Caddy:
    """``with Caddy(folder, port_of_the_gateway) as front``: serves https on ``front.port``."""

    def __init__(self, folder: Path, gateway: int) -> None:
        self.folder, self.port = folder, free_port()
        make_certificate(folder)
        text = (ROOT / "deploy/caddy/Caddyfile").read_text(encoding="utf-8")
        tls = f"bind 127.0.0.1\n\ttls {folder}/fullchain.pem {folder}/privkey.pem"
        for old, new in ((rf"(?m)^{re.escape(NAME)} {{$", f"https://{NAME}:{self.port} {{\n\t{tls}"),
                         (r"\tadmin off\n", "\tadmin off\n\tauto_https disable_redirects\n"),
                         (r"reverse_proxy 127\.0\.0\.1:8080 ", f"reverse_proxy 127.0.0.1:{gateway} ")):
            assert re.search(old, text), f"the configuration has changed: {old}"
            text = re.sub(old, new, text)
        (folder / "Caddyfile").write_text(text, encoding="utf-8")

    def __enter__(self) -> Caddy:
        environment = {**os.environ, "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder),
                       "XDG_CONFIG_HOME": str(self.folder)}
        with (self.folder / "stderr").open("wb") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM), "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"],
                stdout=log, stderr=log, env=environment)
        until_open(self._process, self)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()  # asked politely it waits for whoever is connected
        self._process.wait(PATIENCE)
