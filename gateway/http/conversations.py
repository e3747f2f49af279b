"""``/v1/conversations``: clients begin, read, change and delete conversations that they go on with by an id.

Nothing that arrives here leaves the house: it is kept, sealed, for whom it belongs to, and goes out only as the
redacted input of a request that names the conversation; that request is what the book records. Who may make requests
may do this, with the same KI-Pass and where policy keeps conversations at all. Deleting asks for neither: who may no
longer use what is kept here may still have it deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Route

from gateway.errors import GatewayError, internal
from gateway.http.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    credentials_of,
    headers_of,
    read_body,
    request_number,
    send_outbound,
)
from gateway.pipeline.beside import beside
from gateway.pipeline.doors import Outbound, error_outbound
from gateway.pipeline.sequel import nothing_kept, unknown_conversation
from gateway.policy.decide import admit_here
from gateway.policy.policyset import PolicySet
from gateway.ports import Authenticator, Clock, Conversations
from gateway.wire.conversation import (
    MOST_SHOWN,
    Conversation,
    described,
    listed,
    new_identity,
    read_items,
    read_metadata,
    shown,
)
from gateway.wire.document import invalid, parse_object
from gateway.wire.error_forms import openai_error

_log = logging.getLogger(__name__)
T = TypeVar("T")
_SHOWN: Final = 20
"""Items of a list when the client does not say how many."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request of a person about conversations."""

    subject: str
    now: datetime
    hours: int
    id: str
    item: str
    query: QueryParams
    body: bytes

    @property
    def until(self) -> datetime:
        """The end of what is written now."""
        return self.now + timedelta(hours=self.hours)


Handler = Callable[[_Ask], Awaitable[Any]]


class ConversationEndpoints:
    """What can be done with conversations, by path and method."""

    def __init__(self, authenticator: Authenticator, policies: Callable[[], PolicySet], clock: Clock,
                 conversations: Conversations, max_body: int) -> None:
        self._authenticator, self._policies, self._clock = authenticator, policies, clock
        self._conversations, self._max_body = conversations, max_body

    def routes(self) -> list[BaseRoute]:
        """Return the routes: with and without ``/v1``, with and without a trailing slash."""
        paths: dict[str, dict[str, Handler]] = {
            "": {"POST": self._create},
            "/{conversation}": {"GET": self._read, "POST": self._note, "DELETE": self._delete},
            "/{conversation}/items": {"GET": self._list, "POST": self._add},
            "/{conversation}/items/{item}": {"GET": self._item, "DELETE": self._remove}}
        return [Route(f"{prefix}/conversations{path}{slash}", _Endpoint(partial(self._serve, handlers)),
                      methods=list(handlers))
                for path, handlers in paths.items() for prefix in ("/v1", "") for slash in ("", "/")]

    async def _serve(self, handlers: Mapping[str, Handler], scope: Scope, receive: Receive) -> Any:
        handler = handlers["GET" if scope["method"] == "HEAD" else scope["method"]]
        headers, places = headers_of(scope), scope["path_params"]
        principal = await self._authenticator.authenticate(credentials_of(headers))
        admission = admit_here(self._policies(), principal)
        if handler != self._delete:
            if admission.denial is not None:
                raise GatewayError(admission.denial.code, admission.denial.message)
            if not admission.keep_hours:
                raise nothing_kept()
        body = await read_body(headers, receive, self._max_body) if scope["method"] == "POST" else b""
        return await handler(_Ask(principal.subject, self._clock.now(), admission.keep_hours,
                                  places.get("conversation", ""), places.get("item", ""),
                                  QueryParams(scope["query_string"]), body))

    # -- conversations

    async def _create(self, ask: _Ask) -> Any:
        conversation = await beside(partial(_begun, ask), len(ask.body))
        id_ = new_identity()
        await self._conversations.keep(ask.subject, id_, conversation.to_bytes(), ask.now, ask.until, "conversation")
        return described(id_, conversation)

    async def _read(self, ask: _Ask) -> Any:
        return described(ask.id, await self._kept(ask))

    async def _note(self, ask: _Ask) -> Any:
        metadata = read_metadata(parse_object(ask.body).get("metadata"))

        def note(conversation: Conversation) -> dict[str, Any]:
            conversation.metadata = metadata
            return described(ask.id, conversation)
        return await self._changed(ask, note)

    async def _delete(self, ask: _Ask) -> Any:
        if not await self._conversations.forget(ask.subject, ask.id, ask.now):
            raise unknown_conversation(ask.hours)
        return {"id": ask.id, "object": "conversation.deleted", "deleted": True}

    # -- items

    async def _list(self, ask: _Ask) -> Any:
        order, limit = ask.query.get("order", "desc"), ask.query.get("limit", str(_SHOWN))
        if order not in ("asc", "desc"):
            raise invalid("„order“ muss „asc“ oder „desc“ sein.", "order")
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST_SHOWN):
            raise invalid(f"„limit“ muss eine Zahl von 1 bis {MOST_SHOWN} sein.", "limit")
        return (await self._kept(ask)).page(ask.query.get("after"), int(limit), backwards=order == "desc")

    async def _add(self, ask: _Ask) -> Any:
        items = await beside(lambda: read_items(parse_object(ask.body).get("items")), len(ask.body))
        return await self._changed(ask, lambda conversation: listed(conversation.add(items)))

    async def _item(self, ask: _Ask) -> Any:
        return shown((await self._kept(ask)).find(ask.item))

    async def _remove(self, ask: _Ask) -> Any:
        def remove(conversation: Conversation) -> dict[str, Any]:
            conversation.remove(ask.item)
            return described(ask.id, conversation)
        return await self._changed(ask, remove)

    async def _kept(self, ask: _Ask) -> Conversation:
        kept = await self._conversations.recall(ask.subject, ask.id, ask.now, "conversation")
        if kept is None:
            raise unknown_conversation(ask.hours)
        return Conversation.of(kept)

    async def _changed(self, ask: _Ask, change: Callable[[Conversation], T]) -> T:
        """Return what `change` makes of the conversation, once it is kept."""
        results: list[T] = []

        def work(kept: bytes) -> bytes:
            conversation = Conversation.of(kept)
            results.append(change(conversation))
            return conversation.to_bytes()
        if not await self._conversations.change(ask.subject, ask.id, work, ask.now, ask.until):
            raise unknown_conversation(ask.hours)
        return results[-1]


def _begun(ask: _Ask) -> Conversation:
    asked = parse_object(ask.body or b"{}")
    conversation = Conversation(int(ask.now.timestamp()), read_metadata(asked.get("metadata")), [])
    if asked.get("items") not in (None, []):
        conversation.add(read_items(asked["items"]))
    return conversation


@dataclass(frozen=True)
class _Endpoint:
    """ASGI application of one path: an answer in JSON, or an error in the form of the house."""

    serve: Callable[[Scope, Receive], Awaitable[Any]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_number()
        headers = {"x-request-id": request_id, "cache-control": "no-store"}
        try:
            outbound = Outbound(200, headers, orjson.dumps(await self.serve(scope, receive)))
        except ClientGone:
            return
        except Exception as fault:  # noqa: BLE001  (a fault of ours is an answer as well)
            if not isinstance(fault, GatewayError):
                _log.exception("the request failed unexpectedly")
            error = fault if isinstance(fault, GatewayError) else internal()
            outbound = error_outbound(error, openai_error(error, request_id), headers)
        await send_outbound(outbound, send)
