"""Another policy set beside the one in force: asked the same, its answer counted and recorded, and nothing else.

Kept true: whatever happens here changes no decision and ends no request: a shadow set that cannot be read or that fails
is not asked, and an error while it is asked is counted as ``failed``. Where none is set, a request does not come here.

Does not know: what the shadow set would have found earlier in the conversation (only what the live one asked for is
known), and what it would have looked at that nobody looked at (the verdict is ``open``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.model.decision import Admission, ReleaseDecision
from gateway.policy.decide import AdmitFacts, ReleaseFacts
from gateway.policy.policyset import PolicySet
from gateway.policy.verdict import Seen, Verdict, changed_treatment, compared, judge, treatment
from gateway.ports import Metrics

_log = logging.getLogger(__name__)
SHORT = 16
"""Digits of a digest that name a shadow set in the records."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One instance serves all requests of a process. ``policies`` gives None while there is no usable set."""

    policies: Callable[[], PolicySet | None]
    metrics: Metrics

    def beside(self, facts: AdmitFacts, *, is_task: bool) -> Beside | None:
        """Return what goes beside one request: the set that is asked is the one of this moment."""
        policies = self.policies()
        return None if policies is None else Beside(self.metrics, policies, facts, is_task)


@dataclass(frozen=True, slots=True)
class Beside:
    """One request and the set that is asked beside."""

    metrics: Metrics
    policies: PolicySet
    facts: AdmitFacts
    is_task: bool

    def at_admission(self, admission: Admission) -> Mapping[str, Any]:
        """Compare with a request that ended before its content was looked at: refused, or answered in the house."""
        denial = admission.denial
        live = Verdict("local") if denial is None else Verdict("denied", code=denial.code, rule=denial.rule)
        return self._compared(live, Seen(task=self.is_task))

    def at_release(self, decision: ReleaseDecision, asked: ReleaseFacts, read: frozenset[str],
                   reads: frozenset[str]) -> Mapping[str, Any]:
        """Compare with what was decided about the content: `read` are the kinds of files whose text was read, of those
        that policy has read."""
        denial = decision.denial
        if denial is not None or decision.model is None:
            live = Verdict("denied", code=denial.code if denial else "", rule=denial.rule if denial else "")
        else:
            live = Verdict("allowed", decision.model.id, treatment=treatment(asked.counts, decision.actions))
        seen = Seen(asked.counts, asked.opaque, read, asked.opaque & reads, asked.held, self.is_task)
        return self._compared(live, seen, asked.admitted.stopped)

    def _compared(self, live: Verdict, seen: Seen, stopped: frozenset[str] | None = None) -> Mapping[str, Any]:
        facts = self.facts if stopped is None else replace(self.facts, stopped=stopped)
        try:
            other = judge(self.policies, facts, seen)
            difference = compared(live, other)
        except Exception as error:  # noqa: BLE001 - a shadow never hurts: its words stay out of the log
            _log.warning("the shadow policies could not be asked: %s", type(error).__name__)
            self.metrics.shadow(live.said, "failed", "none")
            return {}
        self.metrics.shadow(live.said, other.said, difference)
        found: dict[str, Any] = {"policy": self.policies.digest[:SHORT], "said": other.said}
        if difference != "none":
            found |= {"difference": difference, "model": other.model, "code": other.code, "rule": other.rule}
            if difference == "treatment":
                found["treatment"] = changed_treatment(live, other)
        return {key: value for key, value in found.items() if value}
