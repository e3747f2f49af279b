"""Which rules of the policies no test touches, and where they are written.

Counted are rules that stand in a file and can take part in a decision. A rule that can take part in none is named
apart: something stricter stands before it everywhere, or it speaks of models that are not in service.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.policy.policyset import PolicySet
from gateway.policy.rule_ids import WrittenRule, every_rule
from gateway.policy.source import read
from gateway.policy.suite import Report


@dataclass(frozen=True, slots=True)
class Coverage:
    """Written rules: touched by a test, touched by none, and those that can take part in no decision."""

    touched: tuple[WrittenRule, ...]
    untouched: tuple[WrittenRule, ...]
    without_effect: tuple[WrittenRule, ...]

    @property
    def percent(self) -> int:
        """How many of a hundred rules are touched, rounded down; 100 when there is none."""
        every = len(self.touched) + len(self.untouched)
        return 100 * len(self.touched) // every if every else 100


def coverage(policies: PolicySet, report: Report) -> Coverage:
    """Return what the tests of `report` touched."""
    written = [rule for rule in every_rule(policies).values() if rule.file]
    alive, touched = report.in_effect | report.touched, report.touched
    return Coverage(tuple(r for r in written if r.id in touched),
                    tuple(r for r in written if r.id in alive and r.id not in touched),
                    tuple(r for r in written if r.id not in alive))


class Places:
    """Where rules are written, as ``policies/departments/sozialamt.yaml:17``."""

    def __init__(self, folder: Path, policies: PolicySet) -> None:
        self._folder, self._rules = folder, every_rule(policies)

    def __call__(self, rule: str) -> str:
        """Return file and line of a rule; empty for one that stands in no file."""
        written = self._rules.get(rule)
        if written is None or not written.file:
            return ""
        source, _ = read(self._folder / written.file, f"{self._folder.name}/{written.file}")
        return f"{self._folder.name}/{written.file}" + (f":{source.line(*written.path)}" if source else "")
