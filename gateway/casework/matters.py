"""Acts on matters: open, note, move, assign, set a day. Each is one transaction with its record in the ledger.

The ledger is told the number of the matter, states, counts and the digest of what was written; the words stay in the
gateway's database. A change is made on the version that somebody saw; who comes second is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from gateway.model.casework import CLOSED, LONGEST, MOVES, SEVERITIES, Kind, Matter, Note, NoteKind, Severity, State
from gateway.model.deadlines import BERLIN
from gateway.registry.books import Actor, Books, active_person
from gateway.store import InvalidError, matters

EVENTS: Final[dict[Kind, str]] = {"befund": "finding", "vorfall": "case", "anfrage": "case", "ruege": "case"}
"""How the records of a kind begin: ``finding.new``, ``case.state``."""
CLOSE_WITH_REASON: Final[frozenset[State]] = frozenset({"kein_befund", "erledigt", "abgelehnt", "meldepflichtig",
                                                        "nicht_meldepflichtig"})
_TURNING: Final = dict.fromkeys((0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""What no database keeps, and signs that turn the direction of what follows: a text would read otherwise than it was
written."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new matter begins with."""

    kind: Kind
    about: str = ""
    scope: str = ""
    severity: Severity = "mittel"
    due_at: datetime | None = None
    parent: str | None = None
    cause: str | None = None


def begin(books: Books, connection: Connection, actor: Actor, opening: Opening,
          facts: Mapping[str, Any] | None = None) -> Matter:
    """Open a matter inside a transaction, and say so in the ledger."""
    now = books.now()
    made = matters.add(connection, Matter(
        "", opening.kind, opening.about, opening.scope, opening.severity, "neu", now, opening.due_at,
        parent=opening.parent, cause=opening.cause), now.astimezone(BERLIN).year)
    say(books, actor, made, "new", {"severity": made.severity, "about": made.about, "parent": made.parent or "",
                                    **(facts or {})})
    return made


def say(books: Books, actor: Actor, of: Matter, event: str, facts: Mapping[str, Any] | None = None) -> None:
    """Write a record about a matter. Before the commit: if this fails, nothing has changed."""
    books.record(f"{EVENTS[of.kind]}.{event}", {"case": of.id, "kind": of.kind, "state": of.state, **(facts or {}),
                                                **actor.meta}, actor.subject or None)


def known(connection: Connection, id_: str, version: int | None = None) -> Matter:
    """Return a matter. Raises `InvalidError`: there is none, or it is not as it was when somebody looked."""
    found = matters.get(connection, id_)
    if found is None:
        raise InvalidError("Diesen Vorgang gibt es nicht.")
    if version is not None and found.version != version:
        raise InvalidError("Diesen Vorgang hat inzwischen jemand geändert. Bitte sehen Sie nach und versuchen Sie es "
                           "noch einmal. Ihre Eingabe steht noch im Formular.")
    return found


def written(text: str, *, needed: str = "") -> str:
    """Return what somebody wrote, tidied. Raises `InvalidError`: too long, or missing where it is `needed`."""
    tidy = text.translate(_TURNING).replace("\r\n", "\n").strip()
    if len(tidy) > LONGEST:
        raise InvalidError(f"Der Text hat mehr als {LONGEST:,} Zeichen. Bitte kürzen Sie ihn.".replace(",", "."))
    if needed and not tidy:
        raise InvalidError(needed)
    return tidy


def add_note(books: Books, connection: Connection, actor: Actor, of: Matter, what: NoteKind, text: str) -> Note:
    """Add an entry to the history inside a transaction."""
    return matters.note(connection, of.id, what, text, actor.subject, books.now())


def note(books: Books, actor: Actor, id_: str, text: str) -> Note:
    """Write a note."""
    with books.writing() as connection:
        of = known(connection, id_)
        made = add_note(books, connection, actor, of, "vermerk",
                        written(text, needed="Bitte schreiben Sie, was Sie vermerken möchten."))
        say(books, actor, of, "note", {"number": made.number, "note_sha256": made.digest})
    return made


def move(books: Books, actor: Actor, id_: str, version: int, to: State, text: str = "") -> Matter:
    """Bring a matter into another state; what ends it needs a reason."""
    with books.writing() as connection:
        of = known(connection, id_, version)
        reason = written(text, needed="Bitte begründen Sie kurz. Die Begründung bleibt in dieser Akte."
                         if to in CLOSE_WITH_REASON else "")
        return moved(books, connection, actor, of, to, reason)


def moved(books: Books, connection: Connection, actor: Actor, of: Matter, to: State, reason: str) -> Matter:
    """The same inside a transaction. Raises `InvalidError`: one does not come from there to here."""
    if to not in MOVES[of.kind].get(of.state, ()):
        raise InvalidError("Dieser Schritt ist von hier aus nicht möglich. Bitte laden Sie die Seite neu.")
    now = books.now()
    changes: dict[str, Any] = {"state": to, "closed_at": now if to in CLOSED else None}
    if of.owner is None and actor.subject:
        changes["owner"] = actor.subject
    made = matters.change(connection, of, **changes)
    entry = matters.note(connection, of.id, "stand", f"{to}\n{reason}", actor.subject, now)
    say(books, actor, made, "state", {"from": of.state, "number": entry.number, "note_sha256": entry.digest})
    if of.kind == "ruege" and to in CLOSED:
        for finding in matters.children(connection, of.id):  # what only pointed to the complaint is done with it
            if finding.open:
                moved(books, connection, actor, finding, "erledigt", f"Mit {of.id} erledigt.")
    return made


def assign(books: Books, actor: Actor, id_: str, version: int, owner: str) -> Matter:
    """Say who takes care of a matter; empty: nobody yet."""
    with books.writing() as connection:
        of = known(connection, id_, version)
        if owner:
            person = active_person(connection, owner)
            if not person.roles & {"dpo", "leitung", "it"}:
                raise InvalidError("Zuständig sein können Datenschutzbeauftragte, Leitung und IT.")
        made = matters.change(connection, of, owner=owner or None)
        entry = add_note(books, connection, actor, of, "zustaendig", owner)
        say(books, actor, made, "assigned", {"number": entry.number})
    return made


def set_due(books: Books, actor: Actor, id_: str, version: int, due_at: datetime | None) -> Matter:
    """Set the day by which a matter should be done. That of an incident follows from the law."""
    with books.writing() as connection:
        of = known(connection, id_, version)
        if of.kind == "vorfall":
            raise InvalidError("Die Frist eines Vorfalls folgt daraus, wann er bekannt wurde.")
        made = matters.change(connection, of, due_at=due_at)
        entry = add_note(books, connection, actor, of, "frist", due_at.isoformat() if due_at else "")
        say(books, actor, made, "due", {"number": entry.number, "due": due_at.isoformat() if due_at else ""})
    return made


def weigh(books: Books, actor: Actor, id_: str, version: int, severity: str) -> Matter:
    """Say how heavy a matter weighs."""
    chosen = next((s for s in SEVERITIES if s == severity), None)
    if chosen is None:
        raise InvalidError("Bitte wählen Sie niedrig, mittel oder hoch.")
    with books.writing() as connection:
        of = known(connection, id_, version)
        made = matters.change(connection, of, severity=chosen)
        entry = add_note(books, connection, actor, of, "schwere", chosen)
        say(books, actor, made, "severity", {"from": of.severity, "severity": chosen, "number": entry.number})
    return made
