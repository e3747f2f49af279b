"""What is wrong with what somebody typed, in a sentence; empty: nothing. Each check looks at one text alone."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import PurePath
from typing import Final

_DOMAIN: Final = re.compile(r"(?=.{4,88}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_MAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,190}\.[a-zA-Z]{2,}")
_ADDRESS: Final = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:[1-9][0-9]{0,4})?(/[\w.~/%+-]*)?")
"""Without a name and a password in it, and without what a terminal would carry out: it is shown in a command."""
_SHA: Final = re.compile(r"[0-9a-f]{64}")
_PRICES: Final = re.compile(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*/\s*(\d{1,4}(?:[.,]\d{1,4})?)")
_UMLAUTS: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def key_of(name: str) -> str:
    """Return a key that is a plain file name, for a department or a house with this name."""
    plain = "".join(_UMLAUTS.get(c, c) for c in name.strip().lower())
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def domain(text: str) -> str:
    """Return what is wrong with a domain."""
    return "" if _DOMAIN.fullmatch(text.lower()) else "Bitte geben Sie eine Domain an, zum Beispiel musterstadt.de."


def address(text: str) -> str:
    """Return what is wrong with an address on the web."""
    good = _ADDRESS.fullmatch(text)
    return "" if good else "Bitte geben Sie eine Adresse an, die mit https:// oder http:// beginnt."


def mail(text: str) -> str:
    """Return what is wrong with an e-mail address."""
    return "" if _MAIL.fullmatch(text) else "Bitte geben Sie eine E-Mail-Adresse an."


def sha256(text: str) -> str:
    """Return what is wrong with a checksum."""
    return "" if _SHA.fullmatch(text.lower()) else (
        "Eine Prüfsumme hat 64 Ziffern und Buchstaben von a bis f. Der Befehl „sha256sum avv.pdf“ nennt sie, unter "
        "Windows „certutil -hashfile avv.pdf SHA256“.")


def read_day(text: str) -> date | None:
    """Return the day that was typed, as 2026-03-01 or 01.03.2026."""
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text.strip())
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text.strip())
    except ValueError:
        return None


def day(text: str) -> str:
    """Return what is wrong with a day."""
    return "" if read_day(text) else "Bitte geben Sie einen Tag an, zum Beispiel 01.03.2026."


def absolute(text: str) -> str:
    """Return what is wrong with a full path."""
    return "" if PurePath(text).is_absolute() else "Bitte geben Sie einen vollständigen Pfad an, der mit / beginnt."


def days(text: str) -> str:
    """Return what is wrong with a number of days."""
    return "" if text.isascii() and text.isdigit() and len(text) <= 4 else (
        "Bitte geben Sie eine ganze Zahl an; 0 heißt: gar nicht.")


def prices(text: str) -> tuple[float, float] | None:
    """Return the two prices of ``0,60 / 0,80``; None: that is not two prices."""
    found = _PRICES.fullmatch(text.strip())
    return None if found is None else (float(found[1].replace(",", ".")), float(found[2].replace(",", ".")))


def two_prices(text: str) -> str:
    """Return what is wrong with two prices."""
    return "" if prices(text) else "Bitte geben Sie zwei Preise an, zum Beispiel 0,60 / 0,80."
