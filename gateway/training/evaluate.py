"""Measure the recogniser: name words leaked, other words masked, by name origin, and time.

Counted as the evaluation of the whole product counts: whole words (letters and digits) of at least three letters,
without particles. A name word leaks when it is not covered where it stands; a word outside every annotation is
over-masked when it is covered. Texts come in the markup ``[[TYPE|surface]]`` (JSON lines) or from the generator, with
names held out. Time is the processor time of this process.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.detection import DetectorOptions, build_detector
from gateway.detection.ner import NameRecognizer, NameSpan
from gateway.model.finding import Passage
from gateway.training.corpora import PERSON, Document

WORD: Final = re.compile(r"[^\W_]+")
_MARK: Final = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)
_PARTICLES: Final = frozenset(
    {"von", "van", "der", "den", "dem", "del", "della", "und", "zur", "zum", "the", "ibn", "bin", "bint", "dos", "las"}
    | {"los", "geb", "herr", "frau"}
)

Finder = Callable[[str], list[NameSpan]]
Marked = tuple[str, list[tuple[int, int, str]]]


@dataclass(slots=True)
class Figures:
    """What was counted; rates are properties so that figures of several documents add up."""

    names: int = 0
    leaked: int = 0
    documents: int = 0
    clean: int = 0
    words: dict[str, int] = field(default_factory=lambda: {"with": 0, "without": 0})
    masked: dict[str, int] = field(default_factory=lambda: {"with": 0, "without": 0})
    origins: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    missed_words: Counter[str] = field(default_factory=Counter)
    extra_words: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    characters: int = 0

    def summary(self) -> dict[str, object]:
        """Return the rates, ready for a table or JSON."""
        return {
            "documents": self.documents,
            "name_words": self.names,
            "leak": _rate(self.leaked, self.names),
            "clean": _rate(self.clean, self.documents),
            "over_with": _rate(self.masked["with"], self.words["with"]),
            "over_without": _rate(self.masked["without"], self.words["without"]),
            "ms_per_2000_characters": round(self.seconds * 2e6 / max(self.characters, 1), 2),
            "leak_by_origin": {o: _rate(self.lost[o], n) for o, n in sorted(self.origins.items())},
        }


def _rate(part: int, whole: int) -> float:
    return round(part / max(whole, 1), 4)


def marked(line: str) -> Marked:
    """Return text and spans of a text in markup."""
    plain, spans, last = "", [], 0
    for match in _MARK.finditer(line):
        plain += line[last : match.start()]
        spans.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        last = match.end()
    return plain + line[last:], spans


def read_marked(path: Path) -> list[Marked]:
    """Read documents in markup from JSON lines."""
    return [marked(json.loads(line)["text"]) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def from_documents(documents: Iterable[Document]) -> list[Marked]:
    """Return generated or corpus documents in the form measured here; unclear spans count neither way."""
    return [
        (d.text, [(s, e, "PERSON" if k == PERSON else "UNCLEAR") for s, e, k in d.spans if k in (PERSON, -2)])
        for d in documents
    ]


def measure(
    find: Finder,
    documents: Iterable[Marked],
    origin: str | Callable[[str], str] = "all",
    figures: Figures | None = None,
) -> Figures:
    """Count over `documents`; figures given are added to. `origin` is the group of all names, or tells it of one."""
    f = figures or Figures()
    for text, spans in documents:
        begin = time.process_time()
        found = find(text)
        f.seconds += time.process_time() - begin
        f.characters += len(text)
        covered = _painted(len(text), [(s.start, s.end) for s in found])
        leaked = f.leaked
        for start, end, kind in spans:
            if kind == "PERSON":
                _count_name(
                    f, text, start, end, covered, origin if isinstance(origin, str) else origin(text[start:end])
                )
        _count_rest(
            f, text, covered, _painted(len(text), [(s, e) for s, e, _ in spans]), "with" if spans else "without"
        )
        f.documents += bool(spans)
        f.clean += bool(spans) and f.leaked == leaked
    return f


def _painted(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    result = bytearray(length)
    for start, end in spans:
        result[start:end] = b"\x01" * (end - start)
    return result


def _count_name(f: Figures, text: str, start: int, end: int, covered: bytearray, group: str) -> None:
    for match in WORD.finditer(text, start, end):
        if len(match[0]) >= 3 and match[0].lower() not in _PARTICLES:
            f.names += 1
            f.origins[group] += 1
            if not covered[match.start()]:
                f.leaked += 1
                f.lost[group] += 1
                f.missed_words[match[0]] += 1


def _count_rest(f: Figures, text: str, covered: bytearray, inside: bytearray, side: str) -> None:
    for match in WORD.finditer(text):
        if not inside[match.start()]:
            f.words[side] += 1
            if covered[match.start()]:
                f.masked[side] += 1
                f.extra_words[match[0]] += 1


def propagate(text: str, spans: list[NameSpan], certain: float) -> list[NameSpan]:
    """Add every other place where a word of a certain name stands (same case, or with a genitive ending)."""
    words = {
        m[0]
        for s in spans
        if s.score >= certain
        for m in WORD.finditer(text, s.start, s.end)
        if len(m[0]) >= 3 and m[0].lower() not in _PARTICLES
    }
    if not words:
        return spans
    pattern = re.compile(
        r"(?<![^\W_])(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")s?(?![^\W_])"
    )
    return spans + [NameSpan(m.start(), m.end(), 1.0) for m in pattern.finditer(text)]


def with_propagation(recognizer: NameRecognizer, mask: float, certain: float) -> Finder:
    """Return a finder that also masks repetitions of certain names."""
    return lambda text: propagate(text, recognizer.find(text, mask=mask, certain=certain), certain)


def with_rules(recognizer: NameRecognizer, mask: float, certain: float) -> Finder:
    """Return a finder that works as the product does for names: rules and model, then repetitions of certain ones."""
    detector = build_detector(DetectorOptions(names="keine", inline=1 << 30, cache_entries=0))

    def find(text: str) -> list[NameSpan]:
        ruled = asyncio.run(detector.inspect([Passage(text)]))[0]
        named = [NameSpan(f.start, f.end, float(f.certain)) for f in ruled if f.entity == "PERSON"]
        return propagate(text, named + recognizer.find(text, mask=mask, certain=certain), certain)

    return find


def report(
    model: Path,
    *,
    documents: Path | None = None,
    origins: Path | None = None,
    corpora: Path | None = None,
    mask: float,
    certain: float,
    count: int = 300,
) -> dict[str, object]:
    """Measure the model alone, with propagation, and with the rules of the product.

    `documents` are JSON lines in markup, `origins` maps their names to groups. With `corpora`, names held out are
    hidden in the lexicon and measured in generated documents (by origin, and without people), and so are the annotated
    texts set aside.
    """
    figures: dict[str, object] = {"mask": mask, "certain": certain}
    if documents is not None:
        groups = json.loads(origins.read_text(encoding="utf-8")) if origins else {}
        recognizer = NameRecognizer.load(model)
        texts = read_marked(documents)
        figures["documents"] = {
            way: measure(find, texts, lambda name: str(groups.get(name, "other"))).summary()
            for way, find in _ways(recognizer, mask, certain).items()
        }
    if corpora is not None:
        recognizer = NameRecognizer.load(model, hide_held=True)
        ways = _ways(recognizer, mask, certain)
        sets = _held_out(corpora, count)
        figures["held_out"] = {
            way: {name: measure_groups(find, parts).summary() for name, parts in sets.items()}
            for way, find in ways.items()
        }
    return figures


def _ways(recognizer: NameRecognizer, mask: float, certain: float) -> dict[str, Finder]:
    return {
        "model": lambda text: recognizer.find(text, mask=mask, certain=certain),
        "model+propagation": with_propagation(recognizer, mask, certain),
        "model+rules+propagation": with_rules(recognizer, mask, certain),
    }


def measure_groups(find: Finder, parts: dict[str, list[Marked]]) -> Figures:
    """Count over documents that are grouped by the origin of their names."""
    figures = Figures()
    for origin, documents in parts.items():
        measure(find, documents, origin, figures)
    return figures


def _held_out(folder: Path, count: int) -> dict[str, dict[str, list[Marked]]]:
    """Return generated documents with names never seen, by origin, and the corpus documents set aside."""
    from gateway.training import corpora as reading
    from gateway.training import names as naming
    from gateway.training.train import generator, set_aside

    found = reading.read(folder)
    writer = generator(found, naming.build(found).side(held_out=True), 99)
    each = max(1, count // len(naming.WEIGHTS))
    generated = {
        o: from_documents(
            writer.document(kind, o)
            for kind in ("letter", "mail", "note", "prompt", "table", "template")
            for _ in range(max(1, each // 6))
        )
        for o in naming.WEIGHTS
    }
    aside = set_aside(found)[1]
    return {
        "generated": generated,
        "generated_without_people": {"none": from_documents(writer.document("empty") for _ in range(count))},
        "news": {"all": from_documents(d for d in aside if d.source == "germeval")},
        "traffic_and_business": {"all": from_documents(d for d in aside if d.source != "germeval")},
    }
