"""The part of the ledger that takes records along: exports, a person's own records, numbers, size on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit import statistics, targets
from audit.checkpoint import Vkey
from audit.due import Due, due
from audit.errors import LedgerConfigError
from audit.exports import writing
from audit.exports.source import Exported, read, records
from audit.forecast import Forecast, forecast
from audit.inplace import export_store
from audit.keeper import Keeper
from audit.reader import Filters, LedgerReader
from audit.record import Draft, Receipt
from audit.sample import NUMBER, Sample, sample
from audit.search import places_of
from audit.statistics import By, Group
from audit.store.store import Store

if TYPE_CHECKING:
    from audit.ledger import LedgerConfig


class Taking(ABC):
    """What `audit.Ledger` can besides writing and keeping. Needs what is declared first."""

    config: LedgerConfig
    _store: Store
    _keeper: Keeper
    reader: LedgerReader

    @abstractmethod
    def _database(self) -> AbstractContextManager[None]:
        """Turn errors of the database into ours."""

    @abstractmethod
    def draft(self, type_: str, meta: Mapping[str, Any], *, subject: str | None = None) -> Draft:
        """Build a record."""

    @abstractmethod
    def append_wait(self, draft: Draft) -> Receipt:
        """Write a record."""

    @abstractmethod
    def vkeys(self) -> list[Vkey]:
        """Return the verifier keys."""

    @abstractmethod
    def pseudonyms(self, subject: str) -> list[str]:
        """Return a person's pseudonyms."""

    def export(self, path: Path, form: str = "bundle", filters: Filters | None = None, *, purpose: str = "",
               via: str = "", subject: str | None = None) -> int:
        """Write records to a file; return how many. A record says so before the file is there.

        ``form``: one of `audit.exports.writing.FORMATS`; a bundle is always the whole log. ``purpose`` and ``via`` are
        words of the house, ``subject`` who asks.
        """
        asked = filters or Filters()
        if form == "bundle" and asked != Filters():
            raise LedgerConfigError("Ein Bündel enthält immer das ganze Protokoll. Für eine Auswahl gibt es jsonl.")
        write = None if form == "bundle" else writing.form_of(form)
        facts = {"format": form, "filter": writing.said(asked), "reason": purpose, "via": via}

        def announce(count: int) -> None:
            self.append_wait(self.draft(writing.EXPORT, {**facts, "rows": count}, subject=subject))

        with self._database():
            self._keeper.as_far_as_possible()
            if write is None:
                return export_store(self._store, path, self.vkeys(), announce)
            return writing.write(self._store, path, write, asked, announce)

    def own_records(self, subject: str, vorgang: str = "") -> list[Exported]:
        """Return everything that names a person, of every quarter whose key is there (Art. 15 GDPR), oldest first.

        With ``vorgang`` only what belongs to it; otherwise with the requests to resolve a pseudonym of theirs, when
        they are over. Writes nothing: whoever shows it to somebody else than that person writes a ``view`` first.
        """
        names = self.pseudonyms(subject)
        with self._database():
            self._keeper.as_far_as_possible()
            if vorgang:
                return self._belonging([vorgang], names)
            requests = targets.told(self.reader, names)
        return self._taken([Filters(subject=name) for name in names], requests)

    def own_page(self, subject: str, types: Sequence[str], before: str | None = None,
                 limit: int = 20) -> tuple[list[Exported], str | None]:
        """Return the records of a person's newest requests, in order of the log, and where the next page begins.

        ``types``: which records are requests; what else belongs to their Vorgänge comes with them. Raises ValueError
        for a bad cursor.
        """
        names = self.pseudonyms(subject)
        with self._database():
            self._keeper.as_far_as_possible()
            pages = [self.reader.page(Filters(subject=name, types=types), before, limit) for name in names]
            rows = sorted((row for page in pages for row in page.rows), key=lambda row: (row.t_us, row.idx),
                          reverse=True)
            more = len(rows) > limit or any(page.before for page in pages)
            shown = rows[:limit]
            found = self._belonging(list({row.vorgang for row in shown if row.vorgang}), names)
        return found, shown[-1].cursor if more and shown else None

    def records_about(self, mark: str, since: int | None = None, until: int | None = None) -> list[Exported]:
        """Return the requests that were made under a case reference, by what the log keeps of it."""
        return self._taken([Filters(reference=mark, since=since, until=until)])

    def records_in(self, filters: Filters) -> list[Exported]:
        """Return the records that a filter finds, oldest first. Writes nothing, like `own_records`."""
        return self._taken([filters])

    def _belonging(self, vorgaenge: Sequence[str], names: Sequence[str]) -> list[Exported]:
        """Return what belongs to some Vorgänge and names a person, oldest first: in three queries, however many."""
        with self._store.read() as connection:
            places = connection.execute(places_of(vorgaenge, names)).scalars().all() if vorgaenge else []
            return list(read(self._store, connection, list(places)))

    def _taken(self, asked: Sequence[Filters], places: Sequence[int] = ()) -> list[Exported]:
        with self._database():
            self._keeper.as_far_as_possible()
            with self._store.read() as connection:
                found = [record for filters in asked for record in records(self._store, connection, filters)]
                known = {record.line.idx for record in found}
                found += read(self._store, connection, [idx for idx in places if idx not in known])
        return sorted(found, key=lambda record: record.line.idx)

    def forecast(self) -> Forecast:
        """Return how large the ledger is on disk, and will be."""
        with self._database():
            return forecast(self._store, self.config.retention.days)

    def sample(self, month: date, number: int = NUMBER) -> Sample:
        """Return the sample of a month, which is the same for everybody (`audit.sample`)."""
        with self._database():
            return sample(self._store, month, self.vkeys(), number)

    def due(self) -> Due:
        """Return which parts are deleted next, and what should be gone and is not."""
        with self._database():
            return due(self._store)

    def requests(self, by: By, year: int, month: int) -> list[Group]:
        """Return how many requests there were in a month; never about fewer than five people (`audit.statistics`)."""
        with self._database():
            return statistics.requests(self._store, by, year, month)
