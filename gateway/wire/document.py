"""A JSON request as a set of slots: every text-bearing leaf, to be inspected and rewritten in place.

Closed world. A dialect describes its request as a tree of `gateway.wire.nodes`. A leaf is *structural*
only where the tree says so **and** its value has the declared shape; everything else is text: a field that the
provider adds next year, a name written into ``role``, a number in tool arguments. Unknown top-level fields are dropped
and counted. Binary content (image, audio, file) is *opaque*: it is counted by kind, and policy decides.

Rewriting every slot with its own text is the identity on the parsed document.

A string that holds JSON (arguments and results of tools) is taken apart as well: ``"Kr\u00fcger"`` is a name only to
somebody who reads the escapes.

Known weaknesses: names of tools, ids and property names of JSON schemas pass when they look like identifiers; JSON
that no strict parser takes (cut off, lone surrogates) is plain text, its escapes unread.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from gateway.errors import GatewayError
from gateway.wire.packed import packed_in

Json = Any
Scope = Literal["system", "user", "history", "tool_input", "tool_output", "schema", "other"]


@dataclass(slots=True)
class Slot:
    """One text-bearing leaf: where it stands (``holder[key]``), what it says, and how it is written back."""

    holder: Any = dataclasses.field(repr=False)
    key: str | int = dataclasses.field(repr=False)
    text: str = dataclasses.field(repr=False)
    scope: Scope
    label: str = dataclasses.field(default="", repr=False)
    kind: Literal["text", "number", "key"] = "text"


class _Number:
    """A number inside a JSON string, as it was written: 1.10 stays 1.10. (No dataclass: orjson would take it apart.)"""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


@dataclass(frozen=True, slots=True)
class _Nested:
    """A string that holds JSON: where it stands, its value in a list of one, and which slots came out of it."""

    holder: Any = dataclasses.field(repr=False)
    key: str | int = dataclasses.field(repr=False)
    box: list[Json] = dataclasses.field(repr=False)
    slots: range
    doubled: bool
    """A key stood twice: of the first value nobody looked at anything, so the string is written anew without it."""


MOST_SLOTS = 100_000
"""Leaves of a request: each costs as much as a short text, and millions of them fit into the largest body."""


class Document:
    """A request taken apart. Not thread-safe; lives as long as its exchange."""

    def __init__(self, root: dict[str, Json]) -> None:
        self.root = root
        self.slots: list[Slot] = []
        self.opaque: Counter[str] = Counter()
        self.media: list[tuple[str, Any, str | int]] = []
        """What is opaque and declared as such: kind, and where it stands (``holder[key]``)."""
        self.dropped: list[str] = []
        """Fields that no provider gets."""
        self.unknown: list[str] = []
        """Those of them that nobody described."""
        self.tools: set[str] = set()
        """Names of the tools that the client declares as its own."""
        self._off: list[tuple[dict[str, Json], str]] = []
        self._nested: list[_Nested] = []

    def add(self, holder: Any, key: str | int, text: str, scope: Scope, label: str = "",
            kind: Literal["text", "number", "key"] = "text") -> None:
        """Register one leaf: a text, or JSON whose escapes nobody could read as a text."""
        if kind == "text" and "\\u" in text:
            self.add_json(holder, key, text, scope, label)
        else:
            self._leaf(holder, key, text, scope, label, kind)

    def _leaf(self, holder: Any, key: str | int, text: str, scope: Scope, label: str,
              kind: Literal["text", "number", "key"] = "text") -> None:
        """White space alone is no text, and a text that holds a packed file is none that anybody can read."""
        if (packed := packed_in(text)) is not None:
            self.opaque[packed] += 1
        elif text and not text.isspace():
            if len(self.slots) >= MOST_SLOTS:
                raise GatewayError("zu_gross", "Die Anfrage besteht aus zu vielen einzelnen Angaben. Bitte teilen Sie "
                                   "sie auf.")
            self.slots.append(Slot(holder, key, text, scope, label, kind))

    def add_text(self, holder: Any, key: str | int, text: str, scope: Scope) -> None:
        """Register what somebody said: a person in words, a tool perhaps in JSON."""
        if scope == "tool_output":
            self.add_json(holder, key, text, scope)
        else:
            self.add(holder, key, text, scope)

    def add_json(self, holder: Any, key: str | int, text: str, scope: Scope, label: str = "") -> None:
        """Register a string that may hold JSON: its leaves become slots, and it is written anew when one changes.

        Any other string is plain text.
        """
        try:
            inner, doubled = _read_json(text)
        except (ValueError, RecursionError):
            self._leaf(holder, key, text, scope, label)
            return
        box, first = [inner], len(self.slots)
        self.walk_freely(box, scope)
        self._nested.append(_Nested(holder, key, box, range(first, len(self.slots)), doubled))

    def walk_freely(self, value: Json, scope: Scope, label: str = "", *, numbers: bool = True) -> None:
        """Register every leaf of free-form JSON below `value`: strings, numbers, and the keys of objects."""
        items: Iterable[tuple[Any, Json]] = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in items:
            if isinstance(key, str):
                self.add(value, key, key, scope, kind="key")
                label = key
            if isinstance(child, str):
                self.add_json(value, key, child, scope, label)
            elif isinstance(child, (dict, list)):
                self.walk_freely(child, scope, label, numbers=numbers)
            elif numbers and isinstance(child, (int, float)) and not isinstance(child, bool):
                self.add(value, key, repr(child), scope, label, "number")
            elif isinstance(child, _Number):
                self.add(value, key, child.text, scope, label, "number")

    def take_off(self, holder: dict[str, Json], name: str) -> None:
        """Note that a field is not to be passed on. It goes when all is visited: `holder` is being walked through."""
        self._off.append((holder, name))

    def visited(self) -> None:
        """Delete what was noted."""
        for holder, name in self._off:
            del holder[name]
            self.dropped.append(name)
        self._off.clear()

    def rewrite(self, texts: Sequence[str]) -> None:
        """Put `texts` (one per slot, same order) in place of the slots' own."""
        renamed: dict[int, tuple[dict[str, Json], dict[str, str]]] = {}
        changed: set[int] = set()
        for index, (slot, text) in enumerate(zip(self.slots, texts, strict=True)):
            if text == slot.text:
                continue
            changed.add(index)
            if slot.kind == "key":
                renamed.setdefault(id(slot.holder), (slot.holder, {}))[1][str(slot.key)] = text
            else:
                slot.holder[slot.key] = text
        for holder, names in renamed.values():
            names.update(_rename(holder, names))
        for nested in self._nested:  # the inner ones come first
            if nested.doubled or not changed.isdisjoint(nested.slots):
                _, names = renamed.get(id(nested.holder), ({}, {}))
                nested.holder[names.get(str(nested.key), nested.key)] = _dump(nested.box[0]).decode()

    def to_bytes(self) -> bytes:
        """Return the request as JSON. Raises ``anfrage_ungueltig`` when it is nested beyond reason."""
        return _dump(self.root)

    def sealed(self) -> tuple[bytes, str]:
        """Return what leaves, and its media type. Raises as `to_bytes`."""
        return self.to_bytes(), "application/json"


def _rename(holder: dict[str, Json], names: Mapping[str, str]) -> dict[str, str]:
    """Give keys their new names, in place and in order; two that became the same are told apart, none is lost.

    Returns the name that each key has now.
    """
    items, now, twins = list(holder.items()), dict[str, str](), Counter[str]()
    holder.clear()
    for key, value in items:
        name = first = names.get(key, key)
        while name in holder:  # counted: ten thousand spellings of one address must not cost their square
            twins[first] += 1
            name = f"{first}_{twins[first]}"
        holder[name] = value
        now[key] = name
    return now


def _read_json(text: str) -> tuple[Json, bool]:
    """Return the object, list or string in `text`, and whether an object in it had a key twice. Raises ValueError."""
    if text.lstrip()[:1] not in ("{", "[", '"'):
        raise ValueError("no JSON text")
    orjson.loads(text)  # strict where the standard library is not: NaN, lone surrogates
    doubled = False

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal doubled
        result = dict(items)
        doubled = doubled or len(result) != len(items)
        return result

    return json.loads(text, object_pairs_hook=pairs, parse_float=_Number, parse_int=_Number), doubled


def _dump(value: Json) -> bytes:
    try:
        return orjson.dumps(value, default=_as_written)
    except orjson.JSONEncodeError:
        raise too_deep() from None


def _as_written(value: Any) -> orjson.Fragment:
    assert isinstance(value, _Number)
    return orjson.Fragment(value.text)


def parse_object(body: bytes) -> dict[str, Json]:
    """Return the JSON object in `body`. Raises ``anfrage_ungueltig``."""
    try:
        root = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise invalid("Die Anfrage ist kein gültiges JSON. Bitte prüfen Sie die Einstellungen Ihres Programms."
                      ) from None
    if not isinstance(root, dict):
        raise invalid("Die Anfrage muss ein JSON-Objekt sein.")
    return root


def too_deep() -> GatewayError:
    """Return the error for a request whose parts lie in parts, hundreds of levels down."""
    return invalid("Die Anfrage ist zu tief verschachtelt. Bitte prüfen Sie die Einstellungen Ihres Programms.")


def invalid(message: str, param: str | None = None) -> GatewayError:
    """Return the error for a malformed request."""
    return GatewayError("anfrage_ungueltig", message, param=param)
