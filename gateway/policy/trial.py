"""Both questions in one go, for explanations, tests and previews: what would this caller be told, of this content?

`attempt` asks `admit` and, if that lets through, `release`, exactly as the pipeline does; nothing here decides. What
looks at texts and replaces values is handed in as a `Lens` (`gateway.pipeline.lens` has the real one).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.decision import Action, Admission, Denial, Reason, ReleaseDecision
from gateway.model.finding import Finding
from gateway.model.register import RegisteredModel
from gateway.policy.decide import AdmitFacts, ReleaseFacts, admit, release
from gateway.policy.policyset import PolicySet


class Lens(Protocol):
    """Looks at texts as the server does. Stateless for the caller; raises what the detector raises."""

    def find(self, text: str) -> Sequence[Finding]:
        """Return what is found in a text."""
        ...

    def leaves(self, text: str, findings: Sequence[Finding], actions: Mapping[str, Action]) -> str | None:
        """Return the text as it would leave the house; None when not everything can be replaced safely."""
        ...

    def speaks(self, dialect: str) -> frozenset[str]:
        """Return the wire APIs of providers that a client of this one reaches."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """What was asked and what was answered. ``release`` is None when the first answer was no."""

    facts: AdmitFacts
    admission: Admission
    release: ReleaseDecision | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def denial(self) -> Denial | None:
        """Why not; None: it may leave."""
        return self.admission.denial or (self.release.denial if self.release else None)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every rule that took part, in order."""
        return self.admission.reasons + (self.release.reasons if self.release else ())

    @property
    def model(self) -> RegisteredModel | None:
        """Where it would go."""
        return self.release.model if self.release else None


def attempt(policies: PolicySet, facts: AdmitFacts, counts: Mapping[str, int], opaque: frozenset[str] = frozenset(),
            held: frozenset[str] = frozenset()) -> Trial:
    """Ask both questions. Raises KeyError for a kind of finding that the house does not know."""
    admission = admit(policies, facts)
    if admission.denial is not None:
        return Trial(facts, admission, counts=counts)
    return Trial(facts, admission, release(policies, ReleaseFacts(facts, counts, opaque, held)), counts)


def counted(findings: Iterable[Finding]) -> Counter[str]:
    """Return how many findings there are of each kind."""
    return Counter(finding.entity for finding in findings)
