"""What policy wants to know about but what stays in the text: Art. 9 and 10 GDPR, money, VS marks, Auskunftssperren.

What it is: one file per category (`health`, `religion`, `origin`, `traits`, `crime`, `finance`, `marks`), word lists
beside the other lists, written as `lists` says. A word says as much as its list holds of it; `link` decides whether
somebody is spoken of. All words are found in the one pass over the text that all recognizers share.

What it keeps true: findings are noted, never certain: nothing is replaced unless policy says so, and nothing is
looked for elsewhere. The work is bounded per trigger word; nothing is read further away than `link.FAR`.

What it does not know: whose detail it is, sarcasm, and what is only implied ("seit dem Unfall ist alles anders").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special import crime, finance, health, marks, origin, religion, traits
from gateway.detection.recognizers.special.link import TRIGGERS, Link
from gateway.detection.recognizers.special.lists import NEVER, merge
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_ROOMS: Final = (health, religion, origin, traits, crime, finance, marks)
_CATEGORIES: Final = (health.HEALTH, religion.RELIGION, origin.ORIGIN, traits.ART9, crime.CRIME, finance.FINANCE,
                      marks.CLASSIFIED, marks.ADDRESS_BLOCK)


def _find(sheet: Sheet) -> Iterator[Finding]:
    """Yield what all rooms find, without what lies inside another of its kind: no window may decide that."""
    link = Link(sheet)
    reached: dict[str, int] = {}
    found = [finding for room in _ROOMS for finding in room.find(sheet, link)]
    for finding in sorted(found, key=lambda f: (f.start, -f.end, -f.score)):
        if finding.end > reached.get(finding.entity, 0):
            reached[finding.entity] = finding.end
            yield finding


_OWN: Final = merge(*(category.triggers for category in _CATEGORIES))
RULE: Final = Rule("SPECIAL", tuple(category.entity for category in _CATEGORIES), _find, merge(TRIGGERS, _OWN),
                   wakes=frozenset(_OWN) - {NEVER})
