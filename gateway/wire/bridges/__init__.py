"""Bridges: a client speaks one wire API, its model's provider another one.

A bridge stands on the outer side of the house: what it takes was redacted, released and recorded in the caller's own
dialect, and what it gives back goes through the caller's own `Answer`, which restores. So it knows nothing of
placeholders; it must only never lose, repeat or reorder text.

The hub is chat completions: every provider in a town hall's own house speaks it (vLLM, Ollama, llama.cpp). A way from
one side API to the other is two bridges. Providers that speak only the Messages API are litellm's work
(`gateway.upstream.litellm_adapter`); for the Responses API it is not used, because it lets the provider store what is
sent and gives calls other ids. What a bridge cannot say in the other language it refuses, naming the field,
or leaves out where that changes no meaning (each file says what).

Pure: no clock, no randomness. Ids are made from the provider's ids.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Final, Protocol

from gateway.wire.bridges.chat_over_responses import ChatOverResponses
from gateway.wire.bridges.common import Translation
from gateway.wire.bridges.messages_over_chat import MessagesOverChat
from gateway.wire.bridges.responses_over_chat import ResponsesOverChat


class Bridge(Protocol):
    """From the dialect ``caller`` to the dialect ``provider`` and back."""

    caller: str
    provider: str

    def request(self, body: bytes) -> bytes:
        """Return the request in the provider's dialect. Raises ``anfrage_ungueltig`` for what cannot be said there."""
        ...

    def answer(self, request: bytes) -> Translation:
        """Open the way back for `request` (in the caller's dialect)."""
        ...


_BRIDGES: Final[tuple[Bridge, ...]] = (ResponsesOverChat(), MessagesOverChat(), ChatOverResponses())


@cache
def spoken(caller: str) -> frozenset[str]:
    """Return the dialects of providers that `caller` reaches: its own, and those on the other side of bridges."""
    possible = {caller, *(bridge.provider for bridge in _BRIDGES)}
    return frozenset(dialect for dialect in possible if way(caller, (dialect,)) is not None)


def way(caller: str, spoken: Collection[str]) -> tuple[Bridge, ...] | None:
    """Return the bridges from `caller` to a provider that speaks the dialects `spoken`: none if it speaks the caller's,
    None if there is no way."""
    if caller in spoken:
        return ()
    direct = [bridge for bridge in _BRIDGES if bridge.caller == caller]
    for bridge in direct:
        if bridge.provider in spoken:
            return (bridge,)
    for bridge in direct:
        further = [second for second in _BRIDGES if second.caller == bridge.provider and second.provider in spoken]
        if further:
            return (bridge, further[0])
    return None
