"""The adapter behind `gateway.ports.Reader`: remembers, queues, asks the locked process, recognises what is scanned.

At most two files are read at the same time in a serving process, so that reading cannot take the machine from
everybody else. A failure for which the file is to blame is remembered with it; one of the machine (too slow because
others were busy) is not.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from gateway.errors import GatewayError
from gateway.files.kinds import hint_of, is_picture
from gateway.files.memory import TextMemory
from gateway.files.ocr import MOST_SCANS, Ocr
from gateway.files.process import Allowed, run
from gateway.files.reasons import UnreadableError, refusal, unavailable
from gateway.model.attachment import Attached
from gateway.settings import Settings

_REMEMBERED: Final = 8_000_000
"""Characters of text that are kept for conversations that go on."""
_AT_ONCE: Final = 2
_LARGE: Final = 1 << 20


class FileReader:
    """Reads files (`gateway.ports.Reader`)."""

    def __init__(self, *, seconds: int, memory: int, pages: int, characters: int, ocr: Ocr | None) -> None:
        self._allowed = Allowed(memory, seconds)
        self._pages, self._characters = pages, characters
        self.ocr = ocr
        self._memory = TextMemory(_REMEMBERED)
        self._free = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    def of(cls, settings: Settings) -> FileReader:
        """Return the reader that the settings ask for."""
        return cls(seconds=settings.file_seconds, memory=settings.file_memory_mb << 20, pages=settings.file_pages,
                   characters=settings.file_characters, ocr=Ocr.find() if settings.ocr == "auto" else None)

    @property
    def kinds(self) -> frozenset[str]:
        """See `gateway.ports.Reader.kinds`."""
        return frozenset({"file", "image"} if self.ocr else {"file"})

    async def read(self, attached: Attached) -> str:
        """See `gateway.ports.Reader.read`."""
        data, hint = attached.data, hint_of(attached.name, attached.media)
        digest = (await asyncio.to_thread(self._memory.digest, hint, data) if len(data) > _LARGE
                  else self._memory.digest(hint, data))
        known = self._memory.get(digest)
        if known is None:
            try:
                async with self._free:
                    known = await self._read(data, hint)
            except UnreadableError as failure:
                known = failure
            if not (isinstance(known, UnreadableError) and known.reason == "slow"):
                self._memory.put(digest, known)
        if isinstance(known, UnreadableError):
            raise refusal(known)
        return known

    async def _read(self, data: bytes, hint: str) -> str:
        if is_picture(data):
            return await self._picture(data)
        said = await run("read", [hint, str(self._pages), str(self._characters)], data, self._allowed)
        try:
            answer = json.loads(said)
            if "reason" in answer:
                raise UnreadableError(answer["reason"], answer["number"])
            pages, blank = answer["pages"], answer["blank"]
        except (ValueError, KeyError, TypeError):
            raise UnreadableError("broken") from None
        return await self._whole(data, pages, blank)

    async def _picture(self, data: bytes) -> str:
        if self.ocr is None:
            raise UnreadableError("picture")
        return self._checked(await self.ocr.picture(data, self._allowed), "blank_picture")

    async def _whole(self, data: bytes, pages: list[str], blank: list[int]) -> str:
        """Return the text of all pages; scanned ones are recognised, or at least said to be missing."""
        if blank and self.ocr is not None and self.ocr.pdftoppm is not None:
            if len(blank) > MOST_SCANS:
                raise UnreadableError("scans", MOST_SCANS)
            for number in blank:
                pages[number - 1] = await self.ocr.page(data, number, self._allowed)
            blank = []
        text = self._checked("\n\n".join(page for page in pages if page.strip()), "scanned")
        if not blank:
            return text
        return f"{text}\n\n[Nicht übernommen: Seite {', '.join(map(str, blank))} (kein lesbarer Text)]"

    def _checked(self, text: str, otherwise: str) -> str:
        if not text.strip():
            raise UnreadableError(otherwise)
        if len(text) > self._characters:
            raise UnreadableError("long", self._characters)
        return text

    async def try_out(self) -> GatewayError | None:
        """Read a word through the whole way; return what keeps files from being read (for ``doctor``)."""
        try:
            return None if await self._read(b"Probe", "") == "Probe" else unavailable("probe")
        except GatewayError as error:
            return error
        except UnreadableError as failure:
            return unavailable(f"probe: {failure.reason}")
