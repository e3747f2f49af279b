"""The way back, inspected: personal data in an answer that the caller never sent.

A model can know, guess or invent people. `strangers` says what of an answer was in nothing the caller wrote; policy
decides kind by kind whether that is only counted (``flag``) or hidden (``mask``). `AnswerGuard` hides: it stands behind
the `Restorer` of one channel and shows an answer sentence by sentence, since a name is only known to be one in its
sentence. It holds back at most one sentence or `LONGEST` characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from gateway.model.entities import ENTITIES, TOPICS
from gateway.model.finding import Finding
from gateway.redaction.restore import Restorer

Find = Callable[[str], Sequence[Finding]]
_END = re.compile(r"(?<![A-ZÄÖÜ0-9]\.)(?<=[.!?:;])\s+|\n+")
LONGEST = 600


def strangers(text: str, findings: Sequence[Finding], sent: str, kinds: Collection[str]) -> list[Finding]:
    """Return the findings of these kinds in an answer that stand in nothing that was sent (`sent` in lower case).

    A doubtful one is none; of what a text speaks about there are no others.
    """
    return [f for f in findings if f.entity in kinds and (not f.noted or f.entity in TOPICS)
            and text[f.start:f.end].lower() not in sent]


class AnswerGuard:
    """One channel of an answer in which unknown personal data of some kinds is hidden. Same face as `Restorer`."""

    def __init__(self, restorer: Restorer, find: Find, sent: str, kinds: Collection[str]) -> None:
        self._restorer, self._find, self._sent, self._kinds = restorer, find, sent, kinds
        self._held = ""
        self.hidden: Counter[str] = Counter()

    @property
    def unresolved(self) -> int:
        """See `Restorer`."""
        return self._restorer.unresolved

    @property
    def raw(self) -> str:
        """See `Restorer.raw`."""
        return self._restorer.raw

    def feed(self, text: str) -> str:
        """Take the next piece and return the sentences that it completes."""
        self._held += self._restorer.feed(text)
        end = 0
        for match in _END.finditer(self._held):
            end = match.end()
        if not end and len(self._held) > LONGEST:
            end = self._held.rfind(" ") + 1
        ready, self._held = self._held[:end], self._held[end:]
        return self._hide(ready) if ready else ""

    def close(self) -> str:
        """End the channel and return the last sentence."""
        ready, self._held = self._held + self._restorer.close(), ""
        return self._hide(ready) if ready else ""

    def _hide(self, text: str) -> str:
        pieces: list[str] = []
        position = 0
        for finding in strangers(text, self._find(text), self._sent, self._kinds):
            if finding.start < position:
                continue
            pieces += [text[position:finding.start], f"[{ENTITIES[finding.entity].name} entfernt]"]
            position = finding.end
            self.hidden[finding.entity] += 1
        return "".join(pieces) + text[position:] if pieces else text
