"""A conversation of the Responses API: its items in their order, and how clients read, add and delete them.

Keeps true: an item has one id, which no other of the conversation has or had; items that were added together stand
together; what is said again to a model (`asked`) is what was added, without ids and states, so it is the same input as
if the client had sent it whole. What is shown has the forms that SDKs know, whatever form it was sent in.

Does not know who keeps it or for whom (`gateway.ports.Conversations`), nor what is in it: it is inspected when it is
sent, like everything else.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

from gateway.errors import GatewayError
from gateway.wire.document import invalid
from gateway.wire.responses import Responses
from gateway.wire.shapes import is_name

Item = dict[str, Any]
_MARKS: Final = ("id", "status")
"""What an item has for the client only: to a provider an id names what he would have to keep."""
_PREFIXES: Final = {"message": "msg", "function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}
_PAIRS, _KEY, _VALUE = 16, 64, 512
"""Metadata: how many, how long a name, how long a value (as published)."""
MOST_SHOWN: Final = 100


def new_identity() -> str:
    """Return the id of a new conversation: nobody guesses it, and the key to what is kept is made from it."""
    return f"conv_{secrets.token_hex(24)}"


@dataclass(slots=True)
class Conversation:
    """What is kept under one id."""

    created_at: int
    metadata: dict[str, str]
    items: list[Item]

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Return what `to_bytes` wrote."""
        return cls(**orjson.loads(content))

    def to_bytes(self) -> bytes:
        """Return the conversation as JSON: ``{"created_at", "metadata", "items"}``."""
        return orjson.dumps({"created_at": self.created_at, "metadata": self.metadata, "items": self.items})

    def add(self, items: Sequence[Item]) -> list[Item]:
        """Add items at the end; return them with their ids. Its own id an item keeps unless it is taken."""
        taken = {item["id"] for item in self.items}
        added: list[Item] = []
        for item in items:
            own = item.get("id")
            if not is_name(own) or not own or own in taken:
                own = f"{_PREFIXES.get(_kind(item), 'item')}_{secrets.token_hex(16)}"
            taken.add(own)
            added.append({**item, "id": own})
        self.items += added
        return added

    def asked(self) -> bytes:
        """Return all items as a JSON list, as a request says them again."""
        return orjson.dumps([{key: value for key, value in item.items() if key not in _MARKS} for item in self.items])

    def find(self, id_: str) -> Item:
        """Return one item. Raises ``gespraech_unbekannt``."""
        for item in self.items:
            if item["id"] == id_:
                return item
        raise GatewayError("gespraech_unbekannt", "Diesen Eintrag gibt es in dem Gespräch nicht.", param="item_id")

    def remove(self, id_: str) -> None:
        """Delete one item. Raises ``gespraech_unbekannt``."""
        self.items.remove(self.find(id_))

    def page(self, after: str | None, limit: int, *, backwards: bool) -> dict[str, Any]:
        """Return up to so many items after the one with that id. Raises ``gespraech_unbekannt``."""
        items = self.items[::-1] if backwards else self.items
        first = items.index(self.find(after)) + 1 if after else 0
        return listed(items[first:first + limit], more=len(items) > first + limit)


def _kind(item: Item) -> str:
    kind = item.get("type")
    return kind if isinstance(kind, str) else "message"


def described(id_: str, conversation: Conversation) -> dict[str, Any]:
    """Return what a client reads of a conversation."""
    return {"id": id_, "object": "conversation", "created_at": conversation.created_at,
            "metadata": conversation.metadata}


def listed(items: Sequence[Item], *, more: bool = False) -> dict[str, Any]:
    """Return what a client reads of several items."""
    return {"object": "list", "data": [shown(item) for item in items], "has_more": more,
            "first_id": items[0]["id"] if items else None, "last_id": items[-1]["id"] if items else None}


def shown(item: Item) -> Item:
    """Return what a client reads of one item: the long form, also of what was sent in the short one."""
    whole = {"type": _kind(item), "status": "completed", **item}
    said = item.get("content")
    if isinstance(said, str) and whole["type"] == "message":
        whole["content"] = [{"type": "output_text", "text": said, "annotations": [], "logprobs": []}
                            if item.get("role") == "assistant" else {"type": "input_text", "text": said}]
    return whole


def read_items(given: Any) -> list[Item]:
    """Return the items that a client adds. Raises ``anfrage_ungueltig``, and ``nicht_pruefbar`` where one stands for
    something that only a provider could look up: no request with it would ever go out."""
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        raise invalid("„items“ muss eine Liste von Einträgen sein.", "items")
    kept: list[Item] = orjson.loads(orjson.dumps(given))
    document = Responses().parse(orjson.dumps({"model": "-", "input": given})).document
    if document.opaque["provider_state"]:
        raise GatewayError("nicht_pruefbar", "Die Einträge wurden nicht aufgenommen: Einer verweist auf Daten, die "
                           "beim Anbieter liegen; was dort steht, lässt sich nicht prüfen. Bitte fügen Sie den Inhalt "
                           "selbst ein.", param="items")
    return kept


def read_metadata(given: Any) -> dict[str, str]:
    """Return what a client notes of a conversation. Raises ``anfrage_ungueltig``."""
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > _PAIRS or not all(
            len(name) <= _KEY and isinstance(value, str) and len(value) <= _VALUE for name, value in given.items()):
        raise invalid(f"„metadata“ muss aus höchstens {_PAIRS} Texten bestehen: Namen bis {_KEY}, Werte bis {_VALUE} "
                      "Zeichen.", "metadata")
    return given
