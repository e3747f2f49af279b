"""A beginning that was deleted (`audit.pruning`), as the verifier judges it. Pure; standard library only.

Good is a missing beginning only if a record that a key in force signed says so, a good checkpoint covers that record,
and a signed root confirms the peaks from which the later roots were computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.merkle import CompactRange
from audit.verdict import Verdict


class Beginning:
    """What is known of the records that are not there."""

    def __init__(self, start: CompactRange) -> None:
        self._start = start
        self._proof: Mapping[str, Any] | None = None
        """What the record of the pruning says, if it fits the beginning."""
        self.counters: dict[str, int] = {}
        """Writer -> its first counter that is still there."""
        self.confirmed = False
        """Whether a signed root confirms the peaks."""
        self.pinned_at: list[int] = []
        self.surplus: dict[str, int] = {}
        """What ends refer to that do not end an intent that was seen, and how often."""

    def said(self, index: int, facts: Any) -> None:
        """Take note of what a signed record says, if it is about this beginning."""
        try:
            to, peaks, writers, later = facts["to"], facts["peaks"], facts["writers"], facts["open"]
        except (KeyError, TypeError):
            return
        here = [peak.hex() for peak in self._start.peaks]
        if (self._proof is None and to == self._start.size and peaks == here and to <= index
                and type(writers) is dict and type(later) is list):  # the first one: a later one does not say more
            self._proof = {"idx": index, "writers": writers, "open": [ref for ref in later if type(ref) is str]}

    def judge(self, verdict: Verdict) -> Iterator[tuple[int, str]]:
        """Put into the verdict what is missing; yield what is wrong with it."""
        size, proof = self._start.size, self._proof
        if proof is None:
            if size:
                yield size, f"Die ersten {size} Einträge fehlen, und kein Eintrag belegt ihre Löschung."
            verdict.surplus_ends = sum(self.surplus.values())
            return
        verdict.pruned, verdict.prune_record = size, proof["idx"]
        if not self.confirmed:
            yield size, f"Zu den gelöschten ersten {size} Einträgen fehlt der unterschriebene Prüfpunkt."
        if proof["idx"] >= verdict.covered:
            yield proof["idx"], "Der Eintrag über die Löschung des Anfangs liegt unter keinem Prüfpunkt."
        verdict.pin_before_pruning = any(at <= proof["idx"] for at in self.pinned_at)
        for writer, first in self.counters.items():
            want = proof["writers"].get(writer, 0)
            if type(want) is not int or first < want:
                yield size, "Ein Zähler passt nicht zum Eintrag über die Löschung des Anfangs."
            elif first > want:
                verdict.add_gap(writer, want, first - 1)
        later = set(proof["open"])
        verdict.surplus_ends = sum(count for ref, count in self.surplus.items() if ref not in later)
