"""The addresses below ``/review/person`` and who may see them. Who may take which step, each step says itself."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.context import WebContext
from gateway.web.gate import Page
from gateway.web.reid import cases, keys

OFFICER: Final[frozenset[Role]] = frozenset({"dpo"})
BOTH: Final[frozenset[Role]] = frozenset({"dpo", "personalrat"})


def pages(_: WebContext) -> tuple[Page, ...]:
    """Return the table of these pages."""
    return (
        Page("/review/person", cases.index, roles=BOTH, english=True),
        Page("/review/person/neu", cases.form, roles=OFFICER, english=True),
        Page("/review/person/neu", cases.ask_for, "POST", OFFICER, english=True),
        Page("/review/person/schluessel", keys.page, roles=BOTH, english=True),
        Page("/review/person/schluessel", keys.hand_in, "POST", BOTH, english=True),
        Page("/review/person/verloren", cases.lost, roles=BOTH, english=True),
        Page("/review/person/{id}", cases.show, roles=BOTH, english=True),
        Page("/review/person/{id}", cases.act, "POST", BOTH, cases.FORM, english=True),
        Page("/review/person/{id}/ergebnis", cases.result, roles=BOTH, english=True),
        Page("/review/person/{id}/brief", cases.letter, roles=BOTH),
    )
