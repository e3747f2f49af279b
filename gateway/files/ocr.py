"""Text in pictures and scanned pages, through Tesseract where it is installed (with its German data).

A picture goes to ``tesseract``, a page of a scan first to ``pdftoppm`` (poppler), both as locked processes with pipes
and no files. What comes back is words with the trust that Tesseract puts in each: a word that it half read might be
half a name, which nobody would find, so it is left out; a picture with many such words (handwriting, a bad photograph)
is not sent at all.

What it does not know: a word that is misread with confidence. Names in pictures are found less surely than in text.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

from gateway.files.formats.flow import tidy
from gateway.files.process import Allowed, run
from gateway.files.reasons import UnreadableError

LANGUAGE: Final = "deu"
MOST_SCANS: Final = 20
_SURE: Final = 40.0
_MOST_UNSURE: Final = 0.3
_GAP: Final = 1.5
"""Heights of a word between two words from which on they stand in different columns."""
_UNREAD: Final = "[unleserlich]"


@dataclass(frozen=True, slots=True)
class Ocr:
    """The programs that are there."""

    tesseract: str
    pdftoppm: str | None

    @classmethod
    def find(cls) -> Ocr | None:
        """Return what is installed; None without Tesseract or its German data."""
        tesseract = shutil.which("tesseract")
        if tesseract is None:
            return None
        try:
            said = subprocess.run([tesseract, "--list-langs"], capture_output=True, text=True,  # noqa: S603
                                  timeout=20, check=False)
        except (OSError, subprocess.SubprocessError):
            return None
        return cls(tesseract, shutil.which("pdftoppm")) if LANGUAGE in said.stdout.split() else None

    async def picture(self, data: bytes, allowed: Allowed) -> str:
        """Return the text in a picture. Raises `UnreadableError`."""
        own = {name: os.environ[name] for name in ("TESSDATA_PREFIX", "LD_LIBRARY_PATH") if name in os.environ}
        try:
            said = await run("exec", [self.tesseract, "stdin", "stdout", "-l", LANGUAGE, "tsv"], data, allowed, own)
        except UnreadableError as failure:
            raise UnreadableError("picture_broken" if failure.reason == "broken" else failure.reason) from None
        return words_of(said.decode("utf-8", "replace"))

    async def page(self, data: bytes, number: int, allowed: Allowed) -> str:
        """Return the text of a scanned page of a PDF; an empty page says nothing. Raises `UnreadableError`."""
        assert self.pdftoppm is not None
        at = str(number)
        size = ["-scale-to", "2600"]  # A4 at 220 dpi; a page of any other size costs no more
        image = await run("exec", [self.pdftoppm, "-gray", *size, "-f", at, "-l", at, "-", ], data, allowed)
        return await self.picture(image, allowed)


def words_of(table: str) -> str:
    """Return the text that Tesseract's table of words holds, line by line, columns apart."""
    lines: list[str] = []
    said = unsure = 0
    last: tuple[str, ...] = ()
    end = before = 0
    for row in table.splitlines()[1:]:
        parts = row.split("\t")
        if len(parts) < 12 or parts[0] != "5" or not parts[11].strip():
            continue
        try:
            left, width, height = int(parts[6]), int(parts[8]), int(parts[9])
            sure = float(parts[10]) >= _SURE
        except ValueError:
            raise UnreadableError("picture_broken") from None
        place = tuple(parts[1:5])
        said, unsure = said + 1, unsure + (not sure)
        word = parts[11].strip() if sure else _UNREAD
        if place != last:
            lines.extend([""] * (bool(last) and place[:3] != last[:3]))
            lines.append(word)
        else:
            lines[-1] += (" | " if left - end > _GAP * max(height, before) else " ") + word
        last, end, before = place, left + width, height
    if unsure > said * _MOST_UNSURE:
        raise UnreadableError("illegible")
    return tidy("\n".join(lines))
