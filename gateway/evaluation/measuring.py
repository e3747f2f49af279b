"""Send documents through detector, redaction and restoration, the very ones that the server uses.

What it keeps true: each document is inspected alone and uncached, as the only message of a request; everything is
replaced by placeholders (the default of the shipped policy), so the figures are those of recognition and not of a
policy. The time is the processor time of this process, the best of some runs: it says what the work costs, not how long
a busy machine made it wait.

What it does not know: HTTP, policy, provider. A message in a longer conversation can only gain, by values known from
elsewhere in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.evaluation.documents import Document
from gateway.evaluation.score import Score, score
from gateway.model.decision import Action
from gateway.model.finding import Finding, Passage
from gateway.redaction.explain import Explained, explain
from gateway.redaction.restore import Restorer

Find = Callable[[Passage], Sequence[Finding]]
ACTIONS: Mapping[str, Action] = {}
"""No exception from the default: a placeholder for everything that is not only noted."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One document and all that was counted of it."""

    document: Document
    score: Score
    explained: Explained = field(repr=False)
    round_trip: bool
    seconds: float


def measure(documents: Iterable[Document], find: Find, *, runs: int = 3) -> list[Measured]:
    """Inspect, redact and restore each document; its time is the best of `runs`."""
    return [_measure(document, find, runs) for document in documents]


def _measure(document: Document, find: Find, runs: int) -> Measured:
    best = float("inf")
    for _ in range(runs):
        begin = time.process_time()
        explained = explain(document.text, find(Passage(document.text)), ACTIONS, _never)
        restored = _restored(explained, len(explained.text) or 1)
        best = min(best, time.process_time() - begin)
    intact = restored == document.text and _restored(explained, 3) == document.text
    return Measured(document, score(document, explained.text), explained, intact, best)


def _never(action: Action, entity: str, value: str) -> str:
    raise AssertionError("nothing is replaced for good here")


def _restored(explained: Explained, step: int) -> str:
    """Return what the client would get from a provider that echoes, in pieces of `step` characters."""
    restorer = Restorer(explained.values)
    text = explained.text
    pieces = [restorer.feed(text[at:at + step]) for at in range(0, len(text), step)]
    return "".join(pieces) + restorer.close()
