"""Writes what litellm returns in the plain OpenAI form, without the fields that litellm adds for itself.

Keeps true: every choice says its ``finish_reason``, the piece with the usage has no choices, nothing of
``provider_specific_fields`` (thinking, citations: text that no dialect expects there) is handed on.
"""

from __future__ import annotations

import array
import base64
import sys
from typing import Any

import orjson


def whole(result: Any, request: bytes) -> dict[str, Any]:
    """Return the JSON object of a complete chat answer or of embeddings."""
    document = _plain(result)
    if document.get("object") == "list":
        if orjson.loads(request).get("encoding_format") == "base64":
            _pack(document)
        return document
    for choice in document.get("choices", []):
        choice.pop("provider_specific_fields", None)
        message = choice.get("message", {})
        message.pop("provider_specific_fields", None)
        message.setdefault("content", None)
        choice.setdefault("finish_reason", None)
    return document


def event(piece: Any) -> dict[str, Any]:
    """Return the JSON object of one piece of a streamed chat answer."""
    document = _plain(piece)
    if "usage" in document:
        document["choices"] = []
    for choice in document.get("choices", []):
        choice.pop("provider_specific_fields", None)
        choice.get("delta", {}).pop("provider_specific_fields", None)
        choice.setdefault("finish_reason", None)
    return document


def _plain(result: Any) -> dict[str, Any]:
    document: dict[str, Any] = result.model_dump(mode="json", exclude_none=True, warnings=False)
    document.pop("provider_specific_fields", None)
    return document


def _pack(document: dict[str, Any]) -> None:
    """Write vectors as base64 of little-endian 32-bit floats: most providers give numbers only."""
    for item in document.get("data", []):
        if isinstance(item.get("embedding"), list):
            floats = array.array("f", item["embedding"])
            if sys.byteorder == "big":
                floats.byteswap()
            item["embedding"] = base64.b64encode(floats.tobytes()).decode()
