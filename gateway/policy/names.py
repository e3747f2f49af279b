"""Names in policy files that must exist somewhere else: models, groups of models, passes, purposes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from gateway.policy.problems import PolicyProblem, did_you_mean, shown
from gateway.policy.schema_register import Register
from gateway.policy.source import Path_, Source

Problems = Iterator[PolicyProblem]


def known(source: Source, path: Path_, names: Iterable[str], possible: Collection[str], what: str) -> Problems:
    """Yield a problem for every name that is not among the possible ones."""
    for i, name in enumerate(names):
        if name not in possible:
            yield unknown(source, (*path, i), name, possible, what)


def unknown(source: Source, path: Path_, name: str, possible: Collection[str], what: str) -> PolicyProblem:
    """Return the problem of a name that does not exist."""
    return source.problem(path, f"{what} {shown(name)} gibt es nicht", did_you_mean(name, possible))


def model_names(source: Source, path: Path_, names: Iterable[str], models: Register) -> Problems:
    """Yield a problem for every name that is neither a model nor a group of models (``@name``)."""
    yield from known(source, path, names, models_and_groups(models), "Das Modell")


def models_and_groups(models: Register) -> frozenset[str]:
    """Return every name that stands for models in a rule."""
    return frozenset((*models.models, *(f"@{group}" for group in models.groups)))


def expanded(names: Iterable[str], models: Register) -> set[str]:
    """Return the ids of models behind names and groups."""
    return {i for name in names for i in (models.groups.get(name[1:], ()) if name[:1] == "@" else (name,))}
