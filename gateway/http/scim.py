"""SCIM 2.0 (RFC 7643, 7644) under ``/scim/v2``: the directory service of the house says who comes, moves and leaves.

The door only: who may come in (one token, compared in constant time), what the bytes mean, what is answered. What
happens to people is behind `People`. Without the token nothing is said, not even what is offered; every answer has
the form of SCIM, and no answer repeats what a client sent as a name or an address.

Not offered: bulk, sorting, passwords, ``/Me``. Work runs in a thread, one request at a time: a directory service
writes one person after the other, and the books have one writer anyway.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    InvalidSyntaxException,
    InvalidValueException,
    ListResponse,
    MutabilityException,
    NotFoundException,
    PatchOp,
    PreconditionFailedException,
    Resource,
    SCIMException,
    UniquenessException,
)
from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Route

from gateway.errors import GatewayError
from gateway.http import scim_members
from gateway.http.asgi import ClientGone, Receive, Scope, Send, headers_of, read_body, request_number, send_outbound
from gateway.http.scim_offer import Offer
from gateway.http.scim_query import Query, group_name, query_of, users
from gateway.http.scim_schema import TOLERANT, User, group_of, user_of, version_of, wanted_of
from gateway.model.directory import Condition, DirectoryProblem, Entry, Group, Wanted
from gateway.pipeline.doors import Outbound

_log = logging.getLogger(__name__)
PREFIX: Final = "/scim/v2"
LARGEST: Final = 8 << 20
MEDIA: Final = "application/scim+json"
MOST_WAITING: Final = 50
"""Requests at the same time; more are asked to come back later."""
_PROBLEMS: Final[dict[str, type[SCIMException]]] = {
    "notFound": NotFoundException, "uniqueness": UniquenessException, "invalidValue": InvalidValueException,
    "mutability": MutabilityException, "precondition": PreconditionFailedException}


class People(Protocol):
    """The books about people, as a directory service may use them (`gateway.registry.directory`)."""

    def person(self, id_: str) -> Entry | None:
        """Return a person."""
        ...

    def people(self, where: Condition | None, start: int, count: int) -> tuple[int, list[Entry]]:
        """Return how many people there are, and some of them."""
        ...

    def create(self, wanted: Wanted) -> Entry:
        """Write somebody down."""
        ...

    def change(self, id_: str, how: Callable[[Entry], Wanted]) -> Entry:
        """Change a person."""
        ...

    def remove(self, id_: str, check: Callable[[Entry], None]) -> None:
        """Let a person leave."""
        ...

    def groups(self) -> list[Group]:
        """Return the groups that mean anything here."""
        ...

    def members(self, group_id: str) -> frozenset[str]:
        """Return who is in a group."""
        ...

    def change_members(self, group_id: str, how: Callable[[frozenset[str]], frozenset[str]]) -> None:
        """Let people join and leave a group."""
        ...


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request."""

    method: str
    kind: str
    id: str
    query: Mapping[str, str]
    body: bytes
    if_match: str
    if_none_match: str

    def json(self) -> dict[str, Any]:
        """Return the body. Raises `InvalidSyntaxException`."""
        try:
            content = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            raise InvalidSyntaxException(detail="Der Inhalt der Anfrage ist kein JSON-Objekt.")
        return content


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


class ScimEndpoints:
    """Everything under ``/scim/v2``."""

    def __init__(self, people: People, token: str, address: Callable[[], str]) -> None:
        self._people, self._token, self._address = people, token.encode(), address
        self._turn, self._waiting = asyncio.Lock(), 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [Route(PREFIX + "{path:path}", _Endpoint(self._serve),
                      methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])]

    async def _serve(self, scope: Scope, receive: Receive) -> _Answer:
        headers = headers_of(scope)
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if not hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token) \
                or scheme.lower() != "bearer":
            return _refusal(401, "Das Kennwort für SCIM fehlt oder ist falsch (KI_PFORTE_SCIM_TOKEN).",
                            {"www-authenticate": "Bearer"})
        if self._waiting >= MOST_WAITING:
            return _refusal(429, "Es kommen zu viele Anfragen zugleich. Bitte fragen Sie gleich noch einmal.",
                            {"retry-after": "2"})
        self._waiting += 1
        try:
            body = await read_body(headers, receive, LARGEST)
            kind, _, id_ = scope["path_params"]["path"].strip("/").partition("/")
            ask = _Ask("GET" if scope["method"] == "HEAD" else scope["method"], kind, id_,
                       dict(QueryParams(scope["query_string"])), body, headers.get("if-match", ""),
                       headers.get("if-none-match", ""))
            async with self._turn:
                return await asyncio.to_thread(self._answered, ask)
        finally:
            self._waiting -= 1

    def _answered(self, ask: _Ask) -> _Answer:
        try:
            return self._done(ask)
        except DirectoryProblem as problem:
            return _error(_PROBLEMS[problem.kind](detail=str(problem)))
        except SCIMException as error:
            return _error(error)
        except ValidationError as error:
            first = Error.from_validation_error(error.errors(include_url=False)[0])
            return _error(InvalidValueException(detail=f"Eine Angabe passt nicht: {_place(error)}.")
                          if first.scim_type in (None, "invalidValue") else
                          SCIMException.from_error(first))

    def _done(self, ask: _Ask) -> _Answer:
        known = {"Users": self._users, "Groups": self._groups}.get(ask.kind)
        if known is not None and "/" not in ask.id:
            return known(ask)
        if ask.kind in ("ServiceProviderConfig", "ResourceTypes", "Schemas") and ask.method != "GET":
            return _not_allowed("GET")
        offered = Offer(self._address() + PREFIX).answer(ask.kind, ask.id) if ask.method == "GET" else None
        if offered is None:
            raise NotFoundException(detail="Das gibt es hier nicht.")
        if ask.query.get("filter"):
            return _refusal(403, "Hier gibt es keine Filter.")
        return _Answer(200, offered)

    # -- people

    def _users(self, ask: _Ask) -> _Answer:
        if ask.id:
            return self._user(ask)
        if ask.method == "GET":
            query = query_of(ask.query)
            total, found = self._people.people(users(query.filter), query.start - 1, query.count)
            return self._list(query, total, [self._shown(entry) for entry in found])
        if ask.method == "POST":
            user = User.model_validate(ask.json(), scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=TOLERANT)
            return self._one(201, self._shown(self._people.create(wanted_of(user))), ask)
        return _not_allowed("GET, POST")

    def _user(self, ask: _Ask) -> _Answer:
        if ask.method == "GET":
            entry = self._people.person(ask.id)
            if entry is None:
                raise NotFoundException(detail="Diese Person ist hier nicht eingetragen.")
            return self._one(200, self._shown(entry), ask)
        if ask.method == "DELETE":
            self._people.remove(ask.id, lambda entry: self._check(ask, self._shown(entry)))
            return _Answer(204)
        if ask.method == "PUT":
            user = User.model_validate(ask.json(), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=TOLERANT)
            return self._one(200, self._shown(self._people.change(ask.id, lambda entry: self._replaced(
                ask, entry, user))), ask)
        if ask.method == "PATCH":
            patch = PatchOp[User].model_validate(_whole(ask.json()), scim_ctx=Context.RESOURCE_PATCH_REQUEST,
                                                 scim_policy=TOLERANT)
            return self._one(200, self._shown(self._people.change(ask.id, lambda entry: self._patched(
                ask, entry, patch))), ask)
        return _not_allowed("GET, PUT, PATCH, DELETE")

    def _replaced(self, ask: _Ask, entry: Entry, user: User) -> Wanted:
        self._check(ask, self._shown(entry))
        return wanted_of(user)

    def _patched(self, ask: _Ask, entry: Entry, patch: PatchOp[User]) -> Wanted:
        before, after = self._shown(entry), self._shown(entry)
        self._check(ask, before)
        patch.patch(after, scim_policy=TOLERANT)
        return wanted_of(after, before)

    def _shown(self, entry: Entry) -> User:
        return user_of(entry, self._address() + PREFIX, {group.id: group.name for group in self._people.groups()})

    def _check(self, ask: _Ask, resource: Resource[Any]) -> None:
        if ask.if_match not in ("", "*") and version_of_shown(resource) not in ask.if_match:
            raise PreconditionFailedException(detail="Der Eintrag hat sich inzwischen geändert.")

    # -- groups

    def _groups(self, ask: _Ask) -> _Answer:
        known = self._people.groups()
        query = query_of(ask.query)
        if ask.id:
            group = next((group for group in known if group.id == ask.id), None)
            if group is None:
                raise NotFoundException(detail="Diese Gruppe gibt es hier nicht.")
            return self._group(ask, group, query)
        if ask.method == "GET":
            asked = group_name(query.filter)
            found = known if asked is None else [group for group in known if asked[1].casefold() == {
                "displayname": group.name.casefold(), "id": group.id}.get(asked[0])]
            page = found[query.start - 1:query.start - 1 + query.count]
            return self._list(query, len(found), [self._with_members(group, query) for group in page])
        if ask.method == "POST":
            body = ask.json()
            name = str(body.get("displayName", "")).casefold()
            group = next((group for group in known if group.name.casefold() == name), None)
            if group is None:
                raise InvalidValueException(detail="Diese Gruppe bedeutet hier nichts. Bitte schreiben Sie in "
                                            "KI_PFORTE_SCIM_MAP, wofür sie steht (NAME=gruppe:…, NAME=amt:… oder "
                                            "NAME=rolle:…), oder weisen Sie sie der Anwendung nicht zu.")
            ids = scim_members.ids_of(body.get("members") or [])
            self._people.change_members(group.id, lambda members: members | ids)
            return self._one(201, self._with_members(group, query), ask)
        return _not_allowed("GET, POST")

    def _group(self, ask: _Ask, group: Group, query: Query) -> _Answer:
        if ask.method == "GET":
            return self._one(200, self._with_members(group, query), ask)
        if ask.method == "DELETE":
            self._people.change_members(group.id, lambda members: frozenset())
            return _Answer(204)
        if ask.method == "PUT":
            ids = scim_members.ids_of(ask.json().get("members") or [])
            self._people.change_members(group.id, lambda members: ids)
            return self._one(200, self._with_members(group, query), ask)
        if ask.method == "PATCH":
            steps = scim_members.steps_of(ask.json(), group.name)

            def change(members: frozenset[str]) -> frozenset[str]:
                for step in steps:
                    members = step(members)
                return members
            self._people.change_members(group.id, change)
            return _Answer(204)
        return _not_allowed("GET, PUT, PATCH, DELETE")

    def _with_members(self, group: Group, query: Query) -> Resource[Any]:
        members = None if query.without_members else self._people.members(group.id)
        return group_of(group, self._address() + PREFIX, members)

    # -- answers

    def _one(self, status: int, resource: Resource[Any], ask: _Ask) -> _Answer:
        meta = resource.meta
        version = (meta.version if meta else None) or version_of(resource)
        headers = {"etag": version, **({"location": str(meta.location)} if meta and meta.location else {})}
        if ask.method == "GET" and ask.if_none_match and version in ask.if_none_match:
            return _Answer(304, None, headers)
        return _Answer(status, _dumped(resource, query_of({**ask.query, "filter": ""})), headers)

    def _list(self, query: Query, total: int, resources: list[Any]) -> _Answer:
        frame = ListResponse[User](total_results=total, start_index=query.start, items_per_page=len(resources),
                                   resources=[])
        content = frame.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
        return _Answer(200, {**content, "Resources": [_dumped(resource, query) for resource in resources]})


def version_of_shown(resource: Resource[Any]) -> str:
    """Return the version that was shown with a resource."""
    return (resource.meta.version if resource.meta else None) or version_of(resource)


def _dumped(resource: Resource[Any], query: Query) -> dict[str, Any]:
    return resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=query.shown())


def _whole(body: dict[str, Any]) -> dict[str, Any]:
    """Return a PATCH with its schema named: some clients leave it out."""
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], **body}


def _place(error: ValidationError) -> str:
    """Return where the first mistake is, without what stands there."""
    return ".".join(str(part)[:64] for part in error.errors(include_input=False, include_url=False)[0]["loc"][:6]) \
        or "der Aufbau"


def _error(error: SCIMException) -> _Answer:
    return _Answer(int(error.to_error().status or 400), error.to_error().model_dump(scim_ctx=Context.DEFAULT))


def _refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> _Answer:
    return _Answer(status, Error(status=status, detail=text).model_dump(scim_ctx=Context.DEFAULT), headers)


def _not_allowed(methods: str) -> _Answer:
    return _refusal(405, f"Diese Adresse nimmt nur {methods} an.", {"allow": methods})


@dataclass(frozen=True)
class _Endpoint:
    """ASGI application: an answer in the form of SCIM, whatever happens."""

    serve: Callable[[Scope, Receive], Any]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_number()
        try:
            answer = await self.serve(scope, receive)
        except ClientGone:
            return
        except GatewayError as error:
            answer = _refusal(error.status, error.message)
        except Exception:  # noqa: BLE001  (a fault of ours is an answer as well)
            _log.exception("the SCIM request failed unexpectedly")
            answer = _refusal(503, "Die KI-Pforte konnte das nicht ausführen; es wurde nichts geändert. Bitte "
                              f"versuchen Sie es noch einmal. Vorgang {request_id}.", {"retry-after": "10"})
        headers = {"x-request-id": request_id, "cache-control": "no-store", **(answer.headers or {})}
        body = b"" if answer.content is None else orjson.dumps(answer.content, default=str)
        await send_outbound(Outbound(answer.status, headers, body, content_type=MEDIA), send)
