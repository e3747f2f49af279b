"""People and keys in a dictionary: what the authenticator asks, without a database, with a switch to fail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from gateway.identity.keys import new_key
from gateway.model.clients import TrustedClient
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.people import ApiKey, Person
from tests.support.municipality import DV, NOW


@dataclass(frozen=True)
class Known:
    """One caller as the directory keeps it."""

    generation: int
    key: ApiKey
    sha256: bytes
    person: Person
    evidence: tuple[Evidence, ...] = ()
    events: tuple[PassEvent, ...] = ()


@dataclass(frozen=True)
class KnownClient:
    """One trusted front end as the directory keeps it."""

    generation: int
    client: TrustedClient
    sha256: bytes


@dataclass
class MemoryDirectory:
    """`gateway.identity.Directory` in memory. ``down`` makes every question fail; ``reads`` counts the real ones."""

    known: dict[str, Known] = field(default_factory=dict)
    clients: dict[str, KnownClient] = field(default_factory=dict)
    number: int = 1
    down: bool = False
    reads: int = 0
    touched: list[tuple[str, date]] = field(default_factory=list)

    def enrol(self, name: str = "p1", *, now: datetime = NOW, **key: Any) -> str:
        """Add a person with everything that the basic pass takes; return the key as the person holds it."""
        fresh = new_key()
        person = Person(f"subject-{name}", f"{name}@x.example", name, "bauamt", frozenset({"staff"}))
        evidence = tuple(Evidence(m, now, DV if m == "dv" else None) for m in ("information", "schulung", "dv"))
        self.known[fresh.id] = Known(0, ApiKey(fresh.id, person.id, "n", now, **key), fresh.sha256, person, evidence)
        return fresh.text

    def trust(self, identity: Any = "headers", **entry: Any) -> str:
        """Add a trusted front end; return its key."""
        fresh = new_key()
        headers = {"token_header": "x-openwebui-user-jwt", "secret_name": "CHAT_SECRET"} \
            if identity == "openwebui-jwt" else {"email_header": "x-openwebui-user-email", "id_header": "x-kip-user"}
        entry = {"groups_header": "x-kip-groups", **headers, **entry}
        client = TrustedClient(fresh.id, "Chat", identity, NOW, **entry)
        self.clients[fresh.id] = KnownClient(0, client, fresh.sha256)
        return fresh.text

    def change_client(self, which: str, /, **changes: Any) -> None:
        """Change a front end, as another process would."""
        id_ = which.split("_")[1]
        entry = self.clients[id_]
        self.clients[id_] = replace(entry, client=replace(entry.client, **changes))
        self.number += 1

    def change_person(self, which: str, /, **changes: Any) -> None:
        """Change the person who holds a key, as another process would."""
        self.change(which, person=replace(self.of(which).person, **changes))

    def change(self, which: str, /, **changes: Any) -> None:
        """Change what is known, as another process would: the generation moves with it."""
        id_ = which.split("_")[1]
        self.known[id_] = replace(self.known[id_], **changes)
        self.number += 1

    def of(self, key: str) -> Known:
        """Return what is known about a key."""
        return self.known[key.split("_")[1]]

    def generation(self) -> int:
        self._ask()
        return self.number

    def caller(self, key_id: str) -> Known | None:
        self._ask()
        self.reads += 1
        found = self.known.get(key_id)
        return found and replace(found, generation=self.number)

    def client(self, key_id: str) -> KnownClient | None:
        self._ask()
        found = self.clients.get(key_id)
        return found and replace(found, generation=self.number)

    def members(self, email: str, external_id: str) -> list[Known]:
        self._ask()
        self.reads += 1
        return [replace(k, generation=self.number) for k in self.known.values()
                if (email and k.person.email == email) or (external_id and k.person.external_id == external_id)]

    def touch(self, key_id: str, day: date) -> None:
        self._ask()
        self.touched.append((key_id, day))

    def person(self, subject: str) -> Person | None:
        self._ask()
        return next((k.person for k in self.known.values() if k.person.id == subject), None)

    def _ask(self) -> None:
        if self.down:
            raise OSError("canary-database-text")
