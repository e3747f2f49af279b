"""What comes in at the door and what goes out of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import GatewayError
from gateway.ports import Credentials
from gateway.wire.dialect import Dialect

PATIENCE: Final = 60
"""Seconds that the OpenAI library waits when it is told to; after a longer one it would ask again at once."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request at the door."""

    dialect: Dialect
    body: bytes = field(repr=False)
    credentials: Credentials
    purpose: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """What goes back to the client: a complete body, or an iterator of bytes that must be closed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None
    content_type: str = "application/json"


def error_outbound(error: GatewayError, body: bytes, headers: Mapping[str, str]) -> Outbound:
    """Return an error answer with the headers that tell clients whether to try again."""
    extra: dict[str, str] = {}
    if error.retry_after is not None:
        extra["retry-after"] = str(error.retry_after)
    far = error.code == "limit_erreicht" and (error.retry_after or 0) > PATIENCE
    if far or error.code == "budget_erschoepft":
        extra["x-should-retry"] = "false"
    if error.status == 401:
        extra["www-authenticate"] = "Bearer"
    return Outbound(error.status, {**headers, **extra}, body)
