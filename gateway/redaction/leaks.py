"""The leak alarm: a value that was replaced must not be known to the model all the same.

If it stands in the raw answer although it stood nowhere in what was sent, something let it out: another field, another
request, or the model guessed. Counted, never shown or kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from gateway.redaction.propagate import lower, occurrences

SHORTEST = 4
"""Characters; shorter values turn up by chance."""


def leaks(answer: Sequence[str], values: Collection[str], sent: Iterable[str]) -> int:
    """Return how many `values` stand as whole words in the raw `answer`, but not in the texts that were `sent`."""
    raw = lower("\n".join(answer))
    found = [v for v in _lowered(values) if v in raw and len(v) >= SHORTEST and _stands_in(raw, v)]
    if not found:
        return 0
    seen = lower("\n".join(sent))
    return sum(not _stands_in(seen, value) for value in found)


def _lowered(values: Collection[str]) -> Iterator[str]:
    """Yield each value in lower case, made in one go: every character keeps its place."""
    joined, at = lower("".join(values)), 0
    for size in map(len, values):
        yield joined[at:at + size]
        at += size


def _stands_in(text: str, value: str) -> bool:
    return next(occurrences(text, value), None) is not None
