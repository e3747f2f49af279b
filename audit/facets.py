"""What of a record can be searched: a few columns taken from its part ``meta``.

Convention for writers: ``meta`` is a JSON map; ``vorgang``, ``department``, ``model``, ``decision``, ``code``,
``purpose``, ``reference`` (a keyed digest) are strings, ``rules`` is a list of rule ids of which the first decided.
Anything else is left alone.
Facets are derived: never hashed, rebuilt from the parts, and gone when the part ``meta`` is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from audit.store.tables import FACETS

_LENGTH: Final = 200
_NONE: Final[tuple[str | None, ...]] = (None,) * len(FACETS)


def facts_of(meta: bytes | None) -> dict[str, Any]:
    """Return what the part says; nothing where it holds other bytes than a JSON map."""
    if meta is None:
        return {}
    try:
        value = orjson.loads(meta)
    except ValueError:
        return {}
    if type(value) is not dict:
        return {}
    rules = value.get("rules")
    if type(rules) is list and rules:
        value["rule"] = rules[0]
    return value


def facets_of(facts: Mapping[str, Any], meta: bytes | None) -> tuple[str | None, ...]:
    """Return the values of the facet columns, in their order; None where the facts of these bytes do not say."""
    if not facts or meta is None:
        return _NONE
    get = facts.get
    # PostgreSQL stores no NUL in text; in JSON it can only stand escaped, so one look into the bytes spares eight.
    plain = b"\\u0000" not in meta
    return tuple([
        found if (found := get(name)) is None or (plain and type(found) is str and 0 < len(found) <= _LENGTH)
        else _text(found) for name in FACETS
    ])


def subject_of(body: bytes | None) -> str | None:
    """Return the pseudonym that the part ``subject`` names."""
    if body is None:
        return None
    try:
        value = orjson.loads(body)
    except ValueError:
        return None
    found = value.get("pseudonym") if type(value) is dict else None
    return found[:40] if type(found) is str else None


def _text(value: Any) -> str | None:
    if type(value) is not str:
        return str(value) if type(value) is int else None
    return value.replace("\x00", "")[:_LENGTH] or None
