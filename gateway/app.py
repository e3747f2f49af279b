"""The composition root: settings -> adapters -> pipeline -> ASGI application. The only place that knows everybody.

What cannot serve does not start: policies, keys, database, ledger and detector are opened here, and each says in a
sentence what is wrong. The extension points of the house are the lists on this page.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web as aio
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from audit import anchor_warnings
from gateway import __version__
from gateway.census import Census
from gateway.detection import DetectorOptions, build_detector, build_operators
from gateway.errors import GatewayError
from gateway.files.reader import FileReader
from gateway.generation import Generation, Prepared
from gateway.generation.approval import MonitoringGate
from gateway.generation.beside import ShadowPolicies
from gateway.generation.replicas import Replicas
from gateway.home import open_ledger, open_witness, own_secret, pass_keys, provider_environment
from gateway.http.conversations import ConversationEndpoints
from gateway.http.cors import Cors
from gateway.http.count_tokens import TokenCountEndpoint
from gateway.http.errors import ErrorHandlers
from gateway.http.health import Health, Readiness
from gateway.http.keep_alive import KeepAlive
from gateway.http.models import ModelList
from gateway.http.routes import Front, dialect_endpoints, dialect_routes
from gateway.http.witness import WitnessEndpoint
from gateway.identity.claims import ClaimRules
from gateway.identity.fetch import fetch
from gateway.identity.issuer import IssuerKeys
from gateway.identity.oidc import OidcConfig
from gateway.identity.passwords import Passwords
from gateway.identity.porter import Porter
from gateway.identity.signin import Registration, SignIns
from gateway.kipass import Evidence, PassEvent, passes
from gateway.ledger.recorder import LedgerRecorder
from gateway.limits.room import LimitOptions, LimitRoom
from gateway.model.principal import PassStatus
from gateway.pipeline.finishing import all_finished
from gateway.pipeline.late import Patient
from gateway.pipeline.pipeline import Pipeline
from gateway.pipeline.rooms import Rooms
from gateway.pipeline.shadow import Shadow
from gateway.policy.policyset import office_day
from gateway.policy.register_check import pressing
from gateway.policy.stopped import StoppedModels
from gateway.registry.access_desk import AccountDesk, KeyDesk
from gateway.registry.accounts import Accounts
from gateway.registry.arrivals import Arrivals
from gateway.registry.books import Books
from gateway.registry.certificates import CertificateOffice
from gateway.registry.desk import PassOffice
from gateway.registry.directory import Directory
from gateway.registry.index import Indexing
from gateway.registry.learning import Learner
from gateway.registry.literacy import Reports
from gateway.registry.reminding import Reminding
from gateway.settings import Settings, load
from gateway.settings_office import scim_meanings
from gateway.store import migrate, open_engine, people, reading
from gateway.store.conversations import SqlConversations
from gateway.store.directory import SqlDirectory
from gateway.store.pins import SqlPins
from gateway.store.usage import SqlUsage
from gateway.telemetry import logs
from gateway.telemetry.metrics import PrometheusMetrics
from gateway.upstream.routing import UpstreamRouter
from gateway.upstream.secrets import Secrets
from gateway.upstream.token_count import TokenCounter
from gateway.web import DirectoryMembers, WebContext, build_error_page, build_web
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


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """See `gateway.ports.Clock.now`."""
        return datetime.now(UTC)


class House:
    """Everything that one serving process holds open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.policies = Generation(settings)
        self.engine = open_engine(settings.database)
        migrate(self.engine)
        self.ledger = open_ledger(settings, self.policies().organisation.id, self.policies().digest)
        gate = MonitoringGate(self.engine, self._record)
        self.policies.first(gate)
        self.replicas = Replicas(self.engine, self.policies)
        self.shadow = (ShadowPolicies(settings.shadow_policies, settings, self.policies)
                       if settings.shadow_policies else None)
        self.detector = build_detector(DetectorOptions.of(settings, self.policies().municipality))
        self._clock = clock = SystemClock()
        self._directory = SqlDirectory(self.engine)
        self.books = Books(self.engine, self._record, self.policies, clock)
        self.accounts = AccountDesk(Accounts(self.books, Passwords()))
        self.census = Census(self.engine, self.ledger, self.detector, self.policies)
        self.metrics = PrometheusMetrics(__version__, self.census.department_size)
        self.authenticator = Porter(
            self._directory, self._passes, clock, keys_page=self.policies().organisation.base_url + "/keys",
            departments=self._departments, groups=self._groups, secrets=Secrets(settings.home / "secrets").find,
            oidc=(oidc := _oidc(settings)))
        self._sign_ins = self._single_sign_on(oidc[1]) if oidc and settings.pages_use_oidc else None
        self.stopped = StoppedModels(self.authenticator.watch(self._directory.stops), self.policies)
        self.upstream = UpstreamRouter(settings.home, environment=provider_environment(settings))
        self.recorder = LedgerRecorder(self.ledger)
        self._conversations = SqlConversations(self.engine)
        self.limits = LimitRoom(
            LimitOptions(settings.redis_url, settings.limits_without_redis, settings.workers),
            own_secret(settings.home, "limits.key"), clock, self.metrics, self.policies, SqlUsage(self.engine))
        self._keep_alive = KeepAlive(settings.keep_alive, settings.keep_alive_seconds)
        self._operators = operators = build_operators(own_secret(settings.home, "hash.key"))
        self.policies.equip(self.detector, operators, gate, self.metrics.reload)
        self.pipeline = Pipeline(Rooms(
            policies=self.policies, authenticator=self.authenticator,
            detector=self.detector.configured(self.policies().municipality), operators=operators,
            upstream=Patient(self.upstream, self._keep_alive.patience),
            recorder=self.recorder, metrics=self.metrics, clock=clock,
            conversations=self._conversations, reader=FileReader.of(settings), stops=self.stopped,
            pins=SqlPins(self.engine), secret=own_secret(settings.home, "gespraeche.key"),
            limiter=self.limits.limiter,
            shadow=Shadow(self.shadow, self.metrics) if self.shadow else None))
        self._tasks: list[asyncio.Task[None]] = []
        self._metrics_site: aio.AppRunner | None = None

    def _passes(self, evidence: Sequence[Evidence], events: Sequence[PassEvent],
                now: datetime) -> dict[str, PassStatus]:
        return passes(evidence, events, self.policies().kipass, now)

    def _departments(self) -> dict[str, str]:
        return {id_: rules.name for id_, rules in self.policies().departments.items()}

    def _groups(self) -> dict[str, str]:
        return {key: group.name for key, group in self.policies().groups.items()}

    async def start(self) -> None:
        """Begin to serve."""
        # Detection works in a thread beside the event loop; a shorter turn keeps streams smooth while it computes.
        sys.setswitchinterval(0.001)
        self.ledger.start(self._everyone)
        await asyncio.to_thread(self.census.count_people, self.metrics)
        await self.authenticator.start()
        await self.upstream.start(self.policies().models.values())
        self._run(self.policies.follow(self._begin))
        self._run(self.replicas.follow())
        if self.shadow:
            self._run(self.shadow.follow())
        with suppress(NotImplementedError, RuntimeError, ValueError):  # no signals here: not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.policies.call)
        self._run(Indexing(self.books).follow())
        if self.settings.remind_daily == "on":
            self._run(Reminding(self.books, self.settings).follow())
        self._run(self.census.follow(self.metrics))
        await self.limits.start()
        self._run(self.limits.follow())
        await self._open_metrics_port()
        gc.collect()
        gc.freeze()

    async def _begin(self, prepared: Prepared) -> None:
        """Begin a new generation: in one step, so that no request has a part of each."""
        await self.upstream.start(prepared.policies.models.values())  # a model may be the first of its kind
        self.policies.taken(prepared)
        self.detector.adopt(prepared.detector)
        self.pipeline.begin(prepared.detector)
        self.authenticator.forget()
        self.metrics.policy(prepared.policies.digest)

    def _record(self, kind: str, meta: Mapping[str, Any], subject: str | None) -> None:
        self.ledger.append_wait(self.ledger.draft(kind, meta, subject=subject))

    def _everyone(self) -> list[str]:
        with reading(self.engine) as connection:
            return [person.id for person in people.every(connection).values()]

    async def close(self) -> None:
        """End: first what is under way, last the ledger."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._metrics_site:
            await self._metrics_site.cleanup()
        await self.upstream.close()
        await all_finished()
        await self.limits.close()
        await self.authenticator.close()
        await asyncio.to_thread(self.accounts.close)
        await asyncio.to_thread(self.ledger.close)
        self.engine.dispose()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def readiness(self) -> Readiness:
        """Say what can fail, for ``/readyz``."""
        ledger, inspects = await asyncio.gather(asyncio.to_thread(self.ledger.accepts_writes),
                                                asyncio.to_thread(self._inspects))
        reasons = {} if self.authenticator.ready else {"datenbank": "Die Datenbank des Gateways antwortet nicht."}
        if not ledger:
            reasons["protokoll"] = "Das Protokoll kann nicht geschrieben werden; es wird nichts gesendet."
        warnings = [f"{self.policies().models[finding.model].name}: {finding.text}"
                    for finding in pressing(self.policies(), office_day(self._clock.now()))]
        warnings += self.stopped.warnings()
        warnings += self._policy_problems()
        warnings += self.limits.problems()
        warnings += anchor_warnings(self.census.anchors)
        warnings += self.census.identities
        warnings += self.ledger.backlog.warnings()
        warnings += self.settings.sign_in_warnings()
        if not inspects:
            reasons["pruefung"] = "Die Suche nach personenbezogenen Angaben findet ihre Probe nicht."
        running = {"digest": self.policies().digest, "processes": dict(self.replicas.by_digest())}
        return Readiness({"datenbank": self.authenticator.ready, "protokoll": ledger, "pruefung": inspects,
                          "richtlinien": bool(self.policies().departments)}, reasons, tuple(warnings),
                         {"policy": running})

    def _policy_problems(self) -> list[str]:
        shadow = self.shadow.problem if self.shadow else ""
        return [problem for problem in (self.policies.problem, shadow, *self.replicas.warnings()) if problem]

    def _inspects(self) -> bool:
        try:
            self.detector.ready()
        except GatewayError:
            return False
        return True

    def application(self) -> Front:
        """Return the ASGI application with API and pages."""
        @asynccontextmanager
        async def life(_: FastAPI) -> AsyncIterator[None]:
            await self.start()
            try:
                yield
            finally:
                await self.close()
        pages = self._pages()
        handlers = ErrorHandlers(build_error_page(pages))
        app = FastAPI(title="KI-Pforte", version=__version__, lifespan=life, docs_url=None, redoc_url=None,
                      openapi_url=None, redirect_slashes=False,
                      exception_handlers={HTTPException: handlers.refused, Exception: handlers.failed})
        endpoints = dialect_endpoints(DIALECTS, self.pipeline, self.settings.max_body_mb << 20, self._keep_alive)
        endpoints |= dialect_endpoints(RECORDED, self.pipeline, self.settings.audio_mb << 20, self._keep_alive)
        app.router.routes += dialect_routes(endpoints)
        app.router.routes += ModelList(self.authenticator, self.policies).routes()
        app.router.routes += TokenCountEndpoint(self.authenticator, self.policies, self.stopped, self._clock,
                                                TokenCounter().count, self.settings.max_body_mb << 20).routes()
        app.router.routes += ConversationEndpoints(self.authenticator, self.policies, self._clock, self._conversations,
                                                   self.settings.max_body_mb << 20).routes()
        app.router.routes += self._scim()
        if (witness := open_witness(self.settings)) is not None:
            app.router.routes += WitnessEndpoint(witness).routes()
        app.router.routes += self._health().routes(with_metrics=self.settings.metrics_port is None)
        app.include_router(build_web(pages))
        return Front(app, endpoints, Cors(self.settings.cors_allowed))

    def _scim(self) -> list[BaseRoute]:
        token = self.settings.scim_token
        if token is None:
            return []
        from gateway.http.scim import ScimEndpoints  # half a second of the start, and only where it is used
        directory = Directory(self.books, scim_meanings(self.settings.scim_map), self.settings.scim_department)
        return ScimEndpoints(directory, token.get_secret_value(),
                             lambda: self.policies().organisation.base_url).routes()

    def _pages(self) -> WebContext:
        return WebContext(
            authenticator=self.authenticator, members=DirectoryMembers(self._directory, self._passes, self._clock),
            policies=self.policies, ledger=self.ledger, recorder=self.recorder, clock=self._clock,
            department_size=self.census.department_size, usage=self.limits.own,
            secret=own_secret(self.settings.home, "web.key"),
            version=__version__, certificates=CertificateOffice(self.books, lambda: pass_keys(self.settings.home)),
            learning=Learner(self.books), literacy=Reports(self.books),
            reminders=Reminding(self.books, self.settings),
            office=PassOffice(self.books, folder=self.settings.policies),
            detector=self.detector, operators=self._operators, stopped=self.stopped.known,
            problems=self._policy_problems, sso=self._sign_ins, guarded=self.settings.roles_with_second_factor,
            key_sign_in=self.settings.key_sign_in == "on", local_sign_in=self.settings.with_password,
            keys=KeyDesk(self.books), accounts=self.accounts, guesses=self.limits.guesses)

    def _single_sign_on(self, keys: IssuerKeys) -> SignIns:
        settings = self.settings
        arrivals = Arrivals(self.books, settings.oidc_leads == "claims", settings.oidc_create == "on")
        return SignIns(Registration.of(settings, self.policies().organisation.base_url), ClaimRules.of(settings), keys,
                       own_secret(settings.home, "web.key"), self._clock, arrivals.welcome, arrivals.goodbye,
                       departments=self._departments, groups=self._groups)

    def _rendered(self) -> bytes:
        self.metrics.stopped(self.stopped.known())
        self.metrics.generation(problem=bool(self.policies.problem), digests=len(self.replicas.by_digest()))
        return self.metrics.render()

    def _health(self) -> Health:
        token = self.settings.metrics_token
        return Health(self.readiness, self._rendered, token.get_secret_value() if token else "")

    async def _open_metrics_port(self) -> None:
        if self.settings.metrics_port is None:
            return
        token = self.settings.metrics_token.get_secret_value() if self.settings.metrics_token else ""

        async def answer(request: aio.Request) -> aio.Response:
            if token and not secrets.compare_digest(
                    request.headers.get("authorization", "").encode("utf-8", "replace"), f"Bearer {token}".encode()):
                return aio.Response(status=401)
            return aio.Response(body=self._rendered(), headers={"content-type": "text/plain; version=0.0.4"})
        served = aio.Application()
        served.router.add_get("/metrics", answer)
        self._metrics_site = aio.AppRunner(served, access_log=None)
        await self._metrics_site.setup()
        await aio.TCPSite(self._metrics_site, self.settings.host, self.settings.metrics_port).start()


def _oidc(settings: Settings) -> tuple[OidcConfig, IssuerKeys] | None:
    if not settings.oidc_issuer:
        return None
    config = OidcConfig(settings.oidc_accepted, ClaimRules.of(settings), settings.oidc_groups, settings.block_style)
    return config, IssuerKeys(settings.oidc_issuer, fetch)


def create_app() -> Front:
    """Return the application for a worker process: settings come from the environment."""
    settings = load()
    logs.configure(settings.log_level, settings.log_format)
    return House(settings).application()
