"""A recording that somebody wants to have written down: what kind it is, read off its first bytes.

Keeps true: nothing that the client says about the file goes on, neither its name ("Gespräch_Krüger.mp3") nor its media
type; a file that does not begin like sound is refused, so that a letter does not leave unread because it is called
``.mp3``.

Weaker than it looks: only the beginning is looked at. What is said in the recording, and what else lies in its
container (titles, pictures), nobody has inspected; that is why it stays in the house.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import GatewayError

_KINDS: Final[tuple[tuple[re.Pattern[bytes], str, str], ...]] = tuple(
    (re.compile(begins, re.DOTALL), suffix, media) for begins, suffix, media in (
        (rb"(?:RIFF|RF64|BW64)....WAVE", "wav", "audio/wav"),
        (rb"fLaC", "flac", "audio/flac"),
        (rb"OggS", "ogg", "audio/ogg"),
        (rb"\x1a\x45\xdf\xa3", "webm", "audio/webm"),
        (rb"....ftypM4[AB]", "m4a", "audio/mp4"),
        (rb"....ftyp", "mp4", "audio/mp4"),
        (rb"ID3", "mp3", "audio/mpeg"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "aac", "audio/aac"),
        (rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd]", "mp3", "audio/mpeg"),  # not FF FE: text in UTF-16 begins so
        (rb"FORM....AIF[FC]", "aiff", "audio/aiff"),
        (rb"#!AMR", "amr", "audio/amr"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma", "audio/x-ms-wma")))
_LEADING_SILENCE: Final = 4096
"""Zero bytes that some recorders write before an MP3."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Its bytes and its kind."""

    data: bytes = field(repr=False)
    suffix: str
    media: str

    @classmethod
    def of(cls, data: bytes) -> Recording:
        """Return the recording in `data`. Raises ``nicht_pruefbar`` when it does not begin like one."""
        head = data[:64] if data[:1] != b"\0" or data[4:8] == b"ftyp" else data[:_LEADING_SILENCE].lstrip(b"\0")[:64]
        for begins, suffix, media in _KINDS:
            if begins.match(head):
                return cls(data, suffix, media)
        raise GatewayError("nicht_pruefbar", "Ihre Anfrage wurde nicht gesendet: Die Datei ist keine Tonaufnahme, die "
                           "die KI-Pforte erkennt (zum Beispiel WAV, MP3, M4A, OGG, FLAC oder WebM). Bitte wählen Sie "
                           "eine andere Datei.", param="file")

    @property
    def name(self) -> str:
        """A name for the provider that says the kind and nothing else."""
        return f"aufnahme.{self.suffix}"
