"""Resolving a pseudonym: asked for with a reason, agreed to by two people, opened with two keys, told to the person.

How a request stands follows from its records (`audit.reid_state`); there is no other state. What lies beside them is
one private key per request in the key folder, to which the trustees seal the answer: made when the sealed identity is
handed out, good for a day, deleted with the answer. The id of the person is returned to the caller once and written
nowhere. A caller that keeps the sealed answer may say so (`resolve` with ``keep``): then the key stays for one more
day, in which the one who asked, and nobody else, may look again (`look`). Every step is durable before it counts.

Roles and people are the caller's to check: this room is told opaque ids and the role in which somebody acts.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit import canonical, pieces
from audit.errors import FormatError, LedgerConfigError, NotAllowed
from audit.record import SUBJECT, Part, now_us
from audit.reid_state import (
    ANSWER_US,
    APPROVE,
    APPROVERS,
    DENY,
    EXPIRE,
    HANDOUT,
    INFORM,
    REASONS,
    REQUEST,
    RESOLVE,
    SHOWN_US,
    TARGET,
    TYPES,
    Entry,
    Request,
    fold,
)
from audit.sealing import HOUSE, TrusteeKey
from audit.signing import file_lock, read_private, write_private
from audit.targets import steps

if TYPE_CHECKING:
    from audit.ledger import Ledger

CASE: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
_PSEUDONYM: Final = re.compile(r"P-[A-Z2-7]{16}")


class Reidentification:
    """The procedure, on one ledger. Blocks; every method may raise `LedgerConfigError` and `LedgerUnavailable`."""

    def __init__(self, ledger: Ledger, via: str = "") -> None:
        """`via` goes into every record: ``web`` for somebody who signed in, ``cli`` where nobody knows who it is."""
        self._ledger, self._via = ledger, via
        self._folder: Path = ledger.config.folder

    # ---- looking -------------------------------------------------------------------------------------------------

    def requests(self) -> list[Request]:
        """Return all requests that the log still tells of, the oldest first."""
        self._ledger.sequence()
        return list(fold(Entry.of(view) for view in steps(self._ledger.reader)).values())

    def get(self, request: str) -> Request:
        """Return one request."""
        found = next((one for one in self.requests() if one.id == request), None)
        if found is None:
            raise LedgerConfigError("Einen Antrag mit dieser Nummer gibt es nicht. „ki-pforte reid list“ zeigt alle.")
        return found

    def to_inform(self) -> list[Request]:
        """Return the requests whose person has not been told yet."""
        return [one for one in self.requests() if one.state(now_us()) == "resolved"]

    # ---- the steps -----------------------------------------------------------------------------------------------

    def request(self, *, case: str, reason: str, by: str, pseudonym: str = "", vorgang: str = "") -> Request:
        """Ask for one pseudonym, given itself or by the one Vorgang that it stands in; return the request."""
        if not CASE.fullmatch(case):
            raise LedgerConfigError("Ein Fall hat eine Nummer mit einer Ziffer darin, zum Beispiel „V-2026-3“, ohne "
                                    "Leerzeichen und ohne Namen.")
        if reason not in REASONS:
            raise LedgerConfigError(f"Als Grund gibt es nur: {', '.join(REASONS)}.")
        self._ledger.sequence()
        pseudonym, epoch = self._target(pseudonym, vorgang)
        if self._ledger.identities.find(pseudonym) is None:
            problem = self._ledger.keyring.problem()
            raise LedgerConfigError("Zu diesem Pseudonym ist keine Identität aufbewahrt (Frist abgelaufen oder nie "
                                    f"versiegelt). {problem}".rstrip())
        target = {"epoch": epoch, "pseudonym": pseudonym, "vorgang": vorgang}
        draft = self._ledger.draft(REQUEST, self._said({"case": case, "reason": reason}), subject=by)
        part = Part(canonical.dumps(target), self._ledger.config.retention.classes[SUBJECT])
        receipt = self._ledger.append_wait(replace(draft, parts={**draft.parts, TARGET: part}))
        return self.get(receipt.record_id)

    def approve(self, request: str, role: str, by: str) -> Request:
        """Agree in one of the two roles. The same person cannot do it twice."""
        with self._one_at_a_time():
            found = self._alive(request, "open")
            if role not in APPROVERS:
                raise LedgerConfigError("Zustimmen können nur die oder der Datenschutzbeauftragte und der Personalrat.")
            if role in found.approvals:
                raise LedgerConfigError("In dieser Rolle wurde schon zugestimmt.")
            name = self._ledger.pseudonym(by, found.epoch) if found.epoch else ""
            if not found.may_approve(role, name):
                raise NotAllowed("Es müssen zwei verschiedene Personen zustimmen.")
            if found.claimed_already(self._via):
                raise NotAllowed("Eine Zustimmung wurde schon am Terminal gegeben, wo niemand prüft, wer davor sitzt. "
                                 "Die andere muss die Person selbst geben, angemeldet auf der Seite /review/person.")
            self._step(APPROVE, found, {"role": role}, by)
            return self.get(request)

    def deny(self, request: str, role: str, by: str) -> Request:
        """Refuse in one of the two roles; that ends the request."""
        with self._one_at_a_time():
            found = self._alive(request, "open", "approved", "handed_out")
            if role not in APPROVERS:
                raise LedgerConfigError("Ablehnen können nur die oder der Datenschutzbeauftragte und der Personalrat.")
            self._step(DENY, found, {"role": role}, by)
            self._key_path(request).unlink(missing_ok=True)
            return self.get(request)

    def hand_out(self, request: str, by: str) -> str:
        """Return the piece for the data protection officer. May be done again; only the newest one counts."""
        with self._one_at_a_time():
            found = self._alive(request, "approved", "handed_out")
            seal = self._ledger.identities.find(found.pseudonym)
            if seal is None:
                raise LedgerConfigError("Die versiegelte Identität ist nicht mehr da; ihre Frist ist abgelaufen.")
            private = X25519PrivateKey.generate()
            key = TrusteeKey.of(HOUSE, private)
            self._step(HANDOUT, found, {"answer_key": str(key), "sealed": hashlib.sha256(seal.sealed).hexdigest(),
                                        "keys": list(seal.keys)}, by)
            write_private(self._key_path(request), private.private_bytes_raw().hex().encode(), replace=True)
            return pieces.make_order(request=request, case=found.case, reason=found.reason, answer_to=key,
                                     pseudonym=found.pseudonym, epoch=found.target_epoch, sealed=seal.sealed)

    def check_envelope(self, request: str, envelope: str) -> None:
        """Say at once whether the outer layer was opened for this request; what is inside stays sealed."""
        found = self._alive(request, "handed_out")
        seal = self._ledger.identities.find(found.pseudonym)
        outer = self._ledger.keyring.find(seal.keys[0]) if seal else None
        try:
            if outer is None or pieces.check_envelope(self._secret(found), outer, envelope) != _order(found):
                raise FormatError("the piece is about something else")
        except FormatError:
            raise LedgerConfigError("Dieses Stück gehört nicht zu diesem Antrag, oder die äußere Hülle wurde nicht "
                                    "dafür geöffnet. Es wurde nichts weitergegeben.") from None

    def resolve(self, request: str, answer: str, by: str, *, keep: bool = False) -> str:
        """Return the opaque id of the person, once: both layers were opened, for this request and no other.

        `keep`: the caller keeps the sealed answer for a day, so the key to it stays as long (`look`).
        """
        with self._one_at_a_time():
            found = self._alive(request, "handed_out")
            try:
                subject = self._opened(found, answer)
            except FormatError:
                raise LedgerConfigError("Diese Antwort gehört nicht zu diesem Antrag, oder es wurden nicht beide "
                                        "Hüllen dafür geöffnet. Es wurde nichts aufgelöst.") from None
            self._step(RESOLVE, found, {}, by)
            if not keep:
                self._key_path(request).unlink(missing_ok=True)
            return subject

    def look(self, request: str, answer: str, by: str) -> str:
        """Return the id again, within a day, to the one who asked and to nobody else. Recording it is the caller's."""
        found = self._alive(request, "resolved", "informed")
        if not self.asked_by(found, by):
            raise NotAllowed("Das Ergebnis sieht nur, wer den Antrag gestellt hat.")
        if now_us() >= found.resolved_us + SHOWN_US:
            raise LedgerConfigError(_OVER)
        try:
            return self._opened(found, answer)
        except FormatError:
            raise LedgerConfigError(_OVER) from None

    def asked_by(self, found: Request, by: str) -> bool:
        """Whether this person made the request."""
        return bool(found.by) and self._ledger.pseudonym(by, found.epoch) == found.by

    def inform(self, request: str, by: str, on: date | None = None) -> Request:
        """Put down that the person was told, and on which day (default: today)."""
        with self._one_at_a_time():
            found = self._alive(request, "resolved")
            first, today = (datetime.fromtimestamp(us / 1e6, UTC).date() for us in (found.resolved_us, now_us()))
            if on is not None and not first <= on <= today + timedelta(days=1):  # east of us it may be tomorrow
                raise LedgerConfigError(f"Bitte nennen Sie einen Tag vom {first:%d.%m.%Y} bis heute.")
            self._step(INFORM, found, {"on": on.isoformat()} if on else {}, by)
            return self.get(request)

    def expire(self) -> int:
        """End requests whose seven days are over, and delete keys for answers whose day is; return how many ended."""
        ended = 0
        with self._one_at_a_time():
            for one in self.requests():
                state = one.state(now_us())
                if state == "expired" and not one.expired:
                    self._ledger.append_wait(self._ledger.draft(EXPIRE, {}, ref=one.id))
                    ended += 1
                answered = state == "handed_out" and now_us() < one.handed_us + ANSWER_US
                if not answered and now_us() >= one.resolved_us + SHOWN_US:
                    self._key_path(one.id).unlink(missing_ok=True)
        return ended

    # ---- below ---------------------------------------------------------------------------------------------------

    def _opened(self, found: Request, answer: str) -> str:
        opening, seal = pieces.Opening.read(answer), self._ledger.identities.find(found.pseudonym)
        keys = [self._ledger.keyring.find(one) for one in opening.by]
        if opening.order != _order(found) or seal is None or opening.by[0] != seal.keys[0] or \
                opening.by[1] not in seal.keys[1:]:
            raise FormatError("the answer is about something else")
        outer, inner = keys
        if outer is None or inner is None:
            raise FormatError("a key that this house does not know")
        subject = opening.subject(self._secret(found), outer, inner)
        if self._ledger.pseudonym(subject, found.target_epoch) != found.pseudonym:
            raise FormatError("what was opened is not who has this pseudonym")
        return subject

    def _secret(self, found: Request) -> X25519PrivateKey:
        try:
            return X25519PrivateKey.from_private_bytes(bytes.fromhex(read_private(self._key_path(found.id)).decode()))
        except FileNotFoundError:
            raise FormatError("the key for the answer is gone") from None

    def _target(self, pseudonym: str, vorgang: str) -> tuple[str, str]:
        """Return pseudonym and quarter. With a Vorgang: it must stand in exactly one, and be the one named."""
        if vorgang:
            parts = [view.parts[SUBJECT].value for view in self._ledger.reader.vorgang(vorgang)
                     if SUBJECT in view.parts and view.type not in TYPES]
            names = {one["pseudonym"] for one in parts}
            if len(names) != 1 or (pseudonym and names != {pseudonym}):
                raise LedgerConfigError("In diesem Vorgang steht nicht genau dieses eine Pseudonym.")
            pseudonym = names.pop()
        if not _PSEUDONYM.fullmatch(pseudonym):
            raise LedgerConfigError("Bitte nennen Sie genau ein Pseudonym (P- und 16 Zeichen) oder einen Vorgang.")
        seal = self._ledger.identities.find(pseudonym)
        return pseudonym, seal.epoch if seal else ""

    def _alive(self, request: str, *states: str) -> Request:
        found = self.get(request)
        state = found.state(now_us())
        if state not in states:
            raise LedgerConfigError(_NOT_NOW[state])
        return found

    def _step(self, type_: str, found: Request, meta: dict[str, Any], by: str) -> None:
        """Write a step. Who agrees or refuses is named as in the quarter of the request, so that they compare."""
        epoch = found.epoch if type_ in (APPROVE, DENY) else ""
        self._ledger.append_wait(self._ledger.draft(type_, self._said(meta), subject=by, ref=found.id, epoch=epoch))

    def _said(self, meta: dict[str, Any]) -> dict[str, Any]:
        return {**meta, "via": self._via} if self._via else meta

    def _one_at_a_time(self) -> AbstractContextManager[None]:
        return file_lock(self._folder / ".reid.lock")

    def _key_path(self, request: str) -> Path:
        return self._folder / f"reid-{request}.key"


def _order(found: Request) -> dict[str, str]:
    return {"case": found.case, "epoch": found.target_epoch, "pseudonym": found.pseudonym, "reason": found.reason,
            "request": found.id, "return": found.answer_key, "sealed": found.sealed}


_OVER: Final = ("Das Ergebnis wird 24 Stunden lang gezeigt; diese Zeit ist um. Stellen Sie bei Bedarf einen neuen "
                "Antrag.")
_NOT_NOW: Final = {
    "open": "Dafür fehlt noch die Zustimmung: Es braucht die oder den Datenschutzbeauftragten und den Personalrat.",
    "approved": "Dem Antrag ist schon zugestimmt; als Nächstes wird das Siegel ausgegeben (ki-pforte reid resolve).",
    "handed_out": "Das Siegel ist ausgegeben; es fehlt die Antwort der beiden Vertrauenspersonen.",
    "resolved": "Dieser Antrag ist schon aufgelöst. Jeder Antrag zeigt eine Person genau einmal.",
    "informed": "Dieser Antrag ist erledigt; die Person wurde informiert.",
    "denied": "Dieser Antrag wurde abgelehnt.",
    "expired": "Dieser Antrag ist abgelaufen: Er galt sieben Tage. Stellen Sie bei Bedarf einen neuen.",
}
