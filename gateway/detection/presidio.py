"""Presidio behind one file: the only one that imports it.

What it is: an `AnalyzerEngine` with a registry of our own recognizers, and our operators as presidio-anonymizer
`Operator` classes. A larger recogniser (spaCy, transformers, GLiNER, or the compact one) is added as one more entry
of the registry: see `as_recognizer`.

What it keeps true: no model is loaded and nothing is downloaded; spaCy is not loaded either, so presidio's engines
around it do not work in this process (`gateway.detection.engines.spacy` needs none of them); presidio's own patterns
are not used (they swallow errors and time-outs, and miss German forms); its context enhancer is off, because our
rules read context themselves; its loggers get no content. An error in a recognizer leaves `Analyzer.analyse` as it is:
the caller refuses.

What it does not know: spans of different entities may overlap; the redaction resolves them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from gateway.detection.offline import hidden, hollow
from gateway.detection.sheet import Lexicon, Rule, Sheet
from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.model.finding import Finding

# Presidio would import them at once, for recognizers of its own that we do not use, and those as well.
with hidden("transformers", "gliner", "stanza"), hollow("spacy", "thinc", "presidio_analyzer.predefined_recognizers"):
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
    from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
    from presidio_anonymizer.operators import Operator, OperatorType

_log = logging.getLogger(__name__)
_FINDING: Final = "finding"
_LOGGERS: Final = ("presidio-analyzer", "presidio-anonymizer", "decision_process")


def silence() -> None:
    """Let presidio's loggers say nothing: some of their messages quote the text."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


class _SheetArtifacts(NlpArtifacts):
    """Carries the sheet to the recognizers in place of tokens and lemmas."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet


class _SheetEngine(NlpEngine):
    """An NLP engine without a model: it costs nothing and loads nothing."""

    def __init__(self, language: str, lexicon: Lexicon) -> None:
        self._language = language
        self._lexicon = lexicon

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return _SheetArtifacts(Sheet(text, self._lexicon))

    def process_batch(self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1,
                      **kwargs: Any) -> Iterator[tuple[str, NlpArtifacts]]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return [self._language]


class _NoEnhancer(ContextAwareEnhancer):
    """Leaves every score as it is."""

    def __init__(self) -> None:
        super().__init__(context_similarity_factor=0.0, min_score_with_context_similarity=0.0, context_prefix_count=0,
                         context_suffix_count=0)

    def enhance_using_context(self, text: str, raw_results: list[RecognizerResult], nlp_artifacts: NlpArtifacts,
                              recognizers: list[EntityRecognizer], context: list[str] | None = None
                              ) -> list[RecognizerResult]:
        return raw_results


class _Engine(AnalyzerEngine):
    """The engine without its per-recognizer context step, which is quadratic and has nothing to do here."""

    def _enhance_using_context(self, text: str, raw_results: list[RecognizerResult], nlp_artifacts: NlpArtifacts,
                               recognizers: list[EntityRecognizer], context: list[str] | None = None
                               ) -> list[RecognizerResult]:
        return self.context_aware_enhancer.enhance_using_context(
            text, raw_results, nlp_artifacts, recognizers, context)

    def get_supported_entities(self, language: str | None = None) -> list[str]:
        return list(ENTITIES)


class _RuleRecognizer(EntityRecognizer):
    """One rule as presidio sees it. Errors are not caught: a rule that fails must not look like "nothing found"."""

    def __init__(self, rule: Rule, language: str) -> None:
        super().__init__(supported_entities=list(rule.entities), name=rule.name, supported_language=language)
        self._find = rule.find
        self._needs_digits, self._wakes = rule.digits, rule.wakes
        self._metadata = {RecognizerResult.RECOGNIZER_NAME_KEY: rule.name,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id}

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        if not isinstance(nlp_artifacts, _SheetArtifacts):
            raise TypeError("the engine must hand over a sheet")
        sheet = nlp_artifacts.sheet
        if (self._needs_digits and not sheet.has_digit) or (self._wakes and self._wakes.isdisjoint(sheet.kinds)):
            return []
        lo, hi = sheet.lo, sheet.hi
        shared = self._metadata
        return [_Result(f.entity, f.start, f.end, f.score, recognition_metadata={**shared, _FINDING: f})
                for f in self._find(sheet) if lo <= f.start < hi]


class _Result(RecognizerResult):
    """A result that is told apart without being spelled out."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Result) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, float, str]:
        return self.start, self.end, self.score, self.entity_type


class _Registry(RecognizerRegistry):
    """All recognizers speak the one language and are always asked."""

    def get_recognizers(self, language: str, entities: list[str] | None = None, all_fields: bool = False,
                        ad_hoc_recognizers: list[EntityRecognizer] | None = None) -> list[EntityRecognizer]:
        return list(self.recognizers)


def as_recognizer(name: str, entities: Sequence[str], find: Callable[[str], Iterable[Finding]],
                  find_many: Callable[[Sequence[str]], Sequence[Iterable[Finding]]] | None = None) -> Rule:
    """Return a model as a rule: the one place where a recogniser of names is added.

    `find` is ``text -> findings``; `find_many` gives the same for many texts, where that is cheaper.
    """
    def windowed(sheet: Sheet) -> Iterator[Finding]:
        found = sheet.prepared.pop(name, None)
        offset = sheet.begin
        for f in find(sheet.reach) if found is None else found:
            yield f.moved(f.start + offset, f.end + offset)

    def prepare(sheets: Sequence[Sheet]) -> None:
        if find_many is not None:
            for sheet, found in zip(sheets, find_many([sheet.reach for sheet in sheets]), strict=True):
                sheet.prepared[name] = found

    return Rule(name, tuple(entities), windowed, prepare=prepare if find_many else None)


class Analyzer:
    """The engine, wired: from a sheet to findings."""

    def __init__(self, rules: Sequence[Rule], lexicon: Lexicon, language: str = "de") -> None:
        silence()
        registry = _Registry(recognizers=[_RuleRecognizer(rule, language) for rule in rules],
                                      supported_languages=[language])
        self._language = language
        self._prepare = [rule.prepare for rule in rules if rule.prepare]
        self._engine = _Engine(registry=registry, nlp_engine=_SheetEngine(language, lexicon),
                               context_aware_enhancer=_NoEnhancer(), supported_languages=[language],
                               log_decision_process=False)
        silence()

    def prepare(self, sheets: Sequence[Sheet]) -> None:
        """Let the rules that can look at several sheets together. An error shows again in `analyse`, where it belongs.

        Which sheet is to blame is not known here, so nothing of that rule is kept.
        """
        for prepare in self._prepare:
            try:
                prepare(sheets)
            except Exception as error:  # noqa: BLE001 - each sheet is looked at alone then, and fails alone
                _log.warning("sheets have to be looked at one by one: %s", type(error).__name__)

    def analyse(self, sheet: Sheet) -> list[Finding]:
        """Return the findings that begin inside the window of `sheet`, without duplicates of one kind."""
        results = self._engine.analyze(sheet.text, self._language, nlp_artifacts=_SheetArtifacts(sheet),
                                       score_threshold=0.0, return_decision_process=True)
        return [result.recognition_metadata[_FINDING] for result in results]


class MaskOperator(Operator):
    """Letters become X and digits 0; the last two characters of long numbers stay, so that people can tell them "
    "apart."""

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
        masked = "".join("0" if c.isdigit() else "X" if c.isalpha() else c for c in text)
        count = sum(c.isdigit() for c in text)
        return masked[:-2] + text[-2:] if count >= 8 and text[-2:].isdigit() else masked

    def validate(self, params: dict[str, Any] | None = None) -> None:
        """No parameters."""

    def operator_name(self) -> str:
        return "mask"

    def operator_type(self) -> OperatorType:
        return OperatorType.Anonymize


class HashOperator(MaskOperator):
    """A keyed digest: the same value gives the same token, and nobody without the key can try values."""

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
        chosen = params or {}
        key: bytes = chosen["key"]
        entity = str(chosen.get("entity", ""))
        normal = " ".join(text.split()).casefold()
        digest = hmac.new(key, f"{entity}\0{normal}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        label = ENTITIES[entity].label if entity in ENTITIES else "WERT"
        return f"{label}-{digest[:12]}"

    def validate(self, params: dict[str, Any] | None = None) -> None:
        if not params or not isinstance(params.get("key"), bytes):
            raise ValueError("hash needs a key")

    def operator_name(self) -> str:
        return "hash"


_YEAR: Final = re.compile(r"(?<!\d)(?:1[89]|20)\d{2}(?!\d)")
_SHORT_YEAR: Final = re.compile(r"[./-](\d{2})\s*$")
_PLZ: Final = re.compile(r"(?<!\d)(\d{2})\d{3}(?!\d)")
_PLACE: Final = re.compile(r"(?<!\d)\d{5}\s+(.+)$", re.S)


class GeneraliseOperator(MaskOperator):
    """Less exact: a birth date becomes its year, an address its region, anything else the name of its kind."""

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
        entity = str((params or {}).get("entity", ""))
        if entity in ("BIRTHDATE", "DATE_SENSITIVE"):
            year = _YEAR.search(text)
            short = None if year else _SHORT_YEAR.search(text)
            if year:
                return year[0]
            return f"Jahr {short[1]}" if short else "(Datum)"
        if entity == "ADDRESS":
            region = _PLZ.search(text)
            place = _PLACE.search(text)
            if region and place:
                return f"PLZ-Gebiet {region[1]} ({place[1].strip()})"
            return f"PLZ-Gebiet {region[1]}" if region else "(Anschrift)"
        if entity == "PLATE":
            return text.split("-")[0].split(" ")[0] + "-(Kennzeichen)" if text[:1].isupper() else "(Kennzeichen)"
        return f"({ENTITIES[entity].name})" if entity in ENTITIES else "(Angabe)"

    def operator_name(self) -> str:
        return "generalise"


class PresidioOperators:
    """Our `Operators` port over the three operator classes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        operators: tuple[MaskOperator, ...] = (MaskOperator(), HashOperator(), GeneraliseOperator())
        self._operators = {operator.operator_name(): operator for operator in operators}
        self._operators["hash"].validate({"key": secret})

    def apply(self, action: Action, entity: str, value: str) -> str:
        """Return what stands in place of `value`. Total: never raises for any text."""
        operator = self._operators.get(action, self._operators["mask"])
        return operator.operate(value, {"key": self._secret, "entity": entity})
