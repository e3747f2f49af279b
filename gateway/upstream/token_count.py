"""How many tokens a text would be, counted in the house: a question that must not cost a call to a provider.

Counted with the encoding that comes with litellm (``cl100k_base``), loaded at the first question, in a thread. Each
provider has an encoding of its own, so the number is near the one that is billed and not the same; of German prose
it is rather more. Where the encoding cannot be loaded, three characters are a token.

Keeps true: nothing is fetched from a network, whatever is missing; a text of any length and kind costs a bounded time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tiktoken import Encoding

_log = logging.getLogger(__name__)
EXACTLY: Final = 1_000_000
"""Characters that are counted; how many tokens the rest has follows from them."""
_PIECE: Final = 20_000
"""Characters that are given to the encoding at once: a million without a space would take it minutes."""
_CHARACTERS: Final = 3
"""Of a token, where nobody can count."""


class TokenCounter:
    """Counts; one per process."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._encoding: Encoding | None = None
        self._tried = False

    async def count(self, texts: Sequence[str]) -> int:
        """Return how many tokens `texts` are together."""
        return await asyncio.to_thread(self._count, texts)

    def _count(self, texts: Sequence[str]) -> int:
        encoding, whole = self._load(), sum(map(len, texts))
        if encoding is None:
            return -(-whole // _CHARACTERS)
        counted = tokens = 0
        for piece in _pieces(texts):
            tokens += len(encoding.encode_ordinary(piece))
            counted += len(piece)
            if counted >= EXACTLY:
                return tokens * whole // counted
        return tokens

    def _load(self) -> Encoding | None:
        with self._loading:
            if not self._tried:
                self._tried = True
                try:
                    self._encoding = _encoding()
                except Exception as error:  # noqa: BLE001 - whatever is missing: an estimate is an answer as well
                    _log.warning("no encoding to count tokens with, they are estimated: %s", type(error).__name__)
        return self._encoding


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for start in range(0, len(text), _PIECE):
            yield text[start:start + _PIECE]


def _encoding() -> Encoding:
    found = find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        raise ImportError
    folder = Path(found.submodule_search_locations[0]) / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)  # litellm sets the same when it is imported
    import tiktoken
    import tiktoken.load

    tiktoken.load.read_file = _refused
    return tiktoken.get_encoding("cl100k_base")


def _refused(blobpath: str) -> bytes:
    """Stand in for the download of an encoding that is not there."""
    raise OSError("refused: nothing is downloaded")
