"""The form of a placeholder, and everything a model may make of it.

We issue one form: ``[PERSON_1]`` or, where one value has several spellings, ``[PERSON_1_WN]``: label in upper-case
ASCII letters, number, suffix. Models change it: case, spaces, bold, escapes, HTML entities, full-width brackets, a
lost closing bracket, a lost suffix. `TOKEN` reads all of these and nothing fuzzier: label and number must be there in
full, so that no person is ever taken for another.

What `TOKEN` can read is also what must never reach a model as the user's own text, or the answer could not tell the
two apart. `lookalikes` finds such text in a request; it travels under a placeholder of its own (`LITERAL`).

Known weakness: a token inside two levels of JSON escaping is read, but the value is escaped for one level only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import regex

from gateway.model.entities import ENTITIES

LABELS = tuple(sorted((e.label for e in ENTITIES.values()), key=len, reverse=True))

_GAP = r"[\s*\u00a0]{0,3}"
_LABEL = "|".join(LABELS)
_SUFFIX = r"[A-Z]{1,2}[0-9]{0,2}|[0-9]{1,2}"
_INNER = rf"{_GAP}(?P<label>{_LABEL})(?:\\?_|[\s\u00a0\-]){{1,2}}(?P<number>[0-9]{{1,6}})"
_WHOLE = rf"{_INNER}(?:(?:\\?_|[\s\u00a0\-])(?P<suffix>{_SUFFIX}))?"
_ENTITY_OPEN, _ENTITY_CLOSE = r"&(?:\#91|lbrack|lsqb);", r"&(?:\#93|rbrack|rsqb);"
# A backslash belongs to the token only where both brackets carry one: in `DOMAIN\[PERSON_1]` it is the user's own.
_CLOSED = (rf"(?:\\\[{_WHOLE}{_GAP}\\\]|\[{_WHOLE}{_GAP}\]|[［⟦]{_WHOLE}{_GAP}[］⟧]"
           rf"|{_ENTITY_OPEN}{_WHOLE}{_GAP}{_ENTITY_CLOSE})")
# A lost closing bracket: only where something follows that is neither digit nor the beginning of a closing.
_OPEN_ENDED = rf"\[{_INNER}(?:_(?P<suffix>{_SUFFIX})(?![A-Za-z]))?(?={_GAP}[^0-9\]\s*\u00a0\\&_\-])"

TOKEN = regex.compile(f"{_CLOSED}|{_OPEN_ENDED}", regex.IGNORECASE)
# What follows a user's own text can change when it is replaced: in requests an open end needs no particular neighbour.
_LOOKALIKE = regex.compile(rf"{_CLOSED}|\[{_INNER}", regex.IGNORECASE)
SENTINELS = "[\\［⟦&"
"""Every token begins with one of these; text without them needs no look."""
_SENTINEL = regex.compile(r"[\[\\［⟦&]")
_PARTS = regex.compile(r"(?:&(?:#[0-9]*|[a-z]*);?)?[\\\[［⟦\s*\u00a0]*([A-Za-z]*)[\s\u00a0\\_\-]*([0-9]*)",
                       regex.IGNORECASE)

MAX_LENGTH = 64
"""No spelling of a token is longer: the bound of what a restorer ever holds back."""


def token(label: str, number: int, suffix: str = "") -> str:
    """Return the placeholder as we issue it."""
    return f"[{label}_{number}_{suffix}]" if suffix else f"[{label}_{number}]"


def without_suffix(name: str) -> str:
    """Return an issued placeholder without its suffix: the value in whichever spelling came first."""
    return "_".join(name.rstrip("]").split("_")[:2]) + "]"


def instruction(issued: Iterable[str]) -> str:
    """Return what a model is told about placeholders: short, with one that it will meet as the example."""
    names = list(issued)
    text = (f"Hinweis: Angaben wie {names[0]} sind Platzhalter für geschützte Daten. Verwende sie unverändert, mit "
            "eckigen Klammern, und erfinde keine weiteren.")
    if any(name.count("_") > 1 for name in names):
        text += " Zusatz bei Personen: W weiblich, M männlich, N nur der Nachname, V nur der Vorname."
    return text


def find_sentinel(text: str, start: int) -> int:
    """Return the next position at which a token could begin, or -1."""
    found = _SENTINEL.search(text, start)
    return found.start() if found else -1


def canonical(match: regex.Match[str]) -> str:
    """Return the issued form of a token that `TOKEN` read in any spelling."""
    return token(match["label"].upper(), int(match["number"]), (match["suffix"] or "").upper())


def may_become(tail: str, issued: Iterable[str]) -> bool:
    """Say whether `tail`, the partial match at the end of a text so far, can still become an issued placeholder."""
    parts = _PARTS.match(tail)
    assert parts  # every part of the pattern is optional
    label, number = parts[1].upper(), parts[2]
    prefix = f"[{label}_{number.lstrip('0')}" if number else f"[{label}"
    return any(name.startswith(prefix) for name in issued)  # a suffix may get lost or change: it does not decide


def lookalikes(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of `text` that a restorer could take for a placeholder, whatever would follow the text."""
    if not any(s in text for s in SENTINELS):
        return
    for match in _LOOKALIKE.finditer(text):
        yield match.span()
