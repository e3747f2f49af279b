"""A provider that refuses may write words of the prompt wherever it likes: none of them is shown or logged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.pipeline.provider_errors import refusal

WORDS = ("sabine", "krueger", "geheimes_vorhaben")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("error", [
    {"code": "krueger", "param": "sabine"}, {"type": "geheimes_vorhaben", "param": "geheimes_vorhaben.sabine"},
    {"code": "context_krueger", "message": "krueger"}, "krueger", {"code": ["krueger"], "param": {"sabine": 1}},
])
def test_no_word_of_a_refusal_gets_any_further(status: int, error: Any) -> None:
    shown = refusal(status, json.dumps({"error": error}).encode(), None)
    said = f"{shown.message} {shown.hint} {shown.param} {shown.code}"
    assert [word for word in WORDS if word in said] == []


def test_the_words_of_the_apis_are_passed_on() -> None:
    refused = refusal(400, b'{"error": {"code": "unsupported_parameter", "param": "temperature"}}', None)
    assert refused.param == "temperature"
    assert refused.hint == "provider status 400, code unsupported_parameter"
    assert refusal(400, b'{"error": {"code": "context_length_exceeded"}}', None).code == "zu_gross"
