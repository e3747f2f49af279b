"""Text that may hold personal data, wrapped so that it cannot slip into a log.

A plain ``str`` is printed by every logger, traceback and f-string that meets it. `ClearText` prints its length
only; whoever needs the content says `reveal()`, which a reader and a search will find.
"""

from __future__ import annotations

from typing import NoReturn


class ClearText:
    """A text as the person wrote it. ``str()``, ``repr()`` and f-strings show the length, never the content."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the content. Only detection, redaction and restoration have a reason to call this."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClearText) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"<ClearText, {len(self._value)} Zeichen>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("ClearText is not serialised: content stays inside the request")
