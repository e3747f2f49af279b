"""The small text files that travel between the house and two trustees when something sealed to both is to be opened:
the identity behind a pseudonym, or the key of an exchange's content (the order says which).

::

    house        AUFTRAG    what is asked, the sealed identity, a key for the answer
    dpo          UMSCHLAG   the outer layer opened; what is inside is still sealed
    Personalrat  ANTWORT    the inner layer opened, and sealed again to the key of this one request
    house        checks both proofs, that all of it is about this request, and that the id has this pseudonym

Each trustee adds a proof over everything so far, with a key that exists for this request only: an opening of another
request, another pseudonym or another day is worth nothing. A piece is canonical JSON in base64 between two lines.
Standard library and `cryptography` only. Not known here: whether the request was approved (`audit.reid`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit import canonical, sealing
from audit.errors import FormatError
from audit.sealing import DPO, HOUSE, TrusteeKey

ORDER: Final = "AUFTRAG"
ENVELOPE: Final = "UMSCHLAG"
ANSWER: Final = "ANTWORT"
_ORDER_KEYS: Final = ({"case", "epoch", "pseudonym", "reason", "request", "return", "sealed"},
                      {"case", "exchange", "reason", "request", "return", "sealed", "vorgang"})
_FRAME: Final = re.compile(r"-----BEGIN KI-PFORTE ([A-Z]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END KI-PFORTE \1-----")
_MOST: Final = 65_536


def armor(kind: str, value: Mapping[str, Any]) -> str:
    """Return a value as text between two lines."""
    lines = textwrap.wrap(base64.b64encode(canonical.dumps(value)).decode(), 64)
    return "\n".join((f"-----BEGIN KI-PFORTE {kind}-----", *lines, f"-----END KI-PFORTE {kind}-----", ""))


def unarmor(text: str) -> tuple[str, dict[str, Any]]:
    """Return kind and value of the one piece in a text; what stands around it (a mail) is let be."""
    found = _FRAME.findall(text) if len(text) <= _MOST else []
    if len(found) != 1:
        raise FormatError("not exactly one piece between BEGIN and END")
    kind, body = found[0]
    try:
        value = canonical.loads(base64.b64decode("".join(body.split()), validate=True))
    except (binascii.Error, ValueError):
        raise FormatError("the piece is damaged") from None
    if type(value) is not dict or value.get("v") != 1:
        raise FormatError("a piece of another version")
    return kind, value


def order_of(value: Mapping[str, Any]) -> dict[str, str]:
    """Return what a piece says is asked, strictly."""
    order = value.get("order")
    if type(order) is not dict or order.keys() not in _ORDER_KEYS or any(type(v) is not str for v in order.values()):
        raise FormatError("the piece does not say what is asked")
    return order


def make_order(*, request: str, case: str, reason: str, pseudonym: str, epoch: str, answer_to: TrusteeKey,
               sealed: bytes) -> str:
    """Return the first piece."""
    return _order({"case": case, "epoch": epoch, "pseudonym": pseudonym, "reason": reason, "request": request}, sealed,
                  answer_to)


def make_content_order(*, request: str, case: str, reason: str, vorgang: str, exchange: str, answer_to: TrusteeKey,
                       sealed: bytes) -> str:
    """Return the first piece where the content of one exchange is to be read."""
    return _order({"case": case, "exchange": exchange, "reason": reason, "request": request, "vorgang": vorgang},
                  sealed, answer_to)


def _order(asked: dict[str, str], sealed: bytes, answer_to: TrusteeKey) -> str:
    order = {**asked, "return": str(answer_to), "sealed": hashlib.sha256(sealed).hexdigest()}
    return armor(ORDER, {"order": order, "sealed": sealing.read_box(canonical.loads(sealed)), "v": 1})


def open_outer(private: X25519PrivateKey, value: Mapping[str, Any]) -> str:
    """What the data protection officer does: return the second piece."""
    order, box = order_of(value), sealing.read_box(value.get("sealed"))
    if hashlib.sha256(canonical.dumps(box)).hexdigest() != order["sealed"]:
        raise FormatError("the piece holds another seal than it names")
    boxes = sealing.read_boxes(sealing.unseal(private, DPO, _about(order), box))
    inner = hashlib.sha256(canonical.dumps(boxes)).hexdigest()
    opened = _opened(private, DPO, order, {"inner": inner, "order": order, "step": "aussen"})
    return armor(ENVELOPE, {"boxes": boxes, "opened": [opened], "order": order, "v": 1})


def open_inner(private: X25519PrivateKey, role: str, value: Mapping[str, Any]) -> str:
    """What the Personalrat does: return the third piece."""
    order, boxes, opened = order_of(value), sealing.read_boxes(canonical.dumps(value.get("boxes"))), value.get("opened")
    own = TrusteeKey.of(role, private).id
    box = next((one for one in boxes if one["key"] == own), None)
    if box is None or type(opened) is not list or len(opened) != 1:
        raise FormatError("nothing in this piece is sealed to this key")
    plain = sealing.unseal(private, role, _about(order), box)
    sealing.unpad(plain)
    answer = sealing.seal(_answer_key(order), _answer(order), plain)
    inner = hashlib.sha256(canonical.dumps(boxes)).hexdigest()
    said = {"answer": dict(answer), "inner": inner, "order": order, "step": "innen"}
    return armor(ANSWER, {"answer": dict(answer), "inner": inner, "order": order, "v": 1,
                          "opened": [opened[0], _opened(private, role, order, said)]})


def check_envelope(private: X25519PrivateKey, outer: TrusteeKey, text: str) -> dict[str, str]:
    """Return the order of a second piece whose outer layer was opened with this key for the holder of `private`.

    What is inside stays sealed; so a piece that is wrong is noticed where it was made. Raises `FormatError`.
    """
    kind, value = unarmor(text)
    order, boxes, opened = order_of(value), sealing.read_boxes(canonical.dumps(value.get("boxes"))), value.get("opened")
    if kind != ENVELOPE or type(opened) is not list or len(opened) != 1 or type(opened[0]) is not dict:
        raise FormatError("not a piece whose outer layer was opened")
    said = {"inner": hashlib.sha256(canonical.dumps(boxes)).hexdigest(), "order": order, "step": "aussen"}
    expected = {"by": outer.id, "proof": sealing.proof(private, outer, canonical.dumps(said))}
    if not hmac.compare_digest(canonical.dumps(expected), canonical.dumps(opened[0])):
        raise FormatError("the outer layer was not opened with its key for this request")
    return order


@dataclass(frozen=True, slots=True)
class Opening:
    """What the house reads out of an answer: whose keys opened it, outer one first, and the sealed value."""

    order: dict[str, str]
    by: tuple[str, str]
    value: Mapping[str, Any]

    @classmethod
    def read(cls, text: str) -> Opening:
        """Read the third piece; nothing is proved yet."""
        kind, value = unarmor(text)
        opened = value.get("opened")
        if kind != ANSWER or type(opened) is not list or len(opened) != 2 or any(
                type(one) is not dict or {type(v) for v in one.values()} != {str} or one.keys() != {"by", "proof"}
                for one in opened):
            raise FormatError("not an answer that both trustees opened")
        return cls(order_of(value), (opened[0]["by"], opened[1]["by"]), value)

    def subject(self, private: X25519PrivateKey, outer: TrusteeKey, inner: TrusteeKey) -> str:
        """Return the id of a person. Raises `FormatError`."""
        try:
            return self.plain(private, outer, inner).decode()
        except UnicodeDecodeError:
            raise FormatError("what was sealed is no id") from None

    def plain(self, private: X25519PrivateKey, outer: TrusteeKey, inner: TrusteeKey) -> bytes:
        """Return what was sealed, if the holders of both keys opened it for this very request. Raises `FormatError`."""
        value, order, answer = self.value, self.order, sealing.read_box(self.value.get("answer"))
        if TrusteeKey.of(HOUSE, private) != _answer_key(order):
            raise FormatError("the answer is sealed to another key")
        texts = ({"inner": value.get("inner"), "order": order, "step": "aussen"},
                 {"answer": dict(answer), "inner": value.get("inner"), "order": order, "step": "innen"})
        for key, text, said in zip((outer, inner), texts, value["opened"], strict=True):
            expected = sealing.proof(private, key, canonical.dumps(text))
            if said["by"] != key.id or not hmac.compare_digest(expected.encode(), said["proof"].encode()):
                raise FormatError("a layer was not opened with its key for this request")
        return sealing.unpad(sealing.unseal(private, HOUSE, _answer(order), answer))


def _opened(private: X25519PrivateKey, role: str, order: Mapping[str, str], said: Mapping[str, Any]) -> dict[str, str]:
    return {"by": TrusteeKey.of(role, private).id,
            "proof": sealing.proof(private, _answer_key(order), canonical.dumps(said))}


def _answer_key(order: Mapping[str, str]) -> TrusteeKey:
    key = TrusteeKey.parse(order["return"])
    if key.role != HOUSE:
        raise FormatError("the answer is not for the house")
    return key


def _about(order: Mapping[str, str]) -> dict[str, str]:
    if "exchange" in order:
        return sealing.about_content(order["exchange"])
    return sealing.about_identity(order["pseudonym"], order["epoch"])


def _answer(order: Mapping[str, str]) -> dict[str, str]:
    return {**_about(order), "request": order["request"], "what": "answer"}
