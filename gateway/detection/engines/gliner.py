"""A GLiNER model, from a folder: it is told in words what to look for ("person").

What it keeps true: the whole text is read. GLiNER cuts off what has more words than its ``max_len`` or more tokens
than its tokenizer allows, so the text goes in by windows that are counted with its own splitter and tokenizer
first. Code that a model brings along is not run. The folder must hold everything: where ``gliner_config.json`` names
a base model, that is a folder here, too.

What it does not know: whether the model understands a label; any words are accepted.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.detection.engines.common import LEAST, Hit, not_installed, not_loadable, plain, unusable
from gateway.detection.engines.windows import pieces

LONGEST: Final = 512
"""Tokens at a time, if the model does not allow less."""
_AROUND: Final = 8
"""Tokens that the model itself puts around text and labels."""
_ADVICE: Final = ("Bitte legen Sie alle Dateien dort ab, auch den Tokenizer, und tragen Sie in gliner_config.json "
                  "bei model_name den Ordner des Grundmodells auf diesem Rechner ein.")


def load(path: Path, labels: Mapping[str, str]) -> Callable[[str], list[Hit]]:
    """Load the model in `path` and return what finds names in a text."""
    try:
        library = importlib.import_module("gliner")
    except ImportError:
        raise not_installed("gliner", "gliner") from None
    _check(path)
    try:
        model = library.GLiNER.from_pretrained(str(path), local_files_only=True, map_location="cpu")
        model.eval()
    except Exception as error:  # noqa: BLE001 - whatever it is: this folder cannot be used
        raise not_loadable(path, "GLiNER", error, _ADVICE) from None
    if "PERSON" not in labels.values():
        raise unusable("KI_PFORTE_NAMES_LABELS nennt keine Marke für Personen. Bitte ergänzen Sie zum Beispiel "
                       "person=PERSON.")
    wanted = {plain(label): entity for label, entity in labels.items()}
    fits = _measure(model, list(labels))
    return lambda text: _find(model, list(labels), wanted, fits, text)


def _check(path: Path) -> None:
    """Refuse what is no model, and a model that brings code along: the library would run that without asking."""
    if not (path / "gliner_config.json").is_file():
        raise unusable(f"Der Ordner {path} ist kein GLiNER-Modell: Es fehlt die Datei gliner_config.json. Bitte legen "
                       "Sie alle Dateien des Modells dort ab.")
    try:
        text = (path / "gliner_config.json").read_text(encoding="utf-8")
        bases = [Path(str(name)) / "config.json" for key, name in json.loads(text).items()
                 if key in ("model_name", "labels_encoder", "labels_decoder") and name]
        written = [text, *(file.read_text(encoding="utf-8") for file in bases if file.is_file())]
    except (OSError, ValueError, AttributeError) as error:
        raise not_loadable(path, "GLiNER", error, _ADVICE) from None
    if any('"auto_map"' in one for one in written):
        raise unusable(f"Das Modell in {path} bringt eigenen Programmcode mit (auto_map); die KI-Pforte führt ihn "
                       "nicht aus. Bitte wählen Sie ein Modell ohne eigenen Code.")


def _measure(model: Any, labels: list[str]) -> Callable[[str], bool]:
    """Return what says whether the model reads a text to its end."""
    processor = model.data_processor
    tokenizer, split = processor.transformer_tokenizer, processor.words_splitter
    asked = sum(2 + len(tokenizer(label, add_special_tokens=False)["input_ids"]) for label in labels)
    tokens = min(tokenizer.model_max_length, LONGEST) - asked - _AROUND
    words = int(model.config.max_len)
    if tokens < 2 * _AROUND:
        raise unusable("KI_PFORTE_NAMES_LABELS nennt so viele Marken, dass für den Text kein Platz bleibt. Bitte "
                       "nennen Sie weniger.")

    def fits(text: str) -> bool:
        # The model tokenizes word by word, which may take more tokens than the text as a whole.
        found = [word for word, _, _ in split(text)]
        if len(found) > words:
            return False
        return sum(map(len, tokenizer(found, add_special_tokens=False)["input_ids"])) <= tokens if found else True
    return fits


def _find(model: Any, labels: list[str], wanted: Mapping[str, str], fits: Callable[[str], bool],
          text: str) -> list[Hit]:
    hits = set()
    for lo, hi, begin, end in pieces(text, fits):
        if not text[begin:end].strip():
            continue
        for found in model.predict_entities(text[begin:end], labels, flat_ner=True, threshold=LEAST,
                                            multi_label=False):
            start, stop = begin + int(found["start"]), begin + int(found["end"])
            if start < hi and stop > lo:
                hits.add(Hit(start, stop, wanted[plain(found["label"])], float(found["score"])))
    return sorted(hits)
