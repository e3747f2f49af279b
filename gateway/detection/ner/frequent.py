"""Words that most German texts have, beside the model's own list of frequent words: their embeddings lie ready.

That list holds no word that is a name as well, and the commonest ones are somebody's name ("die", "von", "und"); signs
and numbers are not in it either, and only one text in a thousand does without. So every text had words left to
describe, which costs more than to look at them.

Keeps true: it decides nothing; a word that is missing here costs time.
"""

from __future__ import annotations

from typing import Final

from gateway.detection.data import lines

_FUNCTION: Final = """
    ab als also am an auch auf aus bei beim bin bis da dann das dass de dein dem den denn der des di die dies diese
    diesem diesen dieser dieses do doch du durch ein eine einem einen einer eines er es euch für hab habe hat ich ihm
    ihn ihr ihre ihrem ihren ihrer im in ins ist ja je kein keine la lt ma mal man mein meine meinem meinen meiner mich
    mir mit my nach nein nicht noch nun nur ob oder per pro sehr sein seine seinem seinen seiner seit sich sie sind so
    über um und uns unser unsere unter vom von vor war was weil wenn wer wie wir wird wo zu zum zur
    januar februar märz april mai juni juli august september oktober november dezember
    montag dienstag mittwoch donnerstag freitag samstag sonntag herr herrn frau"""
_SIGNS: Final = "".join(f"{chr(code)} " for code in range(0x21, 0x2100) if not chr(code).isalnum())
_LONGEST: Final = 24
"""Digits of the longest number that lies ready: the model sees only how long a number is."""


def frequent() -> str:
    """Return the words, with blanks between them."""
    small = _FUNCTION.split()
    titled = [word.capitalize() for name in ("nouns.txt", "given_names.txt") for word in lines(name)]
    return " ".join((*small, *map(str.capitalize, small), *titled, *("0" * n for n in range(1, _LONGEST)), _SIGNS))
