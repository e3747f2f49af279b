"""Passwords of local accounts: which ones are taken, how they are kept, how they are compared.

Kept is an Argon2id digest (RFC 9106, 4, second recommended option: 64 MiB, three passes, four lanes; well above the
least that OWASP asks for) with its costs written into it, so that costs can rise: whoever signs in with an older
digest gets a new one. A password is compared after Unicode normalisation (NFKC, as NIST SP 800-63B says), because one
keyboard sends "ü" as one character and another as two. Who is unknown costs the same time as who is known.

The rules are NIST's: long, no composition, nothing that everybody tries first, nothing about the person or the house.

Not known here: whose password it is, where the digest lies, who may try how often.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST: Final = 12
LONGEST: Final = 256
_DIGITS: Final = "0123456789"
_LEAST_WORD: Final = 4
"""Shorter parts of names say too little to be looked for."""


def normal(password: str) -> str:
    """Return the one spelling of a password."""
    return unicodedata.normalize("NFKC", password)


def objection(password: str, about: Iterable[str]) -> str:
    """Return why a password is not taken, in a sentence; empty: it is. `about` are words that others know of its owner.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        return f"Bitte wählen Sie mindestens {SHORTEST} Zeichen. Gut sind zum Beispiel vier Wörter, die nicht " \
               "zusammengehören."
    if len(text) > LONGEST:
        return f"Bitte wählen Sie höchstens {LONGEST} Zeichen."
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in text):
        return "Das Kennwort enthält ein Zeichen, das sich nicht tippen lässt. Bitte wählen Sie ein anderes."
    folded = _bare(text)
    core = folded.strip(_DIGITS)
    if len(set(text.casefold())) < 5 or core in _obvious() or _runs(folded) or _runs(core):
        return "Dieses Kennwort gehört zu denen, die Angreifer zuerst versuchen. Bitte wählen Sie ein anderes."
    if any(_gives_away(folded, word) for word in about):
        return "Das Kennwort besteht vor allem aus Ihrem Namen, Ihrer Adresse oder dem Namen Ihres Hauses. Bitte " \
               "wählen Sie eines, das nichts mit Ihnen zu tun hat."
    return ""


class Passwords:
    """Makes and compares digests. Blocks for a fifth of a second and takes the memory that `costs` say."""

    def __init__(self, costs: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._hasher = PasswordHasher.from_parameters(costs)

    def digest(self, password: str) -> str:
        """Return what is kept of a password."""
        return self._hasher.hash(normal(password))

    def fits(self, digest: str | None, password: str) -> bool:
        """Whether this is the password; without a digest the work is done all the same, and the answer is no."""
        text, nobody = normal(password), self._nobody  # made at the first look at all, whoever that is about
        if len(text) > LONGEST:
            return False
        try:
            self._hasher.verify(digest or nobody, text)
        except (VerificationError, InvalidHashError):
            return False
        return digest is not None

    def is_outdated(self, digest: str) -> bool:
        """Whether a digest was made with other costs than today's."""
        return self._hasher.check_needs_rehash(digest)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody has this password")


def _gives_away(folded: str, word: str) -> bool:
    """Whether little is left of a password without a word (or the parts of one) that others know."""
    rest = folded
    for part in sorted({_bare(piece) for piece in [word, *_pieces(word)]}, key=len, reverse=True):
        if len(part) >= _LEAST_WORD:
            rest = rest.replace(part, "")
    return len(rest) < len(folded) and len(rest.strip(_DIGITS)) < SHORTEST // 2


def _pieces(word: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in word).split()


def _bare(text: str) -> str:
    """Return letters and digits only, in small letters and without accents."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in spread if c.isalnum())


def _runs(folded: str) -> bool:
    """Whether it is one walk along keyboard or alphabet, or a short piece over and over."""
    rows = ("1234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertzuiopuasdfghjkloayxcvbnm",
            "qwertyuiopasdfghjklzxcvbnm")
    if len(folded) < 5:
        return False
    if any(folded in row or folded in row[::-1] for row in rows):
        return True
    return any(folded == (folded[:size] * len(folded))[:len(folded)] for size in range(1, len(folded) // 2 + 1))


@cache
def _obvious() -> frozenset[str]:
    """Return what everybody tries first."""
    lines = (files("gateway.identity") / "obvious.txt").read_text("utf-8").splitlines()
    return frozenset(_bare(line) for line in lines if line and not line.startswith("#"))


__all__ = ["LONGEST", "SHORTEST", "Passwords", "normal", "objection"]
