"""Names of people for the generator: origins, weights, and the split between training and measuring.

A tenth of all names, chosen by a checksum of the spelling, is *held out*: never written into a training text and
hidden in the lexicon while the recogniser is measured, so that a measured name is a name never seen.
"""

from __future__ import annotations

import importlib
import random
import re
import unicodedata
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.detection.data import lines
from gateway.training.corpora import Corpora

TEXTS: Final = Path(__file__).with_name("texts")

WEIGHTS: Final = {
    "german": 42,
    "turkish": 9,
    "arabic": 8,
    "persian_kurdish": 5,
    "russian_ukrainian": 7,
    "polish_czech": 6,
    "southeast_european": 8,
    "romance": 5,
    "greek": 2,
    "african": 5,
    "vietnamese_chinese": 4,
    "indian": 4,
    "other": 3,
}
_FAKER: Final = {
    "turkish": ["tr_TR"],
    "polish_czech": ["pl_PL", "cs_CZ", "sk_SK"],
    "southeast_european": ["hr_HR", "ro_RO", "hu_HU"],
    "romance": ["it_IT", "es_ES", "pt_PT", "pt_BR", "fr_FR"],
    "african": ["en_NG", "tw_GH", "yo_NG", "zu_ZA", "en_KE"],
    "indian": ["en_IN", "en_PK"],
    "other": ["en_GB", "nl_NL", "sv_SE", "lt_LT", "lv_LV", "id_ID", "da_DK", "fi_FI"],
    "german": ["de_DE", "de_AT", "de_CH"],
}
_NOBLE: Final = (
    "von",
    "von der",
    "von dem",
    "vom",
    "zu",
    "van",
    "van der",
    "van den",
    "de",
    "von und zu",
    "zur",
    "Freiherr von",
    "Freifrau von",
    "Graf von",
    "Gräfin von",
    "Edler von",
)
_LATIN: Final = re.compile(r"[^\W\d_]+(?:[-'’ ][^\W\d_]+)*")


def held(name: str) -> bool:
    """Tell whether a name is reserved for measuring."""
    return zlib.crc32(name.lower().encode()) % 10 == 0


def plain(name: str) -> str:
    """Return a name without diacritics, as forms and file names write it."""
    for old, new in (
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("ß", "ss"),
        ("Ä", "Ae"),
        ("Ö", "Oe"),
        ("Ü", "Ue"),
        ("ı", "i"),
        ("đ", "d"),
        ("Đ", "D"),
        ("ł", "l"),
        ("Ł", "L"),
    ):
        name = name.replace(old, new)
    return stripped(name)


def stripped(name: str) -> str:
    """Return a name with its marks simply left off ("Öztürk" as "Ozturk")."""
    parts = unicodedata.normalize("NFKD", name)
    return "".join(c for c in parts if not unicodedata.combining(c))


@dataclass(slots=True)
class Person:
    """One invented person; `given` and `surname` are what documents repeat."""

    given: str
    surname: str
    female: bool
    origin: str
    surname_first: bool = False


@dataclass(slots=True)
class NameBook:
    """The names of each origin, for one side of the split."""

    given: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    surnames: dict[str, list[str]] = field(default_factory=dict)
    ambiguous: list[str] = field(default_factory=list)
    towns: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    common: list[str] = field(default_factory=list)

    def side(self, *, held_out: bool) -> NameBook:
        """Return the names of one side of the split; ordinary words stay on both."""
        return NameBook(
            {o: [n for n in names if held(n[0]) == held_out] for o, names in self.given.items()},
            {o: [n for n in names if held(n) == held_out] for o, names in self.surnames.items()},
            [n for n in self.ambiguous if held(n) == held_out],
            [n for n in self.towns if held(n) == held_out],
            [n for n in self.short if held(n) == held_out],
            [n for n in self.common if held(n) == held_out],
        )

    def surname(self, rng: random.Random, origin: str) -> str:
        """Draw a surname: rarely double, noble, ambiguous or a town."""
        if origin != "german":
            name = rng.choice(self.surnames[origin])
        else:
            roll = rng.random()
            pool = (
                self.ambiguous
                if roll < 0.15
                else self.towns
                if roll < 0.19
                else self.common
                if roll < 0.5
                else self.surnames["german"]
            )
            name = rng.choice(pool)
            if rng.random() < 0.03:
                name = f"{rng.choice(_NOBLE)} {name}"
        if rng.random() < 0.05:
            other = rng.choice(self.common if rng.random() < 0.7 else self.surnames[origin])
            name = f"{name}-{other}" if rng.random() < 0.85 else f"{name} {other}"
        return name

    def person(self, rng: random.Random, origin: str | None = None) -> Person:
        """Draw a person of a given or a weighted random origin."""
        origin = origin or rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        first = origin if rng.random() < 0.88 else "german"
        given, female = rng.choice(self.given[first])
        if origin == "german" and rng.random() < 0.3:
            given = rng.choice(self.short)
        same = [g for g in (rng.choice(self.given[first]) for _ in range(4)) if g[1] == female]
        if same and rng.random() < 0.09:
            given += (" " if rng.random() < 0.6 else "-") + same[0][0]
        turned = origin == "vietnamese_chinese" and rng.random() < 0.5
        return Person(given, self.surname(rng, origin), female, origin, turned)


def _own_lists() -> dict[tuple[str, str], list[str]]:
    lists: dict[tuple[str, str], list[str]] = {}
    current: list[str] = []
    for line in (TEXTS / "names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            origin, part = line.strip("[]").split(" ", 1)
            current = lists.setdefault((origin, part), [])
        elif not line.startswith("#"):
            current += line.split()
    return lists


def things() -> set[str]:
    """Return the nouns that the generator also writes as nouns."""
    return {word for line in lines("things.txt") if not line.startswith("[") for word in line.split()}


def _faker(locale: str) -> tuple[list[tuple[str, bool]], list[str]]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider

    def items(*keys: str) -> list[str]:
        found: list[str] = []
        for key in keys:
            found += [str(n) for n in getattr(provider, key, ())]
        return sorted({n for n in found if _LATIN.fullmatch(n) and len(n) > 1 and "." not in n})

    given = [(n, True) for n in items("first_names_female")] + [(n, False) for n in items("first_names_male")]
    if not given:
        given = [(n, i % 2 == 0) for i, n in enumerate(items("first_names"))]
    return given, items(
        "last_names", "last_names_male", "last_names_female", "unisex_last_names", "last_names_by_gender"
    )


def build(corpora: Corpora) -> NameBook:
    """Gather all names from the own lists, Faker and the corpora."""
    book = NameBook(given={o: [] for o in WEIGHTS}, surnames={o: [] for o in WEIGHTS})
    for origin, locales in _FAKER.items():
        for locale in locales:
            given, last = _faker(locale)
            book.given[origin] += given
            book.surnames[origin] += last
    own = _own_lists()
    for (origin, part), names in own.items():
        if origin == "german":
            continue
        if part == "given":
            book.given[origin] += [(n, n[-1] in "aeyhnı" and i % 2 == 0) for i, n in enumerate(names)]
        else:
            book.surnames[origin] += names
    berlin = [(n, s == "w") for n, count, s in corpora.first_names if _LATIN.fullmatch(n) and len(n) > 1 and count >= 2]
    book.given["german"] += [
        (n, s == "w") for n, count, s in corpora.first_names[:4000] if _LATIN.fullmatch(n) and count >= 60
    ]
    book.given["other"] += berlin[:9000]
    book.short = own["german", "first short"]
    book.given["german"] += [(n, n[-1] in "aei") for n in book.short]
    book.common, book.ambiguous = own["german", "surname"], own["german", "ambiguous"]
    book.towns = own["german", "town"]
    latin = [n for n in corpora.surnames if _LATIN.fullmatch(n)]
    book.ambiguous = sorted({*book.ambiguous, *things().intersection(latin)})
    book.surnames["german"] += latin
    book.surnames["other"] += latin
    for origin in WEIGHTS:
        book.given[origin] = sorted(set(book.given[origin]))
        book.surnames[origin] = sorted(set(book.surnames[origin]))
    return book
