"""Why a policy set may not come into force: its files, its own tests, the recognition, the approval it lacks.

Each check raises `Rejected` with a sentence for whoever reads readiness, pages and logs. Rejecting is never half: the
set that was in force stays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from gateway.policy import PolicyErrors, PolicySet
from gateway.policy.check_suite import FOLDER, load_suites
from gateway.policy.suite import failing
from gateway.policy.trial import Lens

Why = Literal["files", "tests", "recognition", "approval"]
WHY: Final[tuple[Why, ...]] = ("files", "tests", "recognition", "approval")
_MOST: Final = 3


class Rejected(Exception):  # noqa: N818 - it is a result
    """The set does not come into force. ``str()`` is German and names what to do; ``details`` has one line a point."""

    def __init__(self, why: Why, sentence: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.why, self.sentence, self.details = why, sentence, details


def wrong_files(errors: PolicyErrors) -> Rejected:
    """Return the rejection for files that cannot be used."""
    return Rejected("files", "Die geänderten Richtlinien sind nicht verwendbar; die letzten gültigen gelten weiter. "
                    "„ki-pforte policy check“ nennt die Stellen.", tuple(map(str, errors.problems)))


def prove(folder: Path, policies: PolicySet, lens: Lens) -> None:
    """Run the suites in ``tests/``. Raises `Rejected`, and what the lens raises."""
    try:
        suites = load_suites(folder / FOLDER, policies)
    except PolicyErrors as errors:
        raise Rejected("tests", "Die Prüfungen der geänderten Richtlinien lassen sich nicht lesen; die letzten "
                       "gültigen Richtlinien gelten weiter. „ki-pforte policy test“ nennt die Stellen.",
                       tuple(map(str, errors.problems))) from None
    failed = failing(policies, suites, lens)
    if failed:
        raise Rejected("tests", f"Die geänderten Richtlinien bestehen {len(failed)} ihrer eigenen Prüfungen nicht; die "
                       "letzten gültigen gelten weiter. „ki-pforte policy test“ nennt sie.",
                       tuple(f"{r.file}:{r.line}: {r.name}" for r in failed[:_MOST]))
