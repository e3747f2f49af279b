"""The shipped nginx configuration in a real nginx: other ports and folders, a certificate made here, else as it is."""

from __future__ import annotations

import datetime
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.gateway_process import PATIENCE, ROOT, Person, free_port
from tests.support.http import Reply

NAME = "ki.musterstadt.example"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
MISSING = "" if PROGRAM else "nginx fehlt (Paket nginx-light)"
_FRAME = """daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
{temporary}
    include {folder}/ki-pforte.conf;
}}
"""


def make_certificate(folder: Path) -> None:
    """Write ``fullchain.pem`` and ``privkey.pem`` for the example town."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(today - datetime.timedelta(days=1))
                   .not_valid_after(today + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                   .sign(key, hashes.SHA256()))
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class Nginx:
    """``with Nginx(folder, port_of_the_gateway) as front``: serves https on ``front.port``, http on ``front.plain``."""

    def __init__(self, folder: Path, *gateways: int) -> None:
        self.folder, self.port, self.plain = folder, free_port(), free_port()
        folder.mkdir(parents=True, exist_ok=True)
        make_certificate(folder)
        text = (ROOT / "deploy/nginx/ki-pforte.conf").read_text(encoding="utf-8")
        servers = " ".join(rf"server 127.0.0.1:{one} \1;" for one in gateways)
        for old, new in ((r"server 127\.0\.0\.1:8080 (.*);", servers),
                         (r"listen 80;", f"listen 127.0.0.1:{self.plain};"),
                         (r"listen 443 ", f"listen 127.0.0.1:{self.port} "),
                         (r" *listen \[::\]:.*\n", ""), (r"/etc/ssl/ki-pforte/", f"{folder}/"),
                         (r"/var/log/nginx/", f"{folder}/")):
            assert re.search(old, text), f"the configuration has changed: {old}"
            text = re.sub(old, new, text)
        (folder / "ki-pforte.conf").write_text(text, encoding="utf-8")
        temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(_FRAME.format(
            folder=folder, temporary=temporary, user="user root;" if os.geteuid() == 0 else ""), encoding="utf-8")

    def check(self) -> str:
        """Return what ``nginx -t`` complains about."""
        done = self._run("-t", "-q")
        return done.stderr if done.returncode or done.stderr else ""

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(PROGRAM), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), *words],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)

    def __enter__(self) -> Nginx:
        with (self.folder / "stderr").open("wb") as log:
            self._process = subprocess.Popen([str(PROGRAM), "-p", str(self.folder), "-c",
                                              str(self.folder / "nginx.conf")], stdout=log, stderr=log)
        until_open(self._process, self)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


class Front(Protocol):
    """A web server in front of the gateway."""

    folder: Path
    port: int


def until_open(process: subprocess.Popen[bytes], front: Front) -> None:
    """Wait until the web server takes connections; what it complains of lies in ``stderr`` in its folder."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", front.port), 5).close()
            return
        except OSError:
            assert process.poll() is None, (front.folder / "stderr").read_text()
            assert time.monotonic() < give_up, f"{process.args} does not come up"
            time.sleep(0.02)


class Https(http.client.HTTPSConnection):
    """A connection that checks the certificate of the example town."""

    def __init__(self, front: Front) -> None:
        context = ssl.create_default_context(cafile=str(front.folder / "fullchain.pem"))
        super().__init__("127.0.0.1", front.port, timeout=PATIENCE, context=context)
        self._context = context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=NAME)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """Send one request and hang up."""
        try:
            self.request(method, path, body or None, {"Host": NAME, **headers})
            answer = self.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            self.close()


def key_of(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.key}", "Content-Type": "application/json"}
