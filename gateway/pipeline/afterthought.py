"""What is known about an answer only when it is over: did a replaced value come back, does it name people nobody sent?

Counts, never content. What the answer may show was decided before (`gateway.redaction.guard` hides sentence by
sentence); this is for the book and the monitoring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.errors import GatewayError
from gateway.model.decision import Answers
from gateway.model.finding import Passage
from gateway.pipeline.beside import beside
from gateway.ports import Detector
from gateway.redaction.guard import AnswerGuard, strangers
from gateway.redaction.leaks import leaks
from gateway.redaction.placeholder import Issued
from gateway.redaction.restore import Restorer, restore

LOOKING = 16
UNCHECKED = "ungeprueft"
"""Stands among the kinds when the detector could not be asked about an answer that had been shown already."""


@dataclass(slots=True)
class AnswerCheck:
    """Opens the channels of one answer and looks back at them. ``before`` and ``after`` are the request's texts."""

    answers: Mapping[str, Answers]
    """What happens to each kind that nobody sent; one that is not there is shown."""
    values: Mapping[str, str] = field(repr=False)
    before: Sequence[str] = field(repr=False)
    after: Sequence[str] = field(repr=False)
    detector: Detector
    _guards: list[AnswerGuard] = field(default_factory=list, repr=False)
    _sent: str | None = field(default=None, repr=False)
    _issued: Issued = field(init=False, repr=False)
    _hidden: frozenset[str] = field(init=False)
    _counted: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._hidden, self._counted = (frozenset(kind for kind, word in self.answers.items() if word == wanted)
                                       for wanted in ("mask", "flag"))
        self._issued = Issued(self.values)

    @property
    def needed(self) -> bool:
        """Whether the texts of the answer must be looked at at all; if not, bytes pass as they are."""
        return bool(self.values or self._hidden or self._counted)

    def channel(self, json_string: bool) -> Restorer | AnswerGuard:
        """Open one channel. Arguments of tools are restored but not hidden from the tool that needs them."""
        restorer = Restorer(self._issued, json_string=json_string)
        if not self._hidden or json_string:
            return restorer
        guard = AnswerGuard(restorer, lambda text: self.detector.find(Passage(text)), self.sent, self._hidden)
        self._guards.append(guard)
        return guard

    @property
    def sent(self) -> str:
        """Everything the caller wrote, in lower case."""
        if self._sent is None:
            self._sent = "\n".join(self.before).lower()
        return self._sent

    def weight(self, size: int) -> int:
        """Return how much work an answer of so many bytes is, in bytes that are only restored: looking costs more."""
        return size * LOOKING if self._hidden else size

    def leaked(self, raw: Sequence[str]) -> int:
        """Return how many replaced values stand in the raw answer all the same."""
        return leaks(raw, self.values.values(), self.after)

    async def strangers(self, raw: Sequence[str]) -> Counter[str]:
        """Return the personal data that the caller never sent, by kind."""
        hidden: Counter[str] = sum((guard.hidden for guard in self._guards), Counter())
        return hidden + await self._shown(raw) if self._counted and raw else hidden

    async def _shown(self, raw: Sequence[str]) -> Counter[str]:
        size = sum(map(len, raw))
        texts = await beside(lambda: [restore(text, self._issued) for text in raw], size)
        try:
            findings = await self.detector.inspect([Passage(text) for text in texts])
        except GatewayError:
            return Counter({UNCHECKED: 1})
        return await beside(lambda: Counter(f.entity for text, seen in zip(texts, findings, strict=True)
                                            for f in strangers(text, seen, self.sent, self._counted)), size)
