"""Re-identification as its pages see it: who may take which step, and what the two pass to each other meanwhile.

The procedure is `audit.reid`; this adds what only a house with sign-in can know, and enforces it: who asked opens the
outer layer and is the only one to see the answer; somebody else, of the Personalrat, agrees and opens the inner layer.
Everybody works with their own key in their own browser. What passes through here is ciphertext, kept for a day; the
name is looked up when the page is shown, and kept nowhere. Times are the log's own.

Which role somebody acts in is the caller's to check (the gate of the pages); `by` is the opaque id of who acts. Raises
`audit.NotAllowed` for the wrong person and `audit.LedgerConfigError` for the wrong moment, with sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Engine

from audit import Filters, Ledger, LedgerConfigError, NotAllowed, Reidentification
from audit.keyring import KEY_SET
from audit.record import META, SUBJECT, now_us
from audit.reid_state import ANSWER_US, LASTS_US, REASONS, SHOWN_US, Request
from gateway.model.reid import ANSWER, ENVELOPE, ORDER, Case, Found, SealKey, SealKeys, Step
from gateway.store import people, reading, reid_pieces, writing

DPO: Final = "dpo"
_KEYS: Final = 200
"""Keys handed in that are looked at, the newest first: there is one every few years."""


@dataclass(frozen=True, slots=True)
class ReidDesk:
    """Implements `gateway.web.reid.ports.Reid`. All methods block."""

    ledger: Ledger
    engine: Engine
    departments: Callable[[], Mapping[str, str]]
    """What departments are called."""
    reasons: Mapping[str, str] = field(default_factory=lambda: REASONS)

    @property
    def _work(self) -> Reidentification:
        return Reidentification(self.ledger, via="web")

    # ---- looking -------------------------------------------------------------------------------------------------

    def cases(self, by: str) -> list[Case]:
        """Return all requests, the newest first; what ran out ends here."""
        work = self._work
        work.expire()
        return [self._shown(work, one, by) for one in reversed(work.requests())]

    def case(self, by: str, request: str) -> Case | None:
        """Return one request with what waits to be opened; None: there is none."""
        work = self._work
        found = next((one for one in work.requests() if one.id == request), None)
        return self._shown(work, found, by, *self._piece(request)) if found else None

    def found(self, by: str, request: str) -> Found:
        """Return who it is, to the one who asked, for a day."""
        kind, text = self._piece(request)
        if kind != ANSWER:
            raise LedgerConfigError("Zu diesem Antrag wird hier kein Ergebnis (mehr) gezeigt.")
        subject = self._work.look(request, text, by)
        with reading(self.engine) as connection:
            person = people.by_id(connection, subject)
        if person is None:
            return Found(subject)
        return Found(subject, person.name, person.email,
                     self.departments().get(person.department, person.department))

    def keys(self) -> SealKeys:
        """Return the keys that identities are sealed to."""
        ring = self.ledger.keyring
        return SealKeys(tuple(SealKey(key.role, key.id, key.fingerprint, in_force)
                              for in_force, some in ((True, ring.in_force().values()), (False, ring.waiting()))
                              for key in some), ring.problem())

    # ---- steps ---------------------------------------------------------------------------------------------------

    def ask(self, by: str, case: str, reason: str, pseudonym: str, vorgang: str) -> str:
        """Ask for one person, as data protection officer, who thereby agrees; return the number of the request."""
        work = self._work
        made = work.request(case=case, reason=reason, by=by, pseudonym=pseudonym, vorgang=vorgang)
        work.approve(made.id, DPO, by)
        return made.id

    def agree(self, by: str, role: str, request: str) -> None:
        """Agree in a role."""
        self._work.approve(request, role, by)

    def refuse(self, by: str, role: str, request: str) -> None:
        """Refuse in a role: that ends it."""
        self._work.deny(request, role, by)
        with writing(self.engine, bump=False) as connection:
            reid_pieces.drop(connection, request)

    def hand_out(self, by: str, request: str) -> None:
        """Give the sealed identity to the one who asked."""
        self._only_who_asked(by, request)
        piece = self._work.hand_out(request, by)
        self._keep(request, ORDER, piece, self._work.get(request).handed_us + ANSWER_US)

    def pass_on(self, by: str, request: str, envelope: str) -> None:
        """Take the piece whose outer layer is open, for the Personalrat."""
        self._only_who_asked(by, request)
        self._work.check_envelope(request, envelope)
        self._keep(request, ENVELOPE, envelope, self._work.get(request).handed_us + ANSWER_US)

    def answer(self, by: str, request: str, answer: str) -> None:
        """Take the answer of the Personalrat; from now on the one who asked can see who it is."""
        found, now = self._work.get(request), now_us()
        if self._work.asked_by(found, by):
            raise NotAllowed("Die innere Hülle öffnet eine andere Person als die, die den Antrag gestellt hat.")
        with writing(self.engine, bump=False) as connection:
            reid_pieces.put(connection, request, ANSWER, answer, _moment(now), _moment(now + SHOWN_US))
            self._work.resolve(request, answer, by, keep=True)  # if this fails, nothing is kept

    def inform(self, by: str, request: str, on: date) -> None:
        """Put down on which day the person was told."""
        self._only_who_asked(by, request)
        self._work.inform(request, by, on)

    # ---- keys ----------------------------------------------------------------------------------------------------

    def propose_key(self, by: str, role: str, text: str) -> None:
        """Let the public key of a role wait for the Personalrat; everybody brings their own."""
        if not text.strip().startswith(f"KI-PFORTE+{role}+"):
            raise LedgerConfigError("Das ist kein öffentlicher Schlüssel für Ihre Rolle.")
        self.ledger.keyring.propose(text, by, self._record)

    def approve_key(self, by: str, roles: Collection[str], role: str, key_id: str) -> None:
        """Put a waiting key in force, as Personalrat, if it is still the one that was shown."""
        if role == DPO and (DPO in roles or self._brought(role, key_id, by)):
            raise NotAllowed("Dem Schlüssel des Datenschutzes stimmt eine andere Person zu als die, der er gehört.")
        if not any(key.role == role and key.id == key_id for key in self.ledger.keyring.waiting()):
            raise LedgerConfigError("Dieser Schlüssel wartet nicht mehr auf Zustimmung. Bitte laden Sie die Seite neu.")
        self.ledger.keyring.approve(role, by, self._record)

    # ---- below ---------------------------------------------------------------------------------------------------

    def _brought(self, role: str, key_id: str, by: str) -> bool:
        """Whether this person handed the key in: roles change, and who changed sides must not stand on both."""
        self.ledger.sequence()
        rows = self.ledger.reader.page(Filters(types=(KEY_SET,)), limit=_KEYS).rows
        names = self.ledger.pseudonyms(by)
        for parts in self.ledger.reader.parts([row.id for row in rows]).values():
            meta, subject = parts.get(META), parts.get(SUBJECT)
            if isinstance(meta, dict) and isinstance(subject, dict) and subject.get("pseudonym") in names and (
                    meta.get("role"), meta.get("key")) == (role, key_id):
                return True
        return False

    def _only_who_asked(self, by: str, request: str) -> None:
        if not self._work.asked_by(self._work.get(request), by):
            raise NotAllowed("Diesen Schritt macht die Person, die den Antrag gestellt hat.")

    def _record(self, kind: str, meta: dict[str, Any], by: str) -> object:
        return self.ledger.append_wait(self.ledger.draft(kind, {**meta, "via": "web"}, subject=by))

    def _keep(self, request: str, kind: str, text: str, until_us: int) -> None:
        with writing(self.engine, bump=False) as connection:
            reid_pieces.put(connection, request, kind, text, _moment(now_us()), _moment(until_us))

    def _piece(self, request: str) -> tuple[str, str]:
        with reading(self.engine) as connection:
            return reid_pieces.get(connection, request, _moment(now_us()))

    def _shown(self, work: Reidentification, one: Request, by: str, kind: str = "", piece: str = "") -> Case:
        return Case(
            one.id, _moment(one.at_us), one.case, one.reason, one.pseudonym, one.target_epoch, one.vorgang,
            one.state(now_us()), frozenset(one.approvals),
            tuple(Step(step.type, _moment(step.at_us), step.role, step.via) for step in one.steps),
            mine=work.asked_by(one, by), ends_at=_moment(one.at_us + LASTS_US),
            answer_until=_moment(one.handed_us + ANSWER_US) if one.handed_us else None,
            shown_until=_moment(one.resolved_us + SHOWN_US) if one.resolved_us else None,
            informed_on=one.informed_on, piece=piece, kind=kind)


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC)
