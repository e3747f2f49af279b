"""Where a place in a text of the answer lies in the text as the client sees it.

An annotation ("characters 120 to 180 are from this page") counts in the text that the provider wrote. Kept true: a
place that is returned is the right one; where it cannot be said (inside a placeholder, behind the end of the text, too
much text in all), the annotation is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.wire.dialect import ChannelText

MOST: Final = 4_000_000
"""Characters that are restored to place the annotations of one answer."""


class Positions:
    """Places in the texts of one answer."""

    def __init__(self, open_channel: Callable[[bool], ChannelText]) -> None:
        self._open = open_channel
        self._texts: dict[str, str] = {}
        self._left = MOST

    def move(self, note: dict[str, Any], keys: Sequence[str], text: str) -> bool:
        """Write the places `keys` of `note`, which are places in `text`, anew; return whether that could be done."""
        for key in keys:
            if key not in note or note[key] is None:
                continue
            place = self.place(text, note[key])
            if place is None:
                return False
            note[key] = place
        return True

    def place(self, text: str, position: object) -> int | None:
        """Return where `position` in `text` lies in the text as it is shown."""
        if type(position) is not int or not 0 <= position <= len(text):
            return None
        whole, before = self.shown(text), self.shown(text[:position])
        return len(before) if whole is not None and before is not None and whole.startswith(before) else None

    def shown(self, text: str) -> str | None:
        """Return a text of the answer as it is shown; None when there was too much of it."""
        if text not in self._texts:
            if len(text) > self._left:
                return None
            self._left -= len(text)
            channel = self._open(False)
            self._texts[text] = channel.feed(text) + channel.close()
        return self._texts[text]
