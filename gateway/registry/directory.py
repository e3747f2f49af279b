"""What the directory service of the house may do to the books by SCIM: write people down, change them, switch them off.

Kept true: nobody is deleted. Whoever the directory deletes is switched off, loses roles and groups, and gives up the
address, because the house may give it to somebody else; their evidence and their id stay, and they come back with them
if the directory names the same id (``externalId``). An address that belongs to somebody who was switched off leads to
nobody. Roles come only from groups that the settings say stand for a role; nothing in a person's own entry gives one.
A name that means nothing here is refused with a sentence that says which setting to write.

Not known here: HTTP, JSON, SCIM's ways of writing (`gateway.http.scim`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection

from gateway.model.directory import Condition, DirectoryProblem, Entry, Group, Wanted
from gateway.model.people import Person
from gateway.registry import people
from gateway.registry.books import Actor, Books, known_person
from gateway.store import ConflictError, InvalidError, StoreError
from gateway.store import directory_entries as entries
from gateway.store import people as persons

DIRECTORY: Final = Actor("scim")


class _Meaning(NamedTuple):
    """What a name of the directory service stands for here."""

    name: str
    kind: str
    word: str

    @property
    def id(self) -> str:
        return sha256(f"{self.name.casefold()}={self.kind}:{self.word}".encode()).hexdigest()[:32]


class Directory:
    """The books, as the directory service of the house works on them. All methods block."""

    def __init__(self, books: Books, meanings: Sequence[tuple[str, str, str]], department: str = "") -> None:
        self._books, self._department = books, department
        self._meanings = {meaning.id: meaning for meaning in (_Meaning(*values) for values in meanings)}

    # -- people

    def person(self, id_: str) -> Entry | None:
        """Return the person with this id."""
        with self._books.reading() as connection:
            found = entries.by_id(connection, id_)
        return None if found is None else self._shown(found)

    def people(self, where: Condition | None, start: int, count: int) -> tuple[int, list[Entry]]:
        """Return how many people there are, and `count` of them after the first `start`."""
        with self._books.reading() as connection:
            total, found = entries.page(connection, where, start, count)
        return total, [self._shown(entry) for entry in found]

    def create(self, wanted: Wanted) -> Entry:
        """Write somebody down, or take over an entry that was there before the directory service. Raises
        `DirectoryProblem`."""
        with self._telling() as connection:
            department = self._departments(wanted.department or self._department)
            if entries.by_user_name(connection, wanted.user_name) is not None:
                raise DirectoryProblem("uniqueness", "Diesen Benutzernamen (userName) gibt es schon.")
            before = self._met_before(connection, wanted)
            if before is None:
                person = people.added(self._books, connection, DIRECTORY, persons.NewPerson(
                    wanted.email, wanted.name, department, frozenset(), wanted.external_id or None))
                if not wanted.active:
                    person = self._change(connection, person, wanted, department)
            else:
                person = self._change(connection, before, wanted, department)
            return self._kept(connection, person.id, wanted)

    def change(self, id_: str, how: Callable[[Entry], Wanted]) -> Entry:
        """Make of a person what `how` returns. Raises `DirectoryProblem`."""
        with self._telling() as connection:
            persons.by_id(connection, id_, to_change=True)
            found = entries.by_id(connection, id_)
            if found is None:
                raise _nobody()
            before = self._shown(found)
            wanted = how(before)
            other = entries.by_user_name(connection, wanted.user_name)
            if other is not None and other != id_:
                raise DirectoryProblem("uniqueness", "Diesen Benutzernamen (userName) hat schon jemand anderes.")
            unsaid = not wanted.department or wanted.department == before.department
            department = before.person.department if unsaid else self._departments(wanted.department)
            self._change(connection, before.person, wanted, department)
            return self._kept(connection, id_, wanted if wanted.department else replace(
                wanted, department=before.department))

    def remove(self, id_: str, check: Callable[[Entry], None]) -> None:
        """Let a person leave: everything but what they showed and did. Raises `DirectoryProblem`."""
        with self._telling() as connection:
            persons.by_id(connection, id_, to_change=True)
            found = entries.by_id(connection, id_)
            if found is None:
                raise _nobody()
            check(self._shown(found))
            now = self._books.now()
            people.changed(self._books, connection, DIRECTORY, found.person, lambda person: replace(
                person, email=person.id + entries.LEFT, roles=frozenset(), groups=frozenset(), further=frozenset(),
                disabled_at=person.disabled_at or now))
            entries.forget(connection, id_)

    # -- groups

    def groups(self) -> list[Group]:
        """Return the groups that mean anything here."""
        return [Group(meaning.id, meaning.name) for meaning in self._meanings.values()]

    def members(self, group_id: str) -> frozenset[str]:
        """Return the ids of the members of a group."""
        meaning = self._meanings[group_id]
        with self._books.reading() as connection:
            return entries.members(connection, meaning.kind, meaning.word)

    def change_members(self, group_id: str, how: Callable[[frozenset[str]], frozenset[str]]) -> None:
        """Let people join and leave a group. Raises `DirectoryProblem`: one of them is not there."""
        meaning = self._meanings[group_id]
        with self._telling() as connection:
            before = entries.members(connection, meaning.kind, meaning.word)
            after = how(before)
            joining = persons.by_ids(connection, sorted(after - before))
            if len(joining) != len(after - before) or any(p.email.endswith(entries.LEFT) for p in joining.values()):
                raise DirectoryProblem("invalidValue", "Ein Mitglied ist hier nicht eingetragen. Bitte weisen Sie der "
                                       "Anwendung zuerst die Personen zu, dann die Gruppe.")
            for id_ in sorted(before ^ after):
                person = known_person(connection, id_, to_change=True)
                self._regroup(connection, person, meaning, joins=id_ in after)

    def _regroup(self, connection: Connection, person: Person, meaning: _Meaning, *, joins: bool) -> None:
        word = frozenset({meaning.word})

        def how(now: Person) -> Person:
            if meaning.kind == "rolle":
                return replace(now, roles=now.roles | word if joins else now.roles - word)
            if meaning.kind == "gruppe":
                return replace(now, groups=now.groups | word if joins else now.groups - word)
            return replace(now, further=now.further | word if joins else now.further - word)
        people.changed(self._books, connection, DIRECTORY, person, how)

    # -- inside

    @contextmanager
    def _telling(self) -> Iterator[Connection]:
        """Open the books for writing; what they refuse is told to the directory service."""
        try:
            with self._books.writing() as connection:
                yield connection
        except ConflictError as error:
            raise DirectoryProblem("uniqueness", str(error)) from None
        except InvalidError as error:
            raise DirectoryProblem("invalidValue", str(error)) from None

    def _met_before(self, connection: Connection, wanted: Wanted) -> Person | None:
        """Return who is meant by somebody the directory service names for the first time (again)."""
        same_id = persons.by_external_id(connection, wanted.external_id) if wanted.external_id else None
        if same_id is not None:
            if entries.is_kept(connection, same_id.id):
                raise DirectoryProblem("uniqueness", "Diese Kennung (externalId) gibt es schon.")
            return same_id
        same_address = persons.by_email(connection, wanted.email)
        if same_address is None:
            return None
        if entries.is_kept(connection, same_address.id) or same_address.external_id:
            raise DirectoryProblem("uniqueness", "Diese E-Mail-Adresse hat schon jemand anderes.")
        if not same_address.active:
            raise DirectoryProblem("uniqueness", "Unter dieser E-Mail-Adresse ist jemand eingetragen, dessen Zugang "
                                   "abgeschaltet wurde. Ist es dieselbe Person, schalten Sie sie mit „ki-pforte person "
                                   "enable“ frei und gleichen Sie noch einmal ab.")
        return same_address

    def _change(self, connection: Connection, before: Person, wanted: Wanted, department: str) -> Person:
        now = self._books.now()
        return people.changed(self._books, connection, DIRECTORY, before, lambda person: replace(
            person, email=wanted.email, name=wanted.name, department=department,
            external_id=wanted.external_id or person.external_id,
            disabled_at=None if wanted.active else person.disabled_at or now)).person

    def _kept(self, connection: Connection, person_id: str, wanted: Wanted) -> Entry:
        entries.keep(connection, person_id, entries.Names(wanted.user_name, wanted.given_name, wanted.family_name,
                                                          wanted.department))
        found = entries.by_id(connection, person_id)
        if found is None:
            raise StoreError("Die Person ist nicht eingetragen worden.")
        return self._shown(found)

    def _shown(self, entry: Entry) -> Entry:
        """Return an entry with what the directory service calls things."""
        person = entry.person
        try:
            ours = self._departments(entry.department) if entry.department else ""
        except DirectoryProblem:  # it was known when it was written; the policies went on
            ours = ""
        groups = [meaning.id for meaning in self._meanings.values() if meaning.word in {
            "rolle": person.roles, "gruppe": person.groups, "amt": person.further | {person.department}}[meaning.kind]]
        return replace(entry, department=entry.department if ours == person.department else person.department,
                       groups=tuple(groups))

    def _departments(self, name: str) -> str:
        """Return our department for what the directory service calls it. Raises `DirectoryProblem`."""
        known, folded = self._books.policies().departments, name.strip().casefold()
        meant = [m.word for m in self._meanings.values() if m.kind == "amt" and m.name.casefold() == folded]
        named = [key for key, rules in known.items() if folded in (key.casefold(), rules.name.casefold())]
        for found in (*meant, *named):
            if found in known:
                return found
        if not folded:
            raise DirectoryProblem("invalidValue", "Für diese Person fehlt das Amt (department). Bitte geben Sie es im "
                                   "Verzeichnisdienst mit, oder nennen Sie in KI_PFORTE_SCIM_DEPARTMENT eines für "
                                   "alle, bei denen es fehlt.")
        raise DirectoryProblem("invalidValue", f"Das Amt „{name[:64]}“ ist hier nicht bekannt. Bitte ordnen Sie es in "
                               f"KI_PFORTE_SCIM_MAP zu (NAME=amt:KÜRZEL). Kürzel sind: {', '.join(sorted(known))}.")


def _nobody() -> DirectoryProblem:
    return DirectoryProblem("notFound", "Diese Person ist hier nicht eingetragen.")
