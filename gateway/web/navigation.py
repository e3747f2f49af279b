"""The words of the main navigation and who sees them; and what the head says one acts as.

Whether somebody may open a page is decided by the table of pages (`gateway.web.site`) and nowhere else: a test compares
the two.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gateway.model.people import Role
from gateway.web import words

Entry = tuple[str, str, frozenset[Role] | None]
"""Address, word, who sees it: None everybody, empty everybody who signed in, else who has one of the roles."""

SIGNED_IN: Final[frozenset[Role]] = frozenset()
ENTRIES: Final[tuple[Entry, ...]] = (
    ("/", "Start", None),
    ("/preview", "Vorschau", SIGNED_IN),
    ("/pass", "KI-Pass", SIGNED_IN),
    ("/keys", "Schlüssel", SIGNED_IN),
    ("/usage", "Meine Nutzung", SIGNED_IN),
    ("/review", "Aufsicht", frozenset({"dpo"})),
    ("/office", "KI-Pass-Stelle", frozenset({"ki-pass-stelle"})),
    ("/office/report", "Bericht", frozenset({"ki-pass-stelle", "leitung", "dpo", "personalrat"})),
    ("/keys/dienste", "Dienste", frozenset({"it"})),
    ("/transparency", "Transparenz", None),
    ("/help", "Hilfe", None),
)


def links(roles: Collection[str], *, signed_in: bool) -> list[tuple[str, str]]:
    """Return what somebody sees."""
    return [(address, word) for address, word, who in ENTRIES
            if who is None or (signed_in and (not who or who & set(roles)))]


def current(path: str, found: list[tuple[str, str]]) -> str:
    """Return the address of the entry that a page belongs to: the longest that its path begins with."""
    return max((address for address, _ in found if path == address or path.startswith(f"{address}/")), key=len,
               default="")


def acting(roles: Collection[str]) -> str:
    """Return as whom somebody acts, in words."""
    special = [word for role, word in words.ROLES.items() if role in roles and role != "staff"]
    return words.listed(special) or words.ROLES["staff"]
