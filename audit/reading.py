"""Reading kept content (`audit.content`): one exchange at a time, with both private keys, each reading a record.

::

    hand_out   AUFTRAG for the two trustees, with the sealed key of this exchange      content.handout
    read       their ANTWORT: the key is opened, the texts are returned                content.read

The pieces are those of `audit.pieces`. An answer opens only what was handed out, once, within a day: the key that it is
sealed to lies in the key folder, named after the record of the handing out, and is deleted before the texts are
returned. Every step is durable before it takes effect. Codes and numbers stand in the records, no free text.

Roles and people are the caller's to check. Not known here: what somebody does with what they read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit import content, pieces
from audit.content import Texts
from audit.errors import FormatError, LedgerConfigError
from audit.reader import RecordView
from audit.record import CONTENT, INTENT, first_id_at, now_us, time_us
from audit.reid import CASE
from audit.reid_state import ANSWER_US, REASONS
from audit.sealing import HOUSE, TrusteeKey
from audit.signing import file_lock, read_private, write_private

if TYPE_CHECKING:
    from audit.ledger import Ledger

HANDOUT: Final = "content.handout"
READ: Final = "content.read"
_KEY: Final = "content-{}.key"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was kept of one exchange. A side that was deleted or never came is None."""

    vorgang: str
    record: str
    request: Texts | None = field(repr=False)
    answer: Texts | None = field(repr=False)


class ContentReading:
    """The procedure, on one ledger. Blocks; methods may raise `LedgerConfigError` and `LedgerUnavailable`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder: Path = ledger.config.folder

    def kept(self, what: str) -> list[RecordView]:
        """Return the intents with kept content: that record, or those of a Vorgang."""
        self._ledger.sequence()
        one = self._ledger.reader.get(what)
        found = [one] if one is not None else self._ledger.reader.vorgang(what)
        return [view for view in found if view.type == INTENT and CONTENT in view.parts]

    def hand_out(self, record: str, *, case: str, reason: str, by: str) -> str:
        """Return the piece for the data protection officer, about the content of this one intent."""
        if not CASE.fullmatch(case):
            raise LedgerConfigError("Ein Fall hat eine Nummer mit einer Ziffer darin, zum Beispiel „V-2026-3“, ohne "
                                    "Leerzeichen und ohne Namen.")
        if reason not in REASONS:
            raise LedgerConfigError(f"Als Grund gibt es nur: {', '.join(REASONS)}.")
        view = next(iter(self.kept(record)), None)
        if view is None:
            raise LedgerConfigError("Zu diesem Eintrag ist kein Inhalt aufbewahrt (nie, oder die Frist ist vorbei).")
        exchange, sealed = content.sealed_key(view.parts[CONTENT].body)
        private = X25519PrivateKey.generate()
        key = TrusteeKey.of(HOUSE, private)
        facts = {"case": case, "reason": reason, "answer_key": str(key), "sealed": hashlib.sha256(sealed).hexdigest()}
        receipt = self._ledger.append_wait(self._ledger.draft(HANDOUT, facts, subject=by, ref=view.id))
        write_private(self._path(receipt.record_id), private.private_bytes_raw().hex().encode(), replace=True)
        return pieces.make_content_order(request=receipt.record_id, case=case, reason=reason, exchange=exchange,
                                         vorgang=str(view.meta.get("vorgang", "")), answer_to=key, sealed=sealed)

    def read(self, answer: str, by: str) -> Reading:
        """Return what was kept, once: both layers were opened, for this handing out and no other."""
        with file_lock(self._folder / ".content.lock"):
            try:
                opening = pieces.Opening.read(answer)
                handout, view = self._asked(opening)
                exchange, sealed = content.sealed_key(view.parts[CONTENT].body)
                secret = self._secret(opening, handout, exchange, sealed)
                family = [view, *(one for one in self._ledger.reader.vorgang(str(view.meta.get("vorgang", "")))
                                  if one.ref == view.id)]
                found = {one.side: one for one in _texts(family, exchange, secret)}
            except FormatError:
                raise LedgerConfigError("Diese Antwort gehört zu keinem ausgegebenen Auftrag, ist älter als 24 Stunden "
                                        "oder wurde schon gebraucht. Es wurde nichts geöffnet.") from None
            self._ledger.append_wait(self._ledger.draft(READ, {"case": handout.meta["case"],
                                                               "reason": handout.meta["reason"]},
                                                        subject=by, ref=handout.id))
            self._path(handout.id).unlink(missing_ok=True)
        return Reading(opening.order["vorgang"], view.id, found.get("request"), found.get("answer"))

    def expire(self) -> int:
        """Delete keys for answers that nobody gave within a day; return how many."""
        oldest, gone = first_id_at((now_us() - ANSWER_US) / 1e6), 0
        for path in self._folder.glob(_KEY.format("*")):
            if path.name < _KEY.format(oldest):
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _asked(self, opening: pieces.Opening) -> tuple[RecordView, RecordView]:
        """Return the record of the handing out and the intent it is about."""
        self._ledger.sequence()
        handout = self._ledger.reader.get(opening.order["request"])
        if handout is None or handout.type != HANDOUT or now_us() >= time_us(handout.t) + ANSWER_US:
            raise FormatError("nothing was handed out under this number, or too long ago")
        view = self._ledger.reader.get(handout.ref)
        if view is None or CONTENT not in view.parts:
            raise FormatError("the content is gone")
        return handout, view

    def _secret(self, opening: pieces.Opening, handout: RecordView, exchange: str, sealed: bytes) -> bytes:
        said: dict[str, Any] = handout.meta
        expected = {"case": said.get("case"), "exchange": exchange, "reason": said.get("reason"),
                    "request": handout.id, "return": said.get("answer_key"), "sealed": said.get("sealed"),
                    "vorgang": opening.order.get("vorgang")}
        outer, inner = (self._ledger.keyring.find(one) for one in opening.by)
        if opening.order != expected or outer is None or inner is None or \
                hashlib.sha256(sealed).hexdigest() != said.get("sealed"):
            raise FormatError("the answer is about something else")
        try:
            private = bytes.fromhex(read_private(self._path(handout.id)).decode())
        except FileNotFoundError:
            raise FormatError("the key for the answer is gone") from None
        return opening.plain(X25519PrivateKey.from_private_bytes(private), outer, inner)

    def _path(self, record: str) -> Path:
        return self._folder / _KEY.format(record)


def _texts(family: Iterable[RecordView], exchange: str, secret: bytes) -> list[Texts]:
    return [content.unlock(view.parts[CONTENT].body, exchange, secret) for view in family if CONTENT in view.parts]
