"""A sign-in at the OpenID provider of the house, as rooms hand it on: what the provider said, who came, who left.

`Announced` is what the provider says about somebody, in the words of this house; `Arrival` is a person of the directory
who may begin a session; `Departure` is a notice that sessions are over. None of it shows a name or an address.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Announced:
    """What the provider says about somebody. What it does not say is None, which is not the same as nothing."""

    email: str = field(repr=False)
    external_id: str = field(repr=False)
    name: str = field(default="", repr=False)
    department: str | None = None
    """A department of the policy."""
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] | None = None
    """Groups of people of the policy."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it keeps until it comes back."""

    address: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back from the provider and may begin a session."""

    subject: str
    target: str
    """The page that was asked for in the first place."""
    strong: bool
    """Whether a second factor was shown."""
    provider_sid: str = field(repr=False)
    """How the provider calls this sign-in, or the person where it does not."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The provider says that somebody signed out: one sign-in of theirs, or all of them."""

    provider_sid: str = field(repr=False)
    external_id: str = field(default="", repr=False)
    """Not empty: every session of the person with this id in the directory service."""


def in_force(roles: frozenset[str], guarded: frozenset[str], *, strong: bool) -> frozenset[str]:
    """Return the roles that count in a session: the guarded ones only after a second factor."""
    return roles if strong else roles - guarded
