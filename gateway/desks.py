"""What the pages get of the house: one desk for each thing that people do there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway import __version__
from gateway.casework.desk import CaseDesk
from gateway.home import own_secret, pass_keys
from gateway.house import House
from gateway.model.condition import Condition
from gateway.model.stops import ModelStop, StopKind
from gateway.pipeline.reference import mark_of
from gateway.registry.access_desk import KeyDesk
from gateway.registry.certificates import CertificateOffice
from gateway.registry.desk import PassOffice
from gateway.registry.learning import Learner
from gateway.registry.reminding import Reminding
from gateway.registry.reviewing import ReviewDesk
from gateway.registry.switching import Switch
from gateway.registry.takeouts import Takeouts
from gateway.reid.content import ContentConsent
from gateway.reid.desk import ReidDesk
from gateway.reid.policies import PolicyConsent
from gateway.upstream.probe import unreachable
from gateway.web import DirectoryMembers, WebContext
from gateway.web.council.ports import Council
from gateway.web.review.ports import ReviewHouse


@dataclass(frozen=True, slots=True)
class Engineering:
    """What IT sees and switches (`gateway.web.it.ports.Engineering`)."""

    house: House

    async def condition(self) -> Condition:
        """Look at everything that can fail."""
        return await self.house.condition()

    async def ask_providers(self) -> dict[str, str]:
        """Ask the address of every enabled model whether somebody is there; return what is wrong, by model."""
        models = [model for model in self.house.policies().models.values() if model.enabled]
        found = await asyncio.gather(*(unreachable(model, self.house.upstream.secrets) for model in models))
        return {model.id: text for model, text in zip(models, found, strict=True) if text}

    def stopped(self) -> tuple[ModelStop, ...]:
        """Return all stops that are in force."""
        return Switch(self.house.books).stopped()

    def stop(self, person: str, model: str, reason: str) -> bool:
        """Stop one model."""
        return Switch(self.house.books).stop(person, model, reason)

    def start(self, person: str, kind: StopKind, name: str) -> bool:
        """Take a stop back."""
        return Switch(self.house.books).start(person, kind, name)


def web_context(house: House) -> WebContext:
    """Return what the pages ask."""
    settings, books = house.settings, house.books
    return WebContext(
        authenticator=house.authenticator, members=DirectoryMembers(house.directory, house.passes, house.clock),
        policies=house.policies, ledger=house.ledger, recorder=house.recorder, clock=house.clock,
        department_size=house.census.department_size, usage=house.limits.own,
        secret=own_secret(settings.home, "web.key"), version=__version__,
        certificates=CertificateOffice(books, lambda: pass_keys(settings.home)), learning=Learner(books),
        reminders=Reminding(books, settings),
        office=PassOffice(books, folder=settings.policies), detector=house.detector, operators=house.operators,
        stopped=house.stopped.known, problems=house.problems, sso=house.sign_ins,
        guarded=settings.roles_with_second_factor, key_sign_in=settings.key_sign_in == "on",
        local_sign_in=settings.with_password, own=house.ledger, engineering=Engineering(house),
        keys=KeyDesk(books), accounts=house.accounts,
        guesses=house.limits.guesses, reports=house.reports, cases=case_desk(house),
        reid=ReidDesk(house.ledger, house.engine, house.departments),
        council=Council(
            PolicyConsent(house.engine, house.record, house.clock.now,
                          lambda: (house.policies.pending(), house.shadow() if house.shadow else None)),
            ContentConsent(house.content_desk)),
        review=ReviewHouse(ReviewDesk(books, lambda: house.ledger.config.log),
                           Takeouts(settings.home / "entnahmen", house.ledger), house.ledger,
                           case_desk(house).counted))


def case_desk(house: House) -> CaseDesk:
    """Return the desk of casework."""
    secret = own_secret(house.settings.home, "gespraeche.key")
    return CaseDesk(house.books, house.ledger, lambda reference: mark_of(secret, reference),
                    lambda: house.ledger.config.log, house.settings.breach_hours, house.settings.complaint_days)
