"""What the pages get of the house: one desk for each thing that people do there."""

from __future__ import annotations

from gateway import __version__
from gateway.home import own_secret, pass_keys
from gateway.house import House
from gateway.registry.access_desk import KeyDesk
from gateway.registry.certificates import CertificateOffice
from gateway.registry.desk import PassOffice
from gateway.registry.learning import Learner
from gateway.registry.literacy import Reports
from gateway.registry.reminding import Reminding
from gateway.registry.reviewing import ReviewDesk
from gateway.registry.takeouts import Takeouts
from gateway.web import DirectoryMembers, WebContext
from gateway.web.review.ports import ReviewHouse


def web_context(house: House) -> WebContext:
    """Return what the pages ask."""
    settings, books = house.settings, house.books
    return WebContext(
        authenticator=house.authenticator, members=DirectoryMembers(house.directory, house.passes, house.clock),
        policies=house.policies, ledger=house.ledger, recorder=house.recorder, clock=house.clock,
        department_size=house.census.department_size, usage=house.limits.own,
        secret=own_secret(settings.home, "web.key"), version=__version__,
        certificates=CertificateOffice(books, lambda: pass_keys(settings.home)), learning=Learner(books),
        literacy=Reports(books), reminders=Reminding(books, settings),
        office=PassOffice(books, folder=settings.policies), detector=house.detector, operators=house.operators,
        stopped=house.stopped.known, problems=house.problems, sso=house.sign_ins,
        guarded=settings.roles_with_second_factor, key_sign_in=settings.key_sign_in == "on",
        local_sign_in=settings.with_password, own=house.ledger, keys=KeyDesk(books), accounts=house.accounts,
        guesses=house.limits.guesses,
        review=ReviewHouse(ReviewDesk(books, lambda: house.ledger.config.log),
                           Takeouts(settings.home / "entnahmen", house.ledger), house.ledger))
