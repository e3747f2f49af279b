"""A document of a request as redaction leaves it: the values of a mapping replaced, and where its places went."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.redaction.moves import Moves


def moved(text: str, replace: Mapping[str, str]) -> Moves:
    """Return `text` with each key of `replace` replaced by what belongs to it."""
    found = list(re.finditer("|".join(map(re.escape, replace)), text)) if replace else []
    after, done = [], 0
    for match in found:
        after += [text[done:match.start()], replace[match[0]]]
        done = match.end()
    return Moves(text, "".join([*after, text[done:]]), [(m.start(), m.end(), len(replace[m[0]])) for m in found])
