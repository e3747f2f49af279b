"""What a decision costs and what it costs to read the policies: 40 departments, 60 models, 500 rules, groups.

Run: ``python -m tests.bench.policy_bench [--profile]``. Times are CPU times of this process; a machine that does other
things at the same time still makes them larger (caches, shared cores), so the best of several rounds stands beside
their median and is what counts. No server, no network, some seconds.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

from gateway.model.principal import PassStatus, Principal
from gateway.policy import AdmitFacts, PolicySet, ReleaseFacts, admit, load_policies, release, source
from gateway.policy.rule_ids import every_rule
from tests.bench.policy_town import facts_of_people, write

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SEEN: tuple[dict[str, int], ...] = ({}, {"PERSON": 3, "IBAN": 1}, {"PERSON": 2, "HEALTH": 1, "EMAIL": 1, "PHONE": 1})
ROUNDS = 9
GOALS = {"Laden in einem neuen Prozess": 1000.0, "Entscheidung: alle": 0.05}
"""Milliseconds."""


def milliseconds(work: Callable[[], object], times: int = 1) -> float:
    """Return the CPU time of one call."""
    began = process_time()
    for _ in range(times):
        work()
    return (process_time() - began) * 1000 / times


def cold(folder: Path) -> PolicySet:
    """Read a folder as a fresh process does: nothing is remembered."""
    source.parse.cache_clear()
    return load_policies(folder)


def touched(folder: Path, number: int) -> Path:
    """Change one department, as somebody who saves a file does."""
    path = folder / "departments/amt-0.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}# Fassung {number}\n", encoding="utf-8")
    return folder


def decisions(policies: PolicySet) -> list[tuple[AdmitFacts, ReleaseFacts]]:
    """Return requests of people in all departments, a third of them in a group, for models and aliases."""
    passes = {scope: PassStatus("gueltig") for scope in policies.kipass.scopes}
    asked = [AdmitFacts(Principal("p", department, groups=groups, passes=passes), model, f"zweck-{i % 20}", "chat", NOW)
             for i, (department, groups, model) in enumerate(facts_of_people())]
    return [(facts, ReleaseFacts(facts, SEEN[i % 3])) for i, facts in enumerate(asked)]


def by_outcome(policies: PolicySet, asked: list[tuple[AdmitFacts, ReleaseFacts]]) -> dict[str, list[float]]:
    """Return CPU milliseconds of a decision (both questions) by how it ends, one number a round."""
    groups: dict[str, list[tuple[AdmitFacts, ReleaseFacts]]] = {}
    for facts, found in asked:
        first = admit(policies, facts)
        second = release(policies, found) if first.denial is None else None
        name = "verweigert" if second is None else "abgelehnt nach Inhalt" if second.denial else "freigegeben"
        groups.setdefault(name, []).append((facts, found))

    def ask(pairs: list[tuple[AdmitFacts, ReleaseFacts]]) -> None:
        for facts, found in pairs:
            if admit(policies, facts).denial is None:
                release(policies, found)

    groups["alle"] = asked
    gc.collect()
    gc.freeze()  # as the gateway does once it has started
    times = {name: max(1, 2000 // len(pairs)) for name, pairs in groups.items()}
    return {name: [milliseconds(lambda p=pairs: ask(p), times[name]) / len(pairs)  # type: ignore[misc]
                   for _ in range(ROUNDS)] for name, pairs in groups.items()}


def profiled(folder: Path) -> None:
    """Print where the time of a cold start goes."""
    profile = cProfile.Profile()
    profile.runcall(cold, folder)
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.policy_bench",
                                     description="Was eine Entscheidung kostet und was das Laden der Richtlinien.")
    parser.add_argument("--profile", action="store_true", help="statt zu messen: wohin die Rechenzeit beim Laden geht")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ki-pforte-bench-") as name:
        folder = write(Path(name) / "policies")
        policies = cold(folder)
        if options.profile:
            profiled(folder)
            return
        kinds = Counter("geschrieben" if rule.file else "eingebaut" for rule in every_rule(policies).values())
        print(f"{len(policies.departments)} Abteilungen, {len(policies.models)} Modelle, {kinds['geschrieben']} "
              f"geschriebene Regeln, {len(policies.groups)} Gruppen, {len(policies.profiles)} Profile")
        group = frozenset({"gruppe-0"})
        rows = {
            "Laden in einem neuen Prozess": [milliseconds(lambda: cold(folder)) for _ in range(ROUNDS)],
            "Laden, nachdem eine Datei geändert wurde": [
                milliseconds(lambda n=n: load_policies(touched(folder, n))) for n in range(ROUNDS)],  # type: ignore[misc]
            "erste Frage von Mitgliedern einer Gruppe": [
                milliseconds(partial(load_policies(folder).department, "amt-0", group)) for _ in range(ROUNDS)]}
        rows |= {f"Entscheidung: {outcome}": rounds
                 for outcome, rounds in by_outcome(policies, decisions(policies)).items()}
    print(f"| {'CPU-Zeit in ms':42} | beste Runde |  Median |\n|{'-' * 44}|------------:|--------:|")
    for row, rounds in rows.items():
        print(f"| {row:42} | {min(rounds):11.4f} | {median(rounds):7.4f} |")
    for row, goal in GOALS.items():
        print(f"{'✓' if min(rows[row]) <= goal else '✗'} {row}: höchstens {goal:g} ms")


if __name__ == "__main__":
    main()
