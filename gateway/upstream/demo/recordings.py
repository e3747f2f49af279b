"""``/v1/audio/transcriptions`` and ``/v1/audio/translations`` of the demo: says what arrived. Pure.

It recognises no speech and says so. How long a recording is it knows of WAV files only; of others it says how large
they are.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from typing import Any

from gateway.upstream.demo.answer import MalformedError, placeholders, quoted
from gateway.wire.recordings import Recording

_DEMO = ("Dies ist die eingebaute Demo, keine Spracherkennung: Was in der Aufnahme gesagt wird, hat sie nicht gehört.")


def answer(form: dict[str, Any]) -> tuple[bytes | dict[str, Any], str]:
    """Return the transcript in the form that was asked for, and its media type. Raises MalformedError."""
    text, seconds = _said(form)
    wanted = form.get("response_format", "json")
    if wanted in ("text", "srt", "vtt"):
        return _written(text, seconds, wanted).encode(), "text/plain"
    document: dict[str, Any] = {"text": text, "usage": {"type": "duration", "seconds": seconds}}
    if wanted == "verbose_json":
        segment = {"id": 0, "seek": 0, "start": 0.0, "end": float(seconds), "text": text, "tokens": [],
                   "temperature": 0.0, "avg_logprob": 0.0, "compression_ratio": 1.0, "no_speech_prob": 0.0}
        document |= {"task": "transcribe", "language": "german", "duration": float(seconds), "segments": [segment]}
    elif wanted == "diarized_json":
        document |= {"task": "transcribe", "duration": float(seconds), "segments": [
            {"id": "0", "type": "transcript.text.segment", "start": 0.0, "end": float(seconds), "text": text,
             "speaker": "A"}]}
    return document, "application/json"


def events(form: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the same as a stream, word by word."""
    text, seconds = _said(form)
    for number, word in enumerate(text.split(" ")):
        yield {"type": "transcript.text.delta", "delta": f" {word}" if number else word}
    yield {"type": "transcript.text.done", "text": text, "usage": {"type": "duration", "seconds": seconds}}


def _said(form: dict[str, Any]) -> tuple[str, int]:
    recording = form.get("file")
    if not isinstance(recording, Recording):
        raise MalformedError("file")
    seconds = _seconds(recording)
    length = f"von {seconds} Sekunden Länge " if seconds else ""
    size = max(1, round(len(recording.data) / 1000))
    parts = [_DEMO, f"Angekommen ist eine Aufnahme {length}({recording.suffix.upper()}, {size} kB)."]
    prompt = form.get("prompt")
    if isinstance(prompt, str) and prompt:
        parts.append(f"Mit ihr kam dieser Hinweis an: {quoted(prompt).removeprefix('> ')}")
        if seen := placeholders(prompt):
            parts.append("Die KI-Pforte setzt Ihre Angaben in der Antwort wieder ein: " + ", ".join(seen) + ".")
    return " ".join(parts), seconds


def _seconds(recording: Recording) -> int:
    if recording.suffix != "wav":
        return 0
    try:
        with wave.open(io.BytesIO(recording.data)) as sound:
            return max(1, int(sound.getnframes() / sound.getframerate() + 0.5))
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0


def _written(text: str, seconds: int, wanted: str) -> str:
    if wanted == "text":
        return f"{text}\n"
    point = "," if wanted == "srt" else "."
    end = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}000"
    cue = f"00:00:00{point}000 --> {end}\n{text}\n"
    return f"1\n{cue}\n" if wanted == "srt" else f"WEBVTT\n\n{cue}\n"
