"""The addresses below ``/review`` that are about the ledger, and who may see them."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.context import WebContext
from gateway.web.gate import Page
from gateway.web.review.checking import Checking
from gateway.web.review.workplace import Review

OFFICER: Final[frozenset[Role]] = frozenset({"dpo"})


def pages(context: WebContext) -> tuple[Page, ...]:
    """Return the table of these pages."""
    review = Review(Checking(context))
    return (
        Page("/review", review.overview, roles=OFFICER),
        Page("/review/pruefen", review.check, "POST", OFFICER),
        Page("/review/protokoll/{id}", review.record, roles=OFFICER),
    )
