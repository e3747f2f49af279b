"""One POST to a place outside: no redirects, no proxies, a bounded answer, at most a quarter of a minute."""

from __future__ import annotations

import http.client
import ssl
from typing import Final
from urllib.parse import urlsplit

from audit.anchors.sinks import AnchorError

SECONDS: Final = 15.0
MOST: Final = 64 * 1024


def post(address: str, body: bytes, content_type: str, who: str) -> tuple[int, bytes]:
    """Return status and the first 64 KiB of the answer. Raises `AnchorError`, which says that `who` cannot be reached.
    """
    parts = urlsplit(address)
    try:
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(parts.netloc, timeout=SECONDS, context=ssl.create_default_context())
            if parts.scheme == "https" else http.client.HTTPConnection(parts.netloc, timeout=SECONDS))
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, answer.read(MOST)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise AnchorError(f"{who} ist nicht erreichbar ({type(error).__name__}).") from None
