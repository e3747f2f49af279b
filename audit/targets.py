"""Whom requests to resolve a pseudonym are about: the part ``target``, which no search column has.

There are few such requests, so they are read one by one. What names a person there is theirs as much as any record:
it goes when they are to be forgotten (Art. 17 GDPR), and they read of it (Art. 15), but only when the request is over;
while it is open (seven days at most) it could be thwarted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from audit.reader import Filters, LedgerReader, RecordView
from audit.record import now_us
from audit.reid_state import REQUEST, TARGET, TYPES, Entry, fold


def steps(reader: LedgerReader) -> Iterator[RecordView]:
    """Yield every record about requests, in the order of the log."""
    before, ids = None, []
    while True:
        page = reader.page(Filters(types=TYPES), before=before, limit=1000)
        ids += [(row.idx, row.id) for row in page.rows]
        before = page.before
        if before is None:
            break
    for _, record_id in sorted(ids):
        view = reader.get(record_id)
        if view is not None:
            yield view


def naming(reader: LedgerReader, pseudonyms: Collection[str]) -> list[str]:
    """Return the ids of the requests about one of these pseudonyms."""
    return [view.id for view in steps(reader) if view.type == REQUEST and TARGET in view.parts
            and Entry.of(view).target.get("pseudonym") in pseudonyms]


def told(reader: LedgerReader, pseudonyms: Collection[str]) -> list[int]:
    """Return the places of those among them that are over."""
    views = list(steps(reader))
    places = {view.id: view.idx for view in views}
    now = now_us()
    return [places[one.id] for one in fold(map(Entry.of, views)).values()
            if one.pseudonym in pseudonyms and one.state(now) in ("resolved", "informed", "denied", "expired")]
