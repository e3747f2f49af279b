"""Canonical JSON: one value, one sequence of bytes.

UTF-8, keys sorted by code point, no spaces, only strings, integers, lists and maps. No floats, no booleans, no null:
their spelling differs between languages, and a hash must not depend on that. Integers stay within 2^53 - 1, so that a
verifier in JavaScript reads the same numbers.

The bytes are built once, stored and hashed; nothing is ever hashed that was serialised a second time. `loads` accepts
exactly the bytes that `dumps` would write.
"""

from __future__ import annotations

import json
from typing import Any, Final

from audit.errors import FormatError

MAX_INT: Final = 2**53 - 1
MAX_DEPTH: Final = 64
"""Lists and maps within one another; where a reader's memory ends must not decide what can be read."""

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def check(value: Any, depth: int = MAX_DEPTH) -> None:
    """Raise `FormatError` unless `value` is made of what has a canonical form (lone surrogates apart)."""
    kind = type(value)
    if kind is int:
        if not -MAX_INT <= value <= MAX_INT:
            raise FormatError("integer beyond 2^53 - 1")
    elif kind is str:
        return
    elif depth == 0:
        raise FormatError("too many lists and maps within one another")
    elif kind is dict or kind is list or kind is tuple:
        if kind is dict:
            for key in value:
                if type(key) is not str:
                    raise FormatError("a key is not a string")
            value = value.values()
        for item in value:
            if type(item) is not str:  # most are: a call for each would cost more than all the rest
                check(item, depth - 1)
    else:
        raise FormatError(f"only strings, integers, lists and maps are allowed, not {kind.__name__}")


def dumps(value: Any) -> bytes:
    """Return the canonical bytes of `value`. Raises `FormatError` for anything that has no canonical form."""
    check(value)
    try:
        return _encode(value).encode()
    except (UnicodeEncodeError, TypeError) as error:
        raise FormatError("value has no canonical form") from error


def _refuse(_: str) -> Any:
    raise FormatError("only strings and integers are allowed")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("a key occurs twice")
    return found


_decode = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_refuse, parse_constant=_refuse).decode


def loads(raw: bytes) -> Any:
    """Return the value of canonical bytes. Raises `FormatError` when they are not exactly canonical."""
    try:
        value = _decode(raw.decode())
        again = dumps(value)
    except (ValueError, RecursionError) as error:
        raise FormatError("not canonical JSON") from error
    if again != raw:
        raise FormatError("not in canonical form")
    return value
