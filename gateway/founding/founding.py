"""Makes the house that somebody described: policies, settings, databases, the ledger, the first people.

Kept true: a house that has people is never set up again; everything is checked before anything is written; the ledger
tells of it. What is left when it breaks off half-way is named in the error, and setting up again says what is in the
way instead of overwriting it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from audit import Ledger, LedgerConfigError
from gateway.founding.files import OFFICE, ready_made, shipped, write_policies, write_settings
from gateway.founding.settled import Settled, place_of, settled
from gateway.home import open_ledger, own_secret, refuse_half_restored
from gateway.identity.passwords import Passwords
from gateway.model.first_questions import steps
from gateway.model.first_setup import Answers, Step, completed, together
from gateway.model.people import Role
from gateway.policy import PolicySet
from gateway.registry import keys, passes, people
from gateway.registry.accounts import Accounts
from gateway.registry.books import Actor, Books
from gateway.settings import PREFIX, Settings, load
from gateway.store import InvalidError, is_current, migrate, open_engine, reading
from gateway.store import people as stored
from gateway.store.people import NewPerson

BY: Final = Actor("cli")
_PEOPLE: Final[tuple[tuple[str, str, frozenset[Role]], ...]] = (
    ("it", "IT", frozenset({"staff", "it", "ki-pass-stelle"})), ("dpo", "Datenschutz", frozenset({"staff", "dpo"})),
    ("council", "Personalrat", frozenset({"staff", "personalrat"})))


@dataclass(frozen=True, slots=True)
class Founded:
    """What whoever set the house up needs next."""

    name: str
    address: str
    links: tuple[tuple[str, str, str], ...] = field(repr=False)
    """For whom (in words), their name, and where they choose a password; empty: they sign in at the provider."""
    key: str = field(repr=False)
    """A key of the IT person, who has a KI-Pass from now on, so that a chat works at once."""
    model: str
    vkeys: tuple[str, ...]
    place: str = ""
    """Who processes the texts, where, and under which terms."""
    local: str = ""
    """Where the first chat goes: the house itself, whatever will stand before it."""
    waiting: str = ""
    """The model that was chosen and stays switched off until there is a contract."""
    settled: tuple[Settled, ...] = ()
    """How everything is set, and where that is changed."""
    folders: tuple[str, str] = ("", "")
    """Where the policies lie, and where the settings."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """See `gateway.ports.Clock.now`."""
        return datetime.now(UTC)


def needed(settings: Settings) -> bool:
    """Whether there is no house yet: no policies to serve with."""
    return not (settings.policies / "organisation.yaml").exists()


def _place(settings: Settings) -> Path:
    """Return where the policies will lie: where the environment says, else with the rest of the house."""
    return settings.policies if f"{PREFIX}POLICIES" in os.environ else settings.home / "policies"


def inhabited(settings: Settings) -> bool:
    """Whether somebody is written down already."""
    if settings.database.startswith("sqlite:///") and not Path(settings.database.removeprefix("sqlite:///")).exists():
        return False
    engine = open_engine(settings.database)
    try:
        if not is_current(engine):
            return False
        with reading(engine) as connection:
            return bool(stored.every(connection))
    finally:
        engine.dispose()


def all_steps() -> tuple[Step, ...]:
    """Return what is asked."""
    return steps({key: name for key, name in ready_made(shipped()).items() if key != OFFICE[0]})


def problems(answers: Answers) -> dict[str, str]:
    """Return everything that is wrong with the answers, by question."""
    asked = all_steps()
    answers = completed(asked, answers)
    found = together(answers)
    for step in asked:
        found |= step.problems(answers)
    return found


def found(answers: Answers, settings: Settings) -> Founded:
    """Make the house. Raises `InvalidError` and `gateway.policy.PolicyErrors` with sentences for whoever sets it up."""
    if wrong := problems(answers):
        raise InvalidError("; ".join(wrong.values()))
    refuse_half_restored(settings.home)
    if inhabited(settings):
        raise InvalidError("Diese KI-Pforte ist schon eingerichtet.")
    if problem := in_the_way(settings):
        raise InvalidError(problem)
    target = _place(settings)
    answers = completed(all_steps(), answers)
    policies = write_policies(answers, shipped(), target)
    try:
        _own_ledger(settings, policies)
    except BaseException:
        shutil.rmtree(target)
        raise
    write_settings(answers, settings.home, target, local=settings.host in ("127.0.0.1", "::1", "localhost"))
    return _people(answers, load(), policies)


def in_the_way(settings: Settings) -> str:
    """Return why no house can be made here, to be said before anybody answers questions; empty: nothing."""
    if (settings.home / "pforte.yaml").exists():
        return f"In {settings.home} liegt schon eine pforte.yaml. Bitte benennen Sie sie um."
    if not needed(settings) and f"{PREFIX}POLICIES" in os.environ:
        return (f"In {settings.policies} liegen schon Richtlinien, und {PREFIX}POLICIES schreibt diesen Ordner vor. "
                "Bitte nehmen Sie die Umgebungsvariable weg, oder nennen Sie einen leeren Ordner.")
    for folder in (settings.home, _place(settings)):
        there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
        if not there.is_dir():
            return f"{there} ist eine Datei. Bitte nennen Sie einen Ordner."
        if not os.access(there, os.W_OK | os.X_OK):
            return (f"In {there} darf dieses Konto nicht schreiben. Bitte führen Sie den Befehl mit dem Konto aus, "
                    f"unter dem die KI-Pforte läuft, oder nennen Sie mit {PREFIX}HOME einen anderen Ordner.")
    return ""


def _own_ledger(settings: Settings, policies: PolicySet) -> None:
    """Open the ledger of this house once: whoever has tried the example town out has its ledger in the way."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        open_ledger(settings, policies.organisation.id, policies.digest).close()
    except LedgerConfigError as error:
        raise InvalidError(f"{error} Vermutlich lief hier schon die Beispielstadt. Es wurde nichts geändert. Bitte "
                           "beginnen Sie mit einem leeren Ordner (KI_PFORTE_HOME) und einer leeren Datenbank."
                           ) from None


def _people(answers: Answers, settings: Settings, policies: PolicySet) -> Founded:
    engine = open_engine(settings.database)
    try:
        migrate(engine)
        own_secret(settings.home, "hash.key")
        with open_ledger(settings, policies.organisation.id, policies.digest) as ledger:
            books = Books(engine, _recording(ledger), lambda: policies, SystemClock())
            links, key = _first(answers, settings, books)
            model = next(m for m in policies.models.values() if m.enabled)
            ledger.append_wait(ledger.draft("setup.finished", {"policy": policies.digest, "people": len(links)}))
            return Founded(policies.organisation.name, settings.address, links, key, model.id,
                           tuple(str(vkey) for vkey in ledger.vkeys()), place_of(model), settings.local_address,
                           "" if model.id == answers["model"] else answers["model"],
                           settled(answers, settings, policies),
                           (str(settings.policies.resolve()), str(settings.home.resolve())))
    finally:
        engine.dispose()


def _first(answers: Answers, settings: Settings, books: Books) -> tuple[tuple[tuple[str, str, str], ...], str]:
    links, key = [], ""
    accounts = Accounts(books, Passwords())
    for prefix, word, roles in _PEOPLE:
        name, email = (answers.get(f"{prefix}_{what}", "").strip() for what in ("name", "email"))
        if not email:
            continue
        person = people.add(books, BY, NewPerson(email, name, OFFICE[0], roles))
        link = ""
        if settings.with_password:
            link = f"{settings.address}/einladung/{accounts.invite(BY, person.id).code}"
        links.append((word, name, link))
        if prefix == "it":
            passes.grant(books, BY, person.id, list(books.rules.modules), None, event=True)
            key = keys.create(books, BY, person.id, "Erste Einrichtung")[1]
    return tuple(links), key


def _recording(ledger: Ledger) -> Any:
    def record(kind: str, meta: Mapping[str, Any], subject: str | None, /) -> None:
        ledger.append_wait(ledger.draft(kind, meta, subject=subject))
    return record
