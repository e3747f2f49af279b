"""Gets the documents of the OpenID provider: small, without redirects, within seconds."""

from __future__ import annotations

from typing import Final

import aiohttp

SECONDS: Final = 5.0
MOST_BYTES: Final = 1 << 20


class FetchError(Exception):
    """The document did not come as it should."""


async def fetch(address: str) -> bytes:
    """Return the document at `address`. Raises `FetchError`, or what aiohttp and the clock raise."""
    async with (aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False,
                                      cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(address, allow_redirects=False, headers={"accept": "application/json"}) as answer):
        if answer.status != 200:
            raise FetchError
        body = bytearray()
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > MOST_BYTES:
                raise FetchError
        return bytes(body)
