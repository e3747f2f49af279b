"""Numbers of certificates: 90 random bits that a person can read out, and two letters that notice a slip.

Twenty letters of Crockford's alphabet (no I, L, O, U), written in groups of four: ``7F3K-2QXN-…``. Read as a number it
is a multiple of 1021: a single wrong letter or two neighbours swapped are never a multiple again, so a typing error is
told from a number that nobody gave out, without a look into the database.
"""

from __future__ import annotations

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 20
RANDOM_BITS: Final = 90
_CHECK: Final = 1021
_LOOK_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN: Final = str.maketrans("", "", " -–.\t\r\n\u00a0")
LONGEST: Final = 60
"""What is looked at of what somebody typed."""


def new_number() -> str:
    """Return a number that nobody has."""
    return number_of(secrets.randbits(RANDOM_BITS))


def number_of(value: int) -> str:
    """Return the number with these random bits."""
    whole = value << 10
    whole += -whole % _CHECK
    return "".join(ALPHABET[whole >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def read_number(text: str) -> str | None:
    """Return the number that somebody typed, in its one spelling; None: that is none, or it has a slip."""
    letters = text[:LONGEST].translate(_BETWEEN).upper().translate(_LOOK_ALIKE)
    if len(text) > LONGEST or len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        return None
    whole = 0
    for letter in letters:
        whole = whole << 5 | ALPHABET.index(letter)
    return letters if whole % _CHECK == 0 and whole & 1023 < _CHECK else None


def in_groups(number: str) -> str:
    """Return the number as people read it."""
    return "-".join(number[at:at + 4] for at in range(0, len(number), 4))
