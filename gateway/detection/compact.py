"""The compact name recogniser as one more rule: names in free text, which nothing announces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.detection.names import is_ordinary, ordinary_words
from gateway.detection.ner import CERTAIN, MASK, ModelError, NameRecognizer, NameSpan
from gateway.detection.presidio import as_recognizer
from gateway.detection.sheet import Rule
from gateway.errors import GatewayError
from gateway.model.finding import Finding

NAME: Final = "NAMEN"


_REST: Final = re.compile(r"(?:-[A-ZÄÖÜÀ-Þ][^\W\d_]+){1,2}")


def _whole(text: str, start: int, end: int) -> int:
    """Return where a name ends whose last word goes on behind a hyphen: "Krüger" of "Krüger-Bernburg" is half of it."""
    rest = _REST.match(text, end)
    if rest is None or is_ordinary(text[start:rest.end()].rsplit(None, 1)[-1]):
        return end
    return rest.end()


def compact_names(mask: float = MASK, certain: float = CERTAIN) -> Rule:
    """Load the model and return it as a rule. Raises ``pruefung_nicht_verfuegbar`` when it cannot be loaded.

    Names from probability `mask` on are found; from `certain` on they may be looked for elsewhere, too.
    """
    try:
        model = NameRecognizer.load()
    except ModelError as error:
        raise GatewayError("pruefung_nicht_verfuegbar", "Die Erkennung von Namen lässt sich nicht laden. Bitte "
                           "installieren Sie die KI-Pforte neu oder sagen Sie der IT Bescheid.", hint=str(error)
                           ) from None

    def finding(text: str, span: NameSpan) -> Finding:
        end = _whole(text, span.start, span.end)
        return Finding(span.start, end, "PERSON", round(span.score, 3), "modell", certain=span.score >= certain,
                       ordinary=ordinary_words(text[span.start:end]))

    def findings(text: str, spans: list[NameSpan]) -> list[Finding]:
        return [finding(text, span) for span in spans]

    def find(text: str) -> list[Finding]:
        return findings(text, model.find(text, mask=mask, certain=certain))

    def find_many(texts: Sequence[str]) -> list[list[Finding]]:
        return list(map(findings, texts, model.find_many(texts, mask=mask, certain=certain)))
    return as_recognizer(NAME, ("PERSON",), find, find_many)
