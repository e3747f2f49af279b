"""What is wrong with a policy file, said so that the person who wrote it can mend it.

One `PolicyProblem` is one line ``file:line: key: what is wrong; what would be right``. A set of files is read to its
end before anything is reported, so that one round of corrections is enough. A problem never repeats a value from a
field that could hold a secret (see `schema.SECRET_FIELDS`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class PolicyProblem:
    """One mistake: where it stands (line 0: the whole file or folder), what is wrong and what would be right (German).
    """

    file: str
    line: int
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}: {key}{self.what}; {self.remedy}"


class PolicyErrors(Exception):  # noqa: N818 - it holds many
    """The policies cannot be used. ``problems`` holds all of it, in the order of files and lines."""

    def __init__(self, problems: Iterable[PolicyProblem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to write instead of `word`: the nearest known word, or the list of them."""
    names = sorted(known)
    near = get_close_matches(word.casefold(), [n.casefold() for n in names], n=1, cutoff=0.7)
    match = next((n for n in names if near and n.casefold() == near[0]), None)
    if match is not None:
        return f"meinten Sie „{match}“?"
    if len(names) == 1:
        return f"möglich ist nur: {names[0]}"
    return f"möglich sind: {listed(names)}" if names else "streichen Sie die Angabe"


def listed(names: Sequence[str] | Iterable[str], most: int = 12) -> str:
    """Return a list for reading; a very long one is cut and says so."""
    names = list(names)
    return ", ".join(names[:most]) + (f" und {len(names) - most} weitere" if len(names) > most else "")


def shown(value: object) -> str:
    """Return a value for quoting: short, on one line."""
    text = " ".join(str(value).split())
    return f"„{text if len(text) <= 60 else text[:57] + '...'}“"
