"""Trade union, political opinion, sexual life and orientation, genetic and biometric data: one kind, ``ART9``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.phrases import phrases
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

ART9: Final = Category("ART9", "special_art9.txt", phrases("phrases_traits.txt"))


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield everything of these kinds."""
    yield from ART9.find(sheet, link)
