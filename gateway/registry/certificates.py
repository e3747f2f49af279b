"""The certificates of the house: numbers are given out and withdrawn, what they show is computed when somebody asks.

A person has one number at a time and keeps it until they withdraw it. Whoever holds a number learns whether the pass is
valid *now*, and if it is, what the certificate shows; never why it is not. Withdrawn, blocked, expired, left: all the
same answer.

The ledger gets a digest of the number, not the number: with the number anybody who reads the ledger could look up on
the public page whose record it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from joserfc.jwk import ECKey
from sqlalchemy import Connection

from gateway.kipass import credential, open_badge, passes
from gateway.kipass.attestation import attest
from gateway.kipass.issuer import Issuer, issuer_of
from gateway.kipass.number import new_number
from gateway.model.certificates import Attestation, Certificate
from gateway.model.people import Person
from gateway.registry.books import Actor, Books, known_person
from gateway.store import certificates
from gateway.store import passes as proofs


class Keys(Protocol):
    """The keys under certificates (`gateway.home.pass_keys`)."""

    @property
    def signing(self) -> ECKey:
        """The private key that signs."""
        ...

    @property
    def published(self) -> Sequence[ECKey]:
        """Every key that ever signed."""
        ...


@dataclass(frozen=True, slots=True)
class CertificateOffice:
    """Everything about certificates. All methods block; pages call them in a thread (`gateway.web.context`)."""

    books: Books
    keys: Callable[[], Keys]

    def of_person(self, person_id: str) -> tuple[Certificate | None, Attestation | None]:
        """Return the number of a person and what its certificate would show now; nothing: the pass is not valid."""
        with self.books.reading() as connection:
            found = certificates.current(connection, person_id)
            person = known_person(connection, person_id)
            return found, self._shows(connection, found.id if found else "", person)

    def issue(self, person_id: str) -> Certificate | None:
        """Give a person a number, or the one they have; None: the pass is not valid, nothing was given."""
        with self.books.writing() as connection:
            certificates.alone_with(connection, person_id)
            found = certificates.current(connection, person_id)
            return found or self._new(connection, person_id)

    def withdraw(self, person_id: str) -> bool:
        """Let the number of a person count no more; False: there was none."""
        with self.books.writing() as connection:
            return self._withdrawn(connection, person_id)

    def renew(self, person_id: str) -> Certificate | None:
        """Give a person a new number in place of the old one. Where the pass is not valid, the old one goes all the
        same and no new one comes.
        """
        with self.books.writing() as connection:
            certificates.alone_with(connection, person_id)
            self._withdrawn(connection, person_id)
            return self._new(connection, person_id)

    def look_up(self, number: str) -> tuple[Certificate, Attestation | None] | None:
        """Return what stands under a number; nothing: it was never given out. No attestation: it is no longer valid."""
        with self.books.reading() as connection:
            found = certificates.by_id(connection, number)
            if found is None:
                return None
            person = known_person(connection, found.person_id)
            return found, None if found.revoked_at else self._shows(connection, number, person)

    def signed(self, shows: Attestation) -> str:
        """Return the certificate as a file that others check without us."""
        return credential.issue(shows, self.keys().signing, self.books.now())

    def open_badge(self, shows: Attestation) -> str:
        """Return the certificate as an Open Badge."""
        return open_badge.issue(shows, self.keys().signing, self.books.now())

    def issuer(self) -> Issuer:
        """Return who signs here."""
        organisation = self.books.policies().organisation
        return issuer_of(self.keys().published, organisation.base_url, organisation.name)

    def _new(self, connection: Connection, person_id: str) -> Certificate | None:
        if self._shows(connection, "", known_person(connection, person_id)) is None:
            return None
        new = Certificate(new_number(), person_id, self.books.now())
        certificates.add(connection, new)
        self.books.record("pass.bescheinigung", {"certificate": digest(new.id), **_holder(person_id)}, person_id)
        return new

    def _withdrawn(self, connection: Connection, person_id: str) -> bool:
        found = certificates.current(connection, person_id)
        if found is None:
            return False
        certificates.withdraw(connection, person_id, self.books.now())
        self.books.record("pass.bescheinigung_zurueckgezogen", {"certificate": digest(found.id), **_holder(person_id)},
                          person_id)
        return True

    def _shows(self, connection: Connection, number: str, person: Person) -> Attestation | None:
        if not person.active:
            return None
        policies, proof = self.books.policies(), proofs.of(connection, person.id)
        held = passes(proof.evidence, proof.events, policies.kipass, self.books.now())
        department = policies.departments.get(person.department)
        organisation = policies.organisation
        return attest(number, person.name, department.name if department else person.department, held,
                      policies.kipass, issuer=organisation.base_url, issuer_name=organisation.name)


def _holder(person_id: str) -> dict[str, str]:
    """Who acts: nobody but the holder gives or withdraws a number."""
    return Actor("web", person_id, "staff").meta


def digest(number: str) -> str:
    """Return what the ledger calls a number."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]
