"""Of all places in which the published schemas of the forms allow a string, none lets a name through."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.audio import transcription_create_params, translation_create_params

from gateway.errors import GatewayError
from gateway.wire.transcriptions import Transcriptions, Translations
from tests.golden.test_dialect_golden import MODEL
from tests.support import published
from tests.support.published import CANARY
from tests.support.recorded import WAV, Field, form

SCHEMAS: dict[str, Any] = {
    "transcriptions": transcription_create_params.TranscriptionCreateParamsNonStreaming,
    "translations": translation_create_params.TranslationCreateParams}
DIALECTS = {dialect.name: dialect for dialect in (Transcriptions(), Translations())}
AT_LEAST = {"transcriptions": 12, "translations": 3}


def described(api: str) -> dict[str, Any]:
    """Return the published fields but the file, which is no text."""
    return {name: kind for name, kind in published._fields(SCHEMAS[api]).items() if name != "file"}


def flat(name: str, value: Any) -> list[Field]:
    """Return a value as the SDKs write it into a form."""
    if isinstance(value, dict):
        return [field for key, child in value.items() for field in flat(f"{name}[{key}]", child)]
    if isinstance(value, list):
        return [field for child in value for field in flat(f"{name}[]", child)]
    return [(name, str(value))]


LEAVES = {(api, name + path): [field for key, one in {"model": "haus", name: value}.items() for field in flat(key, one)]
          for api in SCHEMAS for name, kind in described(api).items() for path, value in published._values(kind, ())}


@pytest.mark.parametrize(("api", "path"), LEAVES)
def test_no_string_of_a_published_form_lets_a_name_through(api: str, path: str) -> None:
    dialect = DIALECTS[api]
    body = form([*LEAVES[api, path], ("file", WAV, f"{CANARY}.wav")])
    if path == "response_format":
        with pytest.raises(GatewayError):
            dialect.parse(body)
        return
    parsed = dialect.parse(body)
    document = parsed.document
    document.rewrite([slot.text.replace(CANARY, "[PERSON1]") for slot in document.slots])
    dialect.prepare(parsed, MODEL)
    assert CANARY.encode() not in document.sealed()[0]


@pytest.mark.parametrize("api", SCHEMAS)
def test_every_published_field_of_a_form_is_described(api: str) -> None:
    nested = {name.partition("[")[0] for name in DIALECTS[api].fields}
    assert described(api).keys() <= nested
    assert len([one for one, _ in LEAVES if one == api]) >= AT_LEAST[api]
