"""The composition root: settings -> house -> ASGI application. Every address that leads into the house is listed here.

The extension points of the house are the lists on this page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from gateway import __version__
from gateway.desks import web_context
from gateway.home import open_witness
from gateway.house import House
from gateway.http.conversations import ConversationEndpoints
from gateway.http.cors import Cors
from gateway.http.count_tokens import TokenCountEndpoint
from gateway.http.errors import ErrorHandlers
from gateway.http.health import Health
from gateway.http.models import ModelList
from gateway.http.routes import Front, dialect_endpoints, dialect_routes
from gateway.http.witness import WitnessEndpoint
from gateway.registry.directory import Directory
from gateway.settings import load
from gateway.settings_office import scim_meanings
from gateway.telemetry import logs
from gateway.upstream.token_count import TokenCounter
from gateway.web import build_error_page, build_web
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.completions import Completions
from gateway.wire.dialect import Dialect
from gateway.wire.embeddings import Embeddings
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from gateway.wire.transcriptions import Transcriptions, Translations

DIALECTS: tuple[Dialect, ...] = (ChatCompletions(), Completions(), Responses(), Messages(), Embeddings())
RECORDED: tuple[Dialect, ...] = (Transcriptions(), Translations())
"""Those that take a recording, which may be larger than a text."""


def application(house: House) -> Front:
    """Return the ASGI application with API and pages; it opens and closes the house."""
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await house.start()
        try:
            yield
        finally:
            await house.close()
    settings, pages = house.settings, web_context(house)
    largest = settings.max_body_mb << 20
    handlers = ErrorHandlers(build_error_page(pages))
    app = FastAPI(title="KI-Pforte", version=__version__, lifespan=life, docs_url=None, redoc_url=None,
                  openapi_url=None, redirect_slashes=False,
                  exception_handlers={HTTPException: handlers.refused, Exception: handlers.failed})
    endpoints = dialect_endpoints(DIALECTS, house.pipeline, largest, house.keep_alive)
    endpoints |= dialect_endpoints(RECORDED, house.pipeline, settings.audio_mb << 20, house.keep_alive)
    app.router.routes += dialect_routes(endpoints)
    app.router.routes += ModelList(house.authenticator, house.policies).routes()
    app.router.routes += TokenCountEndpoint(house.authenticator, house.policies, house.stopped, house.clock,
                                            TokenCounter().count, largest).routes()
    app.router.routes += ConversationEndpoints(house.authenticator, house.policies, house.clock, house.conversations,
                                               largest).routes()
    app.router.routes += _scim(house)
    if (witness := open_witness(settings)) is not None:
        app.router.routes += WitnessEndpoint(witness).routes()
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    health = Health(house.readiness, house.rendered, token)
    app.router.routes += health.routes(with_metrics=settings.metrics_port is None)
    app.include_router(build_web(pages))
    return Front(app, endpoints, Cors(settings.cors_allowed))


def _scim(house: House) -> list[BaseRoute]:
    token = house.settings.scim_token
    if token is None:
        return []
    from gateway.http.scim import ScimEndpoints  # half a second of the start, and only where it is used
    directory = Directory(house.books, scim_meanings(house.settings.scim_map), house.settings.scim_department)
    return ScimEndpoints(directory, token.get_secret_value(),
                         lambda: house.policies().organisation.base_url).routes()


def create_app() -> Front:
    """Return the application for a worker process: settings come from the environment."""
    settings = load()
    logs.configure(settings.log_level, settings.log_format, settings.log_syslog)
    return application(House(settings))
