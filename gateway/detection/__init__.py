"""What is personal data: recognizers, presidio around them, cache and thread.

`build_detector` and `build_operators` are the two doors of this room; a further recogniser (a model of names in free
text) comes in as ``build_detector(options, [as_recognizer("NER", ("PERSON",), find)])``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# The matrices of the name recogniser are small: threads of the linear algebra library would cost more than they save.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from gateway.detection.compact import compact_names
from gateway.detection.presidio import PresidioOperators, as_recognizer
from gateway.detection.recognizers import all_rules
from gateway.detection.service import RuleDetector
from gateway.detection.sheet import Rule
from gateway.ports import Operators

__all__ = ["DetectorOptions", "RuleDetector", "as_recognizer", "build_detector", "build_operators"]


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How this house inspects. Everything has a default."""

    language: str = "de"
    names: bool = True
    """Look for names in free text with the compact recogniser; without it only announced names are found."""
    cache_entries: int = 20_000
    cache_bytes: int = 32 << 20
    threads: int = 1
    seconds: float = 20.0
    """Longest time one request may be inspected."""
    inline: int = 300
    """New text of a request up to this length is inspected on the spot: the hop to the thread would cost more."""
    case_patterns: tuple[str, ...] = ()
    """Own regular expressions for file numbers and Kassenzeichen of this municipality."""
    own_mailboxes: tuple[str, ...] = ()
    own_phones: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()
    """Public data of the authority: found nowhere. Addresses are written as in the letterhead."""
    allowed: tuple[str, ...] = field(default=(), repr=False)
    """Exact values, of any kind, that are never a finding (office-holders, if policy says so)."""


def build_detector(options: DetectorOptions | None = None, extra: Sequence[Rule] = ()) -> RuleDetector:
    """Return the detector, tried out. `extra` are further recognizers, such as the recogniser of names in free text.

    Raises ``ValueError`` for a pattern that is no regular expression, ``pruefung_nicht_verfuegbar`` when the
    self-test fails.
    """
    chosen = options or DetectorOptions()
    rules = all_rules(
        case_patterns=[_compiled(pattern) for pattern in chosen.case_patterns], own_mailboxes=chosen.own_mailboxes,
        own_phones=chosen.own_phones, own_addresses=chosen.own_addresses)
    models = (compact_names(),) if chosen.names else ()
    detector = RuleDetector(
        (*rules, *models, *extra), language=chosen.language, entries=chosen.cache_entries, size=chosen.cache_bytes,
        threads=chosen.threads, seconds=chosen.seconds, inline=chosen.inline,
        allowed=frozenset(value.strip().lower() for value in chosen.allowed))
    detector.ready()
    return detector


def build_operators(secret: bytes) -> Operators:
    """Return the operators ``mask``, ``hash`` and ``generalise``; `secret` keys the hash."""
    return PresidioOperators(secret)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"Das Muster für Aktenzeichen ist kein gültiger regulärer Ausdruck: {error.msg}") from None
    if compiled.match(""):
        raise ValueError("Das Muster für Aktenzeichen passt auf leeren Text. Bitte schreiben Sie es enger.")
    return compiled
