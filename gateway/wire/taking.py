"""Taking a request apart, as every dialect does it: read the JSON, drop what nobody described, visit the rest."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import NoneType

import orjson

from gateway.errors import GatewayError
from gateway.wire.dialect import ParsedRequest
from gateway.wire.document import Document, invalid, parse_object, too_deep
from gateway.wire.nodes import Node

_FIELD = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+){0,5}")


def unknown_field(names: Sequence[str]) -> GatewayError:
    """Return the error for fields that nobody described. One is named only if it looks like the name of a field."""
    named = next((name for name in names if len(name) <= 40 and _FIELD.fullmatch(name)), None)
    which = f"das Feld „{named}“" if named else "ein Feld"
    return invalid(f"Ihre Anfrage wurde nicht gesendet: Sie enthält {which}, das diese Schnittstelle nicht kennt. "
                   "Bitte nehmen Sie es in den Einstellungen Ihres Programms heraus.", named)


def take_apart(body: bytes, fields: Mapping[str, Node], *,
               required: Mapping[str, type | tuple[type, ...]], echoed: Collection[str] = ()) -> ParsedRequest:
    """Return the request in `body`, described by `fields`. Raises ``anfrage_ungueltig`` for what is missing.

    `required` are the fields that must be there and not empty, with what they may be; `echoed` those that the answer
    repeats, which are kept as the client wrote them.
    """
    return take_fields(Document(parse_object(body)), fields, required=required, echoed=echoed)


def take_fields(document: Document, fields: Mapping[str, Node], *,
                required: Mapping[str, type | tuple[type, ...]], echoed: Collection[str] = ()) -> ParsedRequest:
    """Return the request whose fields stand in `document`; otherwise as `take_apart`."""
    root = document.root
    model, stream = root.get("model"), root.get("stream")
    if not isinstance(model, str) or not model:
        raise invalid("In der Anfrage fehlt das Modell („model“).", "model")
    for name, kind in required.items():
        value = root.get(name)
        if not isinstance(value, kind) or not value:
            raise invalid(f"In der Anfrage fehlt „{name}“, oder es hat nicht die vorgesehene Form.", name)
    for name in ("tools", "functions", "mcp_servers"):
        if not isinstance(root.get(name, []), (list, NoneType)):  # nobody can say what a provider would read there
            raise invalid(f"„{name}“ muss eine Liste sein.", name)
    if stream is not None and not isinstance(stream, bool):
        raise invalid("„stream“ muss true oder false sein.", "stream")
    echo = orjson.loads(orjson.dumps({name: root[name] for name in echoed if name in root}))
    for name in [name for name in root if name not in fields]:
        del root[name]
        document.dropped.append(name)
        document.unknown.append(name)
    try:
        for name, value in root.items():
            fields[name].visit(document, root, name, value, "other")
    except RecursionError:
        raise too_deep() from None
    document.visited()
    options = root.get("stream_options")
    wants_usage = isinstance(options, dict) and options.get("include_usage") is True
    return ParsedRequest(model, bool(stream), wants_usage, document, echo)
