"""What all engines share: the hit, the lock, tidy spans, the labels of a model, and the sentence that stops the start.

`guarded` keeps true: one text at a time per model (spaCy's memory zone must not be nested, and the fast tokenizers
are not made for threads); offsets are code points of the text that was given, whatever stands in it; a span holds
whole words and no space at its ends; an offset outside the text is an error, not a finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from gateway.detection.names import ordinary_words
from gateway.errors import GatewayError
from gateway.model.finding import Finding

LEAST: Final = 0.3
"""Below that score nothing is a finding."""
CERTAIN: Final = 0.7
"""From that score on a value may be looked for elsewhere; the compact model uses the same."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PREFIX: Final = re.compile(r"^[BIESLU][-_](?=.)")


class Hit(NamedTuple):
    """One finding of a model: half-open code-point offsets, the entity it stands for, and a score."""

    start: int
    end: int
    entity: str
    score: float


def unusable(message: str, hint: str = "") -> GatewayError:
    """Return the error that stops the start."""
    return GatewayError("pruefung_nicht_verfuegbar", message, hint=hint)


def not_installed(library: str, extra: str) -> GatewayError:
    """Return the error for a library that is not there."""
    return unusable(f"Für die gewählte Namenserkennung fehlt die Bibliothek „{library}“. Bitte installieren Sie sie "
                    f"mit „pip install 'ki-pforte[{extra}]'“ oder wählen Sie KI_PFORTE_NAMES_ENGINE=kompakt.")


def not_loadable(path: Path, engine: str, error: Exception, advice: str = "") -> GatewayError:
    """Return the error for a folder that holds no usable model."""
    return unusable(f"Der Ordner {path} lässt sich nicht als {engine}-Modell laden. "
                    + (advice or "Bitte legen Sie das vollständige Modell dort ab."), hint=type(error).__name__)


def plain(label: str) -> str:
    """Return `label` without its position mark (``B-PER``) and in one case, for comparing."""
    return _PREFIX.sub("", label).casefold()


def known(labels: Mapping[str, str], offered: Iterable[str], path: Path) -> dict[str, str]:
    """Return ``plain label -> entity``. Refuses a model in which some entity has no label: it would never be found."""
    names = sorted({_PREFIX.sub("", label) for label in offered} - {"O", ""})
    there = {plain(name) for name in names}
    found = {plain(label): entity for label, entity in labels.items() if plain(label) in there}
    if set(found.values()) != {*labels.values(), "PERSON"}:
        raise unusable(f"Das Modell in {path} kennt nicht alle erwarteten Marken ({', '.join(labels)}); es kennt: "
                       f"{', '.join(names[:30]) or 'keine'}. Bitte schreiben Sie in KI_PFORTE_NAMES_LABELS, welche "
                       "davon Personen sind, zum Beispiel PER=PERSON.")
    return found


def guarded(find: Callable[[str], list[Hit]]) -> Callable[[str], Iterator[Finding]]:
    """Return `find` as the detector wants it: one at a time, whole words, findings instead of hits."""
    lock = Lock()

    def findings(text: str) -> Iterator[Finding]:
        # Half of a surrogate pair is no Unicode; tokenizers refuse it. A space has the same length.
        clean = _SURROGATE.sub(" ", text)
        if not clean.strip():
            return
        with lock:
            hits = find(clean)
        for hit in hits:
            if not 0 <= hit.start <= hit.end <= len(text):
                raise ValueError("offset outside the text")
            start, end = whole_words(clean, hit.start, hit.end)
            if hit.score >= LEAST and any(c.isalnum() for c in clean[start:end]):
                yield Finding(start, end, hit.entity, round(min(1.0, hit.score), 3), "modell",
                              certain=hit.score >= CERTAIN,
                              ordinary=ordinary_words(clean[start:end]) if hit.entity == "PERSON" else ())
    return findings


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Take spaces off both ends of a span and widen it to whole words: models err by parts of words."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        return start, end
    while start > 0 and text[start].isalpha() and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha() and text[end - 1].isalpha():
        end += 1
    return start, end
