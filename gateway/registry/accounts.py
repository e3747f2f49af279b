"""Acts on local accounts: somebody is invited, chooses a password, changes it, signs in; sign-ins end.

An invitation is the only way to a first or a forgotten password: whoever makes it hands the link over (on paper, by
telephone, by e-mail), it works once and for seven days, and the password that was there goes on until it is used.
Whoever holds more than the role of staff is invited by the IT or the command line only: otherwise the pass office could
become the data protection officer.

Kept true: a new password ends every sign-in of the person (but the one that asked); nothing tells apart an address that
is not there, one without a password and a wrong password; the ledger knows that and by whom, never the address.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.identity.passwords import Passwords, objection
from gateway.model.accounts import Invitation, InvitationKind, OpenSignIn
from gateway.model.people import Person
from gateway.registry.books import Actor, Books, known_person
from gateway.store import InvalidError, accounts, people, sessions

VALID: Final = timedelta(days=7)
GONE: Final = ("Dieser Link gilt nicht mehr: Er wurde schon benutzt, ist älter als sieben Tage, oder es gibt einen "
               "neueren. Bitte lassen Sie sich einen neuen geben.")


@dataclass(frozen=True, slots=True)
class Accounts:
    """The local accounts of the house."""

    books: Books
    passwords: Passwords

    def invite(self, actor: Actor, person_id: str) -> Invitation:
        """Make a link with which a person chooses a password; earlier links end.

        Raises `InvalidError`: nobody there, switched off, or not for this role to invite.
        """
        now, code = self.books.now(), secrets.token_urlsafe(32)
        with self.books.writing() as connection:
            person = known_person(connection, person_id)
            if not person.active:
                raise InvalidError("Der Zugang dieser Person ist abgeschaltet.")
            if actor.role not in ("", "it") and person.roles - {"staff"}:
                raise InvalidError("Wer eine besondere Rolle hat, bekommt den Link von der IT.")
            known = accounts.of_person(connection, person_id) is not None
            kind: InvitationKind = "neues_kennwort" if known else "einladung"
            accounts.invite(connection, person_id, kind, code, now, now + VALID)
            self.books.record("person.invited", {"kind": kind, **actor.meta}, person_id)
        return Invitation(person, kind, now + VALID, code)

    def invited(self, code: str) -> Person:
        """Return whom a link is for. Raises `InvalidError` when it cannot be used any more."""
        with self.books.reading() as connection:
            return self._invited(connection, code)

    def redeem(self, code: str, password: str) -> Person:
        """Let whoever brings the link choose their password. Raises `InvalidError`: the link, or the password."""
        person = self.invited(code)
        self._check(person, password)
        digest, now = self.passwords.digest(password), self.books.now()
        with self.books.writing() as connection:
            if self._invited(connection, code).id != person.id or not accounts.use(connection, code, now):
                raise InvalidError(GONE)
            self._set(connection, person, digest)
        return person

    def change(self, person_id: str, before: str, password: str, *, here: str) -> None:
        """Change a password and end all other sign-ins. Raises `InvalidError`: the old one is wrong, the new one bad.
        """
        with self.books.reading() as connection:
            account = accounts.of_person(connection, person_id)
        if not self.passwords.fits(account.password if account else None, before) or account is None:
            raise InvalidError("Das bisherige Kennwort stimmt nicht.")
        self._check(account.person, password)
        digest = self.passwords.digest(password)
        with self.books.writing() as connection:
            current = accounts.of_person(connection, person_id)
            if current is None or current.password != account.password:
                raise InvalidError("Das Kennwort wurde inzwischen in einem anderen Fenster geändert.")
            self._set(connection, account.person, digest, here)

    def sign_in(self, email: str, password: str) -> str | None:
        """Return the subject of the person with this address and password; None for everybody else.

        It takes the same time for everybody. A digest made with older costs is renewed.
        """
        with self.books.reading() as connection:
            account = accounts.by_email(connection, email)
        right = self.passwords.fits(account.password if account else None, password)
        if not right or account is None or not account.person.active:
            return None
        if self.passwords.is_outdated(account.password):
            digest = self.passwords.digest(password)
            with self.books.writing() as connection:
                accounts.rehash(connection, account.person.id, account.password, digest)
        return account.person.id

    def has_password(self, person_id: str) -> bool:
        """Whether this person has a local account."""
        with self.books.reading() as connection:
            return accounts.of_person(connection, person_id) is not None

    def sign_ins(self, person_id: str, here: str) -> list[OpenSignIn]:
        """Return where a person is signed in."""
        with self.books.reading() as connection:
            return sessions.of_person(connection, person_id, self.books.now(), here)

    def sign_out(self, person_id: str, *, but: str = "") -> int:
        """End the sign-ins of a person, all but the one with the id `but`; return how many there were."""
        with self.books.writing() as connection:
            count = sessions.end_of_person(connection, person_id, self.books.now(), but=but)
            if count:
                self.books.record("person.signed_out", {"via": "web", "count": count}, person_id)
        return count

    def _invited(self, connection: Connection, code: str) -> Person:
        found = accounts.find(connection, code, self.books.now())
        person = people.by_id(connection, found.person_id) if found else None
        if person is None or not person.active:
            raise InvalidError(GONE)
        return person

    def _check(self, person: Person, password: str) -> None:
        house = self.books.policies().organisation.name
        if problem := objection(password, (person.email, person.name, house, "KI-Pforte")):
            raise InvalidError(problem)

    def _set(self, connection: Connection, person: Person, digest: str, here: str = "") -> None:
        now = self.books.now()
        accounts.set_password(connection, person.id, digest, now)
        accounts.withdraw(connection, person.id)
        ended = sessions.end_of_person(connection, person.id, now, but=here)
        self.books.record("person.password", {"via": "web", "ended": ended}, person.id)
