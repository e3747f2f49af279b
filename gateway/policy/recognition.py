"""``erkennung.yaml``: the shape of the file, and the value that detection works with.

The file may be missing: then the recognition knows nothing about this town beyond the general rules. What stands in
it makes detection *blind* on purpose (own offices, office-holders), so every entry must be exact enough to be one: a
single short word would hide people who happen to be called so.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from gateway.model.municipality import DIGIT, LETTER, MORE, Municipality, OfficeHolder
from gateway.policy.shapes import StrictFile, Version

FILE: Final = "erkennung.yaml"
_LEAST: Final = 4
_AT: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CREDITOR: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
_DANGLING: Final = re.compile(rf"(?<![{DIGIT}{LETTER}])\{MORE}")


def _template(text: str) -> str:
    """Let a template through if it says enough: at least four places, a digit among them."""
    if DIGIT not in text:
        raise ValueError(f"Das Muster enthält keine Ziffer|schreiben Sie „{DIGIT}“ für jede Ziffer, zum Beispiel "
                         "50.2-WG-####/#+")
    if _DANGLING.search(text):
        raise ValueError(f"Vor „{MORE}“ steht weder „{DIGIT}“ noch „{LETTER}“|schreiben Sie „{DIGIT}{MORE}“ für eine "
                         "oder mehr Ziffern")
    if sum(c.isalnum() or c in (DIGIT, LETTER) for c in text) < _LEAST:
        raise ValueError(f"Das Muster ist zu kurz und würde auf zu vieles passen|nennen Sie mindestens {_LEAST} "
                         "Stellen")
    return text


def _phrase(text: str) -> str:
    if sum(map(str.isalpha, text)) < _LEAST:
        raise ValueError("Der Name ist zu kurz und würde zu vieles verdecken|"
                         f"nennen Sie mindestens {_LEAST} Buchstaben")
    return text


def _address(text: str) -> str:
    if not any(map(str.isdigit, _phrase(text))):
        raise ValueError("Die Anschrift hat keine Hausnummer|schreiben Sie sie wie im Briefkopf, zum Beispiel "
                         "Marktplatz 1, 12345 Musterstadt")
    return text


def _mailbox(text: str) -> str:
    if not _AT.fullmatch(text):
        raise ValueError("Das ist keine E-Mail-Adresse|schreiben Sie die ganze Adresse, zum Beispiel "
                         "team.soziales@musterstadt.example")
    return text


def _phone(text: str) -> str:
    if sum(map(str.isdigit, text)) < 3 or re.search(r"[^\d\s()/+.-]", text):
        raise ValueError("Das ist keine Telefonnummer|schreiben Sie die ganze Nummer, zum Beispiel 06000 12-0")
    return text


def _creditor(text: str) -> str:
    compact = text.replace(" ", "").upper()
    if not _CREDITOR.fullmatch(compact):
        raise ValueError("Das ist keine Gläubiger-Identifikationsnummer|schreiben Sie sie wie im Lastschriftmandat, "
                         "zum Beispiel DE98ZZZ09999999999")
    return compact


def _full_name(text: str) -> str:
    if len(text.split()) < 2:
        raise ValueError("Hier fehlt Vor- oder Nachname|"
                         "schreiben Sie beide, sonst bliebe jeder Mensch mit diesem Namen stehen")
    return text


_Line = StringConstraints(min_length=1, max_length=120)
Template = Annotated[str, _Line, AfterValidator(_template)]
Phrase = Annotated[str, _Line, AfterValidator(_phrase)]
OwnAddress = Annotated[str, _Line, AfterValidator(_address)]
Mailbox = Annotated[str, _Line, AfterValidator(_mailbox)]
Phone = Annotated[str, _Line, AfterValidator(_phone)]
CreditorId = Annotated[str, _Line, AfterValidator(_creditor)]


class Numbers(StrictFile):
    """How the numbers of this municipality look."""

    case: tuple[Template, ...] = ()
    cash: tuple[Template, ...] = ()


class Own(StrictFile):
    """What is public because it belongs to the municipality."""

    offices: tuple[Phrase, ...] = ()
    places: tuple[Phrase, ...] = ()
    addresses: tuple[OwnAddress, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    phones: tuple[Phone, ...] = ()
    creditor_ids: tuple[CreditorId, ...] = ()


class Holder(StrictFile):
    """Somebody who stands in public for an office."""

    name: Annotated[str, _Line, AfterValidator(_full_name)]
    office: Phrase


class Recognition(StrictFile):
    """``erkennung.yaml``."""

    version: Version
    numbers: Numbers = Numbers()
    own: Own = Own()
    office_holders: tuple[Holder, ...] = ()


def municipality(content: Recognition | None) -> Municipality:
    """Return what the file says as the value that detection works with."""
    if content is None:
        return Municipality()
    return Municipality(
        case_numbers=content.numbers.case, cash_numbers=content.numbers.cash,
        office_holders=tuple(OfficeHolder(h.name, h.office) for h in content.office_holders),
        **content.own.model_dump())
