"""What files say about the KI-Pass that something takes: the scopes, models and kinds of finding that they name exist.

The rules of the KI-Pass itself (``ki-pass.yaml``) are checked in `check.ki_pass`.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.model.entities import ENTITIES
from gateway.policy.names import Problems, known, models_and_groups, unknown
from gateway.policy.schema import MorePasses, Organisation, Rules
from gateway.policy.schema_register import Register
from gateway.policy.source import Path_, Source
from gateway.policy.vocabulary import DATA_CLASSES, FIXED, FOUND_CLASSES

_WHAT = "Den KI-Pass"


def register(source: Source, models: Register, scopes: Collection[str]) -> Problems:
    """Check what models of the register take."""
    for key, model in models.models.items():
        yield from known(source, ("models", key, "pass_scopes"), model.pass_scopes, scopes, _WHAT)


def written(source: Source, content: Organisation | Rules, models: Register | None,
            scopes: Collection[str] | None) -> Problems:
    """Check what the organisation or a layer demands; None for a file that could not be read."""
    if isinstance(content.ki_pass, MorePasses) and models is not None:
        for name in content.ki_pass.models:
            if name not in models_and_groups(models):
                yield unknown(source, ("ki_pass", "models", name), name, models_and_groups(models), "Das Modell")
    for side in ("in_house", "outside"):
        for key in getattr(content.content, side).pass_scopes:
            yield from _kind(source, ("content", side, "pass_scopes", key), key)
    if scopes is not None:
        yield from _scopes(source, content, scopes)


def _scopes(source: Source, content: Organisation | Rules, scopes: Collection[str]) -> Problems:
    yield from known(source, ("ki_pass", "required"), content.ki_pass.required, scopes, _WHAT)
    if isinstance(content.ki_pass, MorePasses):
        for name, wanted in content.ki_pass.models.items():
            yield from known(source, ("ki_pass", "models", name), wanted, scopes, _WHAT)
    for side in ("in_house", "outside"):
        for key, wanted in getattr(content.content, side).pass_scopes.items():
            yield from known(source, ("content", side, "pass_scopes", key), wanted, scopes, _WHAT)
    if isinstance(content, Organisation):
        for key, purpose in content.purposes.allow.items():
            yield from known(source, ("purposes", "allow", key, "pass_scopes"), purpose.pass_scopes, scopes, _WHAT)


def _kind(source: Source, path: Path_, key: str) -> Problems:
    """Only what can be found can be asked about: no recognition sees that a text is under a secrecy."""
    if key in DATA_CLASSES and key not in FOUND_CLASSES:
        yield source.problem(path, f"„{key}“ lässt sich in einem Text nicht erkennen",
                             "verlangen Sie den KI-Pass in der Datei der Abteilung, die damit arbeitet: "
                             "„ki_pass: {required: […]}“")
    elif key in FIXED or (key not in ENTITIES and key not in FOUND_CLASSES):
        yield unknown(source, path, key, (ENTITIES.keys() - FIXED) | FOUND_CLASSES.keys(), "Die Art von Angabe")
