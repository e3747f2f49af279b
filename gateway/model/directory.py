"""What the directory service of the house (Entra ID, Keycloak, …) says about people, and what it may ask.

Vocabulary between the door (`gateway.http.scim`) and the books (`gateway.registry.directory`): neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gateway.model.people import Person

Trouble = Literal["notFound", "uniqueness", "invalidValue", "mutability", "precondition"]


class DirectoryProblem(Exception):  # noqa: N818  (the caller decides whether it is an error)
    """What was asked cannot be done; ``str()`` is a German sentence for whoever runs the directory service."""

    def __init__(self, kind: Trouble, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A person as the directory service sees them."""

    person: Person
    user_name: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    department: str
    """The department as the directory service calls it."""
    created_at: datetime
    groups: tuple[str, ...] = ()
    """Ids of the groups of the directory service that the person is in, as far as they mean anything here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the directory service wants a person to be. Roles are no part of it."""

    user_name: str = field(repr=False)
    email: str = field(repr=False)
    name: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    external_id: str = field(repr=False)
    department: str
    """As the directory service calls it; empty: it does not say."""
    active: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the directory service that stands for something here."""

    id: str
    name: str


Field = Literal["id", "userName", "externalId", "email", "name", "active"]


@dataclass(frozen=True, slots=True)
class Is:
    """People whose field has this value. Text is compared without regard to capitals, except ids."""

    field: Field
    value: str | bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """People for whom all of this holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """People for whom any of this holds."""

    parts: tuple[Condition, ...]


Condition = Is | AllOf | AnyOf
