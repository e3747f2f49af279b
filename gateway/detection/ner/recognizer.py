"""Find the names of people in German text: the compact recogniser, ready to use.

`NameRecognizer.load()` reads the trained model that lies beside this file; nothing is downloaded. `find` returns spans
with the probability that they are names: the *mask* threshold says what is reported at all, the *certain* threshold
says which spans may be looked for in the rest of the request as well. A span holds no title and no salutation, a
genitive ending stays inside, "Nachname, Vorname" is one span.

Keeps true: same text, same result, in any thread; no part of a text is kept after `find` returns; a model that is
missing, damaged or of another format raises `ModelError` and never answers with an empty list instead.
Does not know: places and organisations (the network learns them only to keep names apart from them).
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import GRAMS_LOG2, HEADS, Resources, Words, describe, distinct, numbers
from gateway.detection.ner.lexicon import Lexicon, place
from gateway.detection.ner.network import BEGIN, INSIDE, Weights, embed, extras, forward, groups
from gateway.detection.ner.tokens import SIGN, WORD, Tokens, tokenize

FORMAT: Final = 1
DEFAULT: Final = Path(__file__).with_name("data") / "namen.npz"
MASK: Final = 0.2
CERTAIN: Final = 0.7
_DOUBT: Final = 0.7
_JOINING: Final = np.isin(np.arange(0x10001), [ord(c) for c in "-'’.,‐‑ʼ`´"])


class ModelError(RuntimeError):
    """The model cannot be loaded; the text says which file and why."""


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name: code-point offsets into the text, half open, and the probability that it is one."""

    start: int
    end: int
    score: float


class NameRecognizer:
    """The trained model. Read only after loading, so any number of threads may use one object."""

    def __init__(self, resources: Resources, weights: Weights, common: str, about: dict[str, object]) -> None:
        """`common` lists frequent German words, none of them a name, a line each."""
        self._resources = resources
        self._weights = weights
        self.about = about
        self._common = np.zeros(0, np.uint64)
        self._ready = np.zeros((1, weights.embedding.shape[1]), np.float32)
        words = distinct(tokenize(common))
        self._ready = self._embedded(words)
        self._common = words.code

    @classmethod
    def load(cls, path: Path = DEFAULT, *, hide_held: bool = False) -> NameRecognizer:
        """Read the model. `hide_held` hides the names that were set aside for measuring. Raises `ModelError`."""
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                if about.get("format") != FORMAT:
                    raise ModelError(f"{path.name}: model format {about.get('format')} is not {FORMAT}")
                common = file["common"].tobytes().decode("utf-8")
                return cls(_resources(file, hide_held=hide_held), _weights(file), common, about)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as problem:
            raise ModelError(f"{path.name}: cannot load the name model ({type(problem).__name__})") from problem

    def find(self, text: str, *, mask: float = MASK, certain: float = CERTAIN) -> list[NameSpan]:
        """Return the names in `text` whose probability is at least `mask`, sorted, never overlapping.

        ``span.score >= certain`` is the question whether a span may be looked for elsewhere, too. A word beside a
        certain name that is much less likely to be one is a span of its own, so that it is not carried along.
        """
        tokens = tokenize(text)
        if not len(tokens):
            return []
        probability = self.marginals(tokens)
        return _spans(tokens, probability, mask, certain * _DOUBT)

    def marginals(self, tokens: Tokens) -> NDArray[np.float32]:
        """Return per token the probabilities that it begins and that it continues a name."""
        words = distinct(tokens)
        x = np.concatenate([self._embedded(words)[words.which], extras(tokens, words)], axis=1)
        return forward(self._weights, x, groups(tokens, words))[:, BEGIN : INSIDE + 1]

    def _embedded(self, words: Words) -> NDArray[np.float32]:
        """Return the embedding of each word: ready-made for common ones, computed for the others."""
        index = place(self._common, words.code)
        result = self._ready[index]
        new = np.flatnonzero(index < 0)
        if len(new):
            features = describe(words.take(new), self._resources)
            result[new] = embed(numbers(features, self._resources), self._weights.embedding)
        return result


def _spans(tokens: Tokens, probability: NDArray[np.float32], mask: float, doubt: float) -> list[NameSpan]:
    """Join neighbouring name tokens; a new beginning, a line break, another sign or a sudden doubt ends a span."""
    total = probability.sum(axis=1)
    joins = (tokens.kind == SIGN) & _JOINING[tokens.folded[tokens.start]] & (tokens.end - tokens.start == 1)
    usable = np.flatnonzero((total >= mask) & ((tokens.kind == WORD) | joins))
    apart = np.zeros(len(usable), np.bool_)
    sure = total[usable] >= doubt
    apart[1:] = (usable[1:] != usable[:-1] + 1) | (sure[1:] != sure[:-1])
    begins = (probability[usable, 0] > probability[usable, 1]) & (tokens.start[usable] > tokens.end[usable - 1])
    groups = np.split(usable, np.flatnonzero(apart | begins))
    return [span for members in groups if (span := _span(tokens, total, members.tolist()))]


def _span(tokens: Tokens, total: NDArray[np.float32], members: list[int]) -> NameSpan | None:
    """Make one span of neighbouring tokens, without signs at its ends; the score is the mean over its words."""
    while members and tokens.kind[members[-1]] != WORD and not _initial_stop(tokens, members):
        members.pop()
    while members and tokens.kind[members[0]] != WORD:
        members.pop(0)
    if not members:
        return None
    scores = [float(total[i]) for i in members if tokens.kind[i] == WORD]
    return NameSpan(int(tokens.start[members[0]]), int(tokens.end[members[-1]]), min(1.0, sum(scores) / len(scores)))


def _initial_stop(tokens: Tokens, members: list[int]) -> bool:
    """Tell whether the last member is the full stop of an initial ("M. K.")."""
    if len(members) < 2:
        return False
    last, before = members[-1], members[-2]
    return bool(
        tokens.folded[tokens.start[last]] == ord(".")
        and tokens.end[before] - tokens.start[before] <= 2
        and tokens.kind[before] == WORD
        and tokens.start[last] == tokens.end[before]
    )


def _resources(file: np.lib.npyio.NpzFile, *, hide_held: bool) -> Resources:
    keys = np.cumsum(file["lexicon_steps"], dtype=np.uint64).astype(np.uint32)
    vocabulary = np.cumsum(file["vocabulary_steps"], dtype=np.uint64).astype(np.uint32)
    grams = file["grams"].astype(np.float32) * file["grams_scale"]
    if grams.shape != (1 << GRAMS_LOG2, HEADS):
        raise ValueError("n-gram table")
    return Resources(Lexicon(keys, file["lexicon_flags"], hide_held=hide_held), vocabulary, grams)


def _weights(file: np.lib.npyio.NpzFile) -> Weights:
    embedding = file["embedding"].astype(np.float32) * file["embedding_scale"]
    rest = {name: file[name].astype(np.float32) for name in Weights.names() if name != "embedding"}
    return Weights(embedding, **rest)


def save(
    path: Path,
    lexicon_keys: NDArray[np.uint32],
    lexicon_flags: NDArray[np.uint8],
    grams: NDArray[np.float32],
    vocabulary: NDArray[np.uint32],
    weights: Weights,
    common: str,
    about: dict[str, object],
) -> None:
    """Write a model: differences of sorted keys, tables as bytes with a scale, the dense weights as half floats."""

    def steps(keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return np.diff(keys, prepend=np.uint32(0)).astype(np.uint32)

    def small(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        scale = np.maximum(np.quantile(np.abs(table), 0.9999, axis=0), 1e-6).astype(np.float32) / np.float32(127)
        return np.clip(np.round(table / scale), -127, 127).astype(np.int8), scale

    gram_bytes, gram_scale = small(grams)
    bytes_, scale = small(weights.embedding)
    dense = {name: getattr(weights, name).astype(np.float16) for name in Weights.names() if name != "embedding"}
    np.savez_compressed(
        path,
        about=np.array(json.dumps(about | {"format": FORMAT}, sort_keys=True)),
        lexicon_steps=steps(lexicon_keys),
        lexicon_flags=lexicon_flags,
        grams=gram_bytes,
        grams_scale=gram_scale,
        vocabulary_steps=steps(vocabulary),
        embedding=bytes_,
        embedding_scale=scale,
        common=np.frombuffer(common.encode("utf-8"), np.uint8),
        **dense,
    )
