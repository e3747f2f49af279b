"""An e-mail (EML): who, when, about what, and its words. Attachments are named in number and not read."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Final

from gateway.files.formats import html
from gateway.files.formats.flow import joined, tidy
from gateway.files.formats.plain import decode
from gateway.files.reasons import UnreadableError

_HEADS: Final = (("From", "Von"), ("To", "An"), ("Cc", "Kopie"), ("Date", "Datum"), ("Subject", "Betreff"))


def read(data: bytes, limit: int) -> str:
    """Return the text of a mail."""
    try:
        mail = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        lines = [f"{word}: {' '.join(str(mail[name]).split())}" for name, word in _HEADS if mail[name]]
        body = mail.get_body(("plain", "html"))
        content = body.get_payload(decode=True) if body is not None else None
    except (ValueError, LookupError, AttributeError, IndexError, TypeError, RecursionError):
        raise UnreadableError("broken") from None
    said = ""
    if body is not None and isinstance(content, bytes):
        said = html.read(content, limit) if body.get_content_subtype() == "html" else tidy(
            decode(content, body.get_content_charset() or ""))
    attached = sum(1 for _ in mail.iter_attachments())
    note = f"[Nicht übernommen: {attached} Anlage{'n' if attached > 1 else ''}]" if attached else ""
    text = joined(tidy("\n".join(lines)), said, note)
    if len(text) > limit:
        raise UnreadableError("long", limit)
    return text
