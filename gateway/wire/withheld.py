"""What a request may name and a provider does not simply get: fields for the house, tools at the provider, secrets.

`Dropped` is taken off in any case. A tool that runs at the provider (search, code, connectors) carries text of the
model's own making to third parties: it is counted, and policy refuses the request, takes the tool out (`take_out`), or,
for a model in the house, lets it pass. What may pass is inspected like free-form JSON, and secrets of third parties in
it are taken off whatever policy says.

Does not know what policy says; ``document.tools`` are the tools that the client itself declares and runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.wire.document import Document, Json, Scope, invalid
from gateway.wire.nodes import FREE, Node
from gateway.wire.shapes import is_name

KIND: Final = "provider_tool"
SECRETS: Final = ("authorization", "authorization_token", "headers", "domain_secrets", "api_key", "apikey", "x_api_key",
                  "access_token", "bearer_token", "client_secret", "secret", "auth", "credentials", "cookie", "token",
                  "password")
"""Fields of a provider's tool in which clients write what a third party gave them for themselves."""


_ADDRESSES: Final = frozenset({"server_url", "url"})
_ACCESS: Final = re.compile(r"^(\s*[a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#]*@|[?#].*$", re.DOTALL)
"""What in an address says who asks: a name before the server, and everything behind the path."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field that no provider gets: it names the caller, is meant for the house, or is a secret."""

    why: Literal["caller", "house", "secret", "choice"]

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        document.take_off(holder, str(key))


@dataclass(frozen=True, slots=True)
class Only:
    """An object with known fields; any other is taken off. For what must not grow: a word beside the definition of a
    client's tool switches on a tool of the provider at some servers, and secrets stand there, too."""

    fields: Mapping[str, Node]

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if not isinstance(value, dict):
            FREE.visit(document, holder, key, value, scope)
            return
        for name, child in value.items():
            if name in self.fields:
                self.fields[name].visit(document, value, name, child, scope)
            else:
                document.take_off(value, name)


@dataclass(frozen=True, slots=True)
class ToolName:
    """The name of a tool that the client declares: an identifier, and remembered."""

    inside: Node

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if is_name(value):
            document.tools.add(value)
        self.inside.visit(document, holder, key, value, scope)


@dataclass(frozen=True, slots=True)
class ClientTool:
    """A tool that the client runs; one without its definition is none. Calls of a tool that has no name of its own
    (`definition` is empty) are of the kind ``<type>_call``."""

    definition: str
    inside: Only

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if not self.definition:
            document.tools.add(f"{value['type']}_call")
        elif not isinstance(value.get(self.definition), (str, dict)):
            PROVIDER_TOOL.visit(document, holder, key, value, scope)
            return
        self.inside.visit(document, holder, key, value, scope)


@dataclass(frozen=True, slots=True)
class ProviderTool:
    """A tool that runs at the provider, or what one said earlier in the conversation."""

    def visit(self, document: Document, holder: Any, key: str | int, value: Json, scope: Scope) -> None:
        if value is not None:
            document.opaque[KIND] += 1
            document.media.append((KIND, holder, key))
            _without_secrets(document, value)
            FREE.visit(document, holder, key, value, scope)


PROVIDER_TOOL: Final = ProviderTool()


def _without_secrets(document: Document, value: Json) -> None:
    """Delete at once, before anything below `value` becomes a slot."""
    if isinstance(value, dict):
        for name in [name for name in value if name.casefold().replace("-", "_") in SECRETS]:
            del value[name]
            document.dropped.append(name)
        for name in _ADDRESSES & value.keys():  # https://name:password@server/?key=...
            if isinstance(value[name], str) and value[name] != (bare := _ACCESS.sub(r"\1", value[name])):
                value[name] = bare
                document.dropped.append(name)
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _without_secrets(document, child)


def take_out(document: Document) -> int:
    """Take the provider's tools out of a rewritten request, with all that speaks of them; return how many.

    Raises ``anfrage_ungueltig`` when nothing is left to ask.
    """
    places = [(holder, key) for kind, holder, key in document.media if kind == KIND]
    for holder, key in reversed(places):  # from behind: what is left keeps its place
        del holder[key]
    root = document.root
    for name in ("messages", "input"):
        if isinstance(root.get(name), list):
            root[name] = [said for said in root[name] if not _emptied(said, places)]
            if not root[name]:
                raise invalid("Ihre Anfrage wurde nicht gesendet: Ohne die Werkzeuge beim Anbieter, die hier entfernt "
                              "werden, bleibt von ihr nichts übrig.", name)
    tools = root.get("tools")
    if isinstance(tools, list):
        root["tools"] = tools = [tool for tool in tools if not _emptied(tool, places)]
        if not tools:  # a choice without tools is an error at most providers
            for name in ("tools", "tool_choice", "parallel_tool_calls", "max_tool_calls"):
                root.pop(name, None)
    choice = root.get("tool_choice")
    if isinstance(choice, dict) and not _is_there(choice, document):
        del root["tool_choice"]
    return len(places)


def _emptied(value: Json, places: list[tuple[Any, str | int]]) -> bool:
    """Whether a message, or a group of tools, held nothing but what was taken out."""
    parts = (value.get("content"), value.get("tools")) if isinstance(value, dict) else ()
    return any(part == [] and any(holder is part for holder, _ in places) for part in parts)


def _is_there(choice: dict[str, Json], document: Document) -> bool:
    """Whether what a tool choice names is still among the tools; of a list of allowed ones the others are deleted."""
    kind = choice.get("type")
    if kind in ("auto", "any", "none"):
        return True
    allowed = choice.get("allowed_tools") if isinstance(choice.get("allowed_tools"), dict) else choice
    if kind == "allowed_tools" and isinstance(allowed, dict) and isinstance(allowed.get("tools"), list):
        allowed["tools"] = [one for one in allowed["tools"] if isinstance(one, dict) and _is_there(one, document)]
        return bool(allowed["tools"])
    if kind in ("function", "custom", "tool"):
        named = choice.get(kind) if isinstance(choice.get(kind), dict) else choice
        return isinstance(named, dict) and named.get("name") in document.tools
    return f"{kind}_call" in document.tools
