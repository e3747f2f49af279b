"""What a department, a group or a profile says more loosely than the organisation does. Each is a mistake.

A layer has no words with which to take away a requirement (the passes that something takes, forbidden purposes and
untrusted tools only grow, hours only shrink), so loosening is possible in few places: an action less strict than the
inherited one, opaque content let through, a longer memory, a higher limit. `compile` would ignore them all the same,
since it takes the strictest; but who wrote it must know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from gateway.model.decision import Action, Answers
from gateway.model.entities import TOPICS
from gateway.policy.names import Problems
from gateway.policy.problems import listed
from gateway.policy.schema import DEFAULT_KIND, LimitRules, Organisation, Rules
from gateway.policy.source import Source
from gateway.policy.vocabulary import (
    ANSWERS,
    BACKGROUND,
    DEFAULTS_IN_HOUSE,
    DEFAULTS_OUTSIDE,
    OPAQUE_STRICTNESS,
    STRICTNESS,
    at_least,
)

_SIDES: Final[tuple[Literal["in_house", "outside"], ...]] = ("in_house", "outside")


def loosened(source: Source, content: Rules, inherited: Organisation) -> Problems:
    """Yield every place where a layer is looser than what it inherits."""
    yield from _background(source, content, inherited)
    hours = inherited.conversations.keep_hours
    if content.conversations is not None and content.conversations.keep_hours > hours:
        yield source.problem(("conversations", "keep_hours"), f"Die Organisation bewahrt Gespräche höchstens {hours} "
                             "Stunden auf, und eine Abteilung darf nur strenger sein",
                             f"schreiben Sie eine Zahl bis {hours} oder streichen Sie die Zeile")
    if content.unknown_fields == "drop" and inherited.unknown_fields == "refuse":
        yield source.problem(("unknown_fields",), "„drop“ ist weniger streng als „refuse“, das die Organisation "
                             "vorgibt", "schreiben Sie „refuse“ oder streichen Sie die Zeile")
    yield from _sides(source, content, inherited)
    yield from _limits(source, content, inherited)


def _limits(source: Source, content: Rules, inherited: Organisation) -> Problems:
    for by in type(content.limits).model_fields:
        above, own = getattr(inherited.limits, by), getattr(content.limits, by)
        for name in LimitRules.model_fields:
            most, wanted = getattr(above, name), getattr(own, name)
            if most is not None and wanted is not None and wanted > most:
                yield source.problem(("limits", by, name), f"{wanted} ist mehr als {most}, das die Organisation "
                                     "erlaubt", f"schreiben Sie eine Zahl bis {most} oder streichen Sie die Zeile")


def _possible(least: Action, side: str) -> list[str]:
    return [a for a in at_least(least) if (side, a) != ("in_house", "in_house")]


def _background(source: Source, content: Rules, inherited: Organisation) -> Problems:
    own, least = content.background, inherited.background.answer
    if own is not None and BACKGROUND.index(own.answer) < BACKGROUND.index(least):
        yield source.problem(("background", "answer"), f"„{own.answer}“ ist weniger streng als „{least}“, das die "
                             "Organisation vorgibt",
                             f"möglich sind: {listed(BACKGROUND[BACKGROUND.index(least):])}")
    if own is not None and None not in (own.model, inherited.background.model) and (
            own.model != inherited.background.model):
        yield source.problem(("background", "model"), f"Die Organisation nennt dafür „{inherited.background.model}“",
                             "nennen Sie dasselbe Modell, streichen Sie die Angabe oder schreiben Sie „answer: local“")


def _answers(source: Source, side: str, own: Mapping[str, Answers], above: Mapping[str, Answers]) -> Problems:
    """What is said of a kind is compared with what holds for it above, the default with the default: it speaks for all
    that is not named, and what the organisation names stays as strict as it is."""
    for key, word in own.items():
        least = above.get(key) or (None if key in TOPICS else above.get(DEFAULT_KIND)) or "show"
        if ANSWERS.index(word) < ANSWERS.index(least):
            yield source.problem(("content", side, "answers", key),
                                 f"„{word}“ ist weniger streng als „{least}“, das die Organisation vorgibt",
                                 f"möglich sind: {listed(ANSWERS[ANSWERS.index(least):])}")


def _sides(source: Source, content: Rules, inherited: Organisation) -> Problems:
    for side in _SIDES:
        above = getattr(inherited.content, side)
        defaults: Mapping[str, Action] = DEFAULTS_IN_HOUSE if side == "in_house" else DEFAULTS_OUTSIDE
        for key, action in getattr(content.content, side).findings.items():
            least = above.findings.get(key, defaults.get(key, "keep"))
            if STRICTNESS.index(action) < STRICTNESS.index(least):
                yield source.problem(("content", side, "findings", key),
                                     f"„{action}“ ist weniger streng als „{least}“, das die Organisation vorgibt",
                                     f"möglich sind: {listed(_possible(least, side))}")
        yield from _answers(source, side, getattr(content.content, side).answers, above.answers)
        for kind, let in getattr(content.content, side).opaque.items():
            least_let = above.opaque.get(kind, "refuse")
            if OPAQUE_STRICTNESS.index(let) < OPAQUE_STRICTNESS.index(least_let):
                yield source.problem(("content", side, "opaque", kind),
                                     f"„{let}“ ist weniger streng als „{least_let}“, das die Organisation vorgibt",
                                     f"schreiben Sie „{least_let}“ oder streichen Sie die Zeile")
