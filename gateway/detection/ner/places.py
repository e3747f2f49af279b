"""Schools, streets and prizes that are named after somebody: "Marie-Juchacz-Schule" holds no person.

Such a name is one word with hyphens whose last part says what it is. The other parts are names, and the network may
take them for people.

Does not know: places named without hyphens, and whose street it is: an address is found by the rules, whole.
"""

from __future__ import annotations

import re
from typing import Final

_PLACE: Final = re.compile(
    r"""(?:[^\W\d_]{1,30}\.?[-‐‑]){1,4}[^\W\d_]{0,20}?
    (?:schulen?|gymnasi(?:um|en|ums)|kollegs?|universität|institut[es]?|bibliothek|bücherei|museum|archiv|akademie
    |kindergarten|kita|straßen?|strasse|str|platz|platzes|plätze|wege?s?|allee|ring|ufer|gasse|brücke|park|parks|damm|promenade
    |hallen?|haus|hauses|häuser|saal|saals|stadion|bad|turm|turms|denkmal|denkmals|brunnen|kirche|kapelle|stift|klinik
    |klinikum|krankenhaus|hospital|heim|siedlung|preis(?:es|e)?|medaille|stiftung|stipendium|verein|gesellschaft|orden)\b""",
    re.X | re.I)


def named_after(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` stands in the hyphenated name of a place, a school, a prize."""
    if text[end:end + 1] not in _HYPHENS and text[start - 1:start] not in _HYPHENS:
        return False
    begin = start
    while begin > max(0, start - 60) and (text[begin - 1].isalpha() or text[begin - 1] in "-‐‑"):
        begin -= 1
    match = _PLACE.match(text, begin)
    return match is not None and match.end() > end


_HYPHENS: Final = ("-", "‐", "‑")
