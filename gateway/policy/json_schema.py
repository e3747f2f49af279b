"""JSON schemas of all policy files, for editors: they complete names, show what a field is for, and mark mistakes.

Made from the same pydantic models that read the files, so they cannot say anything else. German descriptions stand in
`gateway/policy/descriptions.yaml`: an editor shows them to the people who write policies; the docstrings of the models
are for those who write this program. Numbers and truth values may be written as they are in YAML; the house reads
every word as text and decides by its own types, so here both are let through.

A schema is looser than the house: what files say about each other only ``policy check`` knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel

from gateway.model.entities import ENTITIES
from gateway.policy.recognition import Recognition
from gateway.policy.schema import DEFAULT_KIND, Department, Group, Organisation, Profile
from gateway.policy.schema_pass import KiPass
from gateway.policy.schema_register import Register
from gateway.policy.schema_suite import Suite
from gateway.policy.source import parse
from gateway.policy.vocabulary import FIXED, FOUND_CLASSES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FILES: Final[Mapping[str, type[BaseModel]]] = {
    "organisation": Organisation, "department": Department, "group": Group, "profile": Profile, "models": Register,
    "ki-pass": KiPass, "erkennung": Recognition, "tests": Suite}
"""Every kind of file and what reads it; ``department`` is for all files in ``departments/``, and so on."""
_DESCRIPTIONS: Final = "descriptions.yaml"
_RULED: Final = tuple(kind for kind in ENTITIES if kind not in FIXED)
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {"findings": _RULED, "found": tuple(ENTITIES),
                                                "actions": tuple(ENTITIES), "answers": (DEFAULT_KIND, *_RULED),
                                                "Side.pass_scopes": (*FOUND_CLASSES, *_RULED)}
_KIND_LISTS: Final = frozenset({"entities", "held"})


def schemas() -> dict[str, str]:
    """Return the text of every schema, by the name of its file."""
    return {f"{name}.json": _text(name, model) for name, model in FILES.items()}


def descriptions() -> Mapping[str, str]:
    """Return what German readers are told: of ``Model``, ``Model.field``, or ``field`` wherever it stands."""
    source, _ = parse((files("gateway.policy") / _DESCRIPTIONS).read_text(encoding="utf-8"), _DESCRIPTIONS)
    assert source is not None, "it is part of the program"
    return {key: str(text) for key, text in source.data.items()}


def undescribed() -> Iterator[str]:
    """Yield every model and field that an editor would have nothing to say about."""
    said = descriptions()
    for model in FILES.values():
        for name, part in _parts(model).items():
            if name not in said:
                yield name
            yield from (f"{name}.{field}" for field in part.get("properties", {})
                        if f"{name}.{field}" not in said and field not in said)


def _parts(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    whole = model.model_json_schema()
    return {model.__name__: whole, **whole.pop("$defs", {})}


def _text(name: str, model: type[BaseModel]) -> str:
    said, parts = descriptions(), _parts(model)
    for part, shape in parts.items():
        _describe(part, shape, said)
    whole = parts.pop(model.__name__)
    head = {"$schema": DIALECT, "title": f"KI-Pforte: {name}",
            "$comment": "Diese Datei entsteht aus dem Programm: ki-pforte policy schema"}
    whole.pop("title", None)
    return json.dumps({**head, **whole, "$defs": parts}, ensure_ascii=False, indent=2) + "\n"


def _describe(name: str, shape: dict[str, Any], said: Mapping[str, str]) -> None:
    """Say in German what a part and its fields are for, and which kinds of finding there are."""
    shape.pop("title", None)
    shape["description"] = said[name]
    for field, value in shape.get("properties", {}).items():
        _without_null(value)
        value.pop("title", None)
        value["description"] = said.get(f"{name}.{field}") or said[field]
        if kinds := _KINDS.get(f"{name}.{field}") or _KINDS.get(field):
            value["propertyNames"] = {"enum": list(kinds)}
        if field in _KIND_LISTS:
            value["items"] = {"enum": list(ENTITIES)}


def _without_null(value: dict[str, Any]) -> None:
    """Leave the one form of an optional value that says something: an editor then points at the mistake in it."""
    others = [one for one in value.get("anyOf", ()) if one != {"type": "null"}]
    if len(others) == 1:
        del value["anyOf"]
        value |= others[0]
    if value.get("default", 0) is None:
        del value["default"]
