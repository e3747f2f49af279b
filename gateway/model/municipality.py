"""What the recognition has to know about one municipality: how its numbers look, and what of it is public.

Written by people in ``policies/erkennung.yaml``, checked by `gateway.policy`, used by `gateway.detection`. Nothing
here is secret: it is what stands on every letterhead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DIGIT: Final = "#"
LETTER: Final = "@"
MORE: Final = "+"
"""Signs of a template: one digit, one letter; behind either of them: and any further ones. The rest stands for itself.

Templates rather than regular expressions: people in a town hall can write them, and none can ever be slow.
"""


@dataclass(frozen=True, slots=True)
class OfficeHolder:
    """Somebody whose name is public as long as they hold an office ("Bürgermeisterin", "Sabine Beispiel")."""

    name: str
    office: str


@dataclass(frozen=True, slots=True)
class Municipality:
    """The peculiarities of one town hall. The empty one knows of none."""

    case_numbers: tuple[str, ...] = ()
    """Templates of its file numbers."""
    cash_numbers: tuple[str, ...] = ()
    """Templates of its Kassenzeichen, customer and personnel numbers."""
    offices: tuple[str, ...] = ()
    """Names of its offices, buildings and companies: no name in them is a person."""
    places: tuple[str, ...] = ()
    """Public places and streets that are spoken of as such, with or without a number."""
    addresses: tuple[str, ...] = ()
    """Its own addresses, as in the letterhead."""
    mailboxes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    """Telephone numbers of functions, not of people."""
    creditor_ids: tuple[str, ...] = ()
    """Its SEPA creditor identifiers. Once they are named, those of others are findings."""
    office_holders: tuple[OfficeHolder, ...] = ()


NOWHERE: Final = Municipality()
"""A town hall of which nothing is known."""
