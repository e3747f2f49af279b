"""The addresses of what staff see of their own, and who may see them: everybody, of themselves."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.gate import Page
from gateway.web.staff import mine

SIGNED_IN: Final[frozenset[Role]] = frozenset()


def pages() -> tuple[Page, ...]:
    """Return the table of these pages."""
    return (
        Page("/usage", mine.page, roles=SIGNED_IN, english=True),
        Page("/usage/alles.{form}", mine.take, roles=SIGNED_IN, english=True),
        Page("/usage/{vorgang}", mine.receipt, roles=SIGNED_IN, english=True),
        Page("/usage/{vorgang}/nachweis", mine.proof, roles=SIGNED_IN, english=True),
    )
