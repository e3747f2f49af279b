"""What a detector found: offsets and a reason, never the content."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to inspect. ``label`` is the JSON key it stood under in free-form JSON, else empty: it is context."""

    text: str = field(repr=False)
    label: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One span of personal data in one text.

    ``start`` and ``end`` are code-point offsets into the text that was inspected (half open); ``entity`` is a key of
    `gateway.model.entities.ENTITIES`; ``score`` is 0 to 1. ``reason`` is a stable German key that support and the
    preview show: ``pruefziffer``, ``format``, ``kontext``, ``anrede``, ``titel``, ``kennwort``, ``unterschrift``,
    ``modell``, ``wiederholung``. ``certain`` says that the value may be looked for in the rest of the request as
    well (a rule or a check digit found it); an unsure value is replaced only where it was found. ``noted`` says that
    the finding informs policy only and the text itself stays (Art. 9 details, VS marks), unless policy says mask.
    ``ordinary`` numbers those words of a name (from 0, commas count as spaces) that are German words as well:
    "Zimmer" in "Anna Zimmer". Behind an article such a word alone is no name, so it is not looked for there.
    """

    start: int
    end: int
    entity: str
    score: float
    reason: str
    certain: bool = True
    noted: bool = False
    ordinary: tuple[int, ...] = ()

    def moved(self, start: int, end: int) -> Finding:
        """Return the finding at another place: the offsets of another text that holds this one."""
        if start == self.start and end == self.end:
            return self
        return Finding(start, end, self.entity, self.score, self.reason, self.certain, self.noted, self.ordinary)
