"""Which tool the demo calls, and with what: a pure function of what it received.

A tool is called when the request demands one, or when the message names it or speaks of a tool. Its arguments fill
the schema with values of the message, placeholders first, so that their way into a tool and back can be seen.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.upstream.demo.answer import PLACEHOLDER, Received, placeholders

_ASKS = re.compile(r"\b(werkzeug|tool|funktion|rufe?\b.*\bauf\b|nutze|verwende|suche)", re.IGNORECASE)
_LABELS = (
    ("mail", "EMAIL"), ("telefon", "TELEFON"), ("phone", "TELEFON"), ("iban", "IBAN"), ("konto", "IBAN"),
    ("adress", "ADRESSE"), ("address", "ADRESSE"), ("anschrift", "ADRESSE"), ("geburt", "GEBURTSDATUM"),
    ("birth", "GEBURTSDATUM"), ("akten", "AKTENZEICHEN"), ("datum", "DATUM"), ("date", "DATUM"), ("name", "PERSON"),
    ("person", "PERSON"),
)
_DEPTH = 6


def choose(received: Received) -> dict[str, Any] | None:
    """Return the tool to call, or None for an answer in words."""
    if not received.tools or received.tool_choice == "none":
        return None
    by_name = {tool["name"]: tool for tool in received.tools}
    if received.tool_choice not in ("auto", "required"):
        return by_name.get(received.tool_choice)
    if received.tool_choice == "auto" and received.tool_result is not None:
        return None
    text = received.text.lower()
    named = next((tool for name, tool in by_name.items() if name.lower() in text), None)
    if named is not None:
        return named
    wanted = received.tool_choice == "required" or _ASKS.search(text) is not None
    return _closest(received.tools, text) if wanted else None


def arguments(tool: dict[str, Any], received: Received) -> dict[str, Any]:
    """Return arguments for `tool` that its schema allows, made of the message."""
    schema = tool.get("parameters")
    filled = _fill(schema if isinstance(schema, dict) else {"type": "object"}, "", received.text, 0)
    return filled if isinstance(filled, dict) else {}


def _closest(tools: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """Return the tool whose name and description share most words with `text`, the first one where none does."""
    words = set(re.findall(r"\w{4,}", text))

    def shared(tool: dict[str, Any]) -> int:
        described = f"{tool['name']} {tool.get('description') or ''}".lower().replace("_", " ")
        return len(words & set(re.findall(r"\w{4,}", described)))

    return max(tools, key=shared)  # the first of equals


def _fill(schema: dict[str, Any], name: str, text: str, depth: int) -> Any:
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return _object(schema, text, depth)
    if kind == "array":
        items = schema.get("items")
        return [_fill(items if isinstance(items, dict) else {}, name, text, depth + 1)] if depth < _DEPTH else []
    simple: dict[str, Any] = {"boolean": True, "integer": int(_number(text)), "number": _number(text), "null": None}
    return simple[kind] if kind in simple else _string(name, text)


def _object(schema: dict[str, Any], text: str, depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or depth >= _DEPTH:
        return {}
    return {name: _fill(part if isinstance(part, dict) else {}, name, text, depth + 1)
            for name, part in properties.items()}


def _string(name: str, text: str) -> str:
    seen = placeholders(text)
    for word, label in _LABELS:
        if word in name.lower():
            fitting = [value for value in seen if value.startswith(f"[{label}")]
            if fitting:
                return fitting[0]
    return seen[0] if seen else text[:200]


def _number(text: str) -> float:
    found = re.search(r"\d{1,9}(?:\.\d{1,4})?", PLACEHOLDER.sub(" ", text))
    return float(found.group()) if found else 1.0
