"""Ordinary uses of words that are surnames as well: "der Richter", "ein Zimmer", "im Sommer".

The words stand with their gender in `things.txt` of `gateway.detection.data`, the sentences around them in
`texts/frames.txt`. Without them a recogniser that has learned "Richter" and "Sommer" as surnames takes every judge and
every summer for a person.
"""

from __future__ import annotations

import random
import re
from typing import Final

from gateway.detection.data import lines
from gateway.training.names import TEXTS

_ARTICLES: Final = {
    "wer": ("der", "die", "das"),
    "wen": ("den", "die", "das"),
    "wem": ("dem", "der", "dem"),
    "wes": ("des", "der", "des"),
    "ein": ("ein", "eine", "ein"),
    "einen": ("einen", "eine", "ein"),
    "einem": ("einem", "einer", "einem"),
    "mein": ("mein", "meine", "mein"),
    "kein": ("kein", "keine", "kein"),
    "im": ("im", "in der", "im"),
    "am": ("am", "an der", "am"),
    "vom": ("vom", "von der", "vom"),
    "zum": ("zum", "zur", "zum"),
    "beim": ("beim", "bei der", "beim"),
    "ins": ("in den", "in die", "ins"),
}
_ADJECTIVES: Final = ("alte", "neue", "kleine", "große", "erste", "letzte", "ganze", "rote", "gute", "eigene",
                      "nächste", "gemeinsame", "kaputte", "zuständige", "ehemalige")
_FRAME: Final = re.compile(r"\{([a-zA-Z]+)\}")
_GENDERS: Final = ("der", "die", "das")


class Nouns:
    """The words with their gender, and the sentences."""

    def __init__(self) -> None:
        self.gender: dict[str, int] = {}
        current = 0
        for line in lines("things.txt"):
            if line.startswith("["):
                current = _GENDERS.index(line.strip("[]"))
            else:
                self.gender.update(dict.fromkeys(line.split(), current))
        self.words = list(self.gender)
        self.frames = [
            f for f in (TEXTS / "frames.txt").read_text(encoding="utf-8").splitlines() if f and not f.startswith("#")
        ]

    def sentence(self, rng: random.Random, word: str | None = None) -> str:
        """Return a template with its noun slots filled: one of them with `word`, when given."""
        frame = rng.choice(self.frames)
        slots = [m for m in _FRAME.finditer(frame) if m[1].lower() in _ARTICLES or m[1] in ("blank", "alter", "Blank")]
        chosen = rng.randrange(len(slots)) if slots else -1
        parts, last = [], 0
        for i, slot in enumerate(slots):
            parts += [frame[last : slot.start()], self._phrase(slot[1], word if i == chosen and word else None, rng)]
            last = slot.end()
        text = "".join([*parts, frame[last:]])
        return text[:1].upper() + text[1:] if frame.startswith("{") and "blank" not in frame[:8] else text

    def _phrase(self, slot: str, word: str | None, rng: random.Random) -> str:
        noun = word or rng.choice(self.words)
        gender = self.gender.get(noun, 0)
        if slot == "blank":
            return noun
        if slot == "alter":
            return f"{_GENDERS[gender]} {rng.choice(_ADJECTIVES)} {noun}"
        article = _ARTICLES[slot.lower()][gender]
        if slot.lower() == "wes" and gender != 1 and noun[-1] not in "sxzßen":
            noun += "s"
        if slot.lower() not in ("ein", "einen", "mein", "kein") and rng.random() < 0.12:
            weak = slot.lower() == "wer" or (slot.lower() == "wen" and gender)
            article += f" {rng.choice(_ADJECTIVES)}{'' if weak else 'n'}"
        return f"{article[:1].upper() + article[1:] if slot[0].isupper() else article} {noun}"
