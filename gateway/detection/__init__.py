"""What is personal data: recognizers, presidio around them, cache and thread.

`build_detector` and `build_operators` are the two doors of this room; a further recogniser (a model of names in free
text) comes in as ``build_detector(options, [as_recognizer("NER", ("PERSON",), find)])``; larger ones by configuration
(`gateway.detection.engines`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.detection.offline import SWITCHES

os.environ.update(SWITCHES)

from gateway.detection.engines import is_large, names_rules
from gateway.detection.presidio import PresidioOperators, as_recognizer
from gateway.detection.recognizers import all_rules
from gateway.detection.service import RuleDetector
from gateway.detection.sheet import Rule
from gateway.model.municipality import Municipality
from gateway.ports import Operators
from gateway.settings import Settings

__all__ = ["DetectorOptions", "RuleDetector", "as_recognizer", "build_detector", "build_operators"]


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How this house inspects. Everything has a default."""

    language: str = "de"
    names: str = "kompakt"
    """What looks for names in free text: ``kompakt``, ``spacy``, ``transformers``, ``gliner``, two of them with ``+``,
    or ``keine``: then only announced names are found."""
    names_model: Path | None = None
    """The folder of the larger model."""
    names_labels: Mapping[str, str] = field(default_factory=dict)
    """Which labels of the larger model stand for which entity; empty: persons only."""
    cache_entries: int = 20_000
    cache_bytes: int = 32 << 20
    threads: int = 1
    seconds: float = 20.0
    """Longest time one request may be inspected."""
    inline: int = 0
    """New text of a request up to this length is inspected on the spot. With a name model the thread is cheaper, as it
    looks at all that waits together; a larger model always works there."""
    municipality: Municipality = field(default=Municipality(), repr=False)
    """What is peculiar to this town hall: its numbers, its public data (``policies/erkennung.yaml``)."""

    @classmethod
    def of(cls, settings: Settings, municipality: Municipality | None = None) -> DetectorOptions:
        """Return what the settings say."""
        return cls(names=settings.names_engine, names_model=settings.names_model, names_labels=settings.names_entities,
                   cache_bytes=settings.detector_cache_mb << 20, threads=settings.detector_threads,
                   seconds=settings.detector_seconds, municipality=municipality or Municipality())


def build_detector(options: DetectorOptions | None = None, extra: Sequence[Rule] = ()) -> RuleDetector:
    """Return the detector, tried out. `extra` are further recognizers, such as the recogniser of names in free text.

    `RuleDetector.configure` gives it another `Municipality` later. Raises ``pruefung_nicht_verfuegbar`` when the
    self-test fails.
    """
    chosen = options or DetectorOptions()
    models = names_rules(chosen.names, chosen.names_model, chosen.names_labels)
    detector = RuleDetector(
        lambda municipality: (*all_rules(municipality), *models, *extra), chosen.municipality,
        language=chosen.language, entries=chosen.cache_entries, size=chosen.cache_bytes, threads=chosen.threads,
        seconds=chosen.seconds, inline=-1 if is_large(chosen.names) else chosen.inline)
    detector.ready()
    return detector


def build_operators(secret: bytes) -> Operators:
    """Return the operators ``mask``, ``hash`` and ``generalise``; `secret` keys the hash."""
    return PresidioOperators(secret)
