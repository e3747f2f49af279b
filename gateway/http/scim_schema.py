"""What SCIM clients see of a person and of a group (RFC 7643): the part of the standard that means anything here.

`User` and `Group` are the wire; `user_of` and `wanted_of` lead from and to the values of `gateway.model.directory`.
Clients send much more than these attributes (addresses, managers, titles): that is accepted and forgotten, so that
nothing is kept that nobody needs. The schemas that clients are shown (``/Schemas``) are made from these classes.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

import orjson
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Context,
    Extension,
    Meta,
    Mutability,
    Required,
    Resource,
    ScimPolicy,
    Uniqueness,
)

from gateway.model.directory import DirectoryProblem, Entry, Wanted
from gateway.model.directory import Group as Named

TOLERANT: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore, remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create)
"""Entra ID, Okta and others depart from the letter of the standard in these ways."""


class Name(ComplexAttribute):
    """The parts of a name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """An address; one of them is the person's."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that the person is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    display: Annotated[str | None, Mutability.read_only] = None


class Enterprise(Extension):
    """Where the person works."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    department: str | None = None


class User(Resource[Enterprise]):
    """A person."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """A person in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None


class Group(Resource[Any]):
    """A group that stands for a role, a department or a group of people with rules of its own."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


def user_of(entry: Entry, address: str, groups: dict[str, str]) -> User:
    """Return a person as clients see them; `address` is where SCIM is, `groups` how groups are called."""
    person = entry.person
    user = User(
        id=person.id, external_id=person.external_id, user_name=entry.user_name, display_name=person.name,
        name=Name(formatted=person.name, given_name=entry.given_name or None, family_name=entry.family_name or None),
        active=person.active, emails=[Email(value=person.email, type="work", primary=True)],
        groups=[Membership(value=id_, display=groups.get(id_, "")) for id_ in entry.groups] or None)
    user[Enterprise] = Enterprise(department=entry.department)
    user.meta = Meta(resource_type="User", created=entry.created_at, location=f"{address}/Users/{person.id}")
    user.meta.version = version_of(user)
    return user


def group_of(group: Named, address: str, members: frozenset[str] | None) -> Group:
    """Return a group as clients see it; None: its members were not asked for."""
    shown = Group(id=group.id, display_name=group.name,
                  members=[Member(value=id_) for id_ in sorted(members)] if members else None)
    shown.meta = Meta(resource_type="Group", location=f"{address}/Groups/{group.id}")
    return shown


def version_of(resource: Resource[Any]) -> str:
    """Return the weak ETag of what a client would see."""
    seen = orjson.dumps(resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE), option=orjson.OPT_SORT_KEYS)
    return f'W/"{hashlib.sha256(seen).hexdigest()[:20]}"'


def wanted_of(user: User, before: User | None = None) -> Wanted:
    """Return how a client wants a person to be; `before`: how it was when single attributes were changed.

    Raises `DirectoryProblem`: an address is missing, something is too long.
    """
    name, extension = user.name or Name(), user[Enterprise]
    wanted = Wanted(
        user_name=(user.user_name or "").strip(), email=_email(user), name=_name(user, before),
        given_name=name.given_name or "", family_name=name.family_name or "", external_id=user.external_id or "",
        department=(extension.department or "").strip() if extension else "",
        active=user.active is not False)
    texts = (wanted.user_name, wanted.name, wanted.given_name, wanted.family_name, wanted.department)
    if any(len(text) > 200 or not text.isprintable() for text in texts):
        raise DirectoryProblem("invalidValue", "Benutzername, Namen und Amt haben höchstens 200 sichtbare Zeichen.")
    if not wanted.user_name:
        raise DirectoryProblem("invalidValue", "Der Benutzername (userName) fehlt.")
    return wanted


def _email(user: User) -> str:
    given = [email for email in user.emails or [] if email.value]
    chosen = sorted(given, key=lambda email: (email.primary is not True, (email.type or "").lower() != "work"))
    address = (chosen[0].value or "" if chosen else user.user_name or "").strip()
    if "@" not in address:
        raise DirectoryProblem("invalidValue", "Die E-Mail-Adresse fehlt. Bitte geben Sie sie im Verzeichnisdienst als "
                               "emails (type work) mit, oder als userName.")
    return address


def _name(user: User, before: User | None) -> str:
    """Return the name: of the ways in which clients write it, the first that says something (new)."""
    def ways(of: User) -> tuple[str, ...]:
        name = of.name or Name()
        parts = (name.given_name or "").strip(), (name.family_name or "").strip()
        return (of.display_name or "").strip(), (name.formatted or "").strip(), " ".join(filter(None, parts))
    old = ways(before) if before else ("", "", "")
    for new, known in zip(ways(user), old, strict=True):
        if new and new != known:
            return new
    return next(filter(None, old), "") or (user.user_name or "").partition("@")[0]
