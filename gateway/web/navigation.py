"""The words of the navigation and who sees them; and what the head says one acts as.

The first level has at most eight words for somebody with one role; help stands in the head. An area with several pages
has a second level (`SECTIONS`), which the frame shows above each of its pages. Whether somebody may open a page is
decided by the table of pages (`gateway.web.site`) and nowhere else: a test compares the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from gateway.model.people import Role
from gateway.web import words
from gateway.web.i18n import N_, _

Entry = tuple[str, str, frozenset[Role] | None]
"""Address, word, who sees it: None everybody, empty everybody who signed in, else who has one of the roles."""

SIGNED_IN: Final[frozenset[Role]] = frozenset()
DPO: Final[frozenset[Role]] = frozenset({"dpo"})
BOTH_SIDES: Final[frozenset[Role]] = frozenset({"dpo", "personalrat"})
ENTRIES: Final[tuple[Entry, ...]] = (
    ("/", N_("Start"), None),
    ("/preview", N_("Vorschau"), SIGNED_IN),
    ("/pass", N_("KI-Pass"), SIGNED_IN),
    ("/keys", N_("Schlüssel"), SIGNED_IN),
    ("/usage", N_("Meine Nutzung"), SIGNED_IN),
    ("/review", N_("Aufsicht"), DPO),
    ("/review/personalrat", N_("Personalrat"), frozenset({"personalrat"})),
    ("/office", N_("KI-Pass-Stelle"), frozenset({"ki-pass-stelle"})),
    ("/review/berichte", N_("Berichte"), frozenset({"leitung", "ki-pass-stelle"})),
    ("/it", N_("Betrieb"), frozenset({"it"})),
    ("/keys/dienste", N_("Dienste"), frozenset({"it"})),
    ("/transparency", N_("Transparenz"), None),
)
SECTIONS: Final[dict[str, tuple[Entry, ...]]] = {
    "/review": (
        ("/review", N_("Übersicht"), DPO),
        ("/review/protokoll", N_("Protokoll"), DPO),
        ("/review/befunde", N_("Befunde"), DPO),
        ("/review/stichprobe", N_("Stichprobe"), DPO),
        ("/review/vorfaelle", N_("Vorfälle"), DPO),
        ("/review/anfragen", N_("Anfragen"), DPO),
        ("/review/person", N_("Person feststellen"), BOTH_SIDES),
        ("/review/zugriffe", N_("Zugriffe"), BOTH_SIDES),
        ("/review/pruefung", N_("Prüfung"), DPO),
        ("/review/personalrat", N_("Personalrat"), BOTH_SIDES),
        ("/review/unterlagen", N_("Unterlagen"), DPO),
        ("/review/berichte", N_("Berichte"), frozenset({"dpo", "leitung", "personalrat", "ki-pass-stelle"})),
    ),
}
"""The second level, below the address of an entry of the first; shown as soon as somebody sees two of its words."""


def links(roles: Collection[str], *, signed_in: bool) -> list[tuple[str, str]]:
    """Return what somebody sees."""
    return _seen(ENTRIES, roles, signed_in)


def sections(path: str, roles: Collection[str]) -> list[tuple[str, str]]:
    """Return the second level for a page: nothing where there is none to choose from."""
    area = current(path, [(address, "") for address in SECTIONS])
    found = _seen(SECTIONS.get(area, ()), roles, bool(roles))
    return found if len(found) > 1 else []


def _seen(entries: Iterable[Entry], roles: Collection[str], signed_in: bool) -> list[tuple[str, str]]:
    return [(address, _(word)) for address, word, who in entries
            if who is None or (signed_in and (not who or who & set(roles)))]


def current(path: str, found: list[tuple[str, str]]) -> str:
    """Return the address of the entry that a page belongs to: the longest that its path begins with."""
    return max((address for address, _word in found if path == address or path.startswith(f"{address}/")), key=len,
               default="")


def entry(path: str, found: list[tuple[str, str]]) -> str:
    """Return the entry of the first level for a page: if its own is not there, the one into the same area."""
    area = f"/{path.split('/')[1]}/"
    return current(path, found) or next((address for address, _word in found if address.startswith(area)), "")


def acting(roles: Collection[str]) -> str:
    """Return as whom somebody acts, in words."""
    special = [word for role, word in words.ROLES.items() if role in roles and role != "staff"]
    return words.listed(special) or words.ROLES["staff"]
