"""Taking a request apart, as every dialect does it: read the JSON, drop what nobody described, visit the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import orjson

from gateway.wire.dialect import ParsedRequest
from gateway.wire.document import Document, invalid, parse_object, too_deep
from gateway.wire.nodes import Node


def take_apart(body: bytes, fields: Mapping[str, Node], *,
               required: Mapping[str, type | tuple[type, ...]], echoed: Collection[str] = ()) -> ParsedRequest:
    """Return the request in `body`, described by `fields`. Raises ``anfrage_ungueltig`` for what is missing.

    `required` are the fields that must be there and not empty, with what they may be; `echoed` those that the answer
    repeats, which are kept as the client wrote them.
    """
    root = parse_object(body)
    model, stream = root.get("model"), root.get("stream")
    if not isinstance(model, str) or not model:
        raise invalid("In der Anfrage fehlt das Modell („model“).", "model")
    for name, kind in required.items():
        value = root.get(name)
        if not isinstance(value, kind) or not value:
            raise invalid(f"In der Anfrage fehlt „{name}“, oder es hat nicht die vorgesehene Form.", name)
    if stream is not None and not isinstance(stream, bool):
        raise invalid("„stream“ muss true oder false sein.", "stream")
    echo = orjson.loads(orjson.dumps({name: root[name] for name in echoed if name in root}))
    document = Document(root)
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
