"""``/v1/models``: what this person may use, in the shape that every client reads."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import GatewayError
from gateway.http.asgi import credentials_of, headers_of, request_number
from gateway.http.errors import json_error
from gateway.model.register import RegisteredModel
from gateway.policy.decide import visible_models
from gateway.policy.policyset import PolicySet
from gateway.ports import Authenticator

EPOCH = 1_767_225_600
"""``created`` of every model (1 January 2026): the register knows no such moment, and clients want a number."""


class ModelList:
    """Lists the models of the caller's department; never a ``pipeline`` key, which would make a client send names."""

    def __init__(self, authenticator: Authenticator, policies: Callable[[], PolicySet]) -> None:
        self._authenticator, self._policies = authenticator, policies

    async def all(self, request: Request) -> Response:
        """Answer ``GET /v1/models``."""
        request_id = request_number()
        try:
            models = await self._visible(request)
        except GatewayError as error:
            return json_error(error, request_id)
        return _json({"object": "list", "data": [_shape(model) for model in models]}, request_id)

    async def one(self, request: Request) -> Response:
        """Answer ``GET /v1/models/{id}``; a model that one may not use is one that is not there."""
        request_id = request_number()
        try:
            models = await self._visible(request)
        except GatewayError as error:
            return json_error(error, request_id)
        wanted = request.path_params["model"].rstrip("/")
        for model in models:
            if model.id == wanted:
                return _json(_shape(model), request_id)
        names = ", ".join(model.id for model in models)
        return json_error(GatewayError("modell_unbekannt", "Dieses Modell gibt es für Sie nicht. "
                                       f"Sie können nutzen: {names or 'zurzeit keines'}.", param="model"), request_id)

    async def _visible(self, request: Request) -> tuple[RegisteredModel, ...]:
        principal = await self._authenticator.authenticate(credentials_of(headers_of(request.scope)))
        return visible_models(self._policies(), principal.department, principal.groups)

    def routes(self) -> list[BaseRoute]:
        """Return the routes, with and without ``/v1``."""
        return [route for prefix in ("/v1", "") for route in (
            Route(prefix + "/models", self.all, methods=["GET"]), Route(prefix + "/models/", self.all, methods=["GET"]),
            Route(prefix + "/models/{model:path}", self.one, methods=["GET"]))]


def _shape(model: RegisteredModel) -> dict[str, object]:
    """Return a model as OpenAI writes it, with the keys that programs for Anthropic show in their lists."""
    return {"id": model.id, "object": "model", "created": EPOCH, "owned_by": "ki-pforte", "name": model.name,
            "type": "model", "display_name": model.name, "created_at": "2026-01-01T00:00:00Z",
            "context_length": model.context_length, "architecture": {"input_modalities": ["text"]}}


def _json(body: object, request_id: str) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json",
                    headers={"x-request-id": request_id, "cache-control": "no-store"})
