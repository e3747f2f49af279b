"""Under which name a department may be counted, so that no number is told about fewer than five people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

SMALL: Final = 5
"""Departments with fewer people stand together."""
OTHERS: Final = "andere"


def standing_together(sizes: Mapping[str, int]) -> frozenset[str]:
    """Return the departments that are told together, from how many people each has.

    Those with fewer than five; where they are fewer than five in all, the smallest of the others stands with them.
    """
    small = {key for key, people in sizes.items() if people < SMALL}
    if small and sum(sizes[key] for key in small) < SMALL:
        small |= set(sorted((key for key in sizes if key not in small), key=lambda key: (sizes[key], key))[:1])
    return frozenset(small)


def merging(sizes: Mapping[str, int]) -> Callable[[str], str]:
    """Return the name under which a department may be counted: those that stand together are ``andere``."""
    small = standing_together(sizes)
    return lambda key: key if key in sizes and key not in small else OTHERS
