"""Stand-ins for transformers and gliner, which are not among the locked dependencies, and tiny real spaCy models.

The stand-ins have the interface of the libraries (transformers 4.53 and 5.16, gliner 0.2.29) as far as the gateway
uses it, with their bad habits: they cut off what is too long unless told otherwise, and reach for the hub unless
forbidden. The "model" knows the names that its folder lists.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import spacy
from spacy.training import Example

NAMES = ("Sabine Krüger", "Otto Weber", "Nguyễn Thị Hạnh", "Zoë Müller-Lüdenscheid")
_PART = re.compile(r"\w{1,4}|[^\w\s]")
_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")


class ReachedError(Exception):
    """The stand-in went to the hub."""


def write(folder: Path, file: str, **settings: Any) -> Path:
    """Write a folder that holds a model of a stand-in."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(json.dumps({"names": NAMES, **settings}), encoding="utf-8")
    return folder


def _read(path: str, file: str, local_files_only: bool) -> SimpleNamespace:
    if not local_files_only or not (Path(path) / file).is_file():
        raise ReachedError
    return SimpleNamespace(**json.loads((Path(path) / file).read_text(encoding="utf-8")))


class _Tokenizer:
    """Parts of words of up to four characters."""

    model_max_length = 10**30

    def __init__(self, settings: SimpleNamespace) -> None:
        self.is_fast = getattr(settings, "fast", True)

    def __call__(self, text: str | list[str], add_special_tokens: bool = True) -> dict[str, Any]:
        ids = [[hash(part) for part in _PART.findall(one)] for one in ([text] if isinstance(text, str) else text)]
        return {"input_ids": ids[0] if isinstance(text, str) else ids}


class Pipeline:
    def __init__(self, settings: SimpleNamespace, tokenizer: _Tokenizer, stride: int | None, strategy: str) -> None:
        self._settings, self._tokenizer, self._stride, self._strategy = settings, tokenizer, stride, strategy

    def __call__(self, text: str) -> list[dict[str, Any]]:
        text.encode()
        parts = list(_PART.finditer(text))
        size = self._tokenizer.model_max_length - 2
        if size > self._settings.max_position_embeddings - 2:
            raise IndexError("more tokens than positions")
        step = size - self._stride if self._stride is not None else len(parts) or 1
        found = {}
        for at in range(0, max(1, len(parts)), step):
            window = parts[at:at + size]
            for hit in self._read(text, window[0].start(), window[-1].end()) if window else ():
                found[hit["start"], hit["end"]] = hit
        return [found[key] for key in sorted(found)]

    def _read(self, text: str, lo: int, hi: int) -> Iterator[dict[str, Any]]:
        """Yield what the model reads; the last part of a word is missing, as with strategy ``simple``."""
        assert self._strategy == "simple"
        for name in self._settings.names:
            for match in re.finditer(re.escape(name), text[lo:hi]):
                yield {"entity_group": "PER", "score": 0.99, "word": name.lower(), "start": lo + match.start(),
                       "end": lo + match.end() - 2}
        for word, label, score in (("Gütersloh", "LOC", 0.9), ("Linde", "PER", 0.4)):
            for match in re.finditer(word, text[lo:hi]):
                yield {"entity_group": label, "score": score, "word": "", "start": lo + match.start(),
                       "end": lo + match.end()}


def transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in for transformers (and torch) in place."""
    def load(kind: type[Any]) -> Any:
        def from_pretrained(path: str, *, local_files_only: bool = False, trust_remote_code: bool = True) -> Any:
            assert not trust_remote_code
            settings = _read(path, "config.json", local_files_only)
            return kind(settings)
        return SimpleNamespace(from_pretrained=from_pretrained)

    def model(settings: SimpleNamespace) -> SimpleNamespace:
        labels = getattr(settings, "labels", ["O", "B-PER", "I-PER", "B-LOC", "B-MISC"])
        settings.id2label = dict(enumerate(labels))
        return SimpleNamespace(config=settings)

    def pipeline(task: str, *, model: Any, tokenizer: _Tokenizer, aggregation_strategy: str = "none",
                 stride: int | None = None, device: str) -> Pipeline:
        assert (task, device) == ("token-classification", "cpu")
        return Pipeline(model.config, tokenizer, stride, aggregation_strategy)

    module = ModuleType("transformers")
    vars(module).update(AutoTokenizer=load(_Tokenizer), AutoModelForTokenClassification=load(model),  # type: ignore[arg-type]
                        pipeline=pipeline)
    monkeypatch.setitem(sys.modules, "transformers", module)
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))


class _Gliner:
    def __init__(self, settings: SimpleNamespace) -> None:
        self.config = settings
        self.data_processor = SimpleNamespace(
            transformer_tokenizer=_Tokenizer(settings),
            words_splitter=lambda text: ((m[0], m.start(), m.end()) for m in _WORD.finditer(text)))
        self.data_processor.transformer_tokenizer.model_max_length = settings.tokens

    @classmethod
    def from_pretrained(cls, model_id: str, *, local_files_only: bool = False, map_location: str) -> _Gliner:
        assert map_location == "cpu"
        return cls(_read(model_id, "gliner_config.json", local_files_only))

    def eval(self) -> _Gliner:
        return self

    def predict_entities(self, text: str, labels: list[str], flat_ner: bool = True, threshold: float = 0.5,
                         multi_label: bool = False) -> list[dict[str, Any]]:
        words = list(_WORD.finditer(text))[:self.config.max_len]
        while words and sum(len(_PART.findall(word[0])) for word in words) > self.config.tokens - 8:
            words.pop()
        read = text[:words[-1].end()] if words else ""
        found = [{"start": m.start(), "end": m.end(), "text": m[0], "label": label, "score": score}
                 for label in labels for wanted, score, names in (
                     ("person", 0.8, self.config.names), ("ort", 0.6, ["Gütersloh"])) if label.lower() == wanted
                 for name in names for m in re.finditer(re.escape(name), read)]
        return [hit for hit in found if hit["score"] >= threshold]


def gliner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in for gliner in place."""
    module = ModuleType("gliner")
    vars(module)["GLiNER"] = _Gliner
    monkeypatch.setitem(sys.modules, "gliner", module)


def spacy_ruler(folder: Path) -> Path:
    """Write a spaCy pipeline that finds `NAMES` by their letters, beside a town and something else."""
    nlp = spacy.blank("de")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([*({"label": "PER", "pattern": name} for name in (*NAMES, "Linde")),
                        {"label": "LOC", "pattern": "Gütersloh"}, {"label": "MISC", "pattern": "Hundesteuer"}])
    folder.parent.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(folder)
    return folder


def spacy_trained(folder: Path) -> Path:
    """Write a spaCy pipeline whose recogniser has learnt a few names from a few sentences."""
    nlp = spacy.blank("de")
    small = {"@architectures": "spacy.HashEmbedCNN.v2", "pretrained_vectors": None, "width": 32, "depth": 1,
             "embed_size": 200, "window_size": 1, "maxout_pieces": 2, "subword_features": True}
    nlp.add_pipe("ner", config={"model": {"tok2vec": small}}).add_label("PER")  # type: ignore[attr-defined]
    frames = ("Gestern schrieb {} an das Amt.", "Der Antrag von {} liegt vor.", "{} wohnt in der Stadt.",
              "Das Amt schrieb gestern.", "Der Antrag liegt in der Stadt vor.")
    examples = []
    for frame in frames:
        for name in ("Sabine Krüger", "Otto Weber", "Mehmet Yilmaz"):
            at = frame.find("{}")
            spans = [(at, at + len(name), "PER")] if at >= 0 else []
            examples.append(Example.from_dict(nlp.make_doc(frame.format(name)), {"entities": spans}))
    order = random.Random(1)
    spacy.util.fix_random_seed(1)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(25):
        order.shuffle(examples)
        nlp.update(examples, sgd=optimizer)
    folder.parent.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(folder)
    return folder
