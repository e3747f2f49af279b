"""The addresses below ``/it``."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.gate import Page
from gateway.web.it import state

IT: Final[frozenset[Role]] = frozenset({"it"})


def pages() -> tuple[Page, ...]:
    """Return the table of these pages."""
    return (
        Page("/it", state.page, roles=IT, english=True),
        Page("/it", state.ask_providers, "POST", IT, english=True),
        Page("/it/modelle/{id}", state.ask_stop, roles=IT, english=True),
        Page("/it/modelle/{id}", state.stop, "POST", IT, english=True),
        Page("/it/zulassen", state.start, "POST", IT, english=True),
    )
