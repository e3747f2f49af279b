"""Two languages: German is the source, English the second (`locale/en/LC_MESSAGES`, gettext).

How to use it:

- In templates: ``{% trans %}Ganzer Satz mit {{ wert }}.{% endtrans %}`` or ``{{ _("Ganzer Satz.") }}``; several forms
  with ``{% trans count=zahl %}Ein Eintrag{% pluralize %}{{ count }} Einträge{% endtrans %}``. Whole sentences only.
- In Python: ``_("Ganzer Satz, {name}.").format(name=...)`` while a request is answered; tables of words are `Words`,
  which are looked up in the language of whoever reads; a constant that is translated later is marked ``N_("...")``.
- Every page is read in English (``english=True`` in the table of pages, `gateway.web.gate.Page`); what is no page
  (files for programs, letters to people outside) is German for everybody. A house test knows which these are.
- ``make locale`` collects the sentences and compiles the catalogue; a house test fails when one lacks its English.

Who reads is set once for each request (`reading`); outside of requests everything is German. What policies say (names
of models, purposes) is data of the house and stays as it was written.
"""

from __future__ import annotations

import gettext
from collections.abc import ItemsView, Iterator, ValuesView
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Final

GERMAN: Final = "de"
ENGLISH: Final = "en"
NAMES: Final = {GERMAN: "Deutsch", ENGLISH: "English"}
"""What each language calls itself."""
_language: ContextVar[str] = ContextVar("language", default=GERMAN)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the sentences of a language; German is what stands in the code."""
    if language == GERMAN:
        return gettext.NullTranslations()
    with (files("gateway.web") / "locale" / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def language() -> str:
    """Return the language of the request that is being answered."""
    return _language.get()


def english() -> bool:
    """Whether the reader reads English."""
    return _language.get() == ENGLISH


@contextmanager
def reading(wanted: str) -> Iterator[None]:
    """Speak this language within the block, also in threads that it starts with ``asyncio.to_thread``."""
    before = _language.set(wanted)
    try:
        yield
    finally:
        _language.reset(before)


def _(text: str) -> str:
    """Return a sentence in the language of the reader."""
    return catalogue(_language.get()).gettext(text) if text else ""


def ngettext(one: str, more: str, count: int) -> str:
    """Return the form of a sentence that fits a number."""
    return catalogue(_language.get()).ngettext(one, more, count)


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a sentence that is translated where it is shown."""
    return text


class Words(dict[str, str]):
    """A table of words that answers in the language of the reader."""

    def __getitem__(self, key: str) -> str:
        return _(super().__getitem__(key))

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()  # so that a copy asks for each word, and does not take the German ones

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        """Return a word; for a key that nobody knows the default as it is."""
        return _(super().get(key, "")) or default

    def values(self) -> ValuesView[str]:  # type: ignore[override]
        """Return the words."""
        return {key: self[key] for key in self}.values()

    def items(self) -> ItemsView[str, str]:  # type: ignore[override]
        """Return keys and words."""
        return {key: self[key] for key in self}.items()

    def source(self) -> list[str]:
        """Return the German words, for the catalogue."""
        return list(super().values())


def preferred(cookie: str, accepted: str) -> str:
    """Return the language of somebody: chosen, else the first of ours that the browser asks for, else German."""
    if cookie in NAMES:
        return cookie
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _separator, weight = part.partition(";")
        name = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if name in NAMES and quality > 0:
            ranked.append((-quality, place, name))
    return min(ranked)[2] if ranked else GERMAN
