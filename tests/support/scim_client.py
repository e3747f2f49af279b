"""A directory service: sends SCIM to a small town hall and remembers what came back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from starlette.applications import Starlette

from gateway.http.scim import ScimEndpoints
from gateway.registry.directory import Directory
from gateway.settings_office import scim_meanings
from tests.support.web_house import House, open_house

TOKEN = "t" * 40
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAP = "Bauverwaltung=amt:bauamt;Amt für Jugend, Familie=amt:jugendamt;Azubis=gruppe:auszubildende;KI-DSB=rolle:dpo"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    json: Any


class ScimClient:
    """Calls the endpoints without a network."""

    def __init__(self, house: House, *, meanings: str = MAP, department: str = "") -> None:
        self.house = house
        self.books = Directory(house.books, scim_meanings(meanings), department)
        self.app = Starlette(routes=ScimEndpoints(self.books, TOKEN, lambda: "https://ki.example").routes())

    def __call__(self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN,
                 headers: dict[str, str] | None = None, **query: str) -> Reply:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return asyncio.run(self._call(method, path, raw, token, headers or {}, query))

    async def _call(self, method: str, path: str, body: bytes, token: str | None, headers: dict[str, str],
                    query: dict[str, str]) -> Reply:
        sent: list[Any] = []
        given = {**({"authorization": f"Bearer {token}"} if token else {}), **headers}
        pending = [{"type": "http.request", "body": body}]

        async def receive() -> Any:
            return pending.pop(0) if pending else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
        await self.app({"type": "http", "method": method, "path": "/scim/v2" + path, "raw_path": quote(path).encode(),
                        "query_string": urlencode(query).encode(), "root_path": "", "scheme": "https",
                        "headers": [(k.encode(), v.encode()) for k, v in given.items()]}, receive, send)
        text = b"".join(m.get("body", b"") for m in sent[1:])
        return Reply(sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]},
                     json.loads(text) if text else None)


@contextmanager
def open_scim(folder: Path, **values: Any) -> Iterator[ScimClient]:
    """A town hall with a directory service."""
    with open_house(folder) as house:
        house.ledger.start()
        yield ScimClient(house, **values)


def entra_user(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A person as Entra ID sends them."""
    return {
        "schemas": [USER, ENTERPRISE], "externalId": f"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4e{number}",
        "userName": f"Test_User_{number}@musterstadt.example", "active": True,
        "emails": [{"primary": True, "type": "work", "value": f"test.{number}@musterstadt.example"}],
        "meta": {"resourceType": "User"}, "displayName": "Lan Nguyễn",
        "name": {"formatted": "Lan Nguyễn", "familyName": "Nguyễn", "givenName": "Lan"}, "roles": [{"value": "dpo"}],
        "title": "Sachbearbeiterin", ENTERPRISE: {"department": "bauamt", "employeeNumber": "4711"}, **changes}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """A PATCH with these operations."""
    return {"schemas": [PATCH], "Operations": list(operations)}
