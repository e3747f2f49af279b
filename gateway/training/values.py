"""Values that fill the slots of templates and are no names of living people: places, dates, numbers, offices, firms."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from gateway.detection.data import words
from gateway.training.corpora import ORGANISATION, PLACE
from gateway.training.names import TEXTS, NameBook, things

_MONTHS: Final = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
_DISTRICTS: Final = ("B", "K", "M", "HH", "GT", "MS", "OS", "DU", "LEV", "WES")
_DAYS: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")


def lists() -> dict[str, list[str]]:
    """Read the word lists of the generator: section name -> entries, one a line or separated by semicolons."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (TEXTS / "values.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current += [part.strip() for part in line.split(";") if part.strip()]
    return found


class Values:
    """Draws values; the town of a document stays the same for all its addresses."""

    def __init__(self, words: dict[str, list[str]], cities: list[str], nouns: list[str], book: NameBook) -> None:
        self.words, self.cities, self.nouns, self.book = words, cities, nouns, book
        self.things = sorted(things())
        self.english = [
            w for line in (TEXTS / "english.txt").read_text(encoding="utf-8").splitlines()[1:] for w in line.split()
        ]

    def bind(self, rng: random.Random) -> Callable[[str], tuple[str, int]]:
        """Return the function that gives (text, label) of a slot, drawing from `rng`."""

        def number(low: int, high: int) -> str:
            return str(rng.randint(low, high))

        def digits(count: int) -> str:
            return "".join(rng.choice("0123456789") for _ in range(count))

        def date() -> str:
            day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1938, 2026)
            return rng.choice(
                (
                    f"{day:02}.{month:02}.{year}",
                    f"{day}.{month}.{year}",
                    f"{day}. {_MONTHS[month - 1]} {year}",
                    f"{day:02}.{month:02}.{year % 100:02}",
                    f"{year}-{month:02}-{day:02}",
                    f"{day}.{month}.",
                )
            )

        def street() -> str:
            roll = rng.random()
            if roll < 0.25:
                name = rng.choice(self.words["historisch"]).replace(" ", "-")
                return f"{name}-{rng.choice(('Straße', 'Str.', 'Platz', 'Allee', 'Weg', 'Ring', 'Ufer'))}"
            if roll < 0.35:
                return rng.choice(self.book.common) + rng.choice(("straße", "str.", "weg", "gasse", "platz", "allee"))
            if roll < 0.45:
                return rng.choice(self.book.given["german"])[0] + rng.choice(("straße", "str.", "weg", "platz"))
            if roll < 0.7:
                return rng.choice(self.nouns) + rng.choice(
                    ("straße", "str.", "weg", "gasse", "ring", "allee", "platz", "damm", "ufer")
                )
            return rng.choice(self.words["strasse"])

        def firm() -> str:
            roll = rng.random()
            head = rng.choice(self.words["firma"]) if roll < 0.45 else rng.choice(self.book.common)
            kind = rng.choice(
                (
                    "",
                    "bau",
                    "-Bau",
                    " Haustechnik",
                    " Logistik",
                    " & Partner",
                    " & Söhne",
                    " Immobilien",
                    " Reisen",
                    "werke",
                    " Elektro",
                )
            )
            return head + kind + rng.choice((" GmbH", " GmbH & Co. KG", " AG", " KG", " e. V.", " UG", " mbH", ""))

        makers: dict[str, Callable[[], tuple[str, int]]] = {
            "ort": lambda: (rng.choice(self.cities), PLACE),
            "str": lambda: (street(), PLACE),
            "hnr": lambda: (number(1, 180) + rng.choice(("", "", "", "a", " b", "-3")), 0),
            "plz": lambda: (digits(5), 0),
            "datum": lambda: (date(), 0),
            "tag": lambda: (rng.choice(_DAYS), 0),
            "monat": lambda: (rng.choice(_MONTHS), 0),
            "jahr": lambda: (number(1950, 2027), 0),
            "uhr": lambda: (f"{number(6, 21)}:{number(10, 59)}", 0),
            "n": lambda: (number(1, 99), 0),
            "nn": lambda: (digits(rng.randint(3, 9)), 0),
            "betrag": lambda: (f"{number(1, 9)}{rng.choice(('', '.'))}{digits(3)},{digits(2)}", 0),
            "tel": lambda: (
                rng.choice(
                    (
                        f"0{digits(4)} {digits(6)}",
                        f"0{digits(3)}/{digits(7)}",
                        f"+49 {digits(3)} {digits(8)}",
                        f"0{digits(4)} {digits(3)}-{digits(3)}",
                    )
                ),
                0,
            ),
            "az": lambda: (
                rng.choice(
                    (
                        f"{digits(2)}.{digits(1)}-{digits(4)}/{digits(2)}",
                        f"{digits(2)} {rng.choice('CFKXML')} {digits(3)}/{digits(2)}",
                        f"{rng.choice(('GS', 'WG', 'OWi', 'JA', 'SO'))}-{digits(4)}-{digits(4)}",
                        f"{digits(2)}/{digits(5)}",
                    )
                ),
                0,
            ),
            "iban": lambda: (f"DE{digits(2)} {digits(4)} {digits(4)} {digits(4)} {digits(4)} {digits(2)}", 0),
            "kfz": lambda: (
                f"{rng.choice(_DISTRICTS)}-{rng.choice('ABKLMTX')}{rng.choice('CDEHRS')} {digits(3)}",
                0,
            ),
            "firma": lambda: (firm(), ORGANISATION),
            "nomen": lambda: (rng.choice(self.nouns), 0),
            "hist": lambda: (rng.choice(self.words["historisch"]), 0),
        }
        for kind, make in _MAKERS.items():
            makers[kind] = partial(make, self, rng)
        labels = {"amt": ORGANISATION, "land": PLACE, "fern": PLACE, "stadtteil": PLACE, "einrichtung": ORGANISATION}

        def value(name: str) -> tuple[str, int]:
            make = makers.get(name)
            return make() if make else (rng.choice(self.words[name]), labels.get(name, 0))

        return value


_CONSONANTS: Final = "BDFGHKLMNPRSTVWZ"
_PUBLIC: Final = (
    "Schule", "Gesamtschule", "Realschule", "Grundschule", "Gymnasium", "Halle", "Haus", "Stift", "Preis", "Medaille",
    "Stiftung", "Park", "Brücke", "Klinik", "Institut", "Saal", "Denkmal", "Turm", "Stadion", "Bad", "Kolleg", "Platz",
    "Straße", "Str.", "Allee", "Weg", "Ring", "Ufer", "Museum", "Bibliothek", "Zentrum", "Heim", "Archiv",
    "Universität",
)
_SAINTS: Final = (
    "Martin", "Nikolaus", "Josef", "Marien", "Elisabeth", "Michael", "Georg", "Johannes", "Petri", "Pauli", "Jakobi",
    "Andreas", "Laurentius", "Antonius", "Barbara", "Katharinen", "Anna", "Agnes", "Vitus", "Bonifatius", "Ludgerus",
)
_TRADES: Final = (
    "Elektro", "Sanitär", "Bäckerei", "Metzgerei", "Autohaus", "Malerbetrieb", "Schreinerei", "Fa.", "Firma", "Hotel",
    "Gasthof", "Reisebüro", "Spedition", "Kanzlei", "Praxis", "Optik", "Möbel", "Fliesen", "Gartenbau", "Dachdeckerei",
    "Landmetzgerei", "Apotheke", "Fahrschule", "Zimmerei", "Weingut", "Brauerei", "Holzbau", "Ingenieurbüro",
)
_TAILS: Final = (
    " GmbH", " GmbH & Co. KG", " OHG", " KG", " AG", " & Söhne", " & Partner mbB", " & Co.", " Bau", " Tiefbau GmbH",
    " Haustechnik", " Gerüstbau", " Logistik", " IT-Systeme", " Energie", " Consulting", "-Werke", " Stahlbau",
    " Druck", " e. K.", " Immobilien", " Transporte", " Medien", " Gebäudereinigung",
)


def _abbreviation(values: Values, rng: random.Random) -> tuple[str, int]:
    """An abbreviation as offices invent them: KVNR, BauGB, EfA, OTZ."""
    if rng.random() < 0.25:
        return rng.choice(values.words["kuerzel"]), 0
    size = rng.choice((2, 2, 3, 3, 3, 4, 4, 5))
    letters = "".join(rng.choice(_CONSONANTS if rng.random() < 0.7 else "AEIOUÜ") for _ in range(size))
    if rng.random() < 0.12:
        letters = letters[0] + rng.choice("aeiou") + rng.choice("nrlu") + letters[1:]
    return letters, 0


def _capitals(values: Values, rng: random.Random) -> tuple[str, int]:
    return rng.choice(values.nouns).upper(), 0


def _spaced(values: Values, rng: random.Random) -> tuple[str, int]:
    return rng.choice((" ", " ", "  ")).join(rng.choice(values.nouns).upper()[:14]), 0


def _public(values: Values, rng: random.Random) -> tuple[str, int]:
    """A public place that is named after a person: no part of it is a living one."""
    given, _ = rng.choice(values.book.given["german" if rng.random() < 0.85 else "romance"])
    surname = rng.choice(values.book.common if rng.random() < 0.4 else values.book.surnames["german"])
    name = rng.choice((rng.choice(values.words["historisch"]), f"{given} {surname}", f"{given} {surname}", surname))
    sign = "-" if rng.random() < 0.93 else " "
    return name.replace(" ", sign) + sign + rng.choice(_PUBLIC), PLACE if rng.random() < 0.5 else ORGANISATION


def _saint(_: Values, rng: random.Random) -> tuple[str, int]:
    name = rng.choice(_SAINTS)
    forms = (f"St. {name}", f"St. {name}", f"Sankt {name}", f"St.-{name}-Kirche", f"{name}kirche",
             f"St. {name} und {rng.choice(_SAINTS)}", f"Maria {rng.choice(('Hilf', 'Königin', 'Lourdes'))}")
    return rng.choice(forms), PLACE


def _trade(values: Values, rng: random.Random) -> tuple[str, int]:
    """A firm that is named after its founder: a surname with a trade."""
    surname = rng.choice(values.book.common if rng.random() < 0.35 else values.book.surnames["german"])
    if rng.random() < 0.15:
        surname = f"{surname} & {rng.choice(values.book.common)}"
    return f"{rng.choice(_TRADES)} {surname}" if rng.random() < 0.4 else surname + rng.choice(_TAILS), ORGANISATION


def _list(values: Values, rng: random.Random) -> tuple[str, int]:
    """Things one after the other: some of their words are surnames elsewhere."""
    share = rng.choice((0.2, 0.5, 0.9))
    things = [rng.choice(values.things if rng.random() < share else values.nouns) for _ in range(rng.randint(3, 9))]
    sign = rng.choice((", ", ", ", ", ", " / ", "; ", "\n", "\n- ", " | "))
    last = rng.choice((" und ", " sowie ", " oder ")) if sign == ", " and rng.random() < 0.5 else sign
    return sign.join(things[:-1]) + last + things[-1], 0


_SYLLABLES: Final = sorted(words(
    """zo te ro ci ta vi me do ly no va li ra ki ve xa mo si ne fo bi lo ga ma tu pri le co da pa so qui na ri to
    vo mi ka lux dex pro max net soft web doc flow mind plan cal sys tron med dent form cloud desk port scan
    text kom kit lab"""
))


def _product(_: Values, rng: random.Random) -> tuple[str, int]:
    """A product that nobody has heard of."""
    name = "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 3, 3, 4)))).capitalize()
    if rng.random() < 0.2:
        name += rng.choice(("Pro", "Plus", "Office", "Net", "24", "Web", "DMS", "X"))
    return name, 0


def _divided(values: Values, rng: random.Random) -> tuple[str, int]:
    """A noun that was divided at the end of the line."""
    noun = rng.choice(values.nouns)
    cut = rng.randint(3, len(noun) - 2)
    return f"{noun[:cut]}-\n{noun[cut:]}", 0


def _shortened(values: Values, rng: random.Random) -> tuple[str, int]:
    """A noun cut short by somebody in a hurry: "Schriftf."."""
    noun = rng.choice(values.nouns)
    return noun[: rng.randint(3, min(9, len(noun) - 1))] + ".", 0


def _english(values: Values, rng: random.Random) -> tuple[str, int]:
    return rng.choice(values.english), 0


def _pet(values: Values, rng: random.Random) -> tuple[str, int]:
    if rng.random() < 0.4:
        return rng.choice(values.words["tiername"]), 0
    return rng.choice(values.book.short) if rng.random() < 0.5 else rng.choice(values.book.given["german"])[0], 0


def _ancestor(values: Values, rng: random.Random) -> tuple[str, int]:
    return f"{rng.choice(values.book.given['german'])[0]} {rng.choice(values.book.common)}", 0


def _long_ago(_: Values, rng: random.Random) -> tuple[str, int]:
    return str(rng.randint(1150, 1880)), 0


_MAKERS: Final[dict[str, Callable[[Values, random.Random], tuple[str, int]]]] = {
    "akr": _abbreviation,
    "WORT": _capitals,
    "gesperrt": _spaced,
    "schule": _public,
    "heilig": _saint,
    "handwerk": _trade,
    "liste": _list,
    "pseudo": _product,
    "trenn": _divided,
    "abk": _shortened,
    "en": _english,
    "tier": _pet,
    "ahn": _ancestor,
    "alt": _long_ago,
}
