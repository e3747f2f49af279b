"""Between admission and inspection: the text of files takes their place, and is then inspected like any other.

The request is taken apart anew afterwards, by the dialect that knows its form: slots stand in their order, limits hold
for the texts of files as well, and what is kept of a conversation is the text, not the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from gateway.errors import GatewayError
from gateway.pipeline.beside import beside
from gateway.ports import Reader
from gateway.wire.attachments import attachments
from gateway.wire.dialect import Dialect, ParsedRequest
from gateway.wire.document import Document, parse_object

MOST_FILES: Final = 20
MOST_CHARACTERS: Final = 1_000_000


async def read_files(reader: Reader, kinds: Collection[str], parsed: ParsedRequest, dialect: Dialect,
                     body: bytes) -> tuple[ParsedRequest, Counter[str]]:
    """Return the request with the text of files of these kinds in their places, and how many there are of each.

    `body` is the request as it came. Raises what the reader raises, and ``zu_gross`` where there are too many files.
    """
    attached = attachments(parsed.document, kinds)
    found = Counter(file.kind for file in attached)
    if not attached:
        return parsed, found
    if len(attached) > MOST_FILES:
        raise _too_large(f"mehr als {MOST_FILES} Dateien")
    texts: list[str] = []
    for file in attached:
        texts.append(await reader.read(await beside(file.content, len(body))))
        if sum(map(len, texts)) > MOST_CHARACTERS:
            raise _too_large("Dateien mit zusammen mehr als einer Million Zeichen Text")
    for file, text in zip(attached, texts, strict=True):
        file.say(text)
    again = dialect.parse(Document({**parse_object(body), **parsed.document.root}).to_bytes())
    again.documents = [new if old is not None else None  # places in the text of a file are none in the file
                       for old, new in zip(parsed.documents, again.documents, strict=True)]
    if parsed.thread is not None and again.thread is not None:
        again.thread.like(parsed.thread)
    return again, found


def _too_large(what: str) -> GatewayError:
    return GatewayError("zu_gross", f"Ihre Anfrage wurde nicht gesendet. Sie hat {what}. Bitte nehmen Sie einige davon "
                        "heraus oder beginnen Sie ein neues Gespräch.")
