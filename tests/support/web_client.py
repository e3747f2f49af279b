"""A browser without a window: calls an ASGI application directly, keeps cookies, follows nothing by itself."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode


def without_own_scripts(text: str) -> str:
    """Return a page without the scripts that are ours: files of this server, nothing inside."""
    return re.sub(r'<script(?: type="module")? src="/static/[a-z-]+\.js\?v=[0-9a-f]{12}"[^<>]*></script>', "", text)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def token(self) -> str:
        """The token of the first form on the page."""
        found = re.search(r'name="formular" value="([0-9a-f]+)"', self.text)
        assert found, "there is no form on this page"
        return found[1]


@dataclass
class Browser:
    """One visitor."""

    app: Any
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.1"
    scheme: str = "http"

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, form: dict[str, str], page: str | None = None) -> Answer:
        """Send a form; with `page` open that page first and take its token along, as a browser does."""
        if page is not None:
            form = {"formular": self.get(page).token, **form}
        return self.send("POST", path, urlencode(form).encode())

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        path, _, query = path.partition("?")
        sent = {"accept": "text/html", "host": "127.0.0.1:8080", **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
                 "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "scheme": self.scheme,
                 "headers": [(k.encode(), v.encode()) for k, v in sent.items()], "client": (self.address, 50000),
                 "server": ("127.0.0.1", 8080)}
        answer = asyncio.run(self._call(scope, body))
        for line in answer.all("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer

    async def _call(self, scope: dict[str, Any], body: bytes) -> Answer:
        status, headers, pieces, given = 0, [], [], False

        async def receive() -> dict[str, Any]:
            nonlocal given
            if given:
                await asyncio.sleep(3600)
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]]
            else:
                pieces.append(message.get("body", b""))

        await self.app(scope, receive, send)
        return Answer(status, headers, b"".join(pieces))
