"""What a structural leaf may look like: anything else in its place is inspected as text."""

from __future__ import annotations

import re
from typing import Any

_ACCOUNT = re.compile(r"[A-Za-z]{0,3}\d{8,}[0-9A-Za-z]*")
"""Letters of a country or an office, then digits: a number out of a file, not a name that a program gave."""
_GROUPED = str.maketrans("", "", "_-.:|=+/#$")
"""People write such a number in groups, a telephone with a plus."""


def is_name(value: Any) -> bool:
    """An identifier: what function names, ids and enum values look like."""
    return isinstance(value, str) and len(value) <= 256 and value.isascii() and all(
        c.isalnum() or c in "_-.:|=+/#$" for c in value) and not is_account(value)


def is_account(value: str) -> bool:
    """Whether it is a number out of a file, perhaps in groups."""
    return _ACCOUNT.fullmatch(value.translate(_GROUPED)) is not None


def is_flag(value: Any) -> bool:
    """A boolean."""
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    """A number of ordinary length: a sampling parameter, not somebody's account."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and len(repr(value)) <= 10
