"""The address of the Personalrat: the data protection officer may look, the Personalrat acts."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.context import WebContext
from gateway.web.council import pages as council
from gateway.web.gate import Page

LOOK: Final[frozenset[Role]] = frozenset({"dpo", "personalrat"})
ACT: Final[frozenset[Role]] = frozenset({"personalrat"})


def pages(_: WebContext) -> tuple[Page, ...]:
    """Return the table of these pages."""
    return (
        Page("/review/personalrat", council.page, roles=LOOK, english=True),
        Page("/review/personalrat", council.act, "POST", ACT, english=True),
    )
