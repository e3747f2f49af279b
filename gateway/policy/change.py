"""One difference between two policy sets, in words, and the few ways in which two values are compared.

Used by `diff_rules` and `diff_register`. ``looser`` is what a reader looks for first: True where something may go out,
be used or be left readable that might not before; False where it is the other way round; None where it is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

V = TypeVar("V")

EVERYBODY: Final = "Alle Abteilungen"
WHOLE_HOUSE: Final = "Ganzes Haus"


@dataclass(frozen=True, slots=True)
class Change:
    """What is different, for whom."""

    whom: str
    about: str
    """What it is about, as a stable word for scripts: ``models``, ``findings``, ``limits``, ..."""
    text: str
    looser: bool | None = None

    def __str__(self) -> str:
        return f"{self.text} (lockerer)" if self.looser else self.text


@dataclass(frozen=True, slots=True)
class Said:
    """A change before it is known for whom it holds."""

    about: str
    text: str
    looser: bool | None = None

    def to(self, whom: str) -> Change:
        """Return it with whom it holds for."""
        return Change(whom, self.about, self.text, self.looser)


def gained_and_lost(about: str, old: Collection[str], new: Collection[str], gained: str, lost: str,
                    gain_loosens: bool | None = True) -> Iterator[Said]:
    """Yield one sentence for each member that came or went; ``{}`` in the sentences stands for it."""
    for one in (n for n in new if n not in old):
        yield Said(about, gained.format(one), gain_loosens)
    for one in (o for o in old if o not in new):
        yield Said(about, lost.format(one), None if gain_loosens is None else not gain_loosens)


def ladder(about: str, what: str, old: V, new: V, order: Sequence[V], words: Callable[[V], str]) -> Iterator[Said]:
    """Yield the step from one value of a ladder (loosest first) to another."""
    if old != new:
        yield Said(about, f"{what}: {words(old)} → {words(new)}", order.index(new) < order.index(old))


def number(about: str, what: str, old: int | None, new: int | None, words: Callable[[int], str],
           nothing: str = "keine Grenze") -> Iterator[Said]:
    """Yield the step from one limit to another; None is no limit, and more is looser."""
    if old != new:
        shown = [nothing if n is None else words(n) for n in (old, new)]
        yield Said(about, f"{what}: {shown[0]} → {shown[1]}", new is None or (old is not None and new > old))


def plain(about: str, what: str, old: object, new: object, looser: bool | None = None) -> Iterator[Said]:
    """Yield the step from one value to another that has no order of its own."""
    if old != new:
        yield Said(about, f"{what}: {shown(old)} → {shown(new)}", looser)


def shown(value: object) -> str:
    """Return a value for reading."""
    if value is None or value == "" or value == ():
        return "nichts"
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {shown(v)}" for k, v in value.items()) or "nichts"
    if isinstance(value, list | tuple):
        return ", ".join(shown(v) for v in value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or "nichts"
    return " ".join(str(value).split())
