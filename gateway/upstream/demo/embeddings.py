"""``/v1/embeddings`` of the demo: vectors that depend on nothing but the text (and mean nothing). Pure."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

from gateway.upstream.demo.answer import MalformedError, tokens

_DIMENSIONS = 256


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Return one vector of length 1 per text. Raises MalformedError when the input is no text."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise MalformedError("input")
    asked = body.get("dimensions")
    dimensions = asked if isinstance(asked, int) and 0 < asked <= 4096 else _DIMENSIONS
    as_base64 = body.get("encoding_format") == "base64"
    data = []
    for index, text in enumerate(texts):
        vector = _vector(text, dimensions)
        packed = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode() if as_base64 else vector
        data.append({"object": "embedding", "index": index, "embedding": packed})
    count = sum(map(tokens, texts))
    return {"object": "list", "model": body.get("model", "demo"), "data": data,
            "usage": {"prompt_tokens": count, "total_tokens": count}}


def _vector(text: str, dimensions: int) -> list[float]:
    raw = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    numbers = [value - 32767.5 for value in struct.unpack(f"<{dimensions}H", raw)]
    length = math.sqrt(sum(value * value for value in numbers))
    return [value / length for value in numbers]
