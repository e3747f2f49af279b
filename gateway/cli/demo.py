"""Musterstadt: an invented municipality, so that everything can be tried at once.

A dozen people in eight departments, every role, and every state of the KI-Pass at least once. All of it is invented;
the addresses end in ``.example``, which no real mail system uses, and that is how these people are told from others.

Every call puts them back to where they began: evidence and events are written anew relative to today (so ``abgelaufen``
does not age and a pass that somebody took away while trying is back), and each gets a new key in place of the demo key
before, because only hashes are kept. Other people, and keys that somebody made by hand, stay as they are.

States come from what the person can show, never from a flag: ``kulanz`` and ``dv_neu`` hold an acknowledgement of an
earlier Dienstvereinbarung, picked by asking the real rules which version gives that state today. Where no version does
(``kulanz`` needs one in its grace period), the person shows as what the rules say, and a note says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection

from gateway.cli.context import CliContext
from gateway.cli.output import note
from gateway.identity.keys import new_key
from gateway.kipass import BASIS, Evidence, KiPassConfig, PassEvent, passes
from gateway.kipass.documents import evidence_for
from gateway.model.people import ApiKey, Person
from gateway.model.principal import PassState
from gateway.registry import index
from gateway.store import departments, keys, people
from gateway.store import passes as proofs

DEPARTMENTS: Final = {
    "buergerbuero": "Bürgerbüro", "sozialamt": "Sozialamt", "jugendamt": "Jugendamt", "standesamt": "Standesamt",
    "auslaenderbehoerde": "Ausländerbehörde", "pressestelle": "Pressestelle",
    "bauamt": "Bauamt", "kaemmerei": "Kämmerei", "personalamt": "Personalamt", "it": "IT",
}
KEY_NAME: Final = "Vorführung"
BY: Final = "vorfuehrung"
_UNKNOWN_VERSION: Final = sha256(b"Dienstvereinbarung, Entwurf").hexdigest()


@dataclass(frozen=True, slots=True)
class Example:
    """One invented person. ``scopes`` None: every scope there is."""

    login: str
    name: str
    department: str
    role: str
    state: PassState
    scopes: tuple[str, ...] | None = (BASIS,)

    @property
    def email(self) -> str:
        """The address, in a domain that is reserved for examples."""
        return f"{self.login}@musterstadt.example"


EXAMPLES: Final = (
    Example("anneke.petersen", "Anneke Petersen", "buergerbuero", "staff", "gueltig", None),
    Example("mehmet.yildiz", "Mehmet Yıldız", "sozialamt", "staff", "gueltig"),
    Example("katarzyna.nowak", "Katarzyna Nowak", "jugendamt", "staff", "kulanz"),
    Example("lan.nguyen", "Nguyễn Thị Lan", "standesamt", "staff", "abgelaufen"),
    Example("jonas.brandt", "Jonas Brandt", "bauamt", "staff", "dv_neu"),
    Example("olena.kovalenko", "Olena Kovalenko", "kaemmerei", "staff", "gesperrt"),
    Example("samir.al-khatib", "Samir Al-Khatib", "sozialamt", "staff", "fehlt"),
    Example("eleni.papadopoulou", "Eleni Papadopoulou", "personalamt", "ki-pass-stelle", "gueltig", None),
    Example("friederike.vonahlen", "Friederike von Ahlen", "standesamt", "dpo", "gueltig"),
    Example("chidi.okafor", "Chidi Okafor", "bauamt", "personalrat", "gueltig"),
    Example("marek.kowalski", "Marek Kowalski", "auslaenderbehoerde", "staff", "gueltig"),
    Example("greta.sommer", "Greta Sommer", "pressestelle", "staff", "gueltig"),
    Example("dmitri.schaefer", "Dmitri Schäfer", "it", "it", "gueltig"),
    Example("ines.marques", "Inês Marques da Silva", "kaemmerei", "leitung", "gueltig"),
)


def reset_demo(own: CliContext) -> dict[str, Any]:
    """Put Musterstadt into its first state and return what ``init --demo --json`` prints: people with fresh keys."""
    now, rules = own.now(), own.rules
    with own.writing() as connection:
        known = {d.id for d in departments.every(connection)}
        departments.sync(connection, {id_: name for id_, name in DEPARTMENTS.items() if id_ not in known})
        persons = [_person(connection, example, now) for example in EXAMPLES]
        ids = [p.id for p in persons]
        keys.remove_named(connection, ids, KEY_NAME)
        proofs.forget(connection, ids)
        shown = [_equip(connection, example, person, rules, now)
                 for example, person in zip(EXAMPLES, persons, strict=True)]
        index.note(connection, own.books, ids)
        own.record("demo.reset", {"people": len(shown)}, None)
    for example, entry in zip(EXAMPLES, shown, strict=True):
        if entry["pass"] != example.state:
            note(f"{example.email}: Nach den geltenden Regeln ist der KI-Pass „{entry['pass']}“ statt "
                 f"„{example.state}“.")
    return {"people": shown}


def _person(connection: Connection, example: Example, now: datetime) -> Person:
    wanted = people.NewPerson(example.email, example.name, example.department, frozenset({"staff", example.role}))
    there = people.by_email(connection, example.email)
    if there is None:
        return people.add(connection, [wanted], now)[0]
    again = replace(there, name=wanted.name, department=wanted.department, roles=wanted.roles, disabled_at=None)
    people.change(connection, [again])
    return again


def _equip(connection: Connection, example: Example, person: Person, rules: KiPassConfig,
           now: datetime) -> dict[str, Any]:
    """Write evidence, events and a key for one person; return the entry for scripts."""
    evidence, events = _proof(example, rules, now)
    proofs.record(connection, [(person.id, e) for e in evidence], source="verwaltung", recorded_by=BY, now=now)
    for event in events:
        proofs.act(connection, person.id, event, by_role=BY, reason="Beispiel")
    fresh = new_key()
    keys.add(connection, ApiKey(fresh.id, person.id, KEY_NAME, now), fresh.sha256)
    held = passes(evidence, events, rules, now)
    return {"email": person.email, "name": person.name, "department": person.department,
            "roles": sorted(person.roles), "key": fresh.text, "pass": held[BASIS].state}


def _proof(example: Example, rules: KiPassConfig, now: datetime) -> tuple[list[Evidence], list[PassEvent]]:
    """Return what the person can show, so that the rules give the state of the example."""
    scopes = rules.scopes if example.scopes is None else example.scopes
    modules = list(dict.fromkeys(m for scope in scopes for m in rules.scopes[scope].modules))
    evidence = [replace(e, completed_at=now - timedelta(days=30)) for e in evidence_for(rules, modules, now)]
    events: list[PassEvent] = []
    if example.state == "fehlt":
        evidence = evidence[:1]
    elif example.state == "gesperrt":
        events = [PassEvent("gesperrt", now - timedelta(days=3))]
    elif example.state == "abgelaufen":
        evidence = [_expired(e, now) if rules.modules[e.module].kind == "schulung" else e for e in evidence]
    elif example.state in ("kulanz", "dv_neu"):
        evidence = _earlier_version(evidence, example.state, rules, now)
    return evidence, events


def _expired(one: Evidence, now: datetime) -> Evidence:
    return replace(one, completed_at=now - timedelta(days=800), valid_until=now - timedelta(days=20))


def _earlier_version(evidence: list[Evidence], state: PassState, rules: KiPassConfig, now: datetime) -> list[Evidence]:
    """Return the evidence with the version of the Dienstvereinbarung that gives this state today, newest first."""
    hashes = [d.sha256 for d in reversed(rules.documents.get("dienstvereinbarung", ()))]
    for version in [*hashes, _UNKNOWN_VERSION]:
        changed = [replace(e, document_sha256=version) if rules.modules[e.module].kind == "kenntnisnahme_dv" else e
                   for e in evidence]
        if passes(changed, (), rules, now)[BASIS].state == state:
            return changed
    return evidence
