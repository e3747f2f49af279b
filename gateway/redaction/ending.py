"""The genitive "s" behind a name: "Müllers Antrag", but "Fuchs’ Antrag".

A model does not know how the name ends that stands behind ``[PERSON1]`` and writes ``[PERSON1]s`` for both. So when a
value is put back that ends in a sibilant, an "s" that ends the word becomes an apostrophe, or nothing at all where the
value is a genitive already.

What the user wrote must come back all the same, "Marxs Antrag" too. Therefore redaction takes such an "s" into the
value (`widened`): no text that leaves has one behind a placeholder of a value that ends in a sibilant, and where one
stands in an answer, the model put it there. Both sides ask the same questions on this page.

It does not touch ``[PERSON1]'s``: in English it is right after any name, and users write it.
"""

from __future__ import annotations

ENDINGS = frozenset("sS")
_SIBILANTS = frozenset("sßxzſSẞXZ")


def ends_in_sibilant(value: str) -> bool:
    """Say whether the genitive of `value` takes an apostrophe for its "s"."""
    return value[-1:] in _SIBILANTS


def goes_on(character: str) -> bool:
    """Say whether a word goes on with `character`."""
    return character.isalnum() or character == "_"


def widened(text: str, end: int, following: int) -> int:
    """Return where a value of `text` that was found up to `end` ends; the next one begins at `following`."""
    if end < following and text[end] in ENDINGS and ends_in_sibilant(text[end - 1]) and (
            end + 1 == following or not goes_on(text[end + 1])):
        return end + 1
    return end
