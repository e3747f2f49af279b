"""Values about local accounts, sign-ins and keys that pages and the registry exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from gateway.model.people import ApiKey, Person
from gateway.model.sessions import Way

InvitationKind = Literal["einladung", "neues_kennwort"]
"""The first password of somebody, or one for somebody who forgot theirs."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in for one person, once. `code` is shown to who made it and kept nowhere."""

    person: Person
    kind: InvitationKind
    expires_at: datetime
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """One sign-in of a person that has not ended: the day it began, never the time."""

    way: Way
    began_on: date
    here: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key of an automatic service and who answers for it."""

    key: ApiKey
    owner: Person
