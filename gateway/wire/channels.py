"""The running texts of one answer, and who may read them.

A *channel* is one text that comes in pieces: the text of a block, the arguments of a tool call. `Channels` opens one
way back per channel, says of a tool's arguments whether that tool is trusted with them, and knows the text that a
finished channel showed, because some APIs repeat a text in full once its last piece is sent.

Keeps true: the whole text repeated after its pieces is the text that the pieces showed; of a tool that nobody named
yet, nobody can say that it is trusted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import orjson

from gateway.wire.dialect import AnswerContext, ChannelText
from gateway.wire.positions import Positions

Key = Hashable
_BLIND = frozenset({"id", "type", "url", "signature", "data", "encrypted_content", "encrypted_index", "call_id",
                    "tool_use_id", "item_id", "file_id", "status", "role"})
"""Leaves in which nothing is put back: they are compared or opened by programs."""


class Channels:
    """All channels of one answer. ``active`` is False when nothing was replaced and nothing must be hidden."""

    def __init__(self, context: AnswerContext) -> None:
        self._open_channel = context.channel
        self._context = context
        self._asks = bool(context.untrusted_tools) or context.tools is not None
        self._channels: dict[Key, ChannelText] = {}
        self._shown: dict[Key, list[str]] = {}
        self._whole: dict[tuple[str, bool], str] = {}
        self._tools: dict[Key, str] = {}
        self._others: list[ChannelText] = []
        self.active = context.channel is not None
        self._positions = Positions(self._open)

    @property
    def unresolved(self) -> int:
        """Placeholders in the answer that this exchange never issued."""
        return sum(c.unresolved for c in (*self._channels.values(), *self._others))

    def raw(self) -> list[str]:
        """Return each text as the provider sent it so far."""
        return [c.raw for c in (*self._channels.values(), *self._others)]

    def name(self, call: Key, name: object) -> None:
        """Note the name of the tool behind a call."""
        if isinstance(name, str) and name:
            self._tools[call] = name

    def trusts(self, call: Key) -> bool:
        """Whether the arguments of this call may be shown to the tool."""
        return not self._asks or (call in self._tools and self._context.trusts(self._tools[call]))

    def feed(self, key: Key, text: str, *, json: bool = False, call: Key = None) -> str:
        """Take a piece of the channel `key` and return what can be shown of it now. TypeError for what is no text."""
        if not isinstance(text, str):
            raise TypeError("a piece that is no text")
        if not self.active or (call is not None and not self.trusts(call)):
            return text
        if key not in self._channels:
            self._channels[key] = self._open(json)
            self._shown[key] = []
        shown = self._channels[key].feed(text)
        self._shown[key].append(shown)
        return shown

    def close(self, key: Key, *, json: bool = False) -> str:
        """End the channel `key`: return what it held back, and remember what it showed."""
        channel = self._channels.get(key)
        if channel is None or key not in self._shown:
            return ""
        held = channel.close()
        self._whole[channel.raw, json] = "".join(self._shown.pop(key)) + held
        return held

    def open_keys(self) -> Iterator[Key]:
        """Yield the channels that have not been closed, in the order in which they began."""
        yield from list(self._shown)

    def whole(self, text: str, *, json: bool = False, call: Key = None) -> str:
        """Return a complete text restored; one whose pieces were shown before is what they showed. TypeError as above.
        """
        if not isinstance(text, str):
            raise TypeError("a text that is none")
        if not self.active or not text or (call is not None and not self.trusts(call)):
            return text
        known = self._whole.get((text, json))
        if known is None:
            channel = self._open(json)
            self._others.append(channel)
            known = self._whole[text, json] = channel.feed(text) + channel.close()
        return known

    def so_far(self, key: Key) -> str:
        """Return what the provider sent of the channel `key` until now."""
        return self._channels[key].raw if key in self._channels else ""

    def placed(self, note: dict[str, Any], keys: Sequence[str], text: str) -> bool:
        """Move the places `keys` of a note on `text` along with the text; return whether that could be done."""
        return not self.active or self._positions.move(note, keys, text)

    def arguments(self, value: Any, call: Key) -> Any:
        """Return the arguments of a tool call, a JSON value, restored as their source text would be."""
        if not self.active or not self.trusts(call):
            return value
        return orjson.loads(self.whole(orjson.dumps(value).decode(), json=True))

    def everywhere(self, value: Any) -> Any:
        """Return any JSON value with every text in it restored, ids and addresses apart."""
        if isinstance(value, str):
            return self.whole(value)
        if isinstance(value, list):
            return [self.everywhere(item) for item in value]
        if isinstance(value, dict):
            return {key: child if key in _BLIND else self.everywhere(child) for key, child in value.items()}
        return value

    def _open(self, json: bool) -> ChannelText:
        assert self._open_channel is not None
        return self._open_channel(json)
