"""Forms as clients write them, read again by somebody else than the gateway; and the shortest of recordings."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any


def sound(seconds: int = 1, rate: int = 100) -> bytes:
    """Return a WAV file of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(b"\x80" * rate * seconds)
    return out.getvalue()


WAV = sound()
Field = tuple[str, str | bytes] | tuple[str, bytes, str]
"""Name and value; of a file also what it is called."""


def form(fields: Iterable[Field], boundary: str = "----WebKitFormBoundaryx7MA4YWxkTrZu0gW") -> bytes:
    """Return a form."""
    out = []
    for name, value, *filename in fields:
        head = f'Content-Disposition: form-data; name="{name}"'
        if filename:
            head += f'; filename="{filename[0]}"\r\nContent-Type: application/octet-stream'
        data = value.encode() if isinstance(value, str) else value
        out.append(b"--" + boundary.encode() + b"\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n")
    return b"".join(out) + f"--{boundary}--\r\n".encode()


def asked(*more: Field, model: str = "demo", recording: bytes = WAV, name: str = "Gespräch Krüger.wav") -> bytes:
    """Return a form that asks for a transcript."""
    return form([("model", model), *more, ("file", recording, name)])


def parts(body: bytes, media: str) -> list[Message[str, str]]:
    """Return the parts of a form as the library of the language reads them."""
    read: Any = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {media}\r\n\r\n".encode() + body)
    assert read.is_multipart()
    assert not read.defects
    return list(read.get_payload())


def arrived(body: bytes, media: str) -> list[tuple[str, str | bytes]]:
    """Return names and values of the fields of a form; of a file its name and bytes are one value."""
    found: list[tuple[str, str | bytes]] = []
    for part in parts(body, media):
        data: Any = part.get_payload(decode=True)
        name, filename = part.get_param("name", header="content-disposition"), part.get_filename()
        found.append((str(name), f"{filename}: ".encode() + data if filename else data.decode()))
    return found
