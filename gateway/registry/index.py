"""Keeps the index of passes (`gateway.store.pass_index`) right: with every act, and in the background.

An act on one person writes their lines in its own transaction (`note`); an act on thousands marks them (`mark` of the
store). Time and new rules make lines wrong without any act: `Indexing.follow` works those out, a few hundred at a time
with pauses, so that no other writer waits for long. Several processes doing so share the work and do no harm.

Which rules a line was worked out with is a digest of that part of the rules which decides about states (`digest`):
a new title or a longer course makes no line wrong.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from gateway.kipass import passes
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.registry.books import Books
from gateway.store import StoreError, pass_index, writing
from gateway.store import passes as proofs
from gateway.store.directory import current_generation

_log = logging.getLogger(__name__)
BATCH: Final = 250
EVERY: Final = 15.0
"""Seconds between two looks for lines that are not right any more."""
PAUSE: Final = 0.1
"""Seconds after each batch, in which others write."""


def digest(rules: KiPassConfig) -> str:
    """Return what lines worked out with the same rules have in common."""
    facts = {
        "modules": sorted((m.key, m.kind, m.valid_months) for m in rules.modules.values()),
        "scopes": sorted((s.key, s.modules) for s in rules.scopes.values()),
        "documents": [(d.sha256, d.valid_from.isoformat(), d.change, d.grace_days)
                      for d in rules.documents.get("dienstvereinbarung", ())]}
    return sha256(json.dumps(facts).encode()).hexdigest()[:16]


def note(connection: Connection, books: Books, person_ids: Sequence[str], *, skip: bool = False) -> int:
    """Work out the lines of these people, in the transaction that changed them; return how many people that were."""
    held = pass_index.hold(connection, person_ids, skip=skip)
    pass_index.put(connection, held, _lines(connection, books.rules, books.now(), held), digest(books.rules))
    return len(held)


def _lines(connection: Connection, rules: KiPassConfig, now: datetime, person_ids: Sequence[str]) \
        -> list[pass_index.Line]:
    shown, lines = proofs.of_many(connection, person_ids), []
    for id_ in person_ids:
        proof = shown.get(id_, proofs.Proof())
        lines += [pass_index.Line(id_, scope, status.state, status.until, status.changes_at)
                  for scope, status in passes(proof.evidence, proof.events, rules, now).items()]
    return lines


def waiting(books: Books) -> int:
    """Return how many people have lines that are not right any more."""
    with books.reading() as connection:
        return pass_index.waiting(connection, BASIS, digest(books.rules), books.now())


def refresh(books: Books, limit: int = BATCH) -> int:
    """Work out one batch of lines that are not right any more; return how many people that were."""
    rules, now = books.rules, books.now()
    with books.reading() as connection:
        seen = current_generation(connection)
        found = pass_index.stale(connection, BASIS, digest(rules), now, limit)
        lines = _lines(connection, rules, now, found)
    if not found:
        return 0
    with writing(books.engine, bump=False) as connection:  # nobody caches what is worked out here
        held = pass_index.hold(connection, found, skip=True)
        if len(held) < len(found) or current_generation(connection) != seen:
            lines = _lines(connection, rules, now, held)  # somebody wrote since: look once more, now that nobody can
        pass_index.put(connection, held, lines, digest(rules))
        return len(held)


class Indexing:
    """The background task of a serving process."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def follow(self) -> None:
        """Keep the index right until cancelled; what cannot be done now is done later."""
        while True:
            pause = EVERY
            try:
                if await asyncio.to_thread(refresh, self._books):
                    pause = PAUSE
            except StoreError as error:
                _log.warning("the index of passes cannot be worked out now: %s", type(error).__name__)
            await asyncio.sleep(pause)
