"""One thing that ``ki-pforte doctor`` looked at."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, NOTICE, FAULT = "in Ordnung", "Hinweis", "Fehler"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do."""

    what: str
    state: str
    text: str
