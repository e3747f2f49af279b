"""The examples on the pages of the handbook, as a reader would copy them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ADDRESS, KEY, MODEL = "https://ki.musterstadt.example", "kip_…", "vllm-haus"


@dataclass(frozen=True)
class Example:
    """One block of code and the heading it stands under."""

    page: str
    heading: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.heading} ({self.kind})"

    def at(self, url: str, key: str, model: str) -> str:
        """Return the example as somebody writes it who has this address, key and model."""
        return self.text.replace(ADDRESS, url).replace(KEY, key).replace(MODEL, model)


def examples(page: str) -> Iterator[Example]:
    """Yield the examples of one page (a path below the root), in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        headings = _HEADING.findall(text[:block.start()])
        yield Example(page, headings[-1] if headings else "", block[1], block[2])
