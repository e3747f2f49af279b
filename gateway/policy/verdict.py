"""What a policy set would have said to a request that another one already answered: for shadow and simulation.

`judge` asks the same two questions as the pipeline (`admit`, `release`), from facts alone, and gives a `Verdict`: a
handful of words that can be compared, counted and recorded. `compared` names the most important difference.

Kept true: a verdict holds no content and no word of a client. Where the facts do not suffice, the verdict is ``open``
instead of a guess: what nobody looked at because the other set refused it first, and what this set would have had read
out of a file, cannot be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from gateway.model.decision import Action, Denial
from gateway.policy.decide import AdmitFacts, ReleaseFacts, admit, background, release
from gateway.policy.policyset import PolicySet
from gateway.policy.vocabulary import READABLE

Said = Literal["allowed", "denied", "local", "open"]
SAID: Final[tuple[Said, ...]] = ("allowed", "denied", "local", "open")
"""May leave; may not; is answered in the house; cannot be known."""
Difference = Literal["none", "decision", "model", "treatment", "reason"]
DIFFERENCES: Final[tuple[Difference, ...]] = ("none", "decision", "model", "treatment", "reason")
"""Nothing; whether it may leave; where to; what happens to a kind of finding; why it is refused."""
NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known of the content. ``counts`` is None when nobody looked."""

    counts: Mapping[str, int] | None = None
    opaque: frozenset[str] = NOTHING
    """Kinds of content that is no text, as they stood in the request after reading."""
    read: frozenset[str] = NOTHING
    """Kinds whose text was read in their place."""
    unreadable: frozenset[str] = NOTHING
    """Kinds that should have been read and cannot be, on this machine."""
    held: frozenset[str] = NOTHING
    task: bool = False
    """Whether a client made the call of its own accord."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer, in words that can be compared."""

    said: Said
    model: str = ""
    code: str = ""
    rule: str = ""
    """The rule behind a denial."""
    treatment: Mapping[str, str] = field(default_factory=dict)
    """What happens to each kind that was found; ``readable`` for all that leave it as it is."""


def judge(policies: PolicySet, facts: AdmitFacts, seen: Seen) -> Verdict:
    """Return what these policies say. Raises KeyError for a kind of finding that the house does not know."""
    if seen.task:
        model = background(policies, facts)
        if model is None:
            admission = admit(policies, facts)
            return _denied(admission.denial) if admission.denial else Verdict("local")
        facts = replace(facts, model=model)
    admission = admit(policies, facts)
    if admission.denial is not None:
        return _denied(admission.denial)
    if seen.counts is None:
        return Verdict("open")
    opaque = seen.opaque | (seen.read - admission.reads)
    unread = (opaque & admission.reads) - seen.unreadable
    decision = release(policies, ReleaseFacts(facts, seen.counts, opaque - unread, seen.held))
    if decision.denial is not None or decision.model is None:
        return _denied(decision.denial)
    if unread:
        return Verdict("open")
    found = treatment(seen.counts, decision.actions)
    return Verdict("allowed", decision.model.id, treatment=found)


def compared(live: Verdict, other: Verdict) -> Difference:
    """Return the most important difference; an open verdict differs in nothing that is known."""
    if "open" in (live.said, other.said):
        return "none"
    if live.said != other.said:
        return "decision"
    if live.model != other.model:
        return "model"
    if live.treatment != other.treatment:
        return "treatment"
    return "reason" if live.code != other.code else "none"


def changed_treatment(live: Verdict, other: Verdict) -> list[str]:
    """Return which kinds are treated otherwise, as ``HEALTH: readable > mask``."""
    kinds = dict.fromkeys((*live.treatment, *other.treatment))
    return [f"{kind}: {live.treatment.get(kind, 'readable')} > {other.treatment.get(kind, 'readable')}"
            for kind in kinds if live.treatment.get(kind) != other.treatment.get(kind)]


def treatment(counts: Mapping[str, int], actions: Mapping[str, Action]) -> dict[str, str]:
    """Return what happens to each kind that was found."""
    return {kind: _done(actions[kind]) for kind, count in counts.items() if count > 0}


def _done(action: Action) -> str:
    return "readable" if action in READABLE else action


def _denied(denial: Denial | None) -> Verdict:
    return Verdict("denied") if denial is None else Verdict("denied", code=denial.code, rule=denial.rule)
