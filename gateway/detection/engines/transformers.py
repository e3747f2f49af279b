"""A transformers model for token classification (BERT, XLM-R, ELECTRA ... trained on names), from a folder.

What it keeps true: the whole text is read. The library's pipeline would cut off silently what is longer than the
model; it is told to move over the text in overlapping windows of tokens instead, whose length is never more than the
model has positions. Code from the folder is not run.

What it does not know: a graphics card; it computes on the processor.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.detection.engines.common import Hit, known, not_installed, not_loadable, plain, unusable

LONGEST: Final = 512
"""Tokens per window, if the model does not allow less."""


def load(path: Path, labels: Mapping[str, str]) -> Callable[[str], list[Hit]]:
    """Load model and tokenizer in `path` and return what finds names in a text."""
    try:
        importlib.import_module("torch")
        library = importlib.import_module("transformers")
    except ImportError:
        raise not_installed("transformers (mit torch)", "transformers") from None
    if not (path / "config.json").is_file():
        raise unusable(f"Der Ordner {path} ist kein transformers-Modell: Es fehlt die Datei config.json. Bitte legen "
                       "Sie alle Dateien des Modells dort ab.")
    try:
        tokenizer = library.AutoTokenizer.from_pretrained(str(path), local_files_only=True, trust_remote_code=False)
        model = library.AutoModelForTokenClassification.from_pretrained(
            str(path), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # noqa: BLE001 - whatever it is: this folder cannot be used
        raise not_loadable(path, "transformers", error) from None
    if not tokenizer.is_fast:
        raise unusable(f"Dem Modell in {path} fehlt die Datei tokenizer.json; ohne sie lassen sich lange Texte nicht "
                       "vollständig prüfen. Bitte wählen Sie ein Modell mit dieser Datei.")
    wanted = known(labels, model.config.id2label.values(), path)
    # Some models do not say how much they can read, others claim more than they have positions (RoBERTa uses up two).
    positions = getattr(model.config, "max_position_embeddings", None) or LONGEST
    tokenizer.model_max_length = min(tokenizer.model_max_length, LONGEST, max(16, positions - 2))
    pipeline = library.pipeline(
        "token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple",
        stride=tokenizer.model_max_length // 4, device="cpu")
    return lambda text: _find(pipeline, wanted, text)


def _find(pipeline: Any, wanted: Mapping[str, str], text: str) -> list[Hit]:
    return [Hit(int(found["start"]), int(found["end"]), wanted[label], float(found["score"]))
            for found in pipeline(text) if (label := plain(found["entity_group"])) in wanted]
