"""How people, keys and passes look as JSON and as words. One place, so that all commands agree."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.kipass import last_day
from gateway.model.clients import TrustedClient
from gateway.model.people import ApiKey, Person
from gateway.model.principal import PassStatus

_BERLIN: Final = ZoneInfo("Europe/Berlin")
STATES: Final = {
    "gueltig": "gültig", "kulanz": "Kulanzzeit", "abgelaufen": "abgelaufen",
    "dv_neu": "neue Dienstvereinbarung", "gesperrt": "gesperrt", "fehlt": "fehlt",
}
"""State -> German word."""


def person_json(person: Person) -> dict[str, Any]:
    """Return a person for scripts."""
    return {"email": person.email, "name": person.name, "department": person.department,
            "further_departments": sorted(person.further), "roles": sorted(person.roles), "active": person.active,
            "external_id": person.external_id, "groups": sorted(person.groups), "subject": person.id}


def key_json(key: ApiKey, email: str, now: datetime) -> dict[str, Any]:
    """Return a key for scripts, without its secret."""
    return {"id": key.id, "name": key.name, "email": email, "active": works(key, now),
            "created_on": day(key.created_at), "expires_at": key.expires_at and key.expires_at.isoformat(),
            "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
            "last_used_on": key.last_used_on and key.last_used_on.isoformat(), "block_style": key.block_style,
            "service": key.service, "purpose": key.purpose or None}


def pass_json(status: PassStatus) -> dict[str, Any]:
    """Return one pass for scripts."""
    return {"state": status.state, "missing": list(status.missing),
            "until": status.until and status.until.isoformat(),
            "document_sha256": status.document_sha256}


def works(key: ApiKey | TrustedClient, now: datetime) -> bool:
    """Whether a key still opens the door."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def key_words(key: ApiKey | TrustedClient, now: datetime) -> str:
    """Return the state of a key in German."""
    if key.revoked_at is not None:
        return "widerrufen"
    return "gültig" if works(key, now) else "abgelaufen"


def pass_words(status: PassStatus) -> str:
    """Return a pass in German, on one line."""
    words = STATES[status.state]
    if status.until is not None and status.state in ("gueltig", "kulanz"):
        words += f" bis {last_day(status.until):%d.%m.%Y}"
    if status.missing:
        words += f" (offen: {', '.join(status.missing)})"
    return words


def day(at: datetime) -> str:
    """Return the day in Berlin, as ISO 8601."""
    return at.astimezone(_BERLIN).date().isoformat()


def moment(at: datetime) -> str:
    """Return day and time in Berlin for people."""
    return f"{at.astimezone(_BERLIN):%d.%m.%Y, %H:%M} Uhr"
