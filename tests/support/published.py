"""The published request schemas of the wire APIs, as the types of the vendors' SDKs say them, walked leaf by leaf.

`leaves` yields for each place in which a request may hold a string a request as small as can be that holds `CANARY`
there: on the way to it only the fields that say what an object is (literals), and what the API cannot do without.
"""

from __future__ import annotations

import collections.abc
import os
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import IO, Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

import typing_extensions
from anthropic.types import message_create_params
from anthropic.types.beta import message_create_params as beta_create_params
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.responses import response_create_params
from pydantic import BaseModel

CANARY = "Frau Sabine Krüger"
"""Looks like no identifier, so that no place may keep it."""

SCHEMAS: dict[str, tuple[Any, ...]] = {
    "chat": (chat_create_params.CompletionCreateParamsStreaming,),
    "completions": (completion_create_params.CompletionCreateParamsStreaming,),
    "responses": (response_create_params.ResponseCreateParamsStreaming,),
    "embeddings": (embedding_create_params.EmbeddingCreateParams,),
    "messages": (message_create_params.MessageCreateParamsStreaming, beta_create_params.MessageCreateParamsStreaming),
}
"""API -> the types of its request."""
LEAST: dict[str, dict[str, Any]] = {
    "chat": {"model": "haus", "messages": [{"role": "user", "content": "Guten Tag"}]},
    "completions": {"model": "haus", "prompt": "Guten Tag"},
    "responses": {"model": "haus", "input": "Guten Tag"},
    "embeddings": {"model": "haus", "input": "Guten Tag"},
    "messages": {"model": "haus", "max_tokens": 9, "messages": [{"role": "user", "content": "Guten Tag"}]},
}
"""What a request cannot do without."""
_NO_STRING = (int, float, bool, type(None), IO[bytes], bytes, os.PathLike)
"""Types of leaves without text; the SDK reads files itself and sends them as Base64."""
_IN_A_HEADER = {"messages": {"betas"}}


@dataclass(frozen=True)
class Leaf:
    """One place of a request that may hold a string."""

    api: str
    path: str
    request: dict[str, Any]


def fields(api: str) -> dict[str, Any]:
    """Return every published top-level field with its type."""
    found: dict[str, Any] = {}
    for schema in SCHEMAS[api]:
        found |= _fields(schema)
    return {name: kind for name, kind in found.items() if name not in _IN_A_HEADER.get(api, ())}


def leaves(api: str) -> Iterator[Leaf]:
    """Yield each place of `api` that may hold a string."""
    seen = set()
    for name, kind in fields(api).items():
        for path, value in _values(kind, ()):
            if (name + path) not in seen:
                seen.add(name + path)
                yield Leaf(api, name + path, {**LEAST[api], name: value})


@cache
def _fields(schema: Any) -> dict[str, Any]:
    if issubclass(schema, BaseModel):
        return {name: field.annotation for name, field in schema.model_fields.items()}
    return typing_extensions.get_type_hints(schema, include_extras=True)


def _values(kind: Any, above: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) for each place below a value of type `kind`; what contains itself is entered twice."""
    kind = _bare(kind)
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        for one in inside:
            yield from _values(one, above)
    elif kind is str or (origin is Literal and any(isinstance(word, str) for word in inside)):
        yield "", CANARY
    elif kind in (object, Any):
        yield from ((".*", CANARY), ("{}", {CANARY: 1}), ("[].*", [{"x": CANARY}]))
    elif _is_object(kind):
        if above.count(kind) < 2:
            yield from _object(kind, (*above, kind))
    elif isinstance(origin, type) and issubclass(origin, collections.abc.Mapping):
        yield "{}", {CANARY: _some(inside[1])}
        yield from ((f".*{path}", {"x": value}) for path, value in _values(inside[1], above))
    elif isinstance(origin, type) and issubclass(origin, collections.abc.Iterable):
        yield from ((f"[]{path}", [value]) for path, value in _values(inside[0], above))
    else:
        assert kind in _NO_STRING or origin in (Literal, os.PathLike), f"unknown type {kind!r}"


def _bare(kind: Any) -> Any:
    """Return a type without what is said about it."""
    while True:
        if get_origin(kind) in (Annotated, Required, NotRequired, typing_extensions.Required,
                                typing_extensions.NotRequired):
            kind = get_args(kind)[0]
        elif isinstance(kind, typing_extensions.TypeAliasType):
            kind = kind.__value__
        else:
            return kind


def _is_object(kind: Any) -> bool:
    return typing_extensions.is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _object(kind: Any, above: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    hints = _fields(kind)
    says = {name: word for name, hint in hints.items() if (word := _word(hint)) is not None}
    tag = f"<{says['type']}>" if "type" in says else f"<{says['role']}>" if "role" in says else ""
    for name, hint in hints.items():
        for path, value in _values(hint, above):
            yield f"{tag}.{name}{path}", {**says, name: value}


def _word(hint: Any) -> str | None:
    """Return the first word of a field that must be one of a few words."""
    hint = _bare(hint)
    word = get_args(hint)[0] if get_origin(hint) is Literal else None
    return word if isinstance(word, str) else None


def _some(kind: Any) -> Any:
    return next((value for _, value in _values(kind, ())), 1)
