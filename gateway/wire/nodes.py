"""The nodes that describe a request: what stands where, and what happens to it.

A dialect writes its request as a tree of them. A leaf passes only where the tree calls it structural and it has the
declared shape; what no node describes is free-form text. A node made for one place says with ``inside`` what it comes
down to: ``docs/felder.md`` is made from these trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.wire.document import Document, Json, Scope
from gateway.wire.shapes import is_name, is_number


class Node(Protocol):
    """One place in a request and what KI-Pforte does there."""

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        """Register what is at ``holder[key]`` in `document`."""
        ...


@dataclass(frozen=True, slots=True)
class Structural:
    """A leaf that passes untouched as long as `check` accepts it; anything else there is inspected as text."""

    check: Callable[[Json], bool]
    words: tuple[str, ...] = ()
    """The values, where there is a closed list of them."""

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if value is not None and not self.check(value):
            FREE.visit(document, holder, key, value, scope)


@dataclass(frozen=True, slots=True)
class Text:
    """Natural language; from a tool perhaps JSON. A list or object in its place is walked freely."""

    scope: Scope | None = None

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if isinstance(value, str):
            document.add_text(holder, key, value, self.scope or scope)
        else:
            Free(self.scope).visit(document, holder, key, value, scope)


@dataclass(frozen=True, slots=True)
class TextOr:
    """What somebody said, as a string, or in parts that `node` describes."""

    node: Node
    scope: Scope | None = None

    @property
    def inside(self) -> tuple[Node, ...]:
        """See the head of this file."""
        return Text(self.scope), self.node

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        own = self.scope or scope
        if isinstance(value, str):
            document.add_text(holder, key, value, own)
        else:
            self.node.visit(document, holder, key, value, own)


@dataclass(frozen=True, slots=True)
class WordOr:
    """One of a few words, or what `node` describes."""

    words: tuple[str, ...]
    node: Node

    @property
    def inside(self) -> tuple[Node, ...]:
        """See the head of this file."""
        return one_of(*self.words), self.node

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if value not in self.words:
            self.node.visit(document, holder, key, value, scope)


@dataclass(frozen=True, slots=True)
class JsonText:
    """A string that holds JSON, such as the arguments of a tool call."""

    scope: Scope

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if isinstance(value, str):
            document.add_json(holder, key, value, self.scope)
        else:
            Free(self.scope).visit(document, holder, key, value, scope)


@dataclass(frozen=True, slots=True)
class Free:
    """Free-form JSON: every string, number and key below it is text."""

    scope: Scope | None = None

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        use = self.scope or scope
        label = key if isinstance(key, str) else ""
        if isinstance(value, str):
            document.add(holder, key, value, use, label)
        elif isinstance(value, (dict, list)):
            document.walk_freely(value, use, label)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            document.add(holder, key, repr(value), use, label, "number")


FREE = Free()

_SCHEMA_WORDS = frozenset({"type", "format", "$ref", "$schema", "$id", "required"})
_SCHEMA_DATA = frozenset({"default", "const", "enum", "example", "examples"})


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema: descriptions, enums, defaults and examples are text; types and proper property names stay."""

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if isinstance(value, str):
            if not (key in _SCHEMA_WORDS and is_name(value)):
                document.add(holder, key, value, "schema", key if isinstance(key, str) else "")
        elif isinstance(value, dict):
            for name, child in value.items():
                if not is_name(name):
                    document.add(value, name, name, "schema", kind="key")
                if name in _SCHEMA_DATA and isinstance(child, (dict, list)):
                    document.walk_freely(child, "schema")
                elif name in _SCHEMA_DATA:  # no bound: a number of any length
                    FREE.visit(document, value, name, child, "schema")
                else:
                    self.visit(document, value, name, child, scope)
        elif isinstance(value, list):
            structural = key == "required"
            for index, child in enumerate(value):
                if not (structural and isinstance(child, str) and is_name(child)):
                    self.visit(document, value, index, child, scope)
        elif not is_number(value):  # a bound is short; an account number among the examples is not
            FREE.visit(document, holder, key, value, "schema")


@dataclass(frozen=True, slots=True)
class Opaque:
    """Content that cannot be read as text: counted by kind; policy decides whether the request may go on."""

    kind: str

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if value is not None:
            document.opaque[self.kind] += 1
            document.media.append((self.kind, holder, key))


@dataclass(frozen=True, slots=True)
class Obj:
    """An object with known fields; unknown ones are free-form text."""

    fields: Mapping[str, Node]

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if not isinstance(value, dict):
            FREE.visit(document, holder, key, value, scope)
            return
        for name, child in value.items():
            field(document, value, name, child, scope, self.fields)


def field(document: Document, holder: dict[str, Json], name: str, value: Json, scope: Scope,
          fields: Mapping[str, Node]) -> None:
    """Visit one field of an object; one that nobody described is free-form text, its name included."""
    node = fields.get(name)
    if node is None:
        document.add(holder, name, name, scope, kind="key")
        FREE.visit(document, holder, name, value, scope)
    else:
        node.visit(document, holder, name, value, scope)


@dataclass(frozen=True, slots=True)
class Each:
    """A list, each item described by `node`."""

    node: Node

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if not isinstance(value, list):
            FREE.visit(document, holder, key, value, scope)
            return
        for index, child in enumerate(value):
            self.node.visit(document, value, index, child, scope)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object whose ``tag`` field says what it is; an unknown kind is described by `other`."""

    kinds: Mapping[str, Node]
    other: Node
    tag: str = "type"

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        kind = value.get(self.tag) if isinstance(value, dict) else None
        node = self.kinds.get(kind, self.other) if isinstance(kind, str) else self.other
        node.visit(document, holder, key, value, scope)


def one_of(*words: str) -> Structural:
    """A leaf with a closed list of values."""
    allowed = frozenset(words)
    return Structural(lambda value: isinstance(value, str) and value in allowed, words)
