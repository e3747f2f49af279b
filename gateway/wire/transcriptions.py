"""The APIs that write down a recording: ``/v1/audio/transcriptions``, and ``/v1/audio/translations`` into English.

The request is a form (`gateway.wire.forms`), the recording in it opaque: nobody can inspect what is said there, so
policy lets it pass only to models in the house. The other fields are like those of any other API: texts are inspected
and redacted, words of a closed list stay, what nobody described is dropped and counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.dialect import AnswerContext, ParsedRequest
from gateway.wire.document import invalid
from gateway.wire.error_forms import openai_error
from gateway.wire.forms import FILE, FormDocument, read_form
from gateway.wire.nodes import Each, Node, Opaque, Structural, Text, one_of
from gateway.wire.parts import CALLER, FLAG, NAME
from gateway.wire.recordings import Recording
from gateway.wire.taking import take_fields
from gateway.wire.transcriptions_answer import JSON_FORMATS, TranscriptionAnswer

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?")
_NUMBER: Final = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False, "": False}
FORMATS: Final = (*JSON_FORMATS, "text", "srt", "vtt")


def is_language(value: Any) -> bool:
    """A language as ISO 639 writes it."""
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def is_written_number(value: Any) -> bool:
    """A short number, as a form writes it."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


WRITTEN: Final = Structural(is_written_number)
LANGUAGE: Final = Structural(is_language)
TRANSLATION: Final[dict[str, Node]] = {
    FILE: Opaque("audio"), "model": NAME, "prompt": Text("user"), "hotwords": Text("user"),
    "response_format": one_of(*FORMATS), "temperature": WRITTEN, "stream": FLAG, "user": CALLER,
}
TRANSCRIPTION: Final[dict[str, Node]] = {
    **TRANSLATION, "language": LANGUAGE, "languages": Each(LANGUAGE), "keywords": Each(Text("user")),
    "timestamp_granularities": Each(one_of("word", "segment")), "include": Each(one_of("logprobs")),
    "known_speaker_names": CALLER, "known_speaker_references": CALLER,  # voices by name: no server in the house asks
    "chunking_strategy": one_of("auto"), "chunking_strategy[type]": one_of("server_vad"),
    "chunking_strategy[threshold]": WRITTEN, "chunking_strategy[prefix_padding_ms]": WRITTEN,
    "chunking_strategy[silence_duration_ms]": WRITTEN,
}
"""Every field of the form; any other is not passed on."""
LISTS: Final = frozenset(name for name, node in TRANSCRIPTION.items() if isinstance(node, Each)) | {
    "known_speaker_names", "known_speaker_references"}
"""Fields that may come several times; in the form their names end on ``[]``."""


class Transcriptions:
    """The dialect of ``/v1/audio/transcriptions``."""

    name = "transcriptions"
    paths: tuple[str, ...] = ("/audio/transcriptions",)
    fields: Mapping[str, Node] = TRANSCRIPTION

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        root = read_form(body, LISTS)
        if "stream" in root:
            root["stream"] = _truth(root["stream"])
        parsed = take_fields(FormDocument(root, LISTS), self.fields, required={FILE: Recording})
        wanted = root.get("response_format", "json")
        if wanted not in FORMATS:
            raise invalid("Diese Form der Antwort gibt es nicht. Möglich sind: " + ", ".join(FORMATS) + ".",
                          "response_format")
        if parsed.stream and wanted not in JSON_FORMATS:
            raise invalid("Untertitel und reiner Text kommen nicht als Strom. Bitte lassen Sie „stream“ weg.", "stream")
        parsed.echo = {"response_format": wanted}
        if wanted not in JSON_FORMATS:
            parsed.media = "text/plain; charset=utf-8"
        return parsed

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        request.document.root["model"] = model.target

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`. Nobody obeys here: the prompt only says which words to expect."""

    def answer(self, context: AnswerContext) -> TranscriptionAnswer:
        """See `Dialect.answer`."""
        return TranscriptionAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return openai_error(error, request_id)

    def say(self, text: str, request: ParsedRequest, request_id: str) -> None:
        """See `Dialect.say`: it would stand in the minutes as if somebody had said it."""


class Translations(Transcriptions):
    """The dialect of ``/v1/audio/translations``."""

    name = "translations"
    paths: tuple[str, ...] = ("/audio/translations",)
    fields: Mapping[str, Node] = TRANSLATION


def _truth(value: str) -> bool:
    truth = _TRUTH.get(value.strip().lower())
    if truth is None:
        raise invalid("„stream“ muss true oder false sein.", "stream")
    return truth
