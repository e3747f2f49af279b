"""What a provider that refuses may say: no word of the prompt, wherever it writes one, and not to wait for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.pipeline.provider_errors import refusal
from gateway.upstream.line import retry_after

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


@pytest.mark.parametrize("said", ["9" * 20, "1e300", "Wed, 21 Oct 9999 07:28:00 GMT"])
def test_no_client_is_told_to_sleep_for_ever(said: str) -> None:
    assert retry_after(said) == 3600
