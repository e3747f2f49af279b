"""A time-stamping authority (RFC 3161) on a free port: certificates of its own, answers by ``openssl ts``."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OPENSSL = shutil.which("openssl")
_CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """Signs what it is asked to; `answer` can be replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.roots, self.asked = folder, folder / "wurzel.pem", 0
        root_key, root = _certificate("Wurzel")
        key, signer = _certificate("Zeitstempel", root_key, root)
        self.roots.write_bytes(root.public_bytes(Encoding.PEM))
        (folder / "tsa.pem").write_bytes(signer.public_bytes(Encoding.PEM))
        (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")

    def answer(self, query: bytes) -> tuple[int, bytes]:
        """Return status and body."""
        self.asked += 1
        (self.folder / "q.tsq").write_bytes(query)
        run(["ts", "-reply", "-config", "tsa.cnf", "-section", "own", "-queryfile", "q.tsq", "-signer", "tsa.pem",
             "-inkey", "tsa.key", "-out", "r.tsr"], self.folder)
        return 200, (self.folder / "r.tsr").read_bytes()


def run(arguments: list[str], folder: Path) -> str:
    """Run OpenSSL; return what it says."""
    assert OPENSSL is not None
    done = subprocess.run([OPENSSL, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
    return done.stdout.decode() + done.stderr.decode()


@contextmanager
def serving(authority: Authority) -> Iterator[str]:
    """Give the address under which it answers."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["content-type"] == "application/timestamp-query"
            status, body = authority.answer(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"tsa+http://127.0.0.1:{server.server_address[1]}/tsr"
        finally:
            server.shutdown()
            thread.join()


def _certificate(name: str, issuer_key: ec.EllipticCurvePrivateKey | None = None,
                 issuer: x509.Certificate | None = None) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
               .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))
    if issuer is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return key, builder.sign(issuer_key or key, SHA256())
