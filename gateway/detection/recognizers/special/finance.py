"""Money: income, debts, insolvency of somebody. Most tasks of a town hall need the amounts, so policy only notes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

FINANCE: Final = Category("FINANCE", "special_finance.txt")


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield words about somebody's money."""
    yield from FINANCE.find(sheet, link)
