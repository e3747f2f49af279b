"""A spaCy pipeline with a recogniser of names, for example ``de_core_news_lg``, from a folder.

What it keeps true: every text is read inside a memory zone and only offsets leave it, so no word of a text stays in
the vocabulary of the process; pipes that names do not need do not run; a name of a package is never looked up.

What it does not know: how sure spaCy is, since it says nothing about that. Two words and more count as sure
("Sabine Krüger"), a single word as unsure, because these models take many a noun at the beginning of a line for one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.detection.engines.common import Hit, known, not_installed, not_loadable, plain, unusable

SURE: Final = 0.85
UNSURE: Final = 0.6

_SETS_ENTITIES: Final = {"ner", "beam_ner", "entity_ruler", "span_ruler"}
_NEEDLESS: Final = {"tagger", "morphologizer", "parser", "senter", "lemmatizer", "trainable_lemmatizer",
                    "attribute_ruler", "textcat", "textcat_multilabel", "entity_linker"}


def load(path: Path, labels: Mapping[str, str]) -> Callable[[str], list[Hit]]:
    """Load the pipeline in `path` and return what finds names in a text."""
    try:
        library = importlib.import_module("spacy")
    except ImportError:
        raise not_installed("spacy", "spacy") from None
    folder = _data(path)
    try:
        nlp = library.load(folder)
    except Exception as error:  # noqa: BLE001 - whatever it is: this folder cannot be used
        raise not_loadable(path, "spaCy", error, "Bitte legen Sie dort ein Modell ab, das zur installierten "
                           f"spaCy-Version {library.__version__} passt.") from None
    wanted = known(labels, _offered(nlp, path), path)
    return lambda text: _find(nlp, wanted, text)


def _data(path: Path) -> Path:
    """Return the folder with ``config.cfg``: `path` itself, or the one in an unpacked package."""
    found = [path / "config.cfg", *sorted(path.glob("*/config.cfg")), *sorted(path.glob("*/*/config.cfg"))]
    there = next((file.parent for file in found if file.is_file()), None)
    if there is None:
        raise unusable(f"Der Ordner {path} ist kein spaCy-Modell: Es fehlt die Datei config.cfg. Bitte entpacken Sie "
                       "das Modell und nennen Sie den Ordner, in dem sie liegt.")
    return there


def _offered(nlp: Any, path: Path) -> set[str]:
    """Return the labels of the pipes that find entities, and switch off the pipes that nobody needs then."""
    finding = [name for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory in _SETS_ENTITIES]
    if not finding:
        raise unusable(f"Das spaCy-Modell in {path} erkennt keine Namen; ihm fehlt der Bestandteil „ner“. Bitte wählen "
                       "Sie ein Modell mit Namenserkennung, zum Beispiel de_core_news_lg.")
    factories = {name: nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
    if all("ner" in factories[name].split("_") for name in finding):
        for name in [name for name, factory in factories.items() if factory in _NEEDLESS]:
            nlp.disable_pipe(name)
    return {str(label) for name in finding for label in nlp.get_pipe(name).labels}


def _find(nlp: Any, wanted: Mapping[str, str], text: str) -> list[Hit]:
    with nlp.memory_zone():
        return [Hit(entity.start_char, entity.end_char, wanted[plain(entity.label_)], _score(entity.text))
                for entity in nlp(text).ents if plain(entity.label_) in wanted]


def _score(value: str) -> float:
    return SURE if sum(any(c.isalpha() for c in word) for word in value.split()) > 1 else UNSURE
