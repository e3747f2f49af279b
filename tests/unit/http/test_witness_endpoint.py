"""A neighbour asks over HTTP: the answers of the protocol, and nothing that is not asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.applications import Starlette

from audit import Witness
from audit.anchors.witness import request_body
from audit.checkpoint import Checkpoint
from audit.merkle import leaf_hash, tree_hash
from audit.signing import Signer
from gateway.http.witness import PATH, WitnessEndpoint


async def post(app: Starlette, body: bytes) -> tuple[int, str, str]:
    sent: list[dict[str, object]] = []
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "query_string": b"", "scheme": "http",
             "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "http_version": "1.1", "root_path": ""}
    parts = [body[:10], body[10:]]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)
    await app(scope, receive, send)  # type: ignore[arg-type]
    headers = dict(sent[0]["headers"])  # type: ignore[call-overload]
    return sent[0]["status"], headers.get(b"content-type", b"").decode(), sent[1]["body"].decode()  # type: ignore


def test_a_witness_over_http(tmp_path: Path) -> None:
    signer = Signer.open(tmp_path / "log", "test.example/ki-pforte/1")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "logs.txt").write_text(f"{signer.vkey}\n", "utf-8")
    app = Starlette(routes=WitnessEndpoint(Witness(tmp_path / "w", "zeuge.example")).routes())
    leaves = [leaf_hash(bytes([n])) for n in range(3)]
    body = request_body(0, [], signer.sign(Checkpoint("test.example/ki-pforte/1", 3, tree_hash(leaves))))
    status, kind, said = asyncio.run(post(app, body))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert said.startswith("— zeuge.example ")
    assert asyncio.run(post(app, body))[:2] == (409, "text/x.tlog.size")
    assert asyncio.run(post(app, b"x" * 70_000))[0] == 413
