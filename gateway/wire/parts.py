"""What the descriptions of several wire APIs share: shapes of leaves, media that nobody can read, tools, schemas."""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.wire.nodes import Each, Node, Obj, Opaque, Schema, Structural, Text, one_of
from gateway.wire.shapes import is_account, is_flag, is_name, is_number
from gateway.wire.withheld import Dropped, ToolName

NAME: Final = Structural(is_name)
NUMBER: Final = Structural(is_number)
FLAG: Final = Structural(is_flag)

_CIPHER: Final = re.compile(r"[A-Za-z0-9+/_\-]{24,}={0,2}")


def _is_cipher(value: Any) -> bool:
    return isinstance(value, str) and _CIPHER.fullmatch(value) is not None and not is_account(value)


CIPHER: Final = Structural(_is_cipher)
"""What a provider encrypted or signed for itself: nobody else can read it, and changed it is worth nothing."""

MEDIA: Final[dict[str, Node]] = {
    **dict.fromkeys(("image_url", "input_image", "image", "images"), Opaque("image")),
    **dict.fromkeys(("video_url", "input_video", "video"), Opaque("video")),
    **dict.fromkeys(("audio_url", "input_audio", "audio"), Opaque("audio")),
    **dict.fromkeys(("file", "input_file", "document", "file_url", "file_data", "files"), Opaque("file")),
}
"""Kinds of parts, and the fields that carry them: some servers read the field and never look at ``type``."""

FORMAT: Final = Obj({"type": one_of("text", "json_object", "json_schema"), "name": NAME, "description": Text("schema"),
                     "schema": Schema(), "strict": FLAG})
"""The form in which the answer is wanted."""

GRAMMAR: Final = Obj({"type": one_of("text", "grammar"), "syntax": one_of("lark", "regex"),
                      "definition": Text("schema")})

WORDS: Final = Each(NAME)

CACHE: Final = Obj({"type": one_of("ephemeral"), "ttl": one_of("5m", "1h")})
"""A mark up to which a provider may keep what it worked out."""
TOOL_NAME: Final = ToolName(NAME)
CALLER: Final = Dropped("caller")
HOUSE: Final = Dropped("house")
CHOICE: Final = Dropped("choice")
