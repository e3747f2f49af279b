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
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import (
    CAPITALS,
    GRAMS_LOG2,
    HEADS,
    LEXICON_SALT,
    LOWER,
    SHAPES,
    TITLE,
    Resources,
    Words,
    describe,
    distinct,
    numbers,
)
from gateway.detection.ner.frequent import frequent
from gateway.detection.ner.hashing import spread
from gateway.detection.ner.lexicon import LANGUAGE, NAMES, SURNAME, Lexicon, place
from gateway.detection.ner.network import BEGIN, EXTRAS, INSIDE, Weights, embed, extras, forward, groups
from gateway.detection.ner.places import named_after
from gateway.detection.ner.tokens import SIGN, WORD, Tokens, tokenize

FORMAT: Final = 1
DEFAULT: Final = Path(__file__).with_name("data") / "namen.npz"
MASK: Final = 0.15
CERTAIN: Final = 0.7
_DOUBT: Final = 0.7
_HARDLY: Final = 0.01
_UNLIKELY: Final = 0.45
_LIKELY: Final = 0.5
_ABBREVIATED: Final = 3
"""Letters of a given name cut short ("Joh. Kern"); longer ones are two names, and so are two people."""
_JOINING: Final = frozenset(map(ord, "-'’.,‐‑ʼ`´"))


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
        words = distinct(tokenize(common, frequent()))
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
        return self.find_many((text,), mask=mask, certain=certain)[0]

    def find_many(
        self, texts: Sequence[str], *, mask: float = MASK, certain: float = CERTAIN
    ) -> list[list[NameSpan]]:
        """Return for each of `texts` what `find` returns, in one pass: much cheaper than one by one for short ones."""
        result: list[list[NameSpan]] = [[] for _ in texts]
        tokens = tokenize(*texts)
        if len(tokens):
            begins = [0, *accumulate(len(text) + 1 for text in texts[:-1])]
            for span in _spans(tokens, self._believed(tokens, mask), mask, certain * _DOUBT):
                text = bisect_right(begins, span.start) - 1
                begin = begins[text]
                moved = NameSpan(span.start - begin, span.end - begin, span.score) if begin else span
                if not named_after(texts[text], moved.start, moved.end):
                    result[text].append(moved)
        return result

    def _believed(self, tokens: Tokens, mask: float) -> NDArray[np.float32]:
        """Return the marginals, corrected where a look at the word and its neighbours knows better.

        An unlikely name that stands alone is none where no list of names knows the word and it is written in small
        letters or in capitals (a term of a program, an abbreviation) or belongs to the German language. A surname right
        behind a likely given name is one, even if it is a thing as well ("Wibke Sattler").
        """
        words = distinct(tokens)
        found = self._marginals(tokens, words)
        total = found[:, 0] + found[:, 1]
        rows = ((total >= _HARDLY) & (total < max(mask, _UNLIKELY)) & (tokens.kind == WORD)).nonzero()[0]
        if not len(rows):
            return found
        of = words.which.take(rows)
        keys = spread(words.hasher.spans(words.start.take(of), words.end.take(of)) + LEXICON_SALT)
        flags, shape = self._resources.lexicon.flags(keys), words.form.take(of) % SHAPES
        likely = np.zeros(len(total) + 2, np.bool_)
        likely[1:-1] = total >= _LIKELY
        borders = np.zeros(len(total) + 1, np.bool_)
        borders[tokens.first] = True  # between two texts
        before = likely.take(rows) & ~borders.take(rows)
        after = likely.take(rows + 2) & ~borders.take(rows + 1)
        strange = (flags & NAMES == 0) & ((flags & LANGUAGE != 0) | (shape == LOWER) | (shape == CAPITALS))
        found[rows[strange & ~before & ~after]] = 0
        beside = tokens.start.take(rows) == tokens.end.take(rows - 1, mode="clip") + 1
        second = before & beside & (flags & SURNAME != 0) & (shape == TITLE) & (total.take(rows) < mask)
        found[rows[second], 1] = mask
        return found

    def marginals(self, tokens: Tokens) -> NDArray[np.float32]:
        """Return per token the probabilities that it begins and that it continues a name."""
        return self._marginals(tokens, distinct(tokens))

    def _marginals(self, tokens: Tokens, words: Words) -> NDArray[np.float32]:
        width = self._ready.shape[1]
        x = np.empty((len(tokens), width + EXTRAS), np.float32)
        x[:, :width] = self._embedded(words).take(words.which, axis=0)
        x[:, width:] = extras(tokens, words)
        found = forward(self._weights, x, groups(tokens, words), tokens.first, tokens.count())
        return found[:, BEGIN : INSIDE + 1]

    def _embedded(self, words: Words) -> NDArray[np.float32]:
        """Return the embedding of each word: ready-made for common ones, computed for the others."""
        index = place(self._common, words.code)
        result: NDArray[np.float32] = self._ready.take(index, axis=0, mode="clip")
        new = (index < 0).nonzero()[0]
        if len(new):
            features = describe(words.take(new), self._resources)
            result[new] = embed(numbers(features, self._resources), self._weights.embedding)
        return result


def _spans(tokens: Tokens, probability: NDArray[np.float32], mask: float, doubt: float) -> Iterator[NameSpan]:
    """Join neighbouring name tokens; a new beginning, a line break, another sign or a sudden doubt ends a span."""
    total = probability[:, 0] + probability[:, 1]
    rows = (total >= mask).nonzero()[0]
    if not len(rows):
        return
    first = set(tokens.first.tolist()) if len(tokens.first) > 1 else set()
    start, end, kind = tokens.start.take(rows), tokens.end.take(rows), tokens.kind.take(rows)
    begins = (probability[:, 0] > probability[:, 1]).take(rows)
    members: list[_Member] = []
    for member in map(_Member, rows.tolist(), start.tolist(), end.tolist(), kind.tolist(),
                      tokens.folded.take(start).tolist(), total.take(rows).tolist(), begins.tolist()):
        if member.kind != WORD and not (member.kind == SIGN and member.sign in _JOINING and member.length == 1):
            continue
        last = members[-1] if members else None
        if last and (member.row != last.row + 1 or (member.score >= doubt) != (last.score >= doubt)
                     or (member.begins and member.start > last.end) or member.row in first
                     or (member.start > last.end and _ends_sentence(members))):
            yield from _span(members)
            members = []
        members.append(member)
    yield from _span(members)


class _Member(NamedTuple):
    """A token that may belong to a name."""

    row: int
    start: int
    end: int
    kind: int
    sign: int
    score: float
    begins: bool

    @property
    def length(self) -> int:
        return self.end - self.start


def _span(members: list[_Member]) -> Iterator[NameSpan]:
    """Make one span of neighbouring tokens, without signs at its ends; the score is the mean over its words."""
    while members and members[-1].kind != WORD and not _initial_stop(members):
        members.pop()
    while members and members[0].kind != WORD:
        members.pop(0)
    scores = [member.score for member in members if member.kind == WORD]
    if scores:
        yield NameSpan(members[0].start, members[-1].end, min(1.0, sum(scores) / len(scores)))


def _ends_sentence(members: list[_Member]) -> bool:
    """Tell whether the last member is a full stop that hardly abbreviates: "... mit Frau Schulz. Schulz will ..."."""
    if len(members) < 2:
        return False
    before, last = members[-2:]
    return last.kind == SIGN and last.sign == ord(".") and before.kind == WORD and before.length > _ABBREVIATED


def _initial_stop(members: list[_Member]) -> bool:
    """Tell whether the last member is the full stop of an initial ("M. K.")."""
    if len(members) < 2:
        return False
    before, last = members[-2:]
    return last.sign == ord(".") and before.length <= 2 and before.kind == WORD and last.start == before.end


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
