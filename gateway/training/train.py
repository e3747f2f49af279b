"""Train the recogniser from the corpora: one call, a fixed seed, about twenty minutes on one core."""

from __future__ import annotations

import importlib
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import Resources
from gateway.detection.ner.lexicon import Lexicon
from gateway.detection.ner.network import Weights
from gateway.detection.ner.recognizer import DEFAULT, NameRecognizer, save
from gateway.training import corpora as reading
from gateway.training import names as naming
from gateway.training.corpora import PERSON, UNCLEAR, Corpora, Document
from gateway.training.data import Example, batches, example, resolve, rows_of, vocabulary
from gateway.training.generator import Generator, fillers, resample
from gateway.training.names import NameBook
from gateway.training.network import Adam, Batch, fresh, gradients
from gateway.training.values import Values, lists
from gateway.training.vocabulary import general_words, lexicon, ngram_table, pack

SEED: Final = 2026
SYNTHETIC: Final = 24000
STATUTES: Final = 4500
EPOCHS: Final = 4
WIDTH: Final = 56
HIDDEN: Final = 64
BATCH: Final = 2500
COMMON: Final = 20000
_TOKEN: Final = re.compile(r"[^\W\d_]+|[0-9]{1,4}|[^\w\s]")

Log = Callable[[str], None]


def cities() -> list[str]:
    """Return German towns."""
    return [str(c) for c in importlib.import_module("faker.providers.address.de_DE").Provider.cities]


def set_aside(corpora: Corpora) -> tuple[list[Document], list[Document]]:
    """Split the annotated corpora: every twelfth document is kept for measuring, never trained on."""
    return (
        [d for i, d in enumerate(corpora.documents) if i % 12],
        [d for i, d in enumerate(corpora.documents) if not i % 12],
    )


def generator(corpora: Corpora, book: NameBook, seed: int) -> Generator:
    """Return the generator of synthetic documents with the given names."""
    nouns = [n for n in general_words()[0] if 4 < len(n) < 22 and n[1:].islower()]
    return Generator(
        book, Values(lists(), cities(), nouns, book), fillers(set_aside(corpora)[0], corpora.paragraphs), seed
    )


def documents(corpora: Corpora, book: NameBook, seed: int) -> list[Document]:
    """Return everything to train on."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    real, _ = set_aside(corpora)
    found: list[Document] = []
    for document in real:
        people = any(s[2] == PERSON for s in document.spans)
        found.append(document)
        if people:
            found += [resample(document, book, rng, 0.75) for _ in range(3 if document.source == "germeval" else 2)]
    found = _joined(found, rng)
    for document in list(found):
        if rng.random() < 0.07:
            found.append(_recased(document, rng))
    found += rng.sample(corpora.paragraphs, min(STATUTES, len(corpora.paragraphs)))
    writer = generator(corpora, book, seed)
    found += [writer.document() for _ in range(SYNTHETIC)]
    return found


def _joined(found: list[Document], rng: random.Random) -> list[Document]:
    """Put one to four of the single sentences of GermEval together, as documents have them."""
    result = [d for d in found if d.source != "germeval"]
    single = [d for d in found if d.source == "germeval"]
    rng.shuffle(single)
    while single:
        taken = [single.pop() for _ in range(min(len(single), rng.choice((1, 1, 2, 3, 4))))]
        text, spans = "", []
        for document in taken:
            text += rng.choice((" ", "\n")) if text else ""
            spans += [(s + len(text), e + len(text), k) for s, e, k in document.spans]
            text += document.text
        result.append(Document(text, spans, source="germeval"))
    return result


def _recased(document: Document, rng: random.Random) -> Document:
    text = document.text.lower() if rng.random() < 0.6 else document.text.upper()
    return Document(
        text if len(text) == len(document.text) else document.text, document.spans, document.background, document.source
    )


def common_words(texts: list[Document], count: int) -> str:
    """Return the most frequent words and signs, as spelt, that nowhere belong to a name: one a line."""
    seen: Counter[str] = Counter()
    named: set[str] = set()
    for document in texts:
        seen.update(_TOKEN.findall(document.text))
        for start, end, label in document.spans:
            if label in (PERSON, UNCLEAR):
                named.update(_TOKEN.findall(document.text[start:end]))
    return "\n".join([w for w, _ in seen.most_common(3 * count) if w not in named][:count])


@dataclass(slots=True)
class Material:
    """Everything that training needs, as numbers; the tables go into the model as they are."""

    keys: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    grams: NDArray[np.float32]
    vocabulary: NDArray[np.uint32]
    common: str
    examples: list[Example]

    @property
    def tokens(self) -> int:
        """How many tokens one epoch has."""
        return sum(len(e.which) for e in self.examples)


def prepare(folder: Path, seed: int, log: Log) -> Material:
    """Read the corpora below `folder`, build lexicon and n-gram scores, write the synthetic documents."""
    corpora = reading.read(folder)
    if corpora.missing:
        log(f"not there, trained without: {', '.join(corpora.missing)}")
    full = naming.build(corpora)
    flags = lexicon(corpora, full, cities())
    keys, packed = pack(flags)
    grams = ngram_table(flags)
    log(f"lexicon of {len(keys)} words")
    texts = documents(corpora, full.side(held_out=False), seed)
    hidden = Lexicon(keys, packed, hide_held=True)
    empty = Resources(hidden, np.zeros(1, np.uint32), grams)
    examples = [example(d, empty) for d in texts]
    vocab = vocabulary(examples, 4, 8)
    resolve(examples, Resources(hidden, vocab, grams))
    return Material(keys, packed, grams, vocab, common_words(texts, COMMON), examples)


def train(
    folder: Path,
    target: Path = DEFAULT,
    *,
    seed: int = SEED,
    epochs: int = EPOCHS,
    log: Log = print,
    after: Callable[[NameRecognizer, int], None] | None = None,
) -> Path:
    """Train on the corpora below `folder` and write the model to `target`; `after` sees it after every epoch."""
    clock = time.monotonic()
    given = prepare(folder, seed, log)
    tokens, rows = given.tokens, rows_of(len(given.vocabulary))
    log(f"{len(given.examples)} documents, {tokens} tokens: {time.monotonic() - clock:.0f} s")
    rng = np.random.default_rng(seed)
    weights = fresh(rows, WIDTH, HIDDEN, rng)
    adam = Adam(weights)
    about: dict[str, object] = {"seed": seed, "epochs": epochs, "documents": len(given.examples), "tokens": tokens}
    steps = epochs * max(1, tokens // BATCH)
    for epoch in range(epochs):
        losses = []
        for batch in batches(given.examples, rows, rng, BATCH, hide=0.4, drop=0.12):
            losses.append(_step(weights, adam, batch, rng, steps))
        log(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.monotonic() - clock:.0f} s")
        mean = Weights(**{n: adam.mean[n].copy() for n in Weights.names()})
        save(target, given.keys, given.flags, given.grams, given.vocabulary, mean, given.common, about)
        if after:
            after(NameRecognizer.load(target, hide_held=True), epoch)
    return target


def _step(weights: Weights, adam: Adam, batch: Batch, rng: np.random.Generator, steps: int) -> float:
    """Learn from one batch: the rate rises over 300 steps and then falls to three hundredths."""
    done = min(1.0, adam.step / steps)
    rate = 0.002 * min(1.0, (adam.step + 1) / 300) * (1 - done * 0.97)
    loss, grads = gradients(weights, batch, rng, 0.2)
    adam.update(weights, grads, rate, batch.features.columns)
    if adam.step % 10 == 0:
        adam.average(weights, 10)
    return loss
