"""Larger models of names by configuration: spaCy, transformers, GLiNER, each from a folder on this machine.

What it is: `names_rules` turns the settings (which engines, which folder, which labels) into rules for presidio's
registry. One engine is one file with one function ``load(path, labels) -> find``; its library is imported there and
only when it was chosen. All come in through `as_recognizer`. Presidio's own classes for these libraries are not
used: ``SpacyNlpEngine`` downloads a model that is missing, ``HuggingFaceNerRecognizer`` turns an error of the model
into "nothing found" and writes it to the log, ``GLiNERRecognizer`` lets the library cut off what is too long.

What it keeps true: nothing is downloaded (`gateway.detection.offline`), no code from a model's folder is run, a model
that cannot be used or could never find a person stops the start with one German sentence, an error at work refuses
the request.
Where two engines find the same span, presidio keeps the better score; `common.CERTAIN` divides sure from unsure for
all, so that an unsure finding never takes the place of a sure one.

What it does not know: whether the model is any good. ``ki-pforte evaluate`` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.detection.compact import compact_names
from gateway.detection.engines import gliner, spacy, transformers
from gateway.detection.engines.common import Hit, guarded, unusable
from gateway.detection.offline import stay_offline
from gateway.detection.presidio import as_recognizer
from gateway.detection.sheet import Rule

Load = Callable[[Path, Mapping[str, str]], Callable[[str], list[Hit]]]

_LARGE: Final[Mapping[str, tuple[Load, Mapping[str, str]]]] = {
    "spacy": (spacy.load, {"PER": "PERSON", "PERSON": "PERSON"}),
    "transformers": (transformers.load, {"PER": "PERSON", "PERSON": "PERSON"}),
    "gliner": (gliner.load, {"person": "PERSON"}),
}
"""How each engine is loaded, and which of its labels count when nothing is configured."""


def is_large(engine: str) -> bool:
    """Whether `engine` names one that takes its time: it must not work on the event loop."""
    return any(name in _LARGE for name in engine.split("+"))


def names_rules(engine: str, model: Path | None, labels: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules for `engine` (``kompakt``, ``spacy``, ``kompakt+gliner``, ``keine`` ...).

    `labels` maps labels of the model to entities; empty: persons only. Raises ``pruefung_nicht_verfuegbar``, whose
    message says what to install or to write.
    """
    return tuple(_rule(name, model, labels) for name in engine.split("+") if name != "keine")


def _rule(name: str, model: Path | None, labels: Mapping[str, str]) -> Rule:
    if name == "kompakt":
        return compact_names()
    if name not in _LARGE:
        raise unusable(f"Die Namenserkennung „{name}“ gibt es nicht. Bitte schreiben Sie bei KI_PFORTE_NAMES_ENGINE "
                       f"kompakt, {', '.join(_LARGE)} oder keine.")
    if model is None or not model.is_dir():
        raise unusable(f"Der Ordner mit dem Modell für „{name}“ fehlt{f': {model}' if model else ''}. Bitte legen "
                       "Sie das Modell auf diesem Rechner ab und nennen Sie den Ordner in KI_PFORTE_NAMES_MODEL.")
    load, usual = _LARGE[name]
    chosen = labels or usual
    stay_offline()
    find = guarded(load(model.resolve(), chosen))
    return as_recognizer(name.upper(), tuple(sorted(set(chosen.values()))), find)
